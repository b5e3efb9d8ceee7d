"""Members who may be there twice: found, compared side by side, and merged."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card
from regulars.members import labels
from regulars.members.actions import edit_member
from regulars.members.models import Member
from tests.factories import Shop, make_shop
from tests.live import Tabs
from tests.office.seat import Seat, records
from tests.served import Site

pytestmark = pytest.mark.django_db


def twins(shop: Shop) -> tuple[Card, Card]:
    """Two records of one person: with one phone, two names, and what only one of them says."""
    first = shop.enrol("Nora Whitfield", phone="+919876500001", metadata01="oat milk")
    twin = shop.enrol("Nora W.", phone="+919876500002", email="nora@mail.example")
    edit_member(business_id=shop.id, pk=twin.pk, phone="+919876500001")
    shop.stamp(first, 5)
    shop.stamp(twin, 6)
    return first, twin


def test_possible_duplicates_are_listed_with_the_reason(shop: Shop, owner: Seat) -> None:
    first, twin = twins(shop)
    born = {"birthday": dt.date(1990, 4, 2)}
    pair = shop.enrol("Ravi Kumar", **born), shop.enrol("RAVI KUMAR", **born)
    text = owner.text("duplicates")
    assert "2 people may be here twice" in text
    assert text.index("The same name and birthday") < text.index("The same phone")  # the newest first
    for one, other in ((first, twin), pair):
        assert owner.url("merge", member_id=one.pk, other_id=other.pk) in text
    assert owner.get("duplicates", {"page": "9"}).status_code == 200


def test_a_shop_where_nobody_is_there_twice_says_so(shop: Shop, owner: Seat) -> None:
    shop.enrol()
    assert "Nobody seems to be here twice." in owner.text("duplicates")


def test_the_records_stand_side_by_side_with_what_they_become(shop: Shop, owner: Seat) -> None:
    first, twin = twins(shop)
    labels.set_labels(business_id=shop.id, given={"metadata01": "Milk"})
    text = owner.text("merge", member_id=first.pk, other_id=twin.pk)
    rows = {
        row[0]: row[1:]
        for row in re.findall(
            r'<th scope="row">(.+?)</th><td[^>]*>(.+?)</td><td[^>]*>(.+?)</td><td[^>]*>(.+?)</td>', text
        )
    }
    assert rows["Stamps"] == ("5", "6", "<b>3</b>")
    assert rows["Rewards waiting"] == ("0", "0", "<b>1</b>")
    assert rows["Milk"][2] == "<bdi>oat milk</bdi>"
    assert rows["E-mail"][2] == "<bdi>nora@mail.example</bdi>"
    # Only what differs is asked for.
    assert set(re.findall(r'name="take-(\w+)"', text)) == {"name"}
    assert owner.url("merge", member_id=twin.pk, other_id=first.pk) in text


def test_merging_takes_what_was_chosen_and_is_written_down(shop: Shop, owner: Seat) -> None:
    first, twin = twins(shop)
    ids = {"member_id": first.pk, "other_id": twin.pk}
    response = owner.post("merge", {"merge": "yes", "take-name": "other"}, **ids)
    assert response.headers["Location"] == owner.url("member", member_id=first.pk)
    with scope(business=shop.business):
        card = Card.objects.select_related("member").get()
    assert (card.stamps, card.pending_rewards, card.member.name) == (3, 1, "Nora W.")
    assert (card.member.email, card.member.metadata01) == ("nora@mail.example", "oat milk")
    record = records(shop)[0]
    assert (record.action, record.member_id, record.after["merged_name"]) == (
        "member.merge",
        first.pk,
        "Nora W.",
    )
    # Whoever still has the old page open finds the member.
    old = owner.get("merge", **ids)
    assert (old.status_code, old.headers["Location"]) == (303, owner.url("member", member_id=first.pk))
    assert owner.post("merge", {"merge": "yes"}, **ids).status_code == 404


def test_the_page_says_which_messages_there_are_afterwards(shop: Shop, owner: Seat) -> None:
    first, twin = twins(shop)
    edit_member(business_id=shop.id, pk=twin.pk, optout_text=True)
    text = owner.text("merge", member_id=first.pk, other_id=twin.pk)
    assert "Afterwards: no text messages; yes to e-mail, post." in text


def test_nothing_is_merged_without_the_button_or_by_a_name_that_is_none(shop: Shop, owner: Seat) -> None:
    first, twin = twins(shop)
    ids = {"member_id": first.pk, "other_id": twin.pk}
    for form in ({}, {"merge": "yes", "take-password": "other"}):
        assert owner.post("merge", form, **ids).status_code == 400
    with scope(business=shop.business):
        assert Card.objects.count() == 2
    assert records(shop) == []


def test_what_was_chosen_is_still_chosen_when_a_merge_is_refused(shop: Shop, owner: Seat) -> None:
    first, twin = twins(shop)
    refused = owner.post("merge", {"take-name": "other"}, member_id=first.pk, other_id=twin.pk)
    (chosen,) = re.findall(r'name="take-name" value="(\w+)" checked', refused.content.decode())
    assert (refused.status_code, chosen) == (400, "other")


def test_any_record_can_be_named(shop: Shop, owner: Seat) -> None:
    first, twin = twins(shop)
    other = shop.enrol("Somebody else")
    text = owner.text("merge-with", member_id=first.pk)
    assert owner.url("merge", member_id=first.pk, other_id=twin.pk) in text
    assert other.member.code not in text
    chosen = owner.post("merge-with", {"other": other.member.code}, member_id=first.pk)
    assert chosen.headers["Location"] == owner.url("merge", member_id=first.pk, other_id=other.pk)
    for wrong in (first.member.code, "nobody", ""):
        assert owner.post("merge-with", {"other": wrong}, member_id=first.pk).status_code == 400


def test_staff_and_strangers_cannot_merge(shop: Shop) -> None:
    first, twin = twins(shop)
    ids = {"member_id": first.pk, "other_id": twin.pk}
    assert Seat.of(shop, "staff").post("merge", {"merge": "yes"}, **ids).status_code == 403
    assert Seat(make_shop("Charlie's")).post("merge", {"merge": "yes"}, **ids).status_code == 404
    with scope(business=shop.business):
        assert Member.objects.count() == 2


def test_suggestions_cost_the_same_for_one_and_for_many(shop: Shop, owner: Seat) -> None:
    twins(shop)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            owner.text("duplicates")
        return len(asked)

    cost()
    before = cost()
    for number in range(5):
        born = {"birthday": dt.date(1990, 4, 2 + number)}
        shop.enrol("Ravi Kumar", **born)
        shop.enrol("Ravi Kumar", **born)
    assert cost() <= before + 1  # those with a birthday are another kind


@pytest.mark.once
def test_an_owner_merges_two_records_in_the_browser(live: Site, tabs: Tabs) -> None:
    shop = make_shop()
    first, twin = twins(shop)
    seat = Seat(shop)
    tab = tabs(desk=True)
    key = seat.client.cookies["regulars_office"].value
    tab.context.add_cookies([{"name": "regulars_office", "value": key, "url": live.url}])
    tab.goto(live.url + seat.url("duplicates"))
    tab.get_by_role("link", name="Compare Nora W.").click()
    tab.get_by_label("Nora W.").check()
    tab.get_by_role("button", name="Merge the two").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button").last.click()
    tab.wait_for_url(f"**{seat.url('member', member_id=first.pk)}")
    tab.get_by_text("is one member now").wait_for()
    assert merge_members(business_id=shop.id, member_id=first.pk, other_id=twin.pk).already
