"""The operations about merging customers, and requests for others' records."""

from __future__ import annotations

from regulars.members.actions import edit_member
from tests.api.things import Call, Things
from tests.factories import Shop

TWIN = "customers customer_id of a duplicate"
NOBODY = {TWIN: 8_888_090}
_MERGE = "POST /api/customers/{customer_id}/merge"


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """Two records with one phone."""
    first, twin = shop.enrol(f"{word} Twin"), shop.enrol(f"{word} Twin")
    edit_member(business_id=shop.id, pk=twin.pk, phone=first.member.cell)
    return {TWIN: twin.pk}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    return {
        _MERGE: Call(path={"customer_id": mine.customer_id}, body={"customer_id": mine.ids[TWIN]}),
        "GET /api/duplicates": Call(query={"page": 1, "per_page": 100}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's customer."""
    return {
        _MERGE: [
            Call(404, path={"customer_id": mine.customer_id}, body={"customer_id": theirs.ids[TWIN]}),
            Call(404, path={"customer_id": theirs.customer_id}, body={"customer_id": mine.ids[TWIN]}),
            Call(404, path={"customer_id": theirs.customer_id}, body={"customer_id": theirs.ids[TWIN]}),
        ],
    }
