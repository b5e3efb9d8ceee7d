"""The operations about groups, saved segments and names of own fields, and requests for others' records."""

from __future__ import annotations

from regulars.members import labels
from regulars.members.groups import add_group
from regulars.members.segments import add_segment
from tests.api.things import Call, Things
from tests.factories import Shop

GROUP, SEGMENT = "groups group_id", "segments segment_id"
NOBODY = {GROUP: 8_888_080, SEGMENT: 8_888_081}

_OF_A_GROUP = {
    "PATCH /api/groups/{group_id}": {"name": "Changed"},
    "DELETE /api/groups/{group_id}": None,
}
_OF_A_SEGMENT = {
    "GET /api/segments/{segment_id}": None,
    "GET /api/segments/{segment_id}/customers": None,
    "PATCH /api/segments/{segment_id}": {"name": "Changed"},
    "DELETE /api/segments/{segment_id}": None,
}


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """A tier, a segment of all members with an e-mail address, and a named field."""
    tier = add_group(business=shop.business, code=f"{word} gold", measure="points", threshold=1_000_000)
    segment = add_segment(business_id=shop.id, name=f"{word} friends", given={"has_email": True})
    labels.set_labels(business_id=shop.id, given={"metadata01": f"{word} drink"})
    return {GROUP: tier.pk, SEGMENT: segment.pk}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    group, segment = {"group_id": mine.ids[GROUP]}, {"segment_id": mine.ids[SEGMENT]}
    return {
        "GET /api/groups": Call(),
        "POST /api/groups": Call(201, body={"code": "silver", "measure": "points", "threshold": 100}),
        **{name: Call(path=group, body=body) for name, body in _OF_A_GROUP.items()},
        "POST /api/customers/{customer_id}/group": Call(path={"customer_id": mine.customer_id}, body=group),
        "GET /api/segments": Call(),
        "GET /api/segments/filters": Call(),
        "POST /api/segments": Call(201, body={"name": "Rich", "filters": {"points_from": 100} | group}),
        **{name: Call(path=segment, body=body) for name, body in _OF_A_SEGMENT.items()},
        "GET /api/labels": Call(),
        "PATCH /api/labels": Call(body={"metadata02": "Pet", "metadata01": None}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's group or segment."""
    group, segment = {"group_id": theirs.ids[GROUP]}, {"segment_id": theirs.ids[SEGMENT]}
    return {
        **{name: [Call(404, path=group, body=body)] for name, body in _OF_A_GROUP.items()},
        **{name: [Call(404, path=segment, body=body)] for name, body in _OF_A_SEGMENT.items()},
        "POST /api/customers/{customer_id}/group": [
            Call(404, path={"customer_id": theirs.customer_id}, body={"by_itself": True}),
            Call(404, path={"customer_id": theirs.customer_id}, body={"group_id": mine.ids[GROUP]}),
            Call(404, path={"customer_id": mine.customer_id}, body=group),
        ],
        "POST /api/segments": [Call(404, body={"name": "Theirs", "filters": group})],
    }
