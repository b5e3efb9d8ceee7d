"""Lots of points: the order of spending, expiry, debt, and that points neither vanish nor appear."""

import calendar
from collections import deque
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.errors import NotEnoughPoints
from regulars.rules.points import (
    REFUND_POLICIES,
    Lot,
    Take,
    earn,
    expired,
    expiry_date,
    give_back,
    order_lots,
    take,
    take_back,
)

TODAY = date(2026, 6, 1)
# Few different days, so that lots often expire on the same one; the last date there is, beside never.
expiries = st.one_of(
    st.none(), st.just(date.max), st.integers(-3, 3).map(lambda days: TODAY + timedelta(days=days))
)
lot_lists = st.lists(
    st.builds(
        Lot,
        id=st.integers(1, 1000),
        remaining=st.integers(0, 60),
        expires_on=expiries,
        earned_id=st.integers(1, 1000),
    ),
    unique_by=lambda lot: lot.id,
    max_size=8,
)
filled = lot_lists.filter(lambda lots: total(lots) > 0)


def total(lots: list[Lot]) -> int:
    return sum(lot.remaining for lot in lots)


def goes_first(one: Lot, other: Lot) -> bool:
    """The order of spending in the words of the rule, without a sort key."""
    if one.expires_on == other.expires_on:
        return one.id < other.id
    if one.expires_on is None:
        return False
    return other.expires_on is None or one.expires_on < other.expires_on


def after(lots: list[Lot], takes: list[Take]) -> list[Lot]:
    """The lots once the takes are carried out."""
    given_up = {taken.lot_id: taken.points for taken in takes}
    return [replace(lot, remaining=lot.remaining - given_up.get(lot.id, 0)) for lot in lots]


def test_spending_order_by_example() -> None:
    never = Lot(id=1, remaining=5, expires_on=None, earned_id=11)
    late = Lot(id=2, remaining=5, expires_on=date(2027, 1, 1), earned_id=12)
    soon = Lot(id=4, remaining=5, expires_on=date(2026, 7, 1), earned_id=13)
    soon_older = Lot(id=3, remaining=5, expires_on=date(2026, 7, 1), earned_id=14)
    lots = [never, late, soon, soon_older]
    assert order_lots(lots) == [soon_older, soon, late, never]
    assert take(lots, 12) == [Take(3, 5), Take(4, 5), Take(2, 2)]


@given(lots=lot_lists)
def test_soonest_expiring_then_oldest_then_never(lots: list[Lot]) -> None:
    ordered = order_lots(lots)
    assert all(goes_first(one, other) for one, other in pairwise(ordered))
    assert {lot.id: lot for lot in ordered} == {lot.id: lot for lot in lots}
    assert len(ordered) == len(lots)


@given(lots=filled, data=st.data())
def test_a_take_is_exact_and_spares_the_later_lots(lots: list[Lot], data: st.DataObject) -> None:
    points = data.draw(st.integers(1, total(lots)))
    left = after(lots, take(lots, points))
    assert total(left) == total(lots) - points
    assert all(lot.remaining >= 0 for lot in left)
    before = {lot.id: lot.remaining for lot in lots}
    touched = [lot for lot in left if lot.remaining < before[lot.id]]
    for lot in left:
        if any(goes_first(lot, other) for other in touched):
            assert lot.remaining == 0, "a later lot gave points while this one still had some"


@given(lots=filled, data=st.data())
def test_takes_name_a_lot_once_and_never_for_nothing(lots: list[Lot], data: st.DataObject) -> None:
    takes = take(lots, data.draw(st.integers(1, total(lots))))
    assert all(taken.points > 0 for taken in takes)
    assert len({taken.lot_id for taken in takes}) == len(takes)


@given(lots=filled.filter(lambda lots: total(lots) > 1), data=st.data())
def test_spending_in_two_parts_leaves_the_same_lots(lots: list[Lot], data: st.DataObject) -> None:
    points = data.draw(st.integers(2, total(lots)))
    first = data.draw(st.integers(1, points - 1))
    in_parts = after(lots, take(lots, first))
    in_parts = after(in_parts, take(in_parts, points - first))
    assert in_parts == after(lots, take(lots, points))


@given(lots=lot_lists, beyond=st.integers(1, 100))
def test_one_point_too_many_is_refused_whole(lots: list[Lot], beyond: int) -> None:
    with pytest.raises(NotEnoughPoints) as refusal:
        take(lots, total(lots) + beyond)
    asked, available = total(lots) + beyond, total(lots)
    assert refusal.value.details == {"points": asked, "available": available}
    assert refusal.value.message == f"{asked} points were asked for and {available} are available"


