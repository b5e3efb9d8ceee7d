"""Many tills that add one code at once, over RPC: it is added once, and the others edit it when they may."""

from __future__ import annotations

import pytest

from tests.factories import make_shop
from tests.races.crowd import split, together
from tests.rpc.till import Refused, Row, Till

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 16
RECORDS = {
    "branch": {"name": "Quay"},
    "sku_code": {"name": "Tea"},
    "member": {"first_name": "Ana", "last_name": "Sousa"},
    "user": {"name": "Tom", "email": "tom@shop.example"},
    "voucher": {"name": "Five off"},
    "promotion": {"percent_of_spend": "10"},
    "transaction": {"member": "M000001", "total_value": "100"},
    "points": {"member": "M000001", "points": "5"},
}


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("edits", [0, 1])
def test_a_code_is_added_once_and_edited_by_the_others_when_they_may(kind: str, edits: int) -> None:
    till = Till(make_shop())
    till.call("add_member", {"first_name": "First", "last_name": "Member"})

    def add(_: int) -> Row:
        fields = RECORDS[kind] | {"code": "SAME"}
        return Till(till.shop).one(f"add_{kind}", fields, edit_duplicates=edits)

    good, bad = split(together(CALLERS, add))
    assert {row["code"] for row in good} == {"SAME"}
    if edits:
        assert (len(good), bad) == (CALLERS, [])
    else:
        assert len(good) == 1
        assert {error.code for error in bad if isinstance(error, Refused)} == {"008"}
    assert len(till.call(f"get_{kind}" if kind != "points" else "get_points", {"code": "same"})) == 1
