"""`/api/request-log`: the latest calls of both APIs."""

from typing import Annotated, Any

from django.http import HttpRequest
from django_scopes import scope
from ninja import Query, Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import PageNumber, PerPage, answered, clamp, printed
from regulars.api.rest.envelope import listed
from regulars.api.rest.key_schemas import CallOut, Dialect, Outcome
from regulars.api.rest.schemas import BIGGEST_ID, Listed
from regulars.api.rest.writes import answers
from regulars.ledger.queries import Page
from regulars.requestlog import queries
from regulars.requestlog.models import Call
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Request log"])


def _call(row: Call, business: Business) -> dict[str, Any]:
    return {
        "id": row.pk,
        "at": printed(row.at, business),
        "api": row.dialect,
        "method": row.method,
        "target": row.target,
        "outcome": queries.outcome_of(row),
        "status": row.status,
        "code": row.code,
        "milliseconds": row.milliseconds,
        "key_id": row.key_id,
        "key_name": row.key.name,
        "address": row.address,
    }


@router.get("/request-log", response=answered(Listed[CallOut]), summary="List latest calls")
@answers()
def list_calls(  # noqa: PLR0917 - query parameters
    request: HttpRequest,
    page: PageNumber = 1,
    per_page: PerPage = 20,
    outcome: Annotated[Outcome | None, Query(description="Only these")] = None,
    api: Annotated[Dialect | None, Query(description="Only calls of this API")] = None,
    key_id: Annotated[int | None, Query(ge=1, le=BIGGEST_ID, description="Only calls with this key")] = None,
) -> dict[str, Any]:
    """The latest calls with a key of the business, the newest first: 1,000 at most, of 30 days at most."""
    business = business_by_id(identity_of(request).business_id)
    per_page = clamp(per_page)
    with scope(business=business):
        found = queries.calls(outcome=outcome, key_id=key_id, dialect=api)
        total = found.count()
        rows = list(found[(page - 1) * per_page : page * per_page])
    return listed(
        Page(rows=rows, total=total, page=page, per_page=per_page), [_call(row, business) for row in rows]
    )
