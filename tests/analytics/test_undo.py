"""What was undone counts for nobody: in the tail, in the totals, and half in each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django_scopes import scope

from regulars.analytics import queries
from regulars.analytics.audit import audit
from regulars.analytics.models import LastSeen
from regulars.analytics.rollup import roll_up, roll_up_all
from regulars.ledger import actions
from regulars.ledger.models import Card
from tests.analytics.recount import Recount
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 15, 6, 30, tzinfo=dt.UTC)  # noon in Kolkata
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def undo(shop: Shop, entry_id: int) -> None:
    actions.undo(business_id=shop.id, entry_id=entry_id)


def redeem(shop: Shop, card: Card) -> int:
    return actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code).entry_id


def sound(recount: Recount) -> None:
    recount.check()
    report = audit()
    assert report.ok, report.differences


def test_figures_by_example(shop: Shop) -> None:
    branch, card = shop.branch(), shop.enrol(occurred_at=NOON - 40 * DAY)
    given = shop.stamp(card, 9, branch_id=branch.pk, occurred_at=NOON - DAY).entry_id
    redeemed = redeem(shop, card)
    undo(shop, redeemed)
    undo(shop, given)
    for _ in range(2):
        stats, detail = queries.stats(shop.business), queries.detail(shop.business, 7)
        assert (stats.total_stamps, stats.total_rewards, stats.pending_rewards) == (0, 0, 0)
        assert (stats.active_7d, stats.active_30d, stats.stamps_today) == (0, 0, -9)
        assert [number for _, number in detail.stamps_per_day][-2:] == [9, -9]
        assert detail.top_customers == []
        (place,) = detail.branch_performance
        assert (place.stamps, place.unique_customers, place.rewards) == (0, 0, 0)
        assert place.last_active == NOON - DAY  # somebody was at work, if by mistake
        roll_up_all()
    with scope(business=shop.business):
        assert not LastSeen.objects.exists()


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_every_step_of_a_roll_up_leaves_the_figures_as_they_were(shop: Shop, batch: int) -> None:
    recount, branch = Recount(shop.business), shop.branch()
    cards = [shop.enrol(f"Customer {number}", occurred_at=NOON - 60 * DAY) for number in range(3)]
    mistakes = []
    for back in (45, 20, 3):
        for number, card in enumerate(cards):
            where = branch.pk if (back + number) % 2 else None
            at = NOON - back * DAY
            mistakes.append(shop.stamp(card, 5, branch_id=where, occurred_at=at).entry_id)
        roll_up(batch)
    mistakes.append(redeem(shop, cards[0]))
    for entry_id in [mistakes[-1], *mistakes[6:9], mistakes[0], mistakes[4]]:
        undo(shop, entry_id)
        sound(recount)
    while roll_up(batch):
        sound(recount)
    for entry_id in (mistakes[1], mistakes[2]):
        undo(shop, entry_id)
        sound(recount)
    roll_up_all()
    sound(recount)


def test_whoever_falls_out_of_the_first_ten_makes_room(shop: Shop) -> None:
    recount = Recount(shop.business)
    cards = [shop.enrol(f"Customer {number}") for number in range(13)]
    given = {card.pk: [shop.stamp(card).entry_id for _ in range(3)] for card in cards}
    roll_up_all()
    for card in cards[:2]:
        for entry_id in given[card.pk][:2]:
            undo(shop, entry_id)
    top = [customer.id for customer in queries.detail(shop.business, 7).top_customers]
    assert top == [card.pk for card in cards[2:12]]
    recount.check()


@pytest.mark.parametrize("undone", ["before", "after", "never rolled up"])
def test_a_member_with_undone_stamps_is_erased_and_the_past_stays(shop: Shop, undone: str) -> None:
    recount, branch = Recount(shop.business), shop.branch()
    card = shop.enrol()
    given = shop.stamp(card, 9, branch_id=branch.pk, occurred_at=NOON - 5 * DAY).entry_id
    shop.stamp(card, 2, occurred_at=NOON - 4 * DAY)
    if undone != "never rolled up":
        roll_up_all()
    undo(shop, given)
    if undone == "before":
        roll_up_all()
    recount.delete(card.pk)
    sound(recount)
    roll_up_all()
    sound(recount)
    assert queries.stats(shop.business).total_stamps == 2


@pytest.mark.parametrize("where", ["branch_key = 0", "branch_key > 0"])
def test_a_day_that_was_undone_and_still_counts_is_found(shop: Shop, where: str) -> None:
    card = shop.enrol()
    given = shop.stamp(card, branch_id=shop.branch().pk).entry_id
    roll_up_all()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE kept AS SELECT * FROM analytics_lastseen WHERE {where}")
        undo(shop, given)
        roll_up_all()
        assert audit().ok
        cursor.execute("INSERT INTO analytics_lastseen SELECT * FROM kept")
        cursor.execute("DROP TABLE kept")
    assert "figures: visits of a member" in {found["check"] for found in audit().differences}
