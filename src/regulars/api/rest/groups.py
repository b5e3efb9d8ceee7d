"""`/api/groups`, `/api/segments`, `/api/labels`."""

from typing import Any

from django.http import HttpRequest
from django_scopes import scope
from ninja import Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, PageNumber, PerPage, answered, clamp, known_id, printed
from regulars.api.rest.customers import customer_row
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.group_schemas import (
    FilterOut,
    GroupIn,
    GroupOut,
    GroupPatch,
    InGroup,
    Labels,
    LabelsPatch,
    PutInGroup,
    SavedSegmentIn,
    SavedSegmentOut,
    SavedSegmentPatch,
    SavedSegmentRow,
)
from regulars.api.rest.schemas import CustomerRow, Data, Deleted, Listed
from regulars.api.rest.writes import answers
from regulars.ledger import queries as ledger
from regulars.members import filters, groups, labels, segments
from regulars.members.models import MemberGroup, SavedSegment
from regulars.members.queries import member_by_id
from regulars.rules.errors import InvalidInput
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Groups and segments"])


def _group(group: MemberGroup, members: int) -> dict[str, Any]:
    return {
        "id": group.pk,
        "code": group.code,
        "name": group.name,
        "measure": group.measure,
        "threshold": group.threshold,
        "window_months": group.window_months,
        "stays": group.stays,
        "members": members,
    }


def _segment_row(segment: SavedSegment, business: Business) -> dict[str, Any]:
    return {
        "id": segment.pk,
        "name": segment.name,
        "filters": segment.filters,
        "created_at": printed(segment.created_at, business),
    }


def _segment(segment: SavedSegment, business: Business) -> dict[str, Any]:
    with scope(business=business):
        members = segments.members_of(segment, business=business).count()
    return _segment_row(segment, business) | {"members": members}


def _changes(body: GroupPatch | SavedSegmentPatch | LabelsPatch, *lasting: str) -> dict[str, Any]:
    given = body.model_dump(exclude_unset=True)
    for field in lasting:
        if field in given and given[field] is None:
            raise InvalidInput.at(field, "must not be null")
    return given


@router.get("/groups", response=answered(Data[list[GroupOut]]), summary="List groups")
@answers()
def list_groups(request: HttpRequest) -> dict[str, Any]:
    """All groups with their number of customers: tiers first, the highest first, then the others by name."""
    found = groups.groups(business_id=identity_of(request).business_id)
    return data([_group(one.group, one.members) for one in found])


