"""The reports of the back office: exact while things happen, whatever is rolled up already."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django_scopes import scope

from regulars.analytics import people, reports, rollup
from regulars.analytics.audit import audit
from regulars.analytics.models import Change, Erased
from regulars.ledger import actions, points
from regulars.ledger.models import Card, Entry
from regulars.promotions.actions import add_promotion
from regulars.rules.errors import Refusal
from regulars.sales import actions as sales
from regulars.sales.models import Sale
from regulars.tenants.models import Business, Staff
from regulars.tenants.team import add_staff, forget_name, remove_staff
from regulars.vouchers import issuing, redeeming
from regulars.vouchers.actions import add_voucher
from regulars.vouchers.models import VoucherCode
from tests.analytics.recount_reports import Recount
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 4, 20, 15, tzinfo=dt.UTC)
DAYS = (dt.date(2026, 4, 20), dt.date(2026, 6, 30))


class Life:
    """Days of a shop in which anything happens, the same for the same number."""

    def __init__(self, number: int) -> None:
        self.dice = random.Random(number)
        self.now = START
        with time_machine.travel(START, tick=False):
            self.shop = make_shop()
            Business.objects.filter(pk=self.shop.id).update(points_expire_months=1)
            self.shop.business.refresh_from_db()
            self.branches = [self.shop.branch(name) for name in ("North", "South")]
            self.people = [self.shop.owner, self._staff("Bob")]
            self.vouchers = [
                add_voucher(business_id=self.shop.id, code=f"V{kind}", name="Off", value=10, value_type=kind)
                for kind in (0, 1)
            ]
            add_promotion(business_id=self.shop.id, percent_of_spend=Decimal(100))
            for name in ("Asha", "Bela"):
                self.shop.enrol(name)
        self.recount = Recount(self.shop.business)

    def _staff(self, name: str) -> Staff:
        return add_staff(
            business=self.shop.business, name=name, email=f"{name.lower()}{self.shop.id}@shop.example"
        ).staff

    def pick(self, model: Any) -> Any:
        with scope(business=self.shop.business):
            rows = list(model.objects.order_by("pk"))
        return self.dice.choice(rows) if rows else None

    def where(self) -> dict[str, Any]:
        branch = self.dice.choice([None, *self.branches])
        staff = self.dice.choice([None, *self.people])
        return {"branch_id": branch and branch.pk, "staff_id": staff and staff.pk}

    def happen(self) -> None:
        """One thing, some hours later; what cannot be done now is not."""
        self.now += dt.timedelta(hours=self.dice.randint(1, 30))
        with time_machine.travel(self.now, tick=False):
            try:
                self.dice.choice(_THINGS)(self)
            except Refusal:
                return

    def card(self) -> Card:
        found = self.pick(Card)
        return found if isinstance(found, Card) else self.shop.enrol("Somebody")

    def stamp(self) -> None:
        self.shop.stamp(self.card(), self.dice.randint(1, 10), **self.where())

    def redeem(self) -> None:
        actions.redeem_reward(business_id=self.shop.id, qr_code=self.card().qr_code, **self.where())

    def undo(self) -> None:
        with scope(business=self.shop.business):
            done = list(Entry.objects.filter(kind__in=("stamp_add", "reward_redeem")).order_by("-pk")[:4])
        if done:
            actions.undo(business_id=self.shop.id, entry_id=self.dice.choice(done).pk)

    def points(self) -> None:
        number = self.dice.randint(1, 300)
        who = {"business_id": self.shop.id, "member_id": self.card().pk}
        if self.dice.random() < 0.5:
            points.add_points(**who, points_to_add=number, **self.where())
        else:
            points.spend_points(**who, points_to_spend=number)

    def expire(self) -> None:
        points.expire_points(business_id=self.shop.id)

    def sell(self) -> None:
        value = Decimal(self.dice.randint(-2000, 9000)) / 100
        sales.add_sale(business_id=self.shop.id, member_id=self.card().pk, total_value=value, **self.where())

    def correct(self) -> None:
        sale = self.pick(Sale)
        if isinstance(sale, Sale):
            changes = {"total_value": Decimal("12.34"), "occurred_at": self.now - dt.timedelta(days=3)}
            sales.edit_sale(business_id=self.shop.id, pk=sale.pk, **changes, **self.where())

    def unsell(self) -> None:
        sale = self.pick(Sale)
        if isinstance(sale, Sale):
            sales.delete_sale(business_id=self.shop.id, pk=sale.pk)

    def issue(self) -> None:
        issuing.issue_voucher(
            business_id=self.shop.id,
            voucher_id=self.dice.choice(self.vouchers).pk,
            member_id=self.card().pk,
            qty=2,
        )

    def use(self) -> None:
        code = self.pick(VoucherCode)
        if isinstance(code, VoucherCode):
            value = self.dice.choice([None, Decimal("7.50"), Decimal(80)])
            redeeming.redeem(business_id=self.shop.id, code=code.code, sale_value=value, **self.where())

    def unuse(self) -> None:
        code = self.pick(VoucherCode)
        if isinstance(code, VoucherCode):
            redeeming.reset(business_id=self.shop.id, code=code.code)

    def join(self) -> None:
        self.shop.enrol("Somebody")

    def erase(self) -> None:
        if self.dice.random() < 0.4:
            self.recount.delete(self.card().pk)

    def roll(self) -> None:
        rollup.roll_up(self.dice.randint(1, 20))
        rollup.roll_up_trade(self.dice.randint(1, 20))


_THINGS: tuple[Callable[[Life], None], ...] = (
    *[Life.stamp] * 6, Life.redeem, Life.redeem, Life.undo, Life.undo, Life.points, Life.points, Life.expire,
    Life.sell, Life.sell, Life.sell, Life.correct, Life.unsell, Life.issue, Life.use, Life.use, Life.unuse,
    Life.join, Life.erase, Life.roll, Life.roll,
)  # fmt: skip


@pytest.mark.parametrize("number", range(4))
def test_reports_are_exact_whatever_happens_and_however_much_is_rolled_up(number: int) -> None:
    life = Life(number)
    for _ in range(60):
        life.happen()
    today = life.recount.local(life.now).date()
    with time_machine.travel(life.now, tick=False):
        life.recount.check(DAYS, today)
        rollup.roll_up_all()
        life.recount.check(DAYS, today)
    report = audit()
    assert report.ok, report.differences


def test_the_audit_finds_a_wrong_figure_of_each_table() -> None:
    life = Life(1)
    for _ in range(60):
        life.happen()
    rollup.roll_up_all()
    for table, column in (
        ("hourtotal", "visits"), ("stafftotal", "stamps"), ("stafftotal", "amount"),
        ("membermonth", "visits"), ("visitcount", "members"), ("pointsdue", "points"),
    ):  # fmt: skip
        rollup.many(f"UPDATE analytics_{table} SET {column} = {column} + %s", [(1000,)])
        assert not audit().ok, (table, column)
        rollup.many(f"UPDATE analytics_{table} SET {column} = {column} - %s", [(1000,)])
    assert audit().ok
    rollup.many("UPDATE analytics_cohort SET members = members - %s", [(1,)])
    assert not audit().ok


@pytest.fixture
def shop() -> Shop:
    with time_machine.travel(START, tick=False):
        return make_shop()


def _figures(shop: Shop) -> reports.Figures:
    return reports.total(reports.by_day(shop.business, DAYS))


def test_a_sale_counts_on_its_day_follows_its_corrections_and_goes_when_it_is_deleted(shop: Shop) -> None:
    member = shop.enrol(occurred_at=START)
    first = dt.datetime(2026, 5, 1, 20, tzinfo=dt.UTC)  # the second of May in Kolkata
    with time_machine.travel(first + dt.timedelta(days=5), tick=False):
        sale = sales.add_sale(
            business_id=shop.id, member_id=member.pk, total_value=Decimal("12.50"), occurred_at=first
        )
        told = {
            one.day: one.figures.amount for one in reports.by_day(shop.business, DAYS) if one.figures.sales
        }
        assert told == {dt.date(2026, 5, 2): Decimal("12.50")}
        rollup.roll_up_all()
        sales.edit_sale(business_id=shop.id, pk=sale.pk, total_value=Decimal(-3))
        assert (_figures(shop).sales, _figures(shop).amount) == (1, Decimal(-3))
        sales.delete_sale(business_id=shop.id, pk=sale.pk)
        for _ in range(2):
            assert (_figures(shop).sales, _figures(shop).amount) == (0, Decimal(0))
            rollup.roll_up_all()


def test_sales_and_vouchers_of_the_past_stay_when_their_member_is_erased(shop: Shop) -> None:
    recount, member = Recount(shop.business), shop.enrol(occurred_at=START)
    with time_machine.travel(START, tick=False):
        voucher = add_voucher(business_id=shop.id, name="Five off", value=5)
        issue = issuing.issue_voucher(business_id=shop.id, voucher_id=voucher.pk, member_id=member.pk)
        with scope(business=shop.business):
            code = VoucherCode.objects.get(issue=issue)
        redeeming.redeem(business_id=shop.id, code=code.code, sale_value=Decimal(3))
        sales.add_sale(business_id=shop.id, member_id=member.pk, total_value=Decimal(20))
        before = _figures(shop)
        assert (before.vouchers_value, before.amount) == (Decimal(3), Decimal(20))
        recount.delete(member.pk)
        assert _figures(shop) == before
        rollup.roll_up_all()
        assert _figures(shop) == before
    with scope(business=shop.business):
        assert not Change.objects.exists()
        assert Erased.objects.values_list("sales", "amount", "vouchers_redeemed", "vouchers_value").get() == (
            1, 2000, 1, 300,
        )  # fmt: skip
    assert audit().ok


def test_whoever_leaves_the_team_keeps_name_and_figures_and_an_undo_is_theirs(shop: Shop) -> None:
    bob = add_staff(business=shop.business, name="Bob", email=f"bob{shop.id}@shop.example").staff
    member = shop.enrol(occurred_at=START)
    with time_machine.travel(START + dt.timedelta(days=1), tick=False):
        given = [shop.stamp(member, number, staff_id=bob.pk) for number in (2, 3)]
        sales.add_sale(business_id=shop.id, member_id=member.pk, total_value=Decimal(8), staff_id=bob.pk)
        rollup.roll_up_all()
        remove_staff(business_id=shop.id, staff_id=bob.pk)
        (one,) = reports.by_staff(shop.business, DAYS)
        assert (one.staff_id, one.name, one.left_at) == (bob.pk, "Bob", dt.datetime.now(dt.UTC))
        assert (one.figures.stamps, one.figures.amount) == (5, Decimal(8))
        actions.undo(business_id=shop.id, entry_id=given[0].entry_id, staff_id=shop.owner.pk)
        for _ in range(2):
            (one,) = reports.by_staff(shop.business, DAYS)
            assert (one.staff_id, one.figures.stamps) == (bob.pk, 3)
            rollup.roll_up_all()
        forget_name(business_id=shop.id, staff_id=bob.pk)
        (one,) = reports.by_staff(shop.business, DAYS)
        assert (one.name, one.left_at, one.figures.stamps) == ("", dt.datetime.now(dt.UTC), 3)


def test_retention_by_example(shop: Shop) -> None:
    asha = shop.enrol("Asha", occurred_at=START)
    shop.enrol("Bela", occurred_at=START)
    chandra = shop.enrol("Chandra", occurred_at=START + dt.timedelta(days=30))
    for days, card in ((0, asha), (1, asha), (31, asha), (31, chandra), (62, chandra)):
        shop.stamp(card, occurred_at=START + dt.timedelta(days=days))
    with time_machine.travel(START + dt.timedelta(days=65), tick=False):
        for _ in range(2):
            april, may, june = people.retention(shop.business, dt.date(2026, 6, 24), 3)
            assert (april.members, april.came) == (2, [1, 1, 0])
            assert (may.members, may.came) == (1, [1, 1])
            assert (june.members, june.came) == (0, [0])
            rollup.roll_up_all()


def test_visits_by_example(shop: Shop) -> None:
    cards = [shop.enrol(name, occurred_at=START) for name in ("Asha", "Bela", "Chandra", "Dev")]
    for days, number in ((0, 1), (10, 4)):
        for card in cards[:number][:3]:
            for _ in range(2 if card == cards[0] else 1):
                shop.stamp(card, occurred_at=START + dt.timedelta(days=days))
    with time_machine.travel(START + dt.timedelta(days=12), tick=False):
        for _ in range(2):
            told = people.visits(shop.business)
            assert (told.members, told.never) == (4, 1)
            assert {band.least: band.members for band in told.spread if band.members} == {1: 2, 3: 1}
            assert {seen.least: seen.members for seen in told.recent if seen.members} == {0: 3}
            rollup.roll_up_all()


def test_another_business_is_never_counted(shop: Shop) -> None:
    other = make_shop("Charlie's")
    member = other.enrol(occurred_at=START)
    other.stamp(member, occurred_at=START)
    sales.add_sale(business_id=other.id, member_id=member.pk, total_value=Decimal(8), occurred_at=START)
    for _ in range(2):
        assert _figures(shop) == reports.Figures()
        assert not any(map(any, reports.by_hour(shop.business, DAYS)))
        assert people.visits(shop.business).members == 0
        rollup.roll_up_all()
