"""The audit proves the rolled-up figures too, and finds what somebody changed behind the product's back."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from regulars.analytics.audit import audit
from regulars.analytics.models import Sums
from regulars.analytics.rollup import roll_up, roll_up_all
from regulars.ledger import actions, points
from regulars.ledger.undoing import undo
from regulars.members.actions import delete_member
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """A shop in which everything has happened, rolled up, with a tail and somebody erased; and another."""
    shop = make_shop()
    branch = shop.branch()
    for name in ("Stays", "Goes", "Stays too"):
        card = shop.enrol(name)
        shop.stamp(card, 20, branch_id=branch.pk)
        actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
        points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=9)
        points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=4)
        if name == "Goes":
            roll_up(4)
            delete_member(business_id=shop.id, member_id=card.pk)
    other = make_shop("Charlie's")
    other.stamp(other.enrol(), 5)
    roll_up_all()
    shop.stamp(card, 3)
    return shop


def plant(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount > 0


def differences(shop: Shop) -> set[str]:
    """The checks that found something; all of it is about this shop."""
    report = audit()
    assert {difference["business_id"] for difference in report.differences} <= {shop.id}
    assert report.ok == (not report.differences)
    return {difference["check"] for difference in report.differences}


def test_sound_figures_have_no_difference(shop: Shop) -> None:
    assert differences(shop) == set()
    roll_up_all()
    assert differences(shop) == set()
    assert audit().checked["day_total"] >= 3


def test_the_ledger_is_audited_as_well(shop: Shop) -> None:
    plant("UPDATE ledger_card SET total_visits = total_visits + 1 WHERE business_id = %s", shop.id)
    assert differences(shop) == {"total_visits"}


@pytest.mark.parametrize("column", Sums.COLUMNS)
@pytest.mark.parametrize("change", [1, -1])
def test_a_changed_total_is_found(shop: Shop, column: str, change: int) -> None:
    plant(f"UPDATE analytics_total SET {column} = {column} + %s WHERE business_id = %s", change, shop.id)
    assert f"figures: {column} of all time" in differences(shop)


@pytest.mark.parametrize("column", Sums.COLUMNS)
@pytest.mark.parametrize("change", [1, -1])
def test_a_changed_day_is_found(shop: Shop, column: str, change: int) -> None:
    plant(
        f"UPDATE analytics_daytotal SET {column} = {column} + %s "
        "WHERE id = (SELECT min(id) FROM analytics_daytotal WHERE business_id = %s)",
        change,
        shop.id,
    )
    assert f"figures: {column} by day" in differences(shop)


def test_lost_totals_of_a_business_are_found(shop: Shop) -> None:
    plant("DELETE FROM analytics_total WHERE business_id = %s", shop.id)
    assert "figures: stamps of all time" in differences(shop)


def test_lost_days_are_found(shop: Shop) -> None:
    plant("DELETE FROM analytics_daytotal WHERE business_id = %s AND branch_key > 0", shop.id)
    assert {"figures: stamps by day", "figures: a day below its entries"} <= differences(shop)


def test_a_day_that_lost_to_another_day_is_found(shop: Shop) -> None:
    plant(
        "UPDATE analytics_daytotal SET day = '2020-01-01' WHERE business_id = %s AND branch_key > 0", shop.id
    )
    assert "figures: a day below its entries" in differences(shop)


def test_a_day_is_proven_also_after_members_were_erased_of_whom_something_was_undone() -> None:
    shop = make_shop()
    branch = shop.branch()
    monday, tuesday = (dt.datetime(2026, 6, day, 12, tzinfo=dt.UTC) for day in (1, 2))
    goes, stays = shop.enrol("Goes"), shop.enrol("Stays")
    given = [shop.stamp(goes, 5, branch_id=branch.pk, occurred_at=monday) for _ in range(2)]
    roll_up_all()
    undo(business_id=shop.id, entry_id=given[0].entry_id, occurred_at=tuesday)
    for at in (monday, tuesday):
        shop.stamp(stays, 3, branch_id=branch.pk, occurred_at=at)
    delete_member(business_id=shop.id, member_id=goes.pk)
    assert differences(shop) == set()
    roll_up_all()
    assert differences(shop) == set()
    for day, change in (("2026-06-01", -1), ("2026-06-02", 1)):
        plant(
            "UPDATE analytics_daytotal SET stamps = stamps + %s"
            " WHERE business_id = %s AND branch_key = %s AND day = %s",
            *(change, shop.id, branch.pk, day),
        )
    assert differences(shop) == {"figures: a day below its entries"}


def test_a_day_without_entries_is_proven_too(shop: Shop) -> None:
    plant("UPDATE analytics_daytotal SET stamps_erased = stamps_erased + 1 WHERE business_id = %s", shop.id)
    other = "UPDATE analytics_daytotal SET day = '2020-01-01' WHERE business_id = %s AND branch_key > 0"
    plant(other, shop.id)
    report = audit()
    below = [d for d in report.differences if d["check"] == "figures: a day below its entries"]
    assert len(below) == 2


def test_changed_pending_rewards_are_found(shop: Shop) -> None:
    plant("UPDATE analytics_total SET pending = pending - 1 WHERE business_id = %s", shop.id)
    assert differences(shop) == {"figures: pending rewards"}


@pytest.mark.parametrize(
    "change", ["visits = visits + 1", "day = '2020-01-01'", "member_id = member_id + 1000000"]
)
@pytest.mark.parametrize("where", ["branch_key = 0", "branch_key > 0"])
def test_a_changed_last_visit_is_found(shop: Shop, change: str, where: str) -> None:
    plant(f"UPDATE analytics_lastseen SET {change} WHERE business_id = %s AND {where}", shop.id)
    assert "figures: visits of a member" in differences(shop)


@pytest.mark.parametrize("where", ["branch_key = 0", "branch_key > 0"])
def test_a_lost_last_visit_is_found(shop: Shop, where: str) -> None:
    plant(f"DELETE FROM analytics_lastseen WHERE business_id = %s AND {where}", shop.id)
    assert "figures: visits of a member" in differences(shop)


@pytest.mark.parametrize("change", ["members = members + 1", "members = members - 1", "day = '2020-01-01'"])
def test_a_changed_histogram_is_found(shop: Shop, change: str) -> None:
    plant(f"UPDATE analytics_lastseenday SET {change} WHERE business_id = %s AND branch_key = 0", shop.id)
    assert "figures: members last seen on a day" in differences(shop)


def test_a_lost_histogram_is_found(shop: Shop) -> None:
    plant("DELETE FROM analytics_lastseenday WHERE business_id = %s AND branch_key = 0", shop.id)
    assert differences(shop) == {"figures: members last seen on a day"}


def test_a_histogram_of_a_branch_below_its_members_is_found(shop: Shop) -> None:
    # It may be above them: whoever was erased was there on that day and is counted for ever.
    plant("DELETE FROM analytics_lastseenday WHERE business_id = %s AND branch_key > 0", shop.id)
    assert "figures: members last seen on a day" in differences(shop)


def test_a_changed_memory_of_erased_members_is_found(shop: Shop) -> None:
    plant("UPDATE analytics_erased SET stamps = stamps + 1 WHERE business_id = %s", shop.id)
    assert "figures: stamps of all time" in differences(shop)


def test_a_watermark_that_went_back_is_found(shop: Shop) -> None:
    plant("UPDATE analytics_watermark SET entry_id = entry_id - 10")
    report = audit()
    assert not report.ok


def test_a_forged_gap_is_found(shop: Shop) -> None:
    plant("UPDATE analytics_watermark SET gaps = %s", "[[1, 1000000, 0]]")
    assert not audit().ok
