"""Crowds at vouchers: a code is redeemed once, a limit holds, nobody pays with points that are not there."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger import points
from regulars.ledger.models import Card, PointsAdjustment
from regulars.members.actions import delete_member
from regulars.rules.vouchers import AlreadyRedeemed, NotRedeemed
from regulars.vouchers import actions, issuing, making, redeeming, states
from regulars.vouchers.models import Precode, Voucher, VoucherCode, VoucherIssue
from tests.factories import Shop, make_shop
from tests.races.crowd import PATIENCE, Elsewhere, split, together
from tests.vouchers.given import balance, codes, events, issue, issues, log, voucher

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 64


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def kinds(errors: list[Exception]) -> dict[str, int]:
    return dict(Counter(type(error).__name__ for error in errors))


def one(shop: Shop, card: Card | None = None, **fields: Any) -> str:
    return codes(issue(shop, voucher(shop, **fields), card))[0]


def status(code: str) -> str:
    with scopes_disabled():
        return VoucherCode.objects.values_list("status", flat=True).get(code=code)


@pytest.mark.parametrize("credited", [0, 7])
def test_of_64_who_redeem_one_code_exactly_one_does(shop: Shop, credited: int) -> None:
    card = shop.enrol()
    code = one(shop, card, can_be_redeemed_for_points=credited)
    got, refused = split(together(CALLERS, lambda _: redeeming.redeem(business_id=shop.id, code=code)))
    assert (len(got), kinds(refused)) == (1, {"AlreadyRedeemed": 63})
    assert (log(code), len(events(shop, "redeemed")), balance(card)) == (["issue", "redeem"], 1, credited)
    assert audit().ok


def test_without_the_version_check_a_code_is_redeemed_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = one(shop)
    for name in ("_UPDATE", "_SQLITE_UPDATE"):
        sql = getattr(states, name)
        assert sql.count("AND version = %s") == 1
        monkeypatch.setattr(states, name, sql.replace("AND version = %s", "AND %s IS NOT NULL"))
    states._pg_statement.cache_clear()
    both_read, real = Barrier(2), states.change

    def change(state: states.CodeState, to: states.Change) -> bool:
        both_read.wait(PATIENCE)
        return real(state, to)

    monkeypatch.setattr(states, "change", change)
    try:
        got, refused = split(together(2, lambda _: redeeming.redeem(business_id=shop.id, code=code)))
    finally:
        states._pg_statement.cache_clear()
    assert (len(got), refused) == (2, [])
    assert not audit().ok


def test_of_64_issues_as_many_as_the_limit_allows(shop: Shop) -> None:
    card, of = shop.enrol(), voucher(shop, limited_to_per_member=5)
    got, refused = split(together(CALLERS, lambda _: issue(shop, of, card)))
    assert (len(got), kinds(refused)) == (5, {"LimitReached": 59})
    assert sum(made.qty for made in issues(shop, card)) == 5
    assert audit().ok


def test_without_the_cards_lock_more_are_issued(
    shop: Shop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database == "sqlite":
        pytest.skip("one writer at a time is lock enough")
    card, of = shop.enrol(), voucher(shop, limited_to_per_member=1)
    issue(shop, of, shop.enrol())  # the business counts its issues from now on
    monkeypatch.setattr(issuing, "lock_cards", lambda *_: None)
    both_counted, real = Barrier(2), making.make_codes

    def make_codes(*what: Any) -> Any:
        both_counted.wait(PATIENCE)
        return real(*what)

    monkeypatch.setattr(making, "make_codes", make_codes)
    got, refused = split(together(2, lambda _: issue(shop, of, card)))
    assert (len(got), refused) == (2, [])


def test_of_64_issues_ten_can_be_paid(shop: Shop) -> None:
    card, of = shop.enrol(), voucher(shop, points_required=7)
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=75)
    got, refused = split(together(CALLERS, lambda _: issue(shop, of, card)))
    assert (len(got), kinds(refused)) == (10, {"NotEnoughPoints": 54})
    assert (balance(card), len(issues(shop, card))) == (5, 10)
    assert audit().ok


def test_a_precode_is_never_given_twice(shop: Shop) -> None:
    of = voucher(shop)
    loaded = [f"TEA-{number:03}" for number in range(100)]
    for code in loaded:
        actions.add_precode(business_id=shop.id, code=code, voucher_id=of.pk)
    got, refused = split(together(32, lambda _: codes(issue(shop, of, shop.enrol(), 4))))
    assert refused == []
    given = [code for some in got for code in some]
    assert (len(given), len(set(given))) == (128, 128)
    assert sorted(code for code in given if code in loaded) == loaded
    for some in got:
        theirs = [code for code in some if code in loaded]
        assert some[: len(theirs)] == sorted(theirs)  # first, and in order
    with scope(business=shop.business):
        assert not Precode.objects.filter(used_at=None).exists()
    assert audit().ok


def test_one_code_for_an_issue_is_taken_once(shop: Shop) -> None:
    of = voucher(shop)
    got, refused = split(together(16, lambda _: issue(shop, of, shop.enrol(), code="SPRING")))
    assert (len(got), kinds(refused)) == (1, {"Conflict": 15})


def test_of_32_who_tell_of_one_occasion_one_is_answered_with_vouchers(shop: Shop) -> None:
    card = shop.enrol()
    voucher(shop, auto_allocate_on_event="birthday")

    def tell(_: int) -> int:
        made = issuing.issue_on_event(
            business_id=shop.id, member_id=card.pk, event="birthday", occasion="birthday:2026"
        )
        return len(made)

    got, refused = split(together(32, tell))
    assert (sorted(got), refused) == ([0] * 31 + [1], [])
    assert len(issues(shop, card)) == 1


def test_points_of_a_crowd_make_as_many_vouchers_as_they_pay_for(shop: Shop) -> None:
    card = shop.enrol()
    voucher(shop, points_required=50, auto_allocate_on_event="points_reach_required")
    voucher(shop, trigger_on_total_points_earned=300)
    _, refused = split(
        together(48, lambda _: points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=10))
    )
    assert refused == []
    made = issues(shop, card)
    assert sum(one.qty for one in made if one.points_used) == 9
    assert sum(one.qty for one in made if not one.points_used) == 1
    assert balance(card) == 30
    assert audit().ok


def test_of_those_who_reserve_and_those_who_redeem_one_is_first(shop: Shop) -> None:
    for _ in range(3):
        code = one(shop)

        def caller(number: int, code: str = code) -> str:
            if number % 2:
                redeeming.redeem(business_id=shop.id, code=code)
                return "redeemed"
            redeeming.reserve(business_id=shop.id, code=code)
            return "reserved"

        got, refused = split(together(32, caller))
        assert got == [status(code)]
        expected = "AlreadyRedeemed" if got == ["redeemed"] else "ReservedElsewhere"
        assert kinds(refused) == {expected: 31}
    assert audit().ok


def test_a_reservation_is_captured_or_released_or_runs_out(shop: Shop) -> None:
    for _ in range(3):
        code = one(shop)
        held = redeeming.reserve(business_id=shop.id, code=code).reservation
        tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)

        def caller(number: int, code: str = code, held: str = held, later: dt.datetime = tomorrow) -> str:
            match number % 3:
                case 0:
                    redeeming.redeem(business_id=shop.id, code=code, reservation=held)
                    return "redeem"
                case 1:
                    redeeming.release(business_id=shop.id, code=code, reservation=held)
                    return "release"
                case _:
                    return "release" if redeeming.release_expired(business_id=shop.id, now=later) else ""

        got, refused = split(together(24, caller))
        done = [what for what in got if what]
        assert len(done) == 1
        assert log(code) == ["issue", "reserve", *done]
        assert kinds(refused).keys() <= {"NotReserved", "AlreadyRedeemed"}
    assert audit().ok


def test_redemptions_and_resets_take_turns(shop: Shop) -> None:
    card = shop.enrol()
    code = one(shop, card, can_be_redeemed_for_points=10)

    def caller(number: int) -> str:
        if number % 2:
            redeeming.reset(business_id=shop.id, code=code)
            return "reset"
        redeeming.redeem(business_id=shop.id, code=code)
        return "redeem"

    got, refused = split(together(CALLERS, caller))
    assert kinds(refused).keys() <= {"AlreadyRedeemed", "NotRedeemed"}
    done = log(code)[1:]
    assert Counter(done) == Counter(got)
    assert done == [("redeem", "reset")[number % 2] for number in range(len(done))]
    redeemed = len(done) % 2
    assert (status(code), balance(card)) == (("active", "redeemed")[redeemed], 10 * redeemed)
    with scopes_disabled():
        assert PointsAdjustment.objects.count() == redeemed
    assert audit().ok


def test_bearers_who_want_the_points_of_one_code_take_turns_with_who_resets_it(shop: Shop) -> None:
    cards = [shop.enrol() for _ in range(3)]
    code = one(shop, can_be_redeemed_for_points=10)

    def caller(number: int) -> None:
        for turn in range(3):
            with suppress(AlreadyRedeemed, NotRedeemed):
                if (number + turn) % 2:
                    redeeming.reset(business_id=shop.id, code=code)
                else:
                    redeeming.redeem(business_id=shop.id, code=code, member_id=cards[number % 3].pk)

    _, refused = split(together(32, caller))
    assert refused == []
    assert sum(balance(card) for card in cards) == (10 if status(code) == "redeemed" else 0)
    assert audit().ok


def test_an_issue_is_taken_back_or_redeemed(shop: Shop) -> None:
    card = shop.enrol()
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=100)
    for _ in range(5):
        made = issue(shop, voucher(shop, points_required=20), card)
        (code,) = codes(made)

        def caller(number: int, pk: int = made.pk, code: str = code) -> str:
            if number % 2:
                issuing.delete_issue(business_id=shop.id, pk=pk)
                return "deleted"
            redeeming.redeem(business_id=shop.id, code=code)
            return "redeemed"

        got, refused = split(together(8, caller))
        assert len(got) == 1
        left = {"deleted": {"NotFound": 7}, "redeemed": {"AlreadyRedeemed": 3, "HasHistory": 4}}[got[0]]
        assert kinds(refused) == left
        assert audit().ok


def test_an_issue_that_is_changed_by_many_adds_up(shop: Shop) -> None:
    cards = [shop.enrol() for _ in range(3)]
    for card in cards:
        points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=100)
    made = issue(shop, voucher(shop, points_required=10), cards[0], 2)

    def caller(number: int) -> VoucherIssue:
        changes = {"qty": 1 + number % 5} if number % 2 else {"member_id": cards[number % 3].pk}
        return issuing.edit_issue(business_id=shop.id, pk=made.pk, **changes)

    got, refused = split(together(24, caller))
    assert refused == []
    assert len(got) == 24
    (now,) = issues(shop)
    assert (len(codes(now)), now.points_used) == (now.qty, 10 * now.qty)
    assert sum(balance(card) for card in cards) == 300 - now.points_used
    assert audit().ok


def test_issues_that_go_from_member_to_member_at_once_lock_nobody_out(shop: Shop) -> None:
    cards = [shop.enrol() for _ in range(3)]
    for card in cards:
        points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=100)
    of = voucher(shop, points_required=1)
    made = [issue(shop, of, card, 3) for card in cards[:2]]

    def caller(number: int) -> list[VoucherIssue]:
        return [
            issuing.edit_issue(
                business_id=shop.id, pk=made[turn % 2].pk, member_id=cards[(number + turn) % 3].pk
            )
            for turn in range(4)
        ]

    got, refused = split(together(24, caller))
    assert refused == []
    assert len(got) == 24
    assert sum(balance(card) for card in cards) == 300 - 6
    assert audit().ok


def test_a_member_who_is_erased_while_a_voucher_is_issued_leaves_nothing(shop: Shop) -> None:
    card, of = shop.enrol(), voucher(shop)
    with Elsewhere() as office, Elsewhere() as till:
        till.open_transaction()
        till(issue, shop, of, card)
        pending = office.begin(delete_member, business_id=shop.id, member_id=card.pk)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        till.commit()
        pending.result(PATIENCE)
    assert issues(shop) == []
    with scopes_disabled():
        assert not VoucherCode.objects.exists()
    assert audit().ok


def test_a_member_who_is_erased_while_a_voucher_is_redeemed_leaves_nothing(shop: Shop) -> None:
    card = shop.enrol()
    code = one(shop, card)
    with Elsewhere() as office, Elsewhere() as till:
        till.open_transaction()
        till(redeeming.redeem, business_id=shop.id, code=code)
        pending = office.begin(delete_member, business_id=shop.id, member_id=card.pk)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        till.commit()
        pending.result(PATIENCE)
    with scopes_disabled():
        assert not VoucherCode.objects.exists()
    assert audit().ok


def test_a_member_who_is_erased_first_gets_no_voucher(shop: Shop) -> None:
    card, of = shop.enrol(), voucher(shop)
    with Elsewhere() as office, Elsewhere() as till:
        office.open_transaction()
        office(delete_member, business_id=shop.id, member_id=card.pk)
        pending = till.begin(issue, shop, of, card)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        office.commit()
        with pytest.raises(Exception, match="no customer") as refusal:
            pending.result(PATIENCE)
    assert type(refusal.value).__name__ == "NotFound"
    assert issues(shop) == []


def test_a_voucher_that_is_deleted_while_it_is_issued_is_issued_or_gone(shop: Shop) -> None:
    for _ in range(5):
        of = voucher(shop)

        def caller(number: int, pk: int = of.pk) -> str:
            if number % 2:
                actions.delete_voucher(business_id=shop.id, pk=pk)
                return "deleted"
            issuing.issue_voucher(business_id=shop.id, voucher_id=pk)
            return "issued"

        got, refused = split(together(8, caller))
        assert len(set(got)) == 1
        # What only the commit finds out is asked again by the APIs, and then not found.
        assert kinds(refused).keys() <= {"NotFound", "HasHistory", "IntegrityError"}
        with scopes_disabled():
            assert Voucher.objects.filter(pk=of.pk).exists() == (got[0] == "issued")
    assert audit().ok
