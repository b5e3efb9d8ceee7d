"""Members over RPC: one person in both dialects, named in several ways, given new codes."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from regulars.ledger.merging import merge_members
from regulars.members.models import MemberGroup
from tests.api.support import Rest, ok
from tests.factories import make_shop
from tests.rpc.till import Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Till:
    return Till(make_shop())


def test_both_dialects_show_one_member(till: Till) -> None:
    rest = Rest(till.shop)
    enrolled = rest.post("/api/customers", {"name": "Nora May Whitfield", "phone": "98765 43210"})
    customer = ok(enrolled, 201)["id"]
    row = till.one("get_member", {"cell": "+919876543210"})
    assert (row["first_name"], row["last_name"]) == ("Nora May", "Whitfield")
    till.call("add_points", {"member": "+919876543210", "points": "120"})
    rest.post("/api/stamps/add", {"qr_code": row["qr_code"], "count": 3})
    row = till.one("get_member", {"code": row["code"]})
    assert (row["points_balance"], row["current_stamps"], row["status"]) == (120, 3, "active")
    shown = ok(rest.get(f"/api/customers/{customer}"))
    assert (shown["points_balance"], shown["current_stamps"]) == (120, 3)
    till.call("edit_member", {"code": row["code"], "last_name": "Reyes", "suspended": "1"})
    assert ok(rest.get(f"/api/customers/{customer}"))["name"] == "Nora May Reyes"
    refused = rest.post("/api/stamps/add", {"qr_code": row["qr_code"], "count": 1})
    assert refused.status_code == 403
    assert till.one("get_member", {"code": row["code"]})["status"] == "suspended"
    till.call("delete_member", {"code": row["code"]})
    assert rest.get(f"/api/customers/{customer}").status_code == 404


def test_a_member_needs_neither_cell_nor_email(till: Till) -> None:
    first = till.one("add_member", {"first_name": "Bob", "last_name": "Smith"})
    second = till.one("add_member", {"first_name": "Bob", "last_name": "Smith", "email": "bob@smith.example"})
    third = till.one("add_member", {"first_name": "Rob", "last_name": "Smith", "email": "bob@smith.example"})
    assert [row["code"] for row in (first, second, third)] == ["M000001", "M000002", "M000003"]


def test_a_member_is_named_in_other_ways_while_only_one_is_meant(till: Till) -> None:
    for number, more in enumerate(
        (
            {"email": "one@mail.example", "cell": "+919876500001", "secondary_code": "S1"},
            {"email": "two@mail.example", "cell": "+919876500002", "secondary_code": "S2"},
            {"email": "two@mail.example", "cell": "+919876500002", "secondary_code": "S2"},
        )
    ):
        till.call("add_member", {"first_name": f"Number {number}", "last_name": "X"} | more)
    for name in ("m000001", "s1", "ONE@mail.example", "098765 00001"):
        assert till.one("add_points", {"member": name, "points": "1"})["member"] == "M000001"
    for name in ("S2", "two@mail.example", "+919876500002"):
        refused = till.refusal("add_points", {"member": name, "points": "1"})
        assert refused.code == "007", refused
        assert "member" in refused.message
    assert till.one("get_member", {"code": "M000001"})["points_balance"] == 4


def test_a_code_is_changed_only_when_that_is_allowed(till: Till) -> None:
    person = {"first_name": "Ana", "last_name": "Sousa", "email": "ana@sousa.example", "secondary_code": "S1"}
    till.call("add_member", person)
    refused = till.refusal("edit_member", {"code": "NEW1", "secondary_code": "S1"})
    assert refused.code == "007"
    till.call("edit_member", {"code": "NEW1", "secondary_code": "s1"}, code_editable=1)
    assert till.one("get_member", {"code": "NEW1"})["email"] == "ana@sousa.example"
    assert till.call("get_member", {"code": "M000001"}) == []
    till.call(
        "edit_member", {"code": "NEW2", "email": "ana@sousa.example", "last_name": "Reis"}, code_editable=1
    )
    row = till.one("get_member", {"code": "NEW2"})
    assert (row["last_name"], row["secondary_code"]) == ("Reis", "s1")
    refused = till.refusal("edit_member", {"code": "NEW3", "email": "nobody@x.example"}, code_editable=1)
    assert (refused.code, "NEW3" in refused.message) == ("007", True)


def test_an_add_may_find_a_duplicate_by_other_means_and_give_it_the_code(till: Till) -> None:
    till.call("add_member", {"first_name": "Ana", "last_name": "Sousa", "cell": "+919876500001"})
    given = {"code": "CARD9", "first_name": "Ana", "last_name": "Reis", "cell": "098765 00001"}
    row = till.one("add_member", given, edit_duplicates=1, code_editable=1)
    assert (row["code"], row["last_name"]) == ("CARD9", "Reis")
    assert [one["code"] for one in till.call("get_members")] == ["CARD9"]
    row = till.one("add_member", given | {"code": "CARD10"}, edit_duplicates=1)
    assert [one["code"] for one in till.call("get_members")] == ["CARD9", "CARD10"]


def test_a_group_is_made_when_it_is_first_named_and_not_by_a_failed_call(till: Till) -> None:
    person = {"first_name": "Ana", "last_name": "Sousa", "group": "Gold"}
    assert till.refusal("add_member", person | {"cell": "12"}).code == "006"

    with scopes_disabled():
        assert MemberGroup.objects.count() == 0
    assert till.one("add_member", person)["group"] == "Gold"
    assert till.one("add_member", person | {"group": "gold"})["group"] == "Gold"
    with scopes_disabled():
        assert MemberGroup.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["<b>&amp;", "]]>", 'O\'Neil "Q"', "Zoë 🎈", "%00", "=1+1", "null", "\u2028x"]
)
def test_hostile_names_come_back_as_they_were(till: Till, name: str) -> None:
    row = till.one("add_member", {"first_name": name, "last_name": "X"})
    assert row["first_name"] == name.strip()
    assert till.one("get_member", {"first_name": name})["first_name"] == name.strip()


@pytest.mark.parametrize(
    ("name", "kept"), [("\u202eevil", "evil"), ("Ann  Mary", "Ann Mary"), ("\u2067\u202eb\u2069 c", "b c")]
)
def test_a_name_is_one_line_and_found_as_it_was_sent_and_as_it_is_kept(
    name: str, kept: str, till: Till
) -> None:
    assert till.one("add_member", {"first_name": name, "last_name": "X"})["first_name"] == kept
    for asked in (name, kept, f"{name[:-1]}*"):
        assert till.one("get_member", {"first_name": asked})["first_name"] == kept


def test_the_code_of_a_merged_record_is_the_kept_members(till: Till) -> None:
    kept, other = till.shop.enrol("Nora Whitfield"), till.shop.enrol("Nora W.")
    old = other.member.code
    merge_members(business_id=till.shop.id, member_id=kept.pk, other_id=other.pk)
    assert till.one("get_member", {"code": old.lower()})["code"] == kept.member.code
    till.call("add_points", {"member": old, "points": "7"})
    till.call("edit_member", {"code": old, "company_name": "Whitfield Ltd"})
    row = till.one("get_member", {"code": kept.member.code})
    assert (row["points_balance"], row["company_name"]) == (7, "Whitfield Ltd")
    # Nobody is deleted by a name that is not theirs any more.
    assert till.refusal("delete_member", {"code": old}).code == "007"
    assert till.refusal("add_member", {"code": old, "first_name": "Some", "last_name": "Body"}).code == "008"
