"""Redeeming: once, by the right till, in time; reserving it first; and undoing it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.catalog.actions import add_sku
from regulars.ledger.models import PointsAdjustment
from regulars.members.models import Member
from regulars.rules.errors import InvalidInput, NotFound, Refusal, Suspended
from regulars.rules.vouchers import (
    AlreadyRedeemed,
    BelowMinimum,
    Expired,
    NotRedeemed,
    NotReserved,
    NotYetValid,
    ReservedElsewhere,
    WrongBranch,
    WrongSku,
)
from regulars.tenants.actions import update_branch
from regulars.tenants.models import Business
from regulars.vouchers import redeeming
from regulars.vouchers.models import VoucherCode, VoucherLog
from tests.factories import Shop, make_shop
from tests.vouchers.given import balance, codes, earn, events, issue, log, voucher

pytestmark = pytest.mark.django_db

# In Bengaluru it is 1 March already.
EVENING = dt.datetime(2026, 2, 28, 20, 0, tzinfo=dt.UTC)
Use = Callable[..., Any]


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture(params=["redeem", "reserve"])
def use(request: pytest.FixtureRequest) -> Use:
    """What holds for redeeming holds for reserving too."""
    call: Use = getattr(redeeming, request.param)
    return call


def one(shop: Shop, card: Any = None, **fields: Any) -> str:
    """The code of a new voucher."""
    return codes(issue(shop, voucher(shop, **fields), card))[0]


def row(code: str) -> VoucherCode:
    with scopes_disabled():
        return VoucherCode.objects.get(code=code)


def redeem(shop: Shop, code: str, **how: Any) -> redeeming.Redeemed:
    return redeeming.redeem(business_id=shop.id, code=code, **how)


def later(code: str, minutes: int) -> None:
    """Let so many minutes of a reservation pass."""
    with scopes_disabled():
        until = VoucherCode.objects.get(code=code).reserved_until
        assert until is not None
        VoucherCode.objects.filter(code=code).update(reserved_until=until - dt.timedelta(minutes=minutes))


def test_it_says_what_it_was_worth_and_whose_it_was(shop: Shop) -> None:
    card, branch = shop.enrol("Priya Sharma"), shop.branch()
    of = voucher(shop, "Muffin", value=Decimal("4.5"), value_type=1)
    (code,) = codes(issue(shop, of, card))
    done = redeem(shop, f" {code.lower()} ", branch_id=branch.pk, sale_value=Decimal(20))
    assert (done.voucher.id, done.voucher.code, done.voucher.name) == (of.pk, of.code, "Muffin")
    assert done.member is not None
    assert (done.member.id, done.member.code, done.member.name) == (card.pk, "M000001", "Priya Sharma")
    assert (done.voucher_code, str(done.value), done.value_type, done.points_credited) == (code, "4.50", 1, 0)
    kept = row(code)
    assert (kept.status, kept.redeemed_at, kept.redeemed_branch_id, kept.version) == (
        "redeemed",
        done.redeemed_at,
        branch.pk,
        1,
    )
    with scopes_disabled():
        noted = VoucherLog.objects.get(action="redeem")
    assert (noted.branch_id, noted.sale_value) == (branch.pk, Decimal("20.00"))
    (told,) = events(shop, "redeemed")
    assert told == {
        "customer_id": card.pk,
        "voucher_id": of.pk,
        "voucher": of.code,
        "voucher_code": code,
        "value": "4.50",
        "value_type": 1,
        "branch_id": branch.pk,
        "points_credited": 0,
    }
    assert audit().ok


def test_whoever_bears_it_redeems_it(shop: Shop) -> None:
    assert redeem(shop, one(shop)).member is None


def test_it_is_redeemed_once(shop: Shop, use: Use) -> None:
    code = one(shop)
    done = redeem(shop, code)
    with pytest.raises(AlreadyRedeemed) as refusal:
        use(business_id=shop.id, code=code)
    assert list(refusal.value.fields) == ["voucher_code"]
    assert refusal.value.details == {"redeemed_at": f"{done.redeemed_at:%Y-%m-%d %H:%M:%S}"}
    assert log(code) == ["issue", "redeem"]


@pytest.mark.parametrize("code", ["", "NOPE", "\0", "é" * 60])
def test_an_unknown_code(shop: Shop, use: Use, code: str) -> None:
    with pytest.raises(NotFound) as refusal:
        use(business_id=shop.id, code=code)
    assert refusal.value.fields == {"voucher_code": "is unknown"}


def test_a_code_of_another_business_is_unknown(shop: Shop, use: Use) -> None:
    theirs = one(make_shop("Charlie's"))
    for call in (
        lambda: use(business_id=shop.id, code=theirs),
        lambda: redeeming.reset(business_id=shop.id, code=theirs),
        lambda: redeeming.release(business_id=shop.id, code=theirs, reservation=""),
    ):
        with pytest.raises(NotFound):
            call()
    assert row(theirs).version == 0


@pytest.mark.parametrize(("last", "kind"), [(dt.date(2026, 2, 28), Expired), (dt.date(2026, 3, 1), None)])
def test_the_last_day_is_the_businesss_own(
    shop: Shop, use: Use, last: dt.date, kind: type[Refusal] | None
) -> None:
    before = EVENING - dt.timedelta(days=30)
    (code,) = codes(issue(shop, voucher(shop, date_to=last), occurred_at=before))
    if kind is None:
        use(business_id=shop.id, code=code, occurred_at=EVENING)
        return
    with pytest.raises(kind) as refusal:
        use(business_id=shop.id, code=code, occurred_at=EVENING)
    assert refusal.value.details == {"expires_on": "2026-02-28"}


def test_the_first_day_counts_too(shop: Shop, use: Use) -> None:
    first = dt.date(2026, 3, 1)
    (code,) = codes(issue(shop, voucher(shop, date_from=first), occurred_at=EVENING))
    with pytest.raises(NotYetValid):
        use(business_id=shop.id, code=code, occurred_at=EVENING - dt.timedelta(hours=2))
    use(business_id=shop.id, code=code, occurred_at=EVENING)


@pytest.mark.parametrize(("sale", "fits"), [("9.99", False), ("10", True), ("10.01", True), (None, True)])
def test_the_smallest_sale(shop: Shop, use: Use, sale: str | None, fits: bool) -> None:  # noqa: FBT001
    code = one(shop, min_value=Decimal(10))
    how = {"business_id": shop.id, "code": code, "sale_value": sale and Decimal(sale)}
    if fits:
        use(**how)
        return
    with pytest.raises(BelowMinimum) as refusal:
        use(**how)
    assert (list(refusal.value.fields), refusal.value.details) == (["sale_value"], {"min_value": "10.00"})


@pytest.mark.parametrize("sale", [Decimal(-1), Decimal("NaN"), Decimal("1.005")])
def test_a_sale_that_cannot_be(shop: Shop, use: Use, sale: Decimal) -> None:
    with pytest.raises(InvalidInput) as refusal:
        use(business_id=shop.id, code=one(shop), sale_value=sale)
    assert list(refusal.value.fields) == ["sale_value"]


def test_nothing_is_used_in_a_far_future(shop: Shop, use: Use) -> None:
    with pytest.raises(InvalidInput, match="occurred_at"):
        use(business_id=shop.id, code=one(shop), occurred_at=dt.datetime(2199, 1, 1, tzinfo=dt.UTC))


def test_the_branch_and_the_sku_when_somebody_says_them(shop: Shop, use: Use) -> None:
    here, there = shop.branch(), shop.branch("Indiranagar")
    tea, mug = (add_sku(business_id=shop.id, code=code, name=code) for code in ("TEA", "MUG"))
    code = one(shop, branch_id=here.pk, sku_id=tea.pk)
    with pytest.raises(WrongBranch):
        use(business_id=shop.id, code=code, branch_id=there.pk)
    with pytest.raises(WrongSku):
        use(business_id=shop.id, code=code, sku_id=mug.pk)
    use(business_id=shop.id, code=code, branch_id=here.pk, sku_id=tea.pk)
    use(business_id=shop.id, code=one(shop, branch_id=here.pk, sku_id=tea.pk))


def test_an_unknown_branch_or_sku(shop: Shop, use: Use) -> None:
    other, code = make_shop("Charlie's"), one(shop)
    closed = shop.branch()
    update_branch(business_id=shop.id, branch_id=closed.pk, is_active=False)
    theirs = add_sku(business_id=other.id, code="TEA", name="Tea")
    for name, pk in (
        ("branch_id", other.branch().pk),
        ("branch_id", closed.pk),
        ("sku_id", theirs.pk),
    ):
        with pytest.raises(NotFound) as refusal:
            use(business_id=shop.id, code=code, **{name: pk})
        assert list(refusal.value.fields) == [name]
    assert log(code) == ["issue"]


def test_a_suspended_member_redeems_nothing(shop: Shop, use: Use) -> None:
    card = shop.enrol()
    code = one(shop, card)
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    with pytest.raises(Suspended):
        use(business_id=shop.id, code=code)


def test_points_are_credited(shop: Shop) -> None:
    card = shop.enrol()
    code = one(shop, card, can_be_redeemed_for_points=25)
    assert redeem(shop, code).points_credited == 25
    assert balance(card) == 25
    with scopes_disabled():
        credit = PointsAdjustment.objects.get()
    assert (credit.points, credit.origin, row(code).credit_id) == (25, "voucher", credit.pk)
    assert events(shop, "redeemed")[0]["points_credited"] == 25
    with pytest.raises(AlreadyRedeemed):
        redeem(shop, code)
    assert balance(card) == 25
    assert audit().ok


def test_a_refusal_leaves_the_transaction_usable(shop: Shop) -> None:
    code, other = one(shop), one(shop, shop.enrol(), can_be_redeemed_for_points=5)
    redeem(shop, code)
    redeem(shop, other)
    with transaction.atomic():
        for used in (code, other):
            with pytest.raises(AlreadyRedeemed):
                redeem(shop, used)
        redeem(shop, one(shop))


def test_a_reserved_code_waits_for_its_till(shop: Shop, use: Use) -> None:
    code = one(shop)
    held = redeeming.reserve(business_id=shop.id, code=code, minutes=10)
    assert (held.voucher_code, held.value, held.member) == (code, Decimal("5.00"), None)
    with pytest.raises(ReservedElsewhere) as refusal:
        use(business_id=shop.id, code=code)
    assert refusal.value.details == {"reserved_until": f"{held.until:%Y-%m-%d %H:%M:%S}"}
    with pytest.raises(NotReserved):
        redeem(shop, code, reservation=held.reservation + "x")
    assert redeem(shop, code, reservation=held.reservation).voucher_code == code
    assert log(code) == ["issue", "reserve", "redeem"]
    assert (row(code).reservation, row(code).reserved_until) == ("", None)
    assert events(shop, "reserved")[0]["reserved_until"] == f"{held.until:%Y-%m-%d %H:%M:%S}"


def test_a_reservation_that_has_run_out_holds_nothing(shop: Shop, use: Use) -> None:
    code = one(shop)
    held = redeeming.reserve(business_id=shop.id, code=code, minutes=10)
    later(code, 10)
    with pytest.raises(NotReserved):
        redeem(shop, code, reservation=held.reservation)
    use(business_id=shop.id, code=code)


def test_a_released_code_is_free_again(shop: Shop, use: Use) -> None:
    code = one(shop)
    held = redeeming.reserve(business_id=shop.id, code=code)
    with pytest.raises(NotReserved):
        redeeming.release(business_id=shop.id, code=code, reservation="x")
    redeeming.release(business_id=shop.id, code=code, reservation=held.reservation)
    with pytest.raises(NotReserved):
        redeeming.release(business_id=shop.id, code=code, reservation=held.reservation)
    assert events(shop, "released")[0]["voucher_code"] == code
    use(business_id=shop.id, code=code)


def test_no_reservation_is_the_empty_one(shop: Shop) -> None:
    code = one(shop)
    with pytest.raises(NotReserved):
        redeeming.release(business_id=shop.id, code=code, reservation="")


@pytest.mark.parametrize("minutes", [0, 1_441])
def test_how_long_a_code_may_be_held(shop: Shop, minutes: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        redeeming.reserve(business_id=shop.id, code=one(shop), minutes=minutes)
    assert list(refusal.value.fields) == ["minutes"]


def test_what_was_held_in_time_is_captured_after_the_last_day(shop: Shop) -> None:
    (code,) = codes(issue(shop, voucher(shop, date_to=dt.date(2026, 3, 1)), occurred_at=EVENING))
    held = redeeming.reserve(business_id=shop.id, code=code, occurred_at=EVENING)
    tomorrow = EVENING + dt.timedelta(days=1)
    with pytest.raises(NotReserved):
        redeem(shop, code, occurred_at=tomorrow, reservation="x")
    redeem(shop, code, occurred_at=tomorrow, reservation=held.reservation)


def test_reservations_that_have_run_out_are_given_up(shop: Shop) -> None:
    late, held, used, theirs = one(shop), one(shop), one(shop), one(other := make_shop("Charlie's"))
    for code in (late, held, used):
        key = redeeming.reserve(business_id=shop.id, code=code).reservation
    redeeming.reserve(business_id=other.id, code=theirs)
    redeem(shop, used, reservation=key)
    for code in (late, theirs):
        later(code, 15)
    assert redeeming.release_expired(business_id=shop.id) == 1
    assert redeeming.release_expired(business_id=shop.id) == 0
    assert [row(code).status for code in (late, held, used, theirs)] == [
        "active",
        "reserved",
        "redeemed",
        "reserved",
    ]
    assert log(late) == ["issue", "reserve", "release"]


def test_a_redemption_can_be_undone(shop: Shop) -> None:
    card = shop.enrol()
    code = one(shop, card, can_be_redeemed_for_points=25)
    redeem(shop, code, branch_id=shop.branch().pk)
    redeeming.reset(business_id=shop.id, code=code.lower(), staff_id=shop.owner.pk, reason="Wrong voucher")
    assert balance(card) == 0
    undone = row(code)
    assert (undone.status, undone.redeemed_at, undone.redeemed_branch_id, undone.credit_id) == (
        "active",
        None,
        None,
        None,
    )
    with scopes_disabled():
        noted = VoucherLog.objects.get(action="reset")
    assert (noted.staff_id, noted.text) == (shop.owner.pk, "Wrong voucher")
    assert events(shop, "reset")[0]["reason"] == "Wrong voucher"
    assert audit().ok
    redeem(shop, code)
    assert (balance(card), log(code)) == (25, ["issue", "redeem", "reset", "redeem"])
    assert audit().ok


@pytest.mark.parametrize(("policy", "left"), [("to_zero", 0), ("allow_negative", -5), ("keep", 20)])
def test_credited_points_that_are_gone_follow_the_refund_policy(shop: Shop, policy: str, left: int) -> None:
    Business.objects.filter(pk=shop.id).update(refund_policy=policy)
    card = shop.enrol()
    code = one(shop, card, can_be_redeemed_for_points=25)
    redeem(shop, code)
    issue(shop, voucher(shop, points_required=5), card)
    redeeming.reset(business_id=shop.id, code=code)
    assert balance(card) == left
    assert audit().ok


def test_points_that_somebody_took_back_already_are_not_taken_twice(shop: Shop) -> None:
    from regulars.ledger.adjustments import delete_adjustment  # noqa: PLC0415 - only here

    card = shop.enrol()
    earn(shop, card, 100)
    code = one(shop, card, can_be_redeemed_for_points=25)
    redeem(shop, code)
    delete_adjustment(business_id=shop.id, pk=row(code).credit_id or 0)
    assert row(code).credit_id is None
    redeeming.reset(business_id=shop.id, code=code)
    assert balance(card) == 100


def test_only_a_redemption_can_be_undone(shop: Shop) -> None:
    code = one(shop)
    with pytest.raises(NotRedeemed):
        redeeming.reset(business_id=shop.id, code=code)
    redeeming.reserve(business_id=shop.id, code=code)
    with pytest.raises(NotRedeemed):
        redeeming.reset(business_id=shop.id, code=code)
    with pytest.raises(InvalidInput):
        redeeming.reset(business_id=shop.id, code=code, reason="x" * 301)


def test_the_number_of_statements(shop: Shop, database: str) -> None:
    code = one(shop, shop.enrol())
    with CaptureQueriesContext(connection) as captured:
        redeem(shop, code)
    # Read, and change with log and event.
    assert len(captured) == (2 if database == "postgresql" else 4)
