"""Issuing: codes, values, days, limits and points."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger.models import Entry
from regulars.members.groups import ensure_group
from regulars.members.models import Member
from regulars.rules import vouchers as rules
from regulars.rules.errors import (
    AlreadyGiven,
    Conflict,
    InvalidInput,
    NotEnoughPoints,
    NotFound,
    Refusal,
    Suspended,
)
from regulars.rules.vouchers import LimitReached, NotEligible
from regulars.tenants.models import Business
from regulars.vouchers import actions, issuing
from regulars.vouchers.models import Precode, VoucherCode, VoucherIssue
from tests.factories import Shop, make_shop
from tests.vouchers.given import balance, codes, earn, events, issue, issues, log, rows, voucher

pytestmark = pytest.mark.django_db

# In Bengaluru it is 1 March already.
EVENING = dt.datetime(2026, 2, 28, 20, 0, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_each_code_is_a_voucher_of_its_own(shop: Shop) -> None:
    card = shop.enrol()
    made = issue(shop, voucher(shop), card, 3)
    assert (made.qty, made.member, made.points_used) == (3, card.member, 0)
    assert made.code == "I000001"
    assert len(set(codes(made))) == 3
    assert {len(code) for code in codes(made)} == {11}
    assert {(row.value, row.value_type, row.status, row.member_id) for row in rows(made)} == {
        (Decimal("5.00"), 0, "active", card.pk)
    }
    assert [log(code) for code in codes(made)] == [["issue"]] * 3
    (told,) = events(shop, "issued")
    assert (told["customer_id"], told["voucher_codes"], told["issue_id"]) == (card.pk, codes(made), made.pk)
    assert audit().ok


def test_a_bearer_voucher_belongs_to_nobody(shop: Shop) -> None:
    made = issue(shop, voucher(shop, points_required=10, limited_to_per_member=1), qty=5)
    assert (made.member, made.points_used, len(codes(made))) == (None, 0, 5)
    with pytest.raises(InvalidInput) as refusal:
        issue(shop, made.voucher, points_used=5)
    assert list(refusal.value.fields) == ["points_used"]


def test_points_are_taken_when_it_is_issued(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 100)
    made = issue(shop, voucher(shop, points_required=30), card, 2)
    assert (made.points_used, balance(card)) == (60, 40)
    with scope(business=shop.business):
        entry = Entry.objects.get(kind="points_spend")
    assert (entry.source, entry.points, entry.text) == (f"issue:{made.pk}", -60, "Free muffin")
    with pytest.raises(NotEnoughPoints):
        issue(shop, made.voucher, card, 2)
    assert (len(issues(shop)), balance(card)) == (1, 40)
    assert audit().ok


@pytest.mark.parametrize(("points_used", "left"), [(0, 100), (7, 93), (None, 40)])
def test_a_number_of_points_may_be_named(shop: Shop, points_used: int | None, left: int) -> None:
    card = shop.enrol()
    earn(shop, card, 100)
    issue(shop, voucher(shop, points_required=30), card, 2, points_used=points_used)
    assert balance(card) == left


def test_precodes_come_first_and_in_order(shop: Shop) -> None:
    of, other = voucher(shop), voucher(shop)
    for number in (3, 1, 2):
        actions.add_precode(business_id=shop.id, code=f"TEA-{number}", voucher_id=of.pk)
    actions.add_precode(business_id=shop.id, code="OTHER", voucher_id=other.pk)
    assert codes(issue(shop, of, qty=2)) == ["TEA-3", "TEA-1"]
    last = codes(issue(shop, of, qty=2))
    assert last[0] == "TEA-2"
    assert len(last[1]) == 11
    with scope(business=shop.business):
        assert list(Precode.objects.filter(used_at=None).values_list("code", flat=True)) == ["OTHER"]


def test_random_codes_are_never_codes_that_are_known(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    of, other = voucher(shop), voucher(shop)
    actions.add_precode(business_id=shop.id, code="aaa", voucher_id=other.pk)
    drawn = iter(["AAA", "BBB", "BBB", "AAA", "BBB", "CCC"])
    monkeypatch.setattr(rules, "new_code", lambda: next(drawn))
    assert codes(issue(shop, of)) == ["BBB"]
    assert codes(issue(shop, of)) == ["CCC"]


def test_the_last_day_is_fixed_when_it_is_issued(shop: Shop) -> None:
    of = voucher(shop, expires_after_days=10, date_to=dt.date(2026, 3, 20))
    (code,) = rows(issue(shop, of, occurred_at=EVENING))
    assert code.expires_on == dt.date(2026, 3, 11)
    actions.edit_voucher(business_id=shop.id, pk=of.pk, expires_after_days=1)
    code.refresh_from_db()
    assert code.expires_on == dt.date(2026, 3, 11)
    actions.edit_voucher(business_id=shop.id, pk=of.pk, expires_after_days=30)
    assert rows(issue(shop, of, occurred_at=EVENING))[0].expires_on == dt.date(2026, 3, 20)


def test_points_turn_into_currency_when_it_is_issued(shop: Shop) -> None:
    Business.objects.filter(pk=shop.id).update(point_value=Decimal("0.05"))
    card = shop.enrol()
    earn(shop, card, 1_000)
    fixed = voucher(shop, value=200, value_type=2)
    by_points = voucher(shop, value=0, value_type=2)
    assert [(row.value, row.value_type) for row in rows(issue(shop, fixed, card))] == [(Decimal(10), 2)]
    shared = rows(issue(shop, by_points, card, 3, points_used=100))
    assert [row.value for row in shared] == [Decimal("1.70"), Decimal("1.65"), Decimal("1.65")]


def test_a_value_may_be_forced(shop: Shop) -> None:
    assert rows(issue(shop, voucher(shop), force_value=Decimal("7.5")))[0].value == Decimal("7.50")
    percent = voucher(shop, value=10, value_type=1)
    with pytest.raises(InvalidInput) as refusal:
        issue(shop, percent, force_value=Decimal(101))
    assert list(refusal.value.fields) == ["force_value"]


def test_the_limit_counts_codes(shop: Shop) -> None:
    one, other = shop.enrol(), shop.enrol()
    of = voucher(shop, limited_to_per_member=3)
    issue(shop, of, one, 2)
    with pytest.raises(LimitReached) as refusal:
        issue(shop, of, one, 2)
    assert (list(refusal.value.fields), refusal.value.details) == (["qty"], {"limit": 3})
    issue(shop, of, one, 1)
    issue(shop, of, other, 3)
    with pytest.raises(LimitReached):
        issue(shop, of, one)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"date_from": dt.date(2026, 3, 2)}, NotEligible),
        ({"date_from": dt.date(2026, 3, 1)}, None),
        ({"date_to": dt.date(2026, 2, 28)}, NotEligible),
        ({"date_to": dt.date(2026, 3, 1)}, None),
    ],
)
def test_days_are_the_businesss_own(shop: Shop, fields: dict[str, Any], kind: type[Refusal] | None) -> None:
    of = voucher(shop, **fields)
    if kind is None:
        issue(shop, of, shop.enrol(), occurred_at=EVENING)
        return
    with pytest.raises(kind):
        issue(shop, of, shop.enrol(), occurred_at=EVENING)


def test_groups_and_branches(shop: Shop) -> None:
    gold, here, there = ensure_group(business=shop.business, code="Gold"), shop.branch(), shop.branch("B")
    card = shop.enrol()
    of = voucher(shop, group_id=gold.pk, branch_id=here.pk)
    with pytest.raises(NotEligible) as refusal:
        issue(shop, of, card)
    assert list(refusal.value.fields) == ["member_id"]
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(group=gold)
    with pytest.raises(NotEligible) as refusal:
        issue(shop, of, card, branch_id=there.pk)
    assert list(refusal.value.fields) == ["branch_id"]
    assert issue(shop, of, card, branch_id=here.pk).branch == here


def test_a_suspended_member_gets_none(shop: Shop) -> None:
    card = shop.enrol()
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    with pytest.raises(Suspended):
        issue(shop, voucher(shop), card)
    assert issues(shop) == []


def test_nothing_is_issued_in_a_far_future(shop: Shop) -> None:
    with pytest.raises(InvalidInput) as refusal:
        issue(shop, voucher(shop), occurred_at=dt.datetime(2199, 1, 1, tzinfo=dt.UTC))
    assert list(refusal.value.fields) == ["occurred_at"]
    assert issues(shop) == []


@pytest.mark.parametrize("qty", [0, -1, 10_001, True])
def test_how_many(shop: Shop, qty: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        issue(shop, voucher(shop), qty=qty)
    assert list(refusal.value.fields) == ["qty"]


def test_a_code_of_its_own(shop: Shop) -> None:
    of = voucher(shop)
    assert issue(shop, of, code=" Spring ").code == "Spring"
    with pytest.raises(Conflict) as refusal:
        issue(shop, of, code="SPRING")
    assert list(refusal.value.fields) == ["code"]
    last = issue(shop, of)
    ahead = issue(shop, of, code=f"I{last.pk + 2:06}")
    assert issue(shop, of).code not in {last.code, ahead.code}
    assert len(issues(shop)) == 4


def test_what_belongs_to_another_business_is_unknown(shop: Shop) -> None:
    other = make_shop("Charlie's")
    theirs: dict[str, int] = {
        "voucher_id": voucher(other).pk,
        "member_id": other.enrol().pk,
        "branch_id": other.branch().pk,
    }
    for name, pk in theirs.items():
        asked: dict[str, Any] = {"voucher_id": voucher(shop).pk, name: pk}
        with pytest.raises(NotFound) as refusal:
            issuing.issue_voucher(business_id=shop.id, **asked)
        assert list(refusal.value.fields) == [name]
    assert issues(shop) == issues(other) == []


def test_the_number_of_statements_does_not_grow_with_history(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 1_000)
    of = voucher(shop, points_required=1, limited_to_per_member=500)

    def statements(qty: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            issue(shop, of, card, qty)
        return len(captured)

    issue(shop, of, card, 1)  # the first of a business makes its counters
    first = statements(1)
    for _ in range(5):
        issue(shop, of, card, 3)
    assert statements(1) == statements(20) == first


def test_many_codes_take_as_many_statements_as_one(shop: Shop) -> None:
    of = voucher(shop, value="0", value_type=2, points_required=1)
    card = shop.enrol()
    earn(shop, card, 3_000)

    def statements(qty: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            made.append(issue(shop, of, card, qty))
        return len(captured)

    made: list[VoucherIssue] = []
    issue(shop, voucher(shop, value="0", code="FIRST"), card, 1)  # the first of a business makes its counters
    assert statements(1) == statements(1_500)
    assert [row.code for row in rows(made[1])] == codes(made[1]) == events(shop, "issued")[2]["voucher_codes"]
    assert len(set(codes(made[1]))) == 1_500
    assert {(row.expires_on, row.value_type, row.reservation, row.version) for row in rows(made[1])} == {
        (None, 2, "", 0)
    }


def on(shop: Shop, card: Any, event: str = "birthday", occasion: str = "birthday:2026") -> list[str]:
    made = issuing.issue_on_event(business_id=shop.id, member_id=card.pk, event=event, occasion=occasion)
    return [one.voucher.name for one in made]


def test_on_an_event_each_voucher_is_issued_once_for_an_occasion(shop: Shop) -> None:
    card = shop.enrol()
    voucher(shop, "Cake", auto_allocate_on_event="birthday")
    voucher(shop, "Candle", auto_allocate_on_event="birthday")
    voucher(shop, "Hello", auto_allocate_on_event="first_login")
    assert on(shop, card) == ["Cake", "Candle"]
    assert on(shop, card) == []
    assert on(shop, card, occasion="birthday:2027") == ["Cake", "Candle"]
    assert on(shop, shop.enrol()) == ["Cake", "Candle"]
    assert {one.occasion for one in issues(shop, card)} == {"birthday:2026", "birthday:2027"}
    assert {one["occasion"] for one in events(shop, "issued")} == {"birthday:2026", "birthday:2027"}


def test_what_the_member_may_not_have_is_left_out_without_a_word(shop: Shop) -> None:
    card, here = shop.enrol(), shop.branch()
    earn(shop, card, 15)
    event = {"auto_allocate_on_event": "birthday"}
    gold = ensure_group(business=shop.business, code="Gold")
    voucher(shop, "Past", date_to=dt.date(2020, 1, 1), **event)
    voucher(shop, "Gold", group_id=gold.pk, **event)
    voucher(shop, "Here", branch_id=here.pk, **event)
    voucher(shop, "Dear", points_required=16, **event)
    voucher(shop, "Ten", points_required=10, **event)
    voucher(shop, "Ten more", points_required=10, **event)
    issue(shop, voucher(shop, "Full", limited_to_per_member=1, **event), card)
    assert on(shop, card) == ["Ten"]
    assert balance(card) == 5
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(branch=here)
    assert on(shop, card, occasion="birthday:2027") == ["Here"]
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    assert on(shop, card, occasion="birthday:2028") == []
    assert audit().ok


def test_an_event_without_vouchers_is_one_statement(shop: Shop) -> None:
    card = shop.enrol()
    with CaptureQueriesContext(connection) as captured:
        assert on(shop, card) == []
    assert len(captured) == 1


def test_an_occasion_can_be_named_by_hand_too(shop: Shop) -> None:
    card, of = shop.enrol(), voucher(shop)
    issue(shop, of, card, occasion="sorry")
    with pytest.raises(AlreadyGiven):
        issue(shop, of, card, occasion="sorry")
    issue(shop, of, shop.enrol(), occasion="sorry")


def test_members_choose_among_what_they_can_have_and_pay(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 50)
    chosen = {"available_for_self_selection": True}
    voucher(shop, "Not for choosing")
    free = voucher(shop, "Free", limited_to_per_member=1, **chosen)
    voucher(shop, "Cheap", points_required=50, **chosen)
    voucher(shop, "Dear", points_required=51, **chosen)
    voucher(shop, "Past", date_to=dt.date(2020, 1, 1), **chosen)
    voucher(make_shop("Charlie's"), "Theirs", **chosen)

    def names() -> list[str]:
        return [one.name for one in issuing.self_selectable(business_id=shop.id, member_id=card.pk)]

    assert names() == ["Free", "Cheap"]
    issue(shop, free, card)
    assert names() == ["Cheap"]
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    assert names() == []
    with pytest.raises(NotFound):
        issuing.self_selectable(business_id=make_shop("Other").id, member_id=card.pk)


def test_points_that_have_expired_choose_nothing(shop: Shop) -> None:
    card = shop.enrol()
    earn(shop, card, 50, expires_on=dt.date(2020, 1, 1))
    voucher(shop, "Cheap", points_required=50, available_for_self_selection=True)
    assert issuing.self_selectable(business_id=shop.id, member_id=card.pk) == []


def test_a_large_issue_has_all_its_codes(shop: Shop) -> None:
    made = issue(shop, voucher(shop), qty=1_200)
    with scopes_disabled():
        assert VoucherCode.objects.filter(issue=made.pk).values("code").distinct().count() == 1_200
