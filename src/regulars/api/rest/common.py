"""What the endpoints share: documentation of answers, paging, dates, and times as the seed prints them."""

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from ninja import Query
from pydantic import BaseModel

from regulars.api.rest.schemas import BIGGEST_ID, ErrorAnswer
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.models import Business

MAX_PER_PAGE = 100
_MOST_PAGES = 10**9
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")

PageNumber = Annotated[int, Query(ge=1, le=_MOST_PAGES, description="Page number, from 1")]
PerPage = Annotated[int, Query(ge=1, description="Rows a page; more than 100 counts as 100")]

IDEMPOTENT: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Any text of your own, new for each request. A retry with the same key takes no "
            "second effect and gets the first answer, with `Idempotency-Replayed: true`. Kept for 72 hours.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        }
    ]
}


def maybe_a_body(schema: type[BaseModel]) -> dict[str, Any]:
    """How a body that may be left out is described: it would be by a list of one otherwise."""
    body = {"schema": {"$ref": f"#/components/schemas/{schema.__name__}"}}
    return {"requestBody": {"content": {"application/json": body}}}


def answered(model: Any, *, status: int = 200, also: tuple[int, ...] = ()) -> dict[int, type[BaseModel]]:
    """Which answers an endpoint gives: its success, and errors; 401, 403, 429 and 503 are everybody's."""
    return {status: model} | dict.fromkeys(sorted({*also, 400, 401, 403, 429, 503}), ErrorAnswer)


def clamp(per_page: int) -> int:
    """At most 100 rows a page (REST seed)."""
    return min(per_page, MAX_PER_PAGE)


def known_id(value: int, what: str) -> int:
    """A number from an address; one that no record can have is simply not found."""
    if value > BIGGEST_ID:
        raise NotFound(f"There is no {what} {value}.")
    return value


def parse_day(value: str | None, field: str) -> dt.date | None:
    """A date written YYYY-MM-DD.

    Raises:
        InvalidInput: it is written otherwise, or is no date.
    """
    if value is None:
        return None
    try:
        # Python alone would also take "19900517" and "1990-W20-4".
        return dt.date.fromisoformat(value if _DAY.fullmatch(value) else "")
    except ValueError:
        raise InvalidInput.at(field, "must be a date written YYYY-MM-DD") from None


def parse_moment(value: str | None, business: Business, field: str) -> dt.datetime | None:
    """A point in time, written as times are printed, in the business's zone, or as ISO 8601 with an offset.

    An hour that comes twice because clocks are set back counts as the first of both.

    Raises:
        InvalidInput: it is written otherwise, or is no time.
    """
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(value if _MOMENT.fullmatch(value) else "")
    except ValueError:
        expected = "must be a time written YYYY-MM-DD HH:MM:SS, or in ISO 8601 with its offset"
        raise InvalidInput.at(field, expected) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(business.timezone))


def parse_amount(value: str, field: str) -> Decimal:
    """An amount written with digits and at most one point, such as 0.01.

    Raises:
        InvalidInput: it is written otherwise.
    """
    if not _AMOUNT.fullmatch(value):
        raise InvalidInput.at(field, "must be an amount in text, written such as 0.01")
    return Decimal(value)


def printed_amount(value: Decimal) -> str:
    """An amount with two decimal places, and as many more as it needs."""
    whole, _, places = f"{value:f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


def printed(moment: dt.datetime | None, business: Business) -> str | None:
    """A point in time in the business's time zone, as the seed prints it (docs/decisions/0006)."""
    if moment is None:
        return None
    return moment.astimezone(ZoneInfo(business.timezone)).strftime("%Y-%m-%d %H:%M:%S")


def card_url(qr_code: str) -> str:
    """The customer's own page."""
    return f"{settings.REGULARS_PUBLIC_URL}/card/{qr_code}"