@pytest.mark.parametrize("points", [0, -1])
def test_at_least_one_point_is_spent_and_earned(points: int) -> None:
    with pytest.raises(ValueError, match="points"):
        take([Lot(id=1, remaining=5, expires_on=None, earned_id=1)], points)
    with pytest.raises(ValueError, match="points"):
        earn(0, points)


def test_points_may_be_spent_on_their_last_day() -> None:
    yesterday, today, tomorrow = (
        Lot(id=number, remaining=1, expires_on=TODAY + timedelta(days=days), earned_id=number)
        for number, days in ((1, -1), (2, 0), (3, 1))
    )
    never = Lot(id=4, remaining=1, expires_on=None, earned_id=4)
    assert expired([never, tomorrow, today, yesterday], TODAY) == [yesterday]


@given(lots=lot_lists)
def test_what_expires_today_was_spent_first(lots: list[Lot]) -> None:
    gone = expired(lots, TODAY)
    assert order_lots(lots)[: len(gone)] == order_lots(gone)
    assert all(lot in gone for lot in lots if lot.expires_on and (TODAY - lot.expires_on).days >= 1)


@pytest.mark.parametrize(
    ("balance", "points", "remaining"),
    [(-30, 50, 20), (-30, 10, 0), (-30, 30, 0), (-30, 31, 1), (0, 7, 7), (100, 7, 7)],
)
def test_a_debt_is_paid_first(balance: int, points: int, remaining: int) -> None:
    assert earn(balance, points) == remaining


steps = st.lists(
    st.one_of(
        st.tuples(st.just("earn"), st.integers(1, 50)),
        st.tuples(st.just("spend"), st.integers(1, 50)),
        st.tuples(st.just("take back"), st.integers(1, 50)),
        st.tuples(st.just("a day later"), st.integers(1, 3)),
    ),
    max_size=30,
)


@given(steps=steps, lifetimes=st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=1))
def test_lots_hold_the_balance_whatever_happens(
    steps: list[tuple[str, int]], lifetimes: list[int | None]
) -> None:
    lots: list[Lot] = []
    ages = deque(lifetimes)
    balance, day = 0, TODAY
    for number, (step, amount) in enumerate(steps, start=1):
        if step == "earn":
            last_day = None if ages[0] is None else day + timedelta(days=ages[0])
            ages.rotate()
            lots.append(Lot(number, earn(balance, amount), last_day, number))
            balance += amount
        elif step == "spend" and total(lots) < amount:
            with pytest.raises(NotEnoughPoints):
                take(lots, amount)
        elif step == "a day later":
            day += timedelta(days=amount)
            for lot in expired(lots, day):
                lots.remove(lot)
                balance -= lot.remaining
        else:  # spending what is there, or taking back, which alone may leave a debt
            covered = min(amount, total(lots))
            lots = after(lots, take(lots, covered)) if covered else lots
            balance -= amount
        assert total(lots) == max(0, balance)


@pytest.mark.parametrize(
    ("earned_on", "months", "expires_on"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 6, 1), 6, date(2026, 12, 1)),
        (date(9998, 12, 31), 12, date.max),
        (date(2026, 6, 1), None, None),
    ],
)
def test_expiry_dates(earned_on: date, months: int | None, expires_on: date | None) -> None:
    assert expiry_date(earned_on, months) == expires_on


@given(earned_on=st.dates(max_value=date(9000, 1, 1)), months=st.integers(1, 240))
def test_expiry_keeps_the_day_or_takes_the_months_last(earned_on: date, months: int) -> None:
    last_day = expiry_date(earned_on, months)
    assert last_day is not None
    assert (last_day.year - earned_on.year) * 12 + last_day.month - earned_on.month == months
    in_month = calendar.monthrange(last_day.year, last_day.month)[1]
    assert last_day.day == min(earned_on.day, in_month)


@given(earned=st.dates(max_value=date(9000, 1, 1)), days=st.integers(0, 400), months=st.integers(1, 36))
def test_earning_later_never_expires_sooner(earned: date, days: int, months: int) -> None:
    first = expiry_date(earned, months)
    second = expiry_date(earned + timedelta(days=days), months)
    assert first is not None
    assert second is not None
    assert first <= second


@pytest.mark.parametrize(("earned_on", "months"), [(TODAY, 0), (TODAY, -1), (date(9999, 6, 1), 12)])
def test_impossible_lifetimes_are_refused(earned_on: date, months: int) -> None:
    with pytest.raises(ValueError, match="month"):
        expiry_date(earned_on, months)


