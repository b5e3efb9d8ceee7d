"""Changing and taking back what was issued: codes and points follow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.members.groups import ensure_group
from regulars.members.models import Member
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotEnoughPoints, NotFound
from regulars.rules.vouchers import AlreadyRedeemed, LimitReached, NotEligible, ReservedElsewhere
from regulars.vouchers import actions, issuing, redeeming
from regulars.vouchers.models import Precode, VoucherCode, VoucherIssue
from tests.factories import Shop, make_shop
from tests.vouchers.given import balance, codes, earn, issue, issues, log, rows, voucher

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def edit(shop: Shop, issued: VoucherIssue, **changes: Any) -> VoucherIssue:
    changed = issuing.edit_issue(business_id=shop.id, pk=issued.pk, **changes)
    assert audit().ok
    return changed


def delete(shop: Shop, issued: VoucherIssue) -> None:
    issuing.delete_issue(business_id=shop.id, pk=issued.pk)
    assert audit().ok


def redeem(shop: Shop, code: str) -> None:
    redeeming.redeem(business_id=shop.id, code=code)


def worths(issued: VoucherIssue) -> list[tuple[int, int]]:
    """What its codes are worth, in whole numbers, and of which type."""
    return [(int(row.value), row.value_type) for row in rows(issued)]


def test_more_codes_cost_more_points(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 100)
    made = issue(shop, voucher(shop, points_required=20), card)
    before = codes(made)
    changed = edit(shop, made, qty=4)
    assert (changed.qty, changed.points_used, balance(card)) == (4, 80, 20)
    assert codes(made)[:1] == before
    assert len(set(codes(made))) == 4
    with pytest.raises(NotEnoughPoints):
        edit(shop, made, qty=6)
    assert (len(codes(made)), balance(card)) == (4, 20)


def test_of_fewer_codes_the_last_unused_ones_go_and_points_come_back(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 100)
    made = issue(shop, voucher(shop, points_required=20), card, 4)
    before = codes(made)
    redeem(shop, before[3])
    redeeming.reserve(business_id=shop.id, code=before[2])
    assert edit(shop, made, qty=3).points_used == 60
    assert codes(made) == [before[0], before[2], before[3]]
    assert balance(card) == 40
    edit(shop, made, qty=2)
    with pytest.raises(Conflict) as refusal:
        edit(shop, made, qty=1)
    assert list(refusal.value.fields) == ["qty"]
    assert codes(made) == before[2:]


def test_points_that_somebody_named_stay(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 100)
    made = issue(shop, voucher(shop, points_required=20), card, points_used=7)
    assert edit(shop, made, qty=2).points_used == 7
    assert edit(shop, made, points_used=9).points_used == 9
    assert balance(card) == 91
    assert edit(shop, made, points_used="").points_used == 40
    assert balance(card) == 60


def test_another_member_pays_and_the_first_one_gets_their_points_back(shop: Shop) -> None:
    one, other = shop.enrol(), shop.enrol()
    earn(shop, one, 50)
    earn(shop, other, 30)
    made = issue(shop, voucher(shop, points_required=20), one)
    changed = edit(shop, made, member_id=other.pk)
    assert changed.member == other.member
    assert (balance(one), balance(other)) == (50, 10)
    assert {row.member_id for row in rows(made)} == {other.pk}
    nobody = edit(shop, made, member_id=None)
    assert (nobody.member, nobody.points_used, balance(other)) == (None, 0, 30)
    assert edit(shop, made, member_id=one.pk).points_used == 20
    assert (balance(one), balance(other)) == (30, 30)


def test_another_voucher_has_its_own_value_days_and_price(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 50)
    made = issue(shop, voucher(shop, points_required=20), card, 2, occurred_at=NOON)
    better = voucher(shop, value=10, value_type=1, points_required=25, expires_after_days=3)
    changed = edit(shop, made, voucher_id=better.pk)
    assert (changed.voucher, changed.points_used, balance(card)) == (better, 50, 0)
    assert {(row.value, row.value_type, row.expires_on, row.voucher_id) for row in rows(made)} == {
        (Decimal("10.00"), 1, dt.date(2026, 3, 4), better.pk)
    }


def test_a_moved_issue_moves_the_last_day_of_its_codes(shop: Shop) -> None:
    made = issue(shop, voucher(shop, expires_after_days=3), occurred_at=NOON)
    changed = edit(shop, made, occurred_at=NOON + dt.timedelta(days=10))
    assert changed.occurred_at == NOON + dt.timedelta(days=10)
    assert rows(made)[0].expires_on == dt.date(2026, 3, 14)


def test_a_forced_value_comes_and_goes(shop: Shop) -> None:
    made = issue(shop, voucher(shop), qty=2)
    assert edit(shop, made, force_value=Decimal(8)).force_value == Decimal("8.00")
    assert [row.value for row in rows(made)] == [Decimal(8)] * 2
    assert edit(shop, made, force_value=None).force_value is None
    assert [row.value for row in rows(made)] == [Decimal(5)] * 2
    assert log(codes(made)[0]) == ["issue", "change", "change"]


def test_a_change_of_nothing_changes_nothing(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 50)
    made = issue(shop, voucher(shop, points_required=20), card)
    before = (rows(made)[0].version, rows(made)[0].modified_at)
    edit(shop, made, qty=1, member_id=card.pk, force_value="")
    assert (rows(made)[0].version, rows(made)[0].modified_at) == before
    assert (log(codes(made)[0]), balance(card)) == (["issue"], 30)


@pytest.mark.parametrize(
    "use", [redeem, lambda shop, code: redeeming.reserve(business_id=shop.id, code=code)]
)
@pytest.mark.parametrize("field", ["member_id", "voucher_id", "points_used", "force_value"])
def test_what_it_is_cannot_change_once_a_code_is_used(shop: Shop, field: str, use: Any) -> None:
    card = shop.enrol()
    earn(shop, card, 50)
    made = issue(shop, voucher(shop, points_required=20), card, 2)
    use(shop, codes(made)[0])
    new = {"member_id": shop.enrol().pk, "voucher_id": voucher(shop).pk, "points_used": 1, "force_value": 1}
    with pytest.raises(Conflict) as refusal:
        edit(shop, made, **{field: new[field]})
    assert list(refusal.value.fields) == [field]
    assert balance(card) == 10
    assert edit(shop, made, branch_id=shop.branch().pk).branch is not None


def test_another_member_or_voucher_must_go_together_and_have_room(shop: Shop) -> None:
    one, other = shop.enrol(), shop.enrol()
    gold = ensure_group(business=shop.business, code="Gold")
    with scopes_disabled():
        Member.objects.filter(pk=one.pk).update(group=gold)
    of = voucher(shop, group_id=gold.pk, limited_to_per_member=2)
    made = issue(shop, of, one)
    with pytest.raises(NotEligible):
        edit(shop, made, member_id=other.pk)
    assert edit(shop, made, qty=2).qty == 2
    with pytest.raises(LimitReached):
        edit(shop, made, qty=3)
    with scopes_disabled():
        Member.objects.filter(pk=other.pk).update(group=gold)
    issue(shop, of, other)
    with pytest.raises(LimitReached):
        edit(shop, made, member_id=other.pk)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"qty": 0}, "qty"),
        ({"qty": None}, "qty"),
        ({"voucher_id": None}, "voucher_id"),
        ({"points_used": -1}, "points_used"),
        ({"points_used": 5}, "points_used"),
        ({"force_value": Decimal("0.001")}, "force_value"),
        ({"colour": "red"}, "colour"),
        ({"occurred_at": None}, "occurred_at"),
        ({"occurred_at": ""}, "occurred_at"),
        ({"occurred_at": dt.datetime(2199, 1, 1, tzinfo=dt.UTC)}, "occurred_at"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(shop: Shop, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        edit(shop, issue(shop, voucher(shop)), **changes)
    assert list(refusal.value.fields) == [field]


def test_a_deleted_issue_leaves_no_codes_and_gives_the_points_back(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 50)
    of = voucher(shop, points_required=20)
    actions.add_precode(business_id=shop.id, code="TEA-1", voucher_id=of.pk)
    made = issue(shop, of, card, 2)
    delete(shop, made)
    assert (balance(card), issues(shop)) == (50, [])
    with scopes_disabled():
        assert not VoucherCode.objects.exists()
        # Somebody may have seen it, so it is not given to somebody else.
        assert Precode.objects.get().used_at is not None


def test_an_issue_with_a_redeemed_or_held_code_stays(shop: Shop) -> None:
    made = issue(shop, voucher(shop), shop.enrol(), 2)
    first, second = codes(made)
    held = redeeming.reserve(business_id=shop.id, code=second)
    with pytest.raises(ReservedElsewhere):
        delete(shop, made)
    redeem(shop, first)
    with pytest.raises(HasHistory):
        delete(shop, made)
    redeeming.reset(business_id=shop.id, code=first)
    redeeming.release(business_id=shop.id, code=second, reservation=held.reservation)
    delete(shop, made)


def test_points_come_back_to_a_suspended_member_too(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 50)
    made = issue(shop, voucher(shop, points_required=20), card)
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    delete(shop, made)
    assert balance(card) == 50


def test_one_code_may_be_worth_something_else(shop: Shop) -> None:
    made = issue(shop, voucher(shop), qty=2)
    first, second = rows(made)
    changed = issuing.edit_code(
        business_id=shop.id, pk=first.pk, force_value=Decimal(9), expires_on=dt.date(2030, 1, 1)
    )
    assert (changed.value, changed.expires_on) == (Decimal("9.00"), dt.date(2030, 1, 1))
    assert rows(made)[0].version == 1  # a till that has read it reads it again
    assert [row.value for row in rows(made)] == [Decimal(9), Decimal(5)]
    assert (log(first.code), log(second.code)) == (["issue", "change"], ["issue"])
    edit(shop, made, qty=3)
    assert [row.value for row in rows(made)] == [Decimal(9), Decimal(5), Decimal(5)]
    again = issuing.edit_code(business_id=shop.id, pk=first.pk, force_value="", expires_on=None)
    assert (again.value, again.expires_on) == (Decimal("5.00"), None)


def test_a_percent_code_stays_one_when_its_voucher_becomes_an_amount(shop: Shop) -> None:
    of = voucher(shop, value=10, value_type=1)
    made = issue(shop, of, qty=2)
    first, second = rows(made)
    actions.edit_voucher(business_id=shop.id, pk=of.pk, value=250, value_type=0)
    for refused in (
        lambda: issuing.edit_code(business_id=shop.id, pk=first.pk, force_value=Decimal(101)),
        lambda: edit(shop, made, force_value=Decimal(101)),
    ):
        with pytest.raises(InvalidInput) as refusal:
            refused()
        assert list(refusal.value.fields) == ["force_value"]
    issuing.edit_code(business_id=shop.id, pk=first.pk, force_value=Decimal(20))
    assert worths(made) == [(20, 1), (10, 1)]
    edit(shop, made, force_value=Decimal(30), qty=3)
    assert worths(made) == [(30, 1)] * 3
    # Without a value of its own it is what the voucher says, amount or percentage.
    issuing.edit_code(business_id=shop.id, pk=second.pk, force_value=None)
    assert worths(made) == [(30, 1), (250, 0), (30, 1)]
    edit(shop, made, qty=4)
    assert worths(made)[3] == (30, 1)
    edit(shop, made, force_value=None)
    assert worths(made) == [(250, 0)] * 4
    edit(shop, made, force_value=Decimal(300))
    assert worths(made) == [(300, 0)] * 4


def test_points_change_the_worth_of_codes_that_are_worth_points_alone(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 100)
    of = voucher(shop, value=10, value_type=1)
    made = issue(shop, of, card)
    actions.edit_voucher(business_id=shop.id, pk=of.pk, value=0, value_type=2)
    edit(shop, made, points_used=50)
    assert worths(made) == [(10, 1)]


def test_a_used_code_cannot_be_changed(shop: Shop) -> None:
    made = issue(shop, voucher(shop), qty=2)
    first, second = rows(made)
    redeem(shop, first.code)
    redeeming.reserve(business_id=shop.id, code=second.code)
    for code, kind in ((first, AlreadyRedeemed), (second, ReservedElsewhere)):
        with pytest.raises(kind):
            issuing.edit_code(business_id=shop.id, pk=code.pk, force_value=1)
    with pytest.raises(InvalidInput) as refusal:
        issuing.edit_code(business_id=shop.id, pk=first.pk, qty=3)
    assert list(refusal.value.fields) == ["qty"]


def test_what_belongs_to_another_business_is_not_there(shop: Shop) -> None:
    other = make_shop("Charlie's")
    theirs, ours = issue(other, voucher(other), other.enrol()), issue(shop, voucher(shop))
    code = rows(theirs)[0]
    for call in (issuing.edit_issue, issuing.delete_issue):
        with pytest.raises(NotFound) as refusal:
            call(business_id=shop.id, pk=theirs.pk)
        assert refusal.value.fields == {"code": "is unknown"}
    with pytest.raises(NotFound):
        issuing.edit_code(business_id=shop.id, pk=code.pk, force_value=1)
    for name, pk in {
        "voucher_id": theirs.voucher_id,
        "member_id": theirs.member_id,
        "branch_id": other.branch().pk,
    }.items():
        with pytest.raises(NotFound) as refusal:
            edit(shop, ours, **{name: pk})
        assert list(refusal.value.fields) == [name]
    code.refresh_from_db()
    assert code.version == 0
