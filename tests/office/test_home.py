"""Home: how today is, whether it is better than before, what should be done now."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django_scopes import scope

from regulars.analytics.rollup import roll_up_all
from regulars.campaigns import actions as campaigns
from regulars.ledger import adjustments
from regulars.outbox.models import WebhookEndpoint
from regulars.sales.actions import add_sale
from regulars.tenants.models import Business
from regulars.vouchers.actions import add_precode, add_voucher
from tests.factories import Shop, make_shop
from tests.office.seat import Seat

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 15, 6, 30, tzinfo=dt.UTC)  # a Monday, noon in Kolkata
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def test_a_new_shop_is_told_what_to_do_first(owner: Seat) -> None:
    page = owner.text("home")
    assert "No member has joined yet." in page
    assert owner.url("start-poster") in page
    assert "Nothing has happened yet today." in page
    Business.objects.filter(pk=owner.shop.id).update(setup_step=2)
    page = owner.text("home")
    assert "Your first steps are not finished. Left: the look, the first scan." in page
    assert "No member has joined yet." not in page


def test_today_stands_beside_the_same_weekday_a_week_ago(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha", occurred_at=NOON - 40 * DAY)
    shop.stamp(card, 3, occurred_at=NOON - 7 * DAY)
    shop.stamp(card, 5, occurred_at=NOON)
    for _ in range(2):
        page = owner.text("home")
        assert "5 stamps so far: more than on the whole of last Monday." in page
        assert (
            '<b>5</b><span class="better"><span class="visually-hidden">Last Monday: </span>3</span>' in page
        )
        roll_up_all()


def test_the_days_are_compared_with_as_many_before_them(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha", occurred_at=NOON - 40 * DAY)
    shop.stamp(card, 4, occurred_at=NOON - 8 * DAY)
    shop.stamp(card, 6, occurred_at=NOON - DAY)
    page = owner.text("home", {"range": "7"})
    assert '<b>6</b><span class="better">50 % more</span>' in page
    assert "Stamps: 6, 50 % more than in the 7 days before (4)." in page
    assert owner.get("home", {"from": "2026-06-01", "to": "2026-06-07"}).status_code == 200


def test_a_number_below_zero_says_why_it_is(shop: Shop, owner: Seat) -> None:
    Business.objects.filter(pk=shop.id).update(points_active=True)
    card = shop.enrol("Asha", occurred_at=NOON - 40 * DAY)
    adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=80, occurred_at=NOON - 9 * DAY)
    mistake = adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=72)
    page = owner.text("home", {"range": "7"})
    assert "less those taken back" not in page
    with time_machine.travel(NOON + DAY, tick=False):
        adjustments.delete_adjustment(business_id=shop.id, pk=mistake.pk)
        page = owner.text("home", {"range": "7"})
        for wanted in (
            "Points given, less those taken back</span><b>\N{MINUS SIGN}72</b>",
            "Points given</span><b>0</b>",
        ):
            assert wanted in page


def test_each_chart_is_a_file_too(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha", occurred_at=NOON - 40 * DAY)
    shop.stamp(card, 6, occurred_at=NOON - DAY)
    add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal("12.50"))
    for table, value in (("stamps", "6"), ("members", "1"), ("sales", "12.5")):
        answer = owner.get("home", {"range": "7", "table": table, "export": "csv"})
        rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert len(rows) == 8, table
        assert any(cell.startswith(value) for row in rows[1:] for cell in row[1:]), table
    assert owner.get("home", {"export": "xlsx", "table": "nothing"}).status_code == 200


def test_what_needs_attention_is_told_to_whoever_can_do_it(shop: Shop, owner: Seat) -> None:
    shop.enrol("Asha")
    campaigns.create_campaign(business_id=shop.id, name="Draft", subject="Hello", message="Hello")
    voucher = add_voucher(business_id=shop.id, name="Gift", value=5)
    add_precode(business_id=shop.id, code="ONE", voucher_id=voucher.pk)
    with scope(business=shop.business):
        WebhookEndpoint.objects.create(
            business=shop.business, url="https://hooks.example/", secret="s", failures=4
        )
    email = shop.owner.user.email
    EmailAddress.objects.update_or_create(
        user=shop.owner.user, email=email, defaults={"verified": False, "primary": True}
    )
    Business.objects.filter(pk=shop.id).update(plan_limits={"max_members": 1})
    page = owner.text("home")
    told = (
        "1 webhook does not reach its address.",
        "You have 1 members, and your plan has room for 1.",
        "Gift has 1 pre-loaded code left.",
        "1 campaign is written and not sent.",
        f"Your e-mail address {email} is not confirmed.",
    )
    for text in told:
        assert text in page
    # What is urgent comes first.
    assert [page.index(text) for text in told] == sorted(page.index(text) for text in told)
    Business.objects.filter(pk=shop.id).update(plan_limits={"campaigns": False})
    assert "written and not sent" not in owner.text("home")
    staff = Seat.of(shop, "staff")
    EmailAddress.objects.filter(user_id=staff.staff.user_id).delete()
    assert "Nothing waits for you." in staff.text("home")


def test_whoever_works_at_a_branch_sees_that_branch(shop: Shop) -> None:
    mine, other = shop.branch("North"), shop.branch("South")
    card = shop.enrol("Asha", occurred_at=NOON - 40 * DAY)
    shop.stamp(card, 3, branch_id=mine.pk)
    shop.stamp(card, 5, branch_id=other.pk)
    seat = Seat.of(shop, "staff", branch_id=mine.pk)
    for query in ({}, {"branch": str(other.pk)}):
        page = seat.text("home", query)
        assert "3 stamps so far." in page
    owner = Seat(shop)
    assert "8 stamps so far." in owner.text("home")
    assert "5 stamps so far." in owner.text("home", {"branch": str(other.pk)})
    stranger = make_shop("Charlie's").branch("Elsewhere")
    assert owner.get("home", {"branch": str(stranger.pk)}).status_code == 404
    assert owner.get("home", {"branch": "x"}).status_code == 404
