"""Tiers: who reaches one is in it soon, and who falls below leaves it, unless somebody decided otherwise."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars.jobs.models import Job
from regulars.ledger import actions as ledger
from regulars.ledger import points
from regulars.ledger.models import Card
from regulars.members import tasks, tiers
from regulars.members.actions import edit_member
from regulars.members.groups import (
    add_group,
    delete_group,
    edit_group,
    groups,
    leave_to_tiers,
    set_group,
)
from regulars.members.models import Member, MemberGroup
from regulars.outbox.consumers import Pending
from regulars.outbox.fanout import pass_on_all
from regulars.outbox.models import Event
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotFound
from regulars.vouchers.actions import add_voucher
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

JUNE = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def tier(shop: Shop, code: str, threshold: int, measure: str = "points", **more: Any) -> MemberGroup:
    return add_group(business=shop.business, code=code, measure=measure, threshold=threshold, **more)


def earn(card: Card, number: int, at: dt.datetime | None = None) -> None:
    points.add_points(business_id=card.business_id, member_id=card.pk, points_to_add=number, occurred_at=at)


def member(card: Card) -> Member:
    with scope(business=card.business_id):
        return Member.objects.select_related("group").get(pk=card.pk)


def group(card: Card) -> str | None:
    found = member(card).group
    return found.code if found else None


def sort_all(shop: Shop, now: dt.datetime | None = None, **more: Any) -> int:
    return tiers.sort_business(business_id=shop.id, now=now, **more)


def test_whoever_earns_enough_is_in_the_highest_tier_that_they_reach(shop: Shop) -> None:
    tier(shop, "silver", 100)
    tier(shop, "gold", 500)
    card = shop.enrol()
    for number, reached in ((99, None), (1, "silver"), (399, "silver"), (1, "gold")):
        earn(card, number)
        pass_on_all()
        assert group(card) == reached


def test_visits_count_and_one_that_was_undone_does_not(shop: Shop) -> None:
    tier(shop, "regular", 2, "visits")
    card = shop.enrol()
    shop.stamp(card, 3)
    mistake = shop.stamp(card, 1).entry_id
    pass_on_all()
    assert group(card) == "regular"
    ledger.undo(business_id=shop.id, entry_id=mistake)
    pass_on_all()
    assert group(card) is None


def test_a_window_passes_on_and_only_a_tier_that_stays_is_kept(shop: Shop) -> None:
    tier(shop, "silver", 100, window_months=12)
    kept = tier(shop, "gold", 500, window_months=12, stays=True)
    once, often = shop.enrol("Once"), shop.enrol("Often")
    earn(once, 100, JUNE)
    earn(often, 500, JUNE)
    assert sort_all(shop, JUNE) == 2
    last_day = dt.datetime(2027, 6, 9, 12, tzinfo=dt.UTC)
    assert sort_all(shop, last_day, only_lapsing=True) == 0
    assert sort_all(shop, last_day + dt.timedelta(days=1), only_lapsing=True) == 1
    assert (group(once), group(often)) == (None, "gold")
    edit_group(business_id=shop.id, pk=kept.pk, stays=False)
    assert sort_all(shop, last_day + dt.timedelta(days=1), only_lapsing=True) == 1
    assert group(often) is None


def test_nobody_is_moved_whom_somebody_put_somewhere(shop: Shop) -> None:
    gold = tier(shop, "gold", 500)
    staff = add_group(business=shop.business, code="staff")
    put, edited, taken_out = shop.enrol("Put"), shop.enrol("Edited"), shop.enrol("Taken out")
    enrolled = shop.enrol("Enrolled", group_id=staff.pk)
    assert set_group(business_id=shop.id, member_ids=[put.pk], group_id=gold.pk) == 1
    edit_member(business_id=shop.id, pk=edited.pk, group_id=staff.pk)
    assert set_group(business_id=shop.id, member_ids=[taken_out.pk], group_id=None) == 0
    for card in (edited, taken_out, enrolled):
        earn(card, 600)
    pass_on_all()
    assert sort_all(shop) == 0
    assert [group(card) for card in (put, edited, taken_out, enrolled)] == ["gold", "staff", None, "staff"]
    assert leave_to_tiers(business_id=shop.id, member_ids=[put.pk, taken_out.pk]) == 2
    assert (group(put), group(taken_out)) == (None, "gold")


def test_a_group_of_before_that_is_no_tier_is_left_alone(shop: Shop) -> None:
    staff = add_group(business=shop.business, code="staff")
    card = shop.enrol(group_id=staff.pk)
    with scope(business=shop.business):
        Member.objects.update(group_by_hand=False)
    tier(shop, "gold", 1)
    earn(card, 5)
    assert sort_all(shop) == 0
    assert group(card) == "staff"


def test_each_move_is_told(shop: Shop) -> None:
    silver = tier(shop, "silver", 100)
    card = shop.enrol()
    earn(card, 100)
    pass_on_all()
    set_group(business_id=shop.id, member_ids=[card.pk], group_id=None)
    with scope(business=shop.business):
        told = list(Event.objects.filter(type="member.group_changed").order_by("id"))
        updated = Event.objects.filter(type="member.updated", payload__changed=["group"]).count()
    assert updated == 2
    assert [
        (event.payload["group"], event.payload["previous"], event.payload["by_hand"]) for event in told
    ] == [
        ("silver", None, False),
        (None, silver.code, True),
    ]


def test_a_changed_rule_sorts_everybody_in_a_job(shop: Shop) -> None:
    card = shop.enrol()
    earn(card, 100)
    silver = tier(shop, "silver", 200)
    assert Job.objects.filter(key=tasks.key_of(shop.id)).count() == 1
    Job.objects.all().delete()
    edit_group(business_id=shop.id, pk=silver.pk, name="Silver")
    assert not Job.objects.exists()
    edit_group(business_id=shop.id, pk=silver.pk, threshold=100)
    assert Job.objects.filter(key=tasks.key_of(shop.id)).count() == 1
    assert tasks.sort_business.func(business_id=shop.id) == 1
    assert group(card) == "silver"
    edit_group(business_id=shop.id, pk=silver.pk, measure="", threshold=None)
    assert tasks.sort_business.func(business_id=shop.id) == 0
    assert group(card) == "silver"


def test_the_nightly_round_looks_at_every_business_with_a_window(shop: Shop) -> None:
    other = make_shop("Charlie's")
    for one in (shop, other):
        tier(one, "silver", 10, window_months=1)
        card = one.enrol()
        earn(card, 10, dt.datetime.now(dt.UTC) - dt.timedelta(days=40))
        with scope(business=one.business):
            Member.objects.update(group=MemberGroup.objects.get())
    assert tasks.sort_lapsing.func() == 2


def test_tiers_go_by_one_measure_and_have_numbers(shop: Shop) -> None:
    gold = tier(shop, "gold", 10)
    with pytest.raises(Conflict) as refused:
        tier(shop, "often", 10, "visits")
    assert "measure" in refused.value.fields
    for wrong, field in (
        ({"measure": "stamps", "threshold": 1}, "measure"),
        ({"measure": "points"}, "threshold"),
        ({"measure": "points", "threshold": 0}, "threshold"),
        ({"measure": "points", "threshold": 1, "window_months": 121}, "window_months"),
        ({"threshold": 5}, "measure"),
        ({"colour": "gold"}, "colour"),
    ):
        with pytest.raises(InvalidInput) as unusable:
            add_group(business=shop.business, code="new", **wrong)
        assert field in unusable.value.fields
    edit_group(business_id=shop.id, pk=gold.pk, measure="visits")
    tier(shop, "often", 20, "visits")


def test_a_group_is_renamed_and_deleted_unless_something_is_for_it(shop: Shop) -> None:
    gold = tier(shop, "gold", 1)
    friends = add_group(business=shop.business, code="friends")
    card = shop.enrol(group_id=friends.pk)
    earn(card, 5)
    with pytest.raises(Conflict):
        edit_group(business_id=shop.id, pk=friends.pk, code="GOLD")
    assert edit_group(business_id=shop.id, pk=friends.pk, name=" Good friends ").name == "Good friends"
    assert [(one.group.code, one.members) for one in groups(business_id=shop.id)] == [
        ("gold", 0),
        ("friends", 1),
    ]
    add_voucher(business_id=shop.id, name="Muffin", group_id=gold.pk)
    with pytest.raises(HasHistory):
        delete_group(business_id=shop.id, pk=gold.pk)
    delete_group(business_id=shop.id, pk=friends.pk)
    assert sort_all(shop) == 1
    assert group(card) == "gold"


def test_nothing_of_another_business_is_touched(shop: Shop) -> None:
    theirs = make_shop("Charlie's")
    gold, card = tier(theirs, "gold", 1), theirs.enrol()
    mine = shop.enrol()
    for act in (
        lambda: edit_group(business_id=shop.id, pk=gold.pk, name="Ours"),
        lambda: delete_group(business_id=shop.id, pk=gold.pk),
        lambda: set_group(business_id=shop.id, member_ids=[mine.pk], group_id=gold.pk),
        lambda: set_group(business_id=shop.id, member_ids=[card.pk], group_id=None),
        lambda: leave_to_tiers(business_id=shop.id, member_ids=[card.pk]),
    ):
        with pytest.raises(NotFound):
            act()
    assert sort_all(shop) == 0
    assert group(mine) is None


def test_sorting_costs_the_same_for_one_and_for_many(shop: Shop) -> None:
    tier(shop, "silver", 100)
    tier(shop, "gold", 500, window_months=6)

    def statements(number: int) -> int:
        cards = [shop.enrol() for _ in range(number)]
        for card in cards:
            earn(card, 100)
        with CaptureQueriesContext(connection) as queries:
            assert tiers.sort_members(business_id=shop.id, member_ids=[card.pk for card in cards]) == number
        return len(queries)

    assert statements(1) == statements(7)


def test_without_tiers_events_cost_one_statement(shop: Shop) -> None:
    card = shop.enrol()
    now = dt.datetime.now(dt.UTC)
    event = Pending(1, shop.id, "evt_1", "points.earned", 1, card.pk, {}, now)
    with CaptureQueriesContext(connection) as queries:
        tiers.handle(events=[event])
    assert len(queries) == 1
