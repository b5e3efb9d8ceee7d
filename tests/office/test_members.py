"""The list of members: found, filtered, exported, and what is done with several at once."""

from __future__ import annotations

import csv
import io

import pytest
from django_scopes import scope

from regulars.ledger import points
from regulars.ledger.models import Card
from regulars.members import labels
from regulars.members.actions import edit_member
from regulars.members.groups import add_group
from regulars.members.models import Member
from regulars.members.segments import add_segment
from regulars.web.office import lists
from tests.factories import Shop
from tests.office.seat import Seat, records


@pytest.fixture
def people(shop: Shop) -> dict[str, Card]:
    branch = shop.branch("Harbour")
    asha = shop.enrol("Asha Rao", email="asha@rao.example", branch_id=branch.pk, code="A-7")
    bob = shop.enrol("Bob Jones", phone="+919876500001")
    points.add_points(business_id=shop.id, member_id=asha.pk, points_to_add=70)
    return {"Asha": asha, "Bob": bob}


def shown(seat: Seat, **query: str) -> list[str]:
    """The first names in the list."""
    page = seat.text("members", query)
    return [name for name in ("Asha", "Bob") if f">{name} " in page]


def test_members_are_searched_for_by_what_people_know(owner: Seat, people: dict[str, Card]) -> None:
    assert shown(owner) == ["Asha", "Bob"]
    for q in ("asha", "RAO.example", "a-7"):
        assert shown(owner, q=q) == ["Asha"]
    assert shown(owner, q="98765 00001") == ["Bob"]
    assert "Nothing fits" in owner.text("members", {"q": "nobody"})


def test_filters_narrow_and_say_so(owner: Seat, shop: Shop, people: dict[str, Card]) -> None:
    labels.set_labels(business_id=shop.id, given={"metadata01": "Favourite drink"})
    edit_member(business_id=shop.id, pk=people["Bob"].pk, metadata01="Mocha")
    assert shown(owner, points_from="50", points_to="70") == ["Asha"]
    assert shown(owner, branch_id="0") == ["Bob"]
    assert shown(owner, metadata01="m*") == ["Bob"]
    page = owner.text("members", {"points_from": "50", "metadata01": "m*", "suspended": "0"})
    for text in ("Points: <bdi>from 50</bdi>", "Favourite drink: <bdi>m*</bdi>", "Suspended: <bdi>No</bdi>"):
        assert text in page
    assert "metadata02" not in page
    # What cannot be read finds nobody: with many at once things are done to those who are listed.
    for unread in ({"points_from": "many"}, {"group_id": "777"}, {"joined_from": "2026-02-31"}):
        assert shown(owner, **unread) == []


def test_a_search_is_kept_and_used_as_a_segment(owner: Seat, shop: Shop, people: dict[str, Card]) -> None:
    page = owner.text("members", {"points_from": "50", "q": "rao"})
    assert f"{owner.url('segment-new')}?points_from=50&amp;q=rao" in page
    form = owner.text("segment-new", {"points_from": "50", "q": "rao"})
    assert 'name="by_points_from" value="50"' in form
    assert 'name="by_q" value="rao"' in form
    add_segment(business_id=shop.id, name="Rich", given={"points_from": 50, "suspended": False})
    assert f'href="{owner.url("members")}?suspended=0&amp;points_from=50"' in owner.text("members")


def test_an_export_tells_everything_of_those_who_are_found(owner: Seat, people: dict[str, Card]) -> None:
    response = owner.get("members", {"export": "csv", "q": "rao"})
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))
    assert len(rows) == 1
    found = {name: rows[0][name] for name in ("Name", "Code", "E-mail", "Points", "Branch", "Suspended")}
    assert found == {
        "Name": "Asha Rao",
        "Code": "A-7",
        "E-mail": "asha@rao.example",
        "Points": "70",
        "Branch": "Harbour",
        "Suspended": "0",
    }


def test_those_who_are_ticked_are_suspended_grouped_and_exported(
    owner: Seat, shop: Shop, people: dict[str, Card]
) -> None:
    gold = add_group(business=shop.business, code="gold", name="Gold")
    ids = [card.pk for card in people.values()]
    asked = owner.post("members-group", {"id": ids})
    assert asked.status_code == 200
    assert "Put 2 members into a group" in asked.content.decode()
    assert records(shop) == []
    done = owner.post("members-group", {"id": ids, "do": "save", "group_id": gold.pk})
    assert done.status_code == 303
    assert owner.post("members-suspend", {"id": ids[:1]}).status_code == 303
    with scope(business=shop.business):
        found = list(Member.objects.order_by("pk").values_list("group_id", "group_by_hand", "suspended"))
    assert found == [(gold.pk, True, True), (gold.pk, True, False)]
    exported = owner.post("members-export", {"id": ids[1:]})
    text = exported.getvalue().decode()
    assert "Bob Jones" in text
    assert "Asha" not in text
    assert [record.action for record in records(shop)] == [
        "members.exported",
        "member.suspended",
        "members.group-changed",
    ]
    assert owner.post("members-suspend", {}).status_code == 400


def test_nobody_of_another_shop_is_reached_by_a_number(owner: Seat, people: dict[str, Card]) -> None:
    from tests.factories import make_shop  # noqa: PLC0415 - beside its only use

    theirs = make_shop("Charlie's").enrol("Zoe Strange")
    owner.post("members-suspend", {"id": [theirs.pk]})
    exported = owner.post("members-export", {"id": [theirs.pk]})
    assert b"Zoe" not in exported.getvalue()
    with scope(business=theirs.business_id):
        assert not Member.objects.get(pk=theirs.pk).suspended


def test_a_list_that_is_not_counted_to_its_end_is_not_sorted_by_what_has_no_index(
    owner: Seat, people: dict[str, Card], monkeypatch: pytest.MonkeyPatch
) -> None:
    def first(**query: str) -> str:
        page = owner.text("members", query)
        return min(people, key=lambda name: page.index(f">{name} "))

    assert (first(), first(sort="-points")) == ("Bob", "Asha")
    monkeypatch.setattr(lists, "COUNTED", 1)
    assert first(sort="-points") == "Bob"
    assert first(sort="name") == first(sort="joined") == "Asha"
    assert "sort=points" not in owner.text("members")
    assert "sort=points" in owner.text("members", {"q": "asha"})


def test_behind_the_last_page_is_the_last_one(
    owner: Seat, people: dict[str, Card], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(owner, page="99999") == list(people)
    monkeypatch.setattr(lists, "PER_PAGE", 1)
    assert shown(owner, page="99999") == shown(owner, page="2") != shown(owner)
    assert shown(owner, page="99999", q="asha") == ["Asha"]
