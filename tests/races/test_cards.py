"""Crowds at one card: nothing is given twice, nothing is lost, and every refusal is a clean one."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError
from django_scopes import scope, scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger import actions, points, post
from regulars.ledger.models import Card, Entry, LotUse, Reward
from regulars.rules.errors import NotEnoughPoints, NothingToRedeem
from regulars.rules.points import Lot
from tests.factories import Shop, make_shop
from tests.races.crowd import PATIENCE, split, together

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 64


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def fresh(card: Card) -> Card:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk)


def redeem(shop: Shop, card: Card) -> actions.RewardRedeemed:
    return actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)


def kinds(errors: list[Exception]) -> dict[str, int]:
    names = [type(error).__name__ for error in errors]
    return {name: names.count(name) for name in names}


def test_of_64_who_redeem_one_reward_exactly_one_gets_it(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    got, refused = split(together(CALLERS, lambda _: redeem(shop, card)))
    assert (len(got), kinds(refused)) == (1, {"NothingToRedeem": 63})
    now = fresh(card)
    assert (now.pending_rewards, now.rewards_redeemed, now.version) == (0, 1, 2)
    assert audit().ok


def test_of_64_who_redeem_ten_rewards_exactly_ten_get_one_each() -> None:
    shop = make_shop(stamps_required=2)
    card = shop.enrol()
    shop.stamp(card, 20)
    got, refused = split(together(CALLERS, lambda _: redeem(shop, card)))
    assert (len(got), kinds(refused)) == (10, {"NothingToRedeem": 54})
    assert sorted(result.pending_rewards for result in got) == list(range(10))
    assert sorted(result.total_redeemed for result in got) == list(range(1, 11))
    with scope(business=shop.business):
        entries = set(Reward.objects.values_list("redeemed_entry_id", flat=True))
    assert entries == {result.entry_id for result in got}
    assert audit().ok


def test_of_64_who_spend_points_for_ten_exactly_ten_can_and_nobody_sees_a_debt(shop: Shop) -> None:
    card = shop.enrol()
    who = {"business_id": shop.id, "member_id": card.pk}
    for _ in range(5):  # in lots of 14: most spendings of 7 take a whole half, some would like two
        points.add_points(**who, points_to_add=14)
    done: list[int] = []
    seen: list[int] = []

    def watch() -> int:
        while len(done) < CALLERS:
            seen.append(fresh(card).points)
            with scope(business=shop.business):
                seen.extend(Entry.objects.order_by("-id").values_list("points_after", flat=True)[:1])
        return 0

    def caller(number: int) -> int:
        if number == CALLERS:
            return watch()
        try:
            return points.spend_points(**who, points_to_spend=7).balance
        finally:
            done.append(number)

    results = together(CALLERS + 1, caller)
    got, refused = split(results[:CALLERS])
    assert (sorted(got), kinds(refused)) == (list(range(0, 70, 7)), {"NotEnoughPoints": 54})
    assert all(isinstance(error, NotEnoughPoints) for error in refused)
    assert not isinstance(results[CALLERS], Exception)
    assert min(seen) >= 0
    assert len(seen) > 5
    now = fresh(card)
    assert (now.points, now.points_spent, now.version) == (0, 70, 15)
    with scope(business=shop.business):
        assert sum(LotUse.objects.values_list("points", flat=True)) == 70
    assert audit().ok


def test_all_64_stamps_of_a_crowd_count(shop: Shop) -> None:
    card = shop.enrol()
    got, refused = split(together(CALLERS, lambda _: shop.stamp(card, 3)))
    assert refused == []
    assert len({result.entry_id for result in got}) == CALLERS
    now = fresh(card)
    assert (now.total_stamps, now.total_visits, now.version) == (192, 64, 64)
    assert (now.rewards_earned, now.stamps) == (24, 0)
    # Each saw the card as it was after the one before.
    assert sorted(result.pending_rewards * 8 + result.current_stamps for result in got) == list(
        range(3, 193, 3)
    )
    assert audit().ok


def test_stamps_points_and_redemptions_of_one_card_all_at_once(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    who = {"business_id": shop.id, "member_id": card.pk}

    def caller(number: int) -> object:
        match number % 4:
            case 0:
                return shop.stamp(card, 2)
            case 1:
                return redeem(shop, card)
            case 2:
                return points.add_points(**who, points_to_add=5)
            case _:
                return points.spend_points(**who, points_to_spend=5)

    got, refused = split(together(48, caller))
    assert set(kinds(refused)) <= {"NothingToRedeem", "NotEnoughPoints"}
    now = fresh(card)
    assert now.version == len(got) + 1
    assert (now.total_stamps, now.points_earned) == (32, 60)
    assert audit().ok


def test_a_birthday_comes_once_however_many_workers_give_it() -> None:
    shop = make_shop(birthday_bonus_stamps=2)
    card = shop.enrol(birthday=dt.date(2000, 1, 1))

    def give(_: int) -> actions.StampsAdded | None:
        return actions.add_birthday_bonus(business_id=shop.id, member_id=card.pk, year=2020)

    results, failed = split(together(16, give))
    assert failed == []
    assert len([result for result in results if result is not None]) == 1
    assert fresh(card).total_stamps == 2


def read_before_anybody_writes(monkeypatch: pytest.MonkeyPatch, callers: int) -> None:
    """All callers read the card, and only then the first of them may write."""
    everybody_read, real = threading.Barrier(callers), post.read_card
    first = threading.local()

    def read(**which: Any) -> post.CardState | None:
        state = real(**which)
        if not getattr(first, "done", False):
            first.done = True
            everybody_read.wait(PATIENCE)
        return state

    monkeypatch.setattr(post, "read_card", read)


def without_version_check(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_CARD", "_SQLITE_CARD"):
        sql = getattr(post, name)
        assert sql.count("AND version = %s") == 1
        monkeypatch.setattr(post, name, sql.replace("AND version = %s", "AND %s IS NOT NULL"))
    post._pg_statement.cache_clear()


@pytest.fixture
def _own_statements() -> Any:
    """Statements that a test has changed are not left behind."""
    yield
    post._pg_statement.cache_clear()


def test_callers_who_read_the_same_card_cannot_all_write(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    card = shop.enrol()
    shop.stamp(card, 16)
    read_before_anybody_writes(monkeypatch, 3)
    got, refused = split(together(3, lambda _: redeem(shop, card)))
    assert (len(got), kinds(refused)) == (2, {"NothingToRedeem": 1})
    with scope(business=shop.business):
        assert Reward.objects.filter(redeemed_entry=None).count() == 0
    assert audit().ok


@pytest.mark.usefixtures("_own_statements")
def test_without_the_version_check_one_reward_is_given_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = shop.enrol()
    shop.stamp(card, 16)
    without_version_check(monkeypatch)
    read_before_anybody_writes(monkeypatch, 2)
    got, refused = split(together(2, lambda _: redeem(shop, card)))
    assert (len(got), refused) == (2, [])
    with scope(business=shop.business):
        assert Reward.objects.filter(redeemed_entry=None).count() == 1  # both took the other one
    assert not audit().ok


@pytest.mark.usefixtures("_own_statements")
def test_without_the_version_check_only_the_database_stops_a_negative_count(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    without_version_check(monkeypatch)
    read_before_anybody_writes(monkeypatch, 8)
    got, refused = split(together(8, lambda _: redeem(shop, card)))
    assert len(got) == 1
    assert {type(error) for error in refused} == {IntegrityError}  # no clean refusal: a fault


@pytest.mark.usefixtures("_own_statements")
def test_without_the_version_check_points_are_taken_from_an_empty_lot(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = shop.enrol()
    who = {"business_id": shop.id, "member_id": card.pk}
    points.add_points(**who, points_to_add=10)
    without_version_check(monkeypatch)
    both_read, real = threading.Barrier(2), points.open_lots

    def read_together(member_id: int) -> list[Lot]:
        lots = real(member_id)
        both_read.wait(PATIENCE)
        return lots

    monkeypatch.setattr(points, "open_lots", read_together)
    got, refused = split(together(2, lambda _: points.spend_points(**who, points_to_spend=10)))
    assert (len(got), kinds(refused)) == (1, {"IntegrityError": 1})  # the last line of defence


def test_a_refusal_in_a_crowd_is_true(shop: Shop) -> None:
    """Whoever hears that nothing is pending heard it when nothing was."""
    card = shop.enrol()
    shop.stamp(card, 8)
    order: list[str] = []

    def caller(number: int) -> None:
        if number == 0:
            shop.stamp(card, 8)
            order.append("stamped")
        else:
            redeem(shop, card)

    got, refused = split(together(3, caller))
    assert refused == [] or {type(error) for error in refused} == {NothingToRedeem}
    now = fresh(card)
    assert now.rewards_redeemed == len(got) - 1
    assert now.pending_rewards == 2 - now.rewards_redeemed
    assert order == ["stamped"]