@router.post(
    "/groups",
    response=answered(Data[GroupOut], status=201, also=(409, 422)),
    summary="Create group",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_group(request: HttpRequest, body: GroupIn) -> dict[str, Any]:
    """Make a group. With a `measure` it is a tier, which customers reach by themselves."""
    business = business_by_id(identity_of(request).business_id)
    return data(_group(groups.add_group(business=business, **body.model_dump(exclude_unset=True)), 0))


@router.patch(
    "/groups/{int:group_id}",
    response=answered(Data[GroupOut], also=(404, 409, 422)),
    summary="Update group",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_group(request: HttpRequest, group_id: int, body: GroupPatch) -> dict[str, Any]:
    """Change a group. Customers are sorted anew, in the background, when the rule of a tier changed."""
    business_id = identity_of(request).business_id
    given = _changes(body, "code", "measure", "stays")
    group = groups.edit_group(business_id=business_id, pk=known_id(group_id, "group"), **given)
    return data(_group(group, groups.number_in(group)))


@router.delete(
    "/groups/{int:group_id}",
    response=answered(Data[Deleted], also=(404, 409, 422)),
    summary="Delete group",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_group(request: HttpRequest, group_id: int) -> dict[str, Any]:
    """Delete a group for which there is no voucher and no promotion. Its customers stay, in no group."""
    groups.delete_group(business_id=identity_of(request).business_id, pk=known_id(group_id, "group"))
    return data({"deleted": True, "id": group_id})


@router.post(
    "/customers/{int:customer_id}/group",
    response=answered(Data[InGroup], also=(404, 409, 422)),
    summary="Put into a group",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def put_in_group(request: HttpRequest, customer_id: int, body: PutInGroup) -> dict[str, Any]:
    """Put a customer into a group by hand, from which no tier moves them; or let the tiers decide again."""
    business_id, pk = identity_of(request).business_id, known_id(customer_id, "customer")
    if body.by_itself and body.group_id is not None:
        raise InvalidInput.at("group_id", "cannot be given when the tiers decide")
    if body.by_itself:
        groups.leave_to_tiers(business_id=business_id, member_ids=[pk])
    else:
        groups.set_group(business_id=business_id, member_ids=[pk], group_id=body.group_id)
    member = member_by_id(business_id=business_id, member_id=pk)
    return data({"id": pk, "group_id": member.group_id, "by_hand": member.group_by_hand})


@router.get("/segments", response=answered(Data[list[SavedSegmentRow]]), summary="List saved segments")
@answers()
def list_segments(request: HttpRequest) -> dict[str, Any]:
    """All saved segments by name. How many are in one is told with that one."""
    business = business_by_id(identity_of(request).business_id)
    return data([_segment_row(one, business) for one in segments.saved_segments(business_id=business.pk)])


@router.get("/segments/filters", response=answered(Data[list[FilterOut]]), summary="List filters")
@answers()
def list_filters(request: HttpRequest) -> dict[str, Any]:
    """What customers can be looked for by."""
    identity_of(request)
    return data(
        [{"name": one.name, "label": str(one.label), "kind": one.kind} for one in filters.FILTERS.values()]
    )


@router.post(
    "/segments",
    response=answered(Data[SavedSegmentOut], status=201, also=(404, 409, 422)),
    summary="Create segment",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_segment(request: HttpRequest, body: SavedSegmentIn) -> dict[str, Any]:
    """Keep a search under a name. Who is in it is found anew whenever it is used."""
    business = business_by_id(identity_of(request).business_id)
    segment = segments.add_segment(business_id=business.pk, name=body.name, given=body.filters)
    return data(_segment(segments.segment_by_id(business_id=business.pk, pk=segment.pk), business))


@router.get(
    "/segments/{int:segment_id}",
    response=answered(Data[SavedSegmentOut], also=(404,)),
    summary="Get segment",
)
@answers()
def get_segment(request: HttpRequest, segment_id: int) -> dict[str, Any]:
    """A saved segment, with how many are in it at this moment."""
    business = business_by_id(identity_of(request).business_id)
    pk = known_id(segment_id, "segment")
    return data(_segment(segments.segment_by_id(business_id=business.pk, pk=pk), business))


@router.get(
    "/segments/{int:segment_id}/customers",
    response=answered(Listed[CustomerRow], also=(404,)),
    summary="List customers of a segment",
)
@answers()
def list_segment_customers(
    request: HttpRequest, segment_id: int, page: PageNumber = 1, per_page: PerPage = 20
) -> dict[str, Any]:
    """Who is in a saved segment at this moment, newest first."""
    business = business_by_id(identity_of(request).business_id)
    segment = segments.segment_by_id(business_id=business.pk, pk=known_id(segment_id, "segment"))
    with scope(business=business):
        among = segments.members_of(segment, business=business)
        found = ledger.customers(business_id=business.pk, page=page, per_page=clamp(per_page), among=among)
    return listed(found, [customer_row(card, business) for card in found.rows])


@router.patch(
    "/segments/{int:segment_id}",
    response=answered(Data[SavedSegmentOut], also=(404, 409, 422)),
    summary="Update segment",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_segment(request: HttpRequest, segment_id: int, body: SavedSegmentPatch) -> dict[str, Any]:
    """Give a segment another name or another search."""
    business = business_by_id(identity_of(request).business_id)
    given = _changes(body, "name", "filters")
    segment = segments.edit_segment(
        business_id=business.pk,
        pk=known_id(segment_id, "segment"),
        name=given.get("name"),
        given=given.get("filters"),
    )
    return data(_segment(segment, business))


@router.delete(
    "/segments/{int:segment_id}",
    response=answered(Data[Deleted], also=(404, 409, 422)),
    summary="Delete segment",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_segment(request: HttpRequest, segment_id: int) -> dict[str, Any]:
    """Delete a saved segment. A campaign for it that was not sent needs another one."""
    segments.delete_segment(business_id=identity_of(request).business_id, pk=known_id(segment_id, "segment"))
    return data({"deleted": True, "id": segment_id})


@router.get("/labels", response=answered(Data[Labels]), summary="Get names of own fields")
@answers()
def get_labels(request: HttpRequest) -> dict[str, Any]:
    """What you call the nine fields of your own."""
    return data(labels.labels(business_id=identity_of(request).business_id))


@router.patch(
    "/labels",
    response=answered(Data[Labels], also=(409, 422)),
    summary="Name own fields",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_labels(request: HttpRequest, body: LabelsPatch) -> dict[str, Any]:
    """Name some of the nine fields; what is not given keeps its name."""
    given = {field: name or "" for field, name in _changes(body).items()}
    return data(labels.set_labels(business_id=identity_of(request).business_id, given=given))