def ledger_lots(*amounts: int) -> list[Lot]:
    """Lots that never expire, numbered from 1."""
    return [
        Lot(id=number, remaining=amount, expires_on=None, earned_id=number)
        for number, amount in enumerate(amounts, 1)
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("to_zero", ([Take(2, 3), Take(1, 4)], 7, 5)),
        ("allow_negative", ([Take(2, 3), Take(1, 4)], 10, 2)),
        ("keep", ([], 0, 12)),
    ],
)
def test_the_refund_policy_by_example(policy: str, expected: tuple[list[Take], int, int]) -> None:
    # 12 were earned: 3 of them are left, 2 have expired, and somebody else's lot holds 4.
    others, own = ledger_lots(4, 3)[:1], ledger_lots(4, 3)[1:]
    back = take_back(own, others, points=12, lapsed=2, policy=policy)
    assert (back.takes, back.points, back.shortfall) == expected


def test_the_last_lot_of_a_document_goes_first() -> None:
    back = take_back(ledger_lots(5, 5), [], points=7, lapsed=0, policy="to_zero")
    assert back.takes == [Take(2, 5), Take(1, 2)]


def test_other_lots_go_in_the_order_of_spending() -> None:
    soon = Lot(id=9, remaining=5, expires_on=TODAY, earned_id=9)
    back = take_back([], [*ledger_lots(5, 5), soon], points=7, lapsed=0, policy="to_zero")
    assert back.takes == [Take(9, 5), Take(1, 2)]


def test_what_expired_is_not_taken_from_others() -> None:
    back = take_back([], ledger_lots(100), points=10, lapsed=30, policy="to_zero")
    assert (back.takes, back.points, back.shortfall) == ([], 0, 10)


@given(
    lots=lot_lists,
    points=st.integers(1, 300),
    lapsed=st.integers(0, 100),
    owned=st.sets(st.integers(1, 1000)),
)
@pytest.mark.parametrize("policy", sorted(REFUND_POLICIES))
def test_what_is_taken_back_and_what_is_missing_make_up_the_whole(
    policy: str, lots: list[Lot], points: int, lapsed: int, owned: set[int]
) -> None:
    own = [lot for lot in lots if lot.id in owned or lot.id % 3 == 0]
    others = [lot for lot in lots if lot not in own]
    back = take_back(own, others, points=points, lapsed=lapsed, policy=policy)
    taken = sum(one.points for one in back.takes)
    assert back.points + back.shortfall == points
    assert min(back.points, back.shortfall) >= 0
    assert all(lot.remaining >= 0 for lot in after(lots, back.takes))
    assert len({one.lot_id for one in back.takes}) == len(back.takes)
    assert all(one.points > 0 for one in back.takes)
    if policy == "keep":
        assert (taken, back.points) == (0, 0)
        return
    from_own = min(points, total(own))
    gone = min(points - from_own, lapsed)
    # Own lots are emptied before any other is touched, and what expired is looked for nowhere.
    left = {lot.id: lot.remaining for lot in after(own, back.takes)}
    assert sum(left.values()) == total(own) - from_own
    assert taken == from_own + min(points - from_own - gone, total(others))
    assert back.points == (points - gone if policy == "allow_negative" else taken)


def test_a_policy_that_nobody_knows_is_a_fault() -> None:
    with pytest.raises(ValueError, match="no refund policy 'half'"):
        take_back([], [], points=1, lapsed=0, policy="half")
    for function in (
        lambda: take_back([], [], points=0, lapsed=0, policy="to_zero"),
        lambda: give_back([], 0, balance=0),
    ):
        with pytest.raises(ValueError, match="at least 1"):
            function()


@given(lots=filled, data=st.data())
def test_spending_less_is_as_if_less_had_been_spent(lots: list[Lot], data: st.DataObject) -> None:
    spent = data.draw(st.integers(1, total(lots)), label="spent")
    returned = data.draw(st.integers(1, spent), label="returned")
    takes = take(lots, spent)
    given_up = {one.lot_id: one.points for one in takes}
    taken = [replace(lot, remaining=given_up.get(lot.id, 0)) for lot in lots]
    balance = total(lots) - spent
    back = after(after(lots, takes), give_back(taken, returned, balance=balance))
    less = take(lots, spent - returned) if spent > returned else []
    assert back == after(lots, less)


@given(lots=filled, debt=st.integers(1, 200), data=st.data())
def test_a_debt_is_paid_before_lots_get_anything_back(
    lots: list[Lot], debt: int, data: st.DataObject
) -> None:
    returned = data.draw(st.integers(1, total(lots)), label="returned")
    back = give_back(lots, returned, balance=-debt)
    assert -sum(one.points for one in back) == max(0, returned - debt)
    assert all(one.points < 0 for one in back)


def test_no_more_goes_back_than_was_taken() -> None:
    with pytest.raises(ValueError, match="fewer were taken"):
        give_back(ledger_lots(5), 6, balance=0)
