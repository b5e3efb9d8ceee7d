"""The demo shop as it lies in the database."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.analytics import queries, rollup
from regulars.catalog.models import Sku
from regulars.demo.load import DemoExists, DemoShop, load_demo, reopen_demo
from regulars.demo.shops import BAKERY, CAFE, SHOPS
from regulars.ledger.audit import audit
from regulars.ledger.models import Card, Entry, Lot, PointsAdjustment, Reward
from regulars.members.models import Member
from regulars.promotions.models import EventPromotion, Promotion
from regulars.rules.birthdays import bonus_day
from regulars.sales.models import Sale, SalePromotion
from regulars.tenants.identity import identify
from regulars.tenants.models import Branch, Business, Program, Staff, User
from regulars.tenants.queries import business_by_slug
from regulars.vouchers.models import Precode, Voucher, VoucherCode, VoucherIssue, VoucherLog
from tests.demo.reached import check_reached

# The rooms that it goes through are tested on both databases.
pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def cafe(demo: DemoShop) -> Iterator[Business]:
    business = business_by_slug(demo.businesses[0].slug)
    with scope(business=business):
        yield business


@pytest.fixture
def bakery(demo: DemoShop) -> Iterator[Business]:
    business = business_by_slug(demo.businesses[1].slug)
    with scope(business=business):
        yield business


@pytest.fixture(params=[0, 1], ids=["cafe", "bakery"])
def business(request: pytest.FixtureRequest, demo: DemoShop) -> Iterator[Business]:
    business = business_by_slug(demo.businesses[request.param].slug)
    with scope(business=business):
        yield business


def today(business: Business) -> dt.date:
    return timezone.now().astimezone(ZoneInfo(business.timezone)).date()


def active_since(day: dt.date) -> int:
    rows = Entry.objects.filter(day__gte=day, kind__in=("stamp_add", "reward_redeem"))
    return rows.values("card_id").distinct().count()


def total(rows: QuerySet[Any], column: str) -> int:
    return rows.aggregate(total=Sum(column))["total"] or 0


def test_a_cafe_in_bengaluru(cafe: Business) -> None:
    assert (cafe.country, cafe.timezone, cafe.currency) == ("IN", "Asia/Kolkata", "INR")
    assert cafe.plan == "professional"
    branches = list(Branch.objects.order_by("id"))
    assert [branch.is_active for branch in branches] == [True, True, True, False]
    assert all(
        12.8 < (branch.latitude or 0) < 13.2 and 77.4 < (branch.longitude or 0) < 77.8 for branch in branches
    )
    roles = Staff.objects.order_by("id").values_list("role", flat=True)
    assert list(roles) == ["owner", "staff", "staff", "staff", "manager"]
    assert Member.objects.count() == 250
    visits = Entry.objects.filter(kind="stamp_add")
    assert 4500 < visits.count() < 7500
    assert {row["branch"] for row in visits.values("branch").distinct()} == {*(b.pk for b in branches), None}
    assert visits.values("staff").distinct().count() == 6  # the whole team, and nobody


def test_a_bakery_in_lisbon(bakery: Business) -> None:
    assert (bakery.country, bakery.timezone, bakery.currency) == ("PT", "Europe/Lisbon", "EUR")
    assert bakery.plan == "growth"
    assert Branch.objects.count() == 2
    assert Member.objects.count() == 40
    assert Entry.objects.filter(kind="stamp_add").count() > 500


def test_members_differ(cafe: Business) -> None:
    members = Member.objects
    assert 10 < members.filter(optout_email=True).count() < 50
    assert members.filter(Q(optout_text=True) | Q(optout_post=True)).exists()
    assert members.filter(suspended=True).count() == CAFE.suspended
    groups = dict(members.exclude(group=None).values_list("group__name").annotate(number=Count("id")))
    assert set(groups) == {"Gold", "Regular"}
    assert all(number > 10 for number in groups.values())
    assert members.filter(group__name="Gold", card__total_visits__lt=10).count() < groups["Gold"] / 2
    assert members.filter(date_of_birth__month=2, date_of_birth__day=29).exists()
    assert members.filter(email="").exists()
    assert members.filter(cell="").exists()
    joined = today(cafe) - dt.timedelta(days=30)
    assert 5 < members.filter(joined_at__date__gte=joined).count() < 60


def test_ledger_and_totals_agree(demo: DemoShop) -> None:
    report = audit()
    assert report.ok, report.as_json()
    assert report.checked["card"] == CAFE.members + BAKERY.members
    assert all(report.checked.values())


def test_nothing_is_in_the_future(business: Business) -> None:
    zone = ZoneInfo(business.timezone)
    now = timezone.now()
    entries = Entry.objects.order_by("id").values_list("occurred_at", "day")
    moments = [occurred_at for occurred_at, _ in entries]
    assert max(moments) <= now
    assert Member.objects.filter(joined_at__gt=now).count() == 0
    assert Card.objects.filter(last_visit_at__gt=now).count() == 0
    assert all(day == occurred_at.astimezone(zone).date() for occurred_at, day in entries)
    # The list of transactions goes by id within a day, so the order of writing is that of time.
    assert moments == sorted(moments)


def test_figures_agree_with_a_count_of_entries(business: Business) -> None:
    day = today(business)
    stats = queries.stats(business)
    entries = Entry.objects
    assert stats.total_customers == Member.objects.count()
    assert stats.total_stamps == total(entries.all(), "stamps")
    assert stats.total_rewards == entries.filter(kind="reward_redeem").count()
    assert (
        stats.pending_rewards
        == total(entries.all(), "rewards")
        == total(Card.objects.all(), "pending_rewards")
    )
    assert stats.active_7d == active_since(day - dt.timedelta(days=6))
    assert stats.active_30d == active_since(day - dt.timedelta(days=29))
    assert stats.stamps_today == total(entries.filter(day=day), "stamps")
    assert min(stats.pending_rewards, stats.active_7d, stats.stamps_today) > 0
    assert stats.active_7d < stats.active_30d < stats.total_customers


def test_days_and_branches_agree_with_a_count_of_entries(business: Business) -> None:
    detail = queries.detail(business, 30)
    recent = Entry.objects.filter(day__gt=today(business) - dt.timedelta(days=30))
    by_day = dict(recent.values_list("day").annotate(stamps=Sum("stamps")))
    assert {day: stamps for day, stamps in detail.stamps_per_day if stamps} == {
        d: s for d, s in by_day.items() if s
    }
    assert (
        sum(joined for _, joined in detail.new_customers_per_day) == recent.filter(kind="enrol").count() > 0
    )
    for branch in detail.branch_performance:
        there = recent.filter(branch_id=branch.id)
        assert branch.stamps == total(there, "stamps")
        assert branch.rewards == total(there.filter(rewards__gt=0), "rewards")
        assert branch.unique_customers == there.values("card").distinct().count()
    assert detail.unassigned_stamps == total(recent.filter(branch=None), "stamps")
    assert 50 < detail.redemption_rate_pct < 100
    most = Card.objects.order_by("-total_visits", "member_id").values_list("member_id", flat=True)
    assert [top.id for top in detail.top_customers] == list(most[:10])


def test_figures_are_rolled_up(demo: DemoShop) -> None:
    watermark, _ = rollup.read_watermark()
    assert watermark == db.run("SELECT MAX(id) FROM ledger_entry")[0][0]


def test_rewards_keep_the_text_they_were_earned_under(cafe: Business) -> None:
    assert Program.objects.get().reward_description == CAFE.later_reward
    changed = timezone.now() - dt.timedelta(days=182)
    before = Reward.objects.filter(earned_entry__occurred_at__lt=changed - dt.timedelta(days=2))
    after = Reward.objects.filter(earned_entry__occurred_at__gt=changed + dt.timedelta(days=2))
    assert {reward.text for reward in before} == {CAFE.reward}
    assert {reward.text for reward in after} == {CAFE.later_reward}
    late = before.filter(redeemed_entry__occurred_at__gt=changed + dt.timedelta(days=2))
    assert late.exists()
    assert late.filter(redeemed_entry__text=CAFE.reward).count() == late.count()


def test_rewards_are_redeemed_later_than_earned(business: Business) -> None:
    redeemed = Reward.objects.exclude(redeemed_entry=None)
    assert redeemed.count() > 50
    at_once = F("earned_entry__occurred_at") + dt.timedelta(minutes=10)
    assert not redeemed.filter(redeemed_entry__occurred_at__lt=at_once).exists()


def test_every_segment_has_somebody(business: Business) -> None:
    reachable = Card.objects.filter(member__suspended=False, member__optout_email=False)
    goal = Program.objects.get().stamps_required
    assert reachable.filter(stamps__gte=goal - max(1, goal // 5)).exists()
    active = Entry.objects.filter(kind__in=("stamp_add", "reward_redeem"))
    month, long_ago = (timezone.now() - dt.timedelta(days=days) for days in (30, 60))
    assert reachable.filter(pk__in=active.filter(occurred_at__gt=month).values("card")).count() >= 10
    away = reachable.filter(member__joined_at__lt=long_ago, total_visits__gt=1)
    assert away.exclude(pk__in=active.filter(occurred_at__gt=long_ago).values("card")).count() >= 3


def test_the_suspended_never_came(business: Business) -> None:
    cards = Card.objects.filter(member__suspended=True)
    assert cards.exists()
    assert not cards.filter(version__gt=0).exists()


def test_birthdays_are_kept(cafe: Business) -> None:
    bonuses = Entry.objects.filter(kind="birthday_bonus").select_related("card__member")
    assert bonuses.count() > 60
    for bonus in bonuses:
        birthday = bonus.card.member.date_of_birth
        assert birthday is not None
        assert bonus.day == bonus_day(birthday, bonus.day.year)
        assert (bonus.stamps, bonus.visits) == (CAFE.birthday_bonus, 0)


def test_points_are_earned_spent_and_lapse(cafe: Business) -> None:
    cards = Card.objects
    assert cards.filter(points_earned__gt=100).count() > 100
    assert cards.filter(points_spent__gt=0).count() > 30
    assert cards.filter(points_expired__gt=0).count() > 50
    assert not cards.filter(points__lt=0).exists()  # the policy takes no more than there is
    lots = Lot.objects.filter(remaining__gt=0)
    latest = today(cafe) + dt.timedelta(days=185)  # half a year
    assert lots.filter(expires_on__gt=today(cafe)).count() > 100
    assert not lots.filter(expires_on=None).exists()
    assert not lots.filter(expires_on__gt=latest).exists()
    # The last night's run has come or is yet to come today.
    assert not lots.filter(expires_on__lt=today(cafe) - dt.timedelta(days=1)).exists()


def test_points_of_the_bakery_never_lapse(bakery: Business) -> None:
    assert bakery.points_expire_months is None
    lots = Lot.objects
    assert lots.filter(expires_on=None).count() == lots.count() > 200


def test_goods_have_prices_and_barcodes(business: Business) -> None:
    skus = Sku.objects.select_related("category")
    assert skus.count() >= 8
    assert {sku.archived for sku in skus} == {True, False}
    for sku in skus:
        assert sku.category is not None
        assert (sku.purchase_price or 0) < (sku.sales_price or 0)
        digits = [int(digit) for digit in sku.barcode]
        assert len(digits) == 13
        assert (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_sales_fit_the_goods_and_the_visits(business: Business) -> None:
    sales = Sale.objects.filter(total_value__gt=0).select_related("sku")
    visits = Entry.objects.filter(kind="stamp_add").count()
    assert 0.4 * visits < sales.count() < 0.7 * visits
    for sale in sales:
        assert sale.sku is not None
        assert sale.unit_price == sale.sku.sales_price
        assert sale.total_value == (sale.unit_price or 0) * (sale.qty or 0)
        assert (sale.ex_tax_amount or 0) + (sale.tax_amount or 0) == sale.grand_total == sale.total_value
    members = Card.objects.filter(member__in=sales.values("member"))
    assert not members.filter(total_visits=0).exists()


def test_sales_earn_what_promotions_give(cafe: Business) -> None:
    shares = SalePromotion.objects.values("promotion__code").annotate(number=Count("id"))
    given = {row["promotion__code"].partition("-")[0] for row in shares}
    assert given | {"TIFFIN"} == {"TEN", "BEANS", "GOLD", "TIFFIN"}  # nobody may have come on those days
    gold = SalePromotion.objects.filter(promotion__code="GOLD")
    assert not gold.exclude(sale__member__group__name="Gold").exists()
    for share in SalePromotion.objects.filter(promotion__code__startswith="TIFFIN").select_related("sale"):
        day = share.sale.occurred_at.astimezone(ZoneInfo(cafe.timezone))
        assert day.weekday() == 2
        assert day.day <= 7
    # One for the next month is there already.
    assert Promotion.objects.filter(date_from__gt=today(cafe)).exists()


def test_some_purchases_came_back_and_some_were_put_right(business: Business) -> None:
    refunds = Sale.objects.filter(total_value__lt=0)
    assert 1 <= refunds.count() <= 3
    assert all(refund.points <= 0 and refund.notes.startswith("Returned: ") for refund in refunds)
    reversed_ = Entry.objects.filter(kind="points_reverse")
    assert reversed_.filter(source__in=[f"sale:{refund.pk}" for refund in refunds]).exists()
    known = [f"sale:{pk}" for pk in Sale.objects.values_list("pk", flat=True)]
    assert reversed_.filter(source__startswith="sale:").exclude(source__in=known).exists()  # a deleted one
    changed = Entry.objects.filter(kind="points_earn", source__in=known).values("source")
    assert changed.annotate(number=Count("id")).filter(number=2).exists()


def test_events_gave_points(cafe: Business) -> None:
    given = PointsAdjustment.objects.filter(origin="promotion")
    notes = dict(given.values_list("internal_notes").annotate(Count("id")))
    welcome, birthday, month = (
        EventPromotion.objects.get(code=code).name for code in ("WELCOME", "BIRTHDAY", "GOLDMONTH")
    )
    assert set(notes) == {welcome, birthday, month}
    assert notes[welcome] == CAFE.members - CAFE.suspended
    assert notes[birthday] == Entry.objects.filter(kind="birthday_bonus").count()
    gold = Member.objects.filter(group__name="Gold").count()
    assert 3 * gold < notes[month] <= 6 * gold
    assert EventPromotion.objects.exclude(quickscan_function="").get().points_to_award == 0


def test_vouchers_were_issued_in_every_way(business: Business) -> None:
    issues = VoucherIssue.objects.select_related("voucher")
    chosen = issues.filter(voucher__available_for_self_selection=True)
    assert chosen.filter(points_used__gt=0).count() == chosen.count() > 10
    gift_card = Voucher.objects.get(pk__in=Precode.objects.values("voucher"))
    bearers = issues.filter(voucher=gift_card)
    assert bearers.filter(member=None, points_used=0).count() == bearers.count() > 5
    printed = set(Precode.objects.values_list("code", flat=True))
    assert printed & set(VoucherCode.objects.filter(voucher=gift_card).values_list("code", flat=True))
    assert {code.status for code in VoucherCode.objects.all()} == {"active", "reserved", "redeemed"}
    assert VoucherLog.objects.filter(action="reset").count() == 1
    assert Entry.objects.filter(kind="points_return").count() == 1  # an issue that was taken back


def test_busy_customers_got_a_voucher_for_the_points_of_three_months(cafe: Business) -> None:
    busy = VoucherIssue.objects.filter(voucher__trigger_on_total_points_earned__gt=0)
    assert busy.filter(points_used=0, occasion__startswith="earned:").count() == busy.count() > 5
    credited = VoucherCode.objects.exclude(credit=None)
    assert credited.filter(voucher__can_be_redeemed_for_points=F("credit__points")).count() > 3


def test_records_are_as_old_as_what_they_tell(business: Business) -> None:
    opened = business.created_at
    for definitions in (Sku.objects, Promotion.objects, EventPromotion.objects, Voucher.objects):
        assert not definitions.exclude(created_at=opened).exists()
    an_hour_ago = timezone.now() - dt.timedelta(hours=1)
    for documents in (Sale.objects, PointsAdjustment.objects, VoucherIssue.objects):
        old = documents.filter(occurred_at__lt=an_hour_ago)
        assert old.filter(created_at=F("occurred_at")).count() == old.count() > 30
    mended = Sale.objects.filter(occurred_at__lt=an_hour_ago).exclude(modified_at=F("occurred_at"))
    assert 1 <= mended.count() <= 2
    log = VoucherLog.objects
    assert log.filter(action="issue", at=F("voucher_code__issue__occurred_at")).count() > 30
    redeemed = log.filter(action="redeem", voucher_code__status="redeemed")
    assert redeemed.filter(at=F("voucher_code__redeemed_at")).count() == redeemed.count() > 20
    assert not Precode.objects.filter(used_at__gt=an_hour_ago).exists()


def test_customers_were_reached(business: Business) -> None:
    check_reached(business.pk, next(one for one in SHOPS if one.name == business.name))


def test_every_login_works(demo: DemoShop) -> None:
    assert len(demo.logins) == 7
    for email, password, _, _ in demo.logins:
        user = authenticate(username=email, password=password)
        assert isinstance(user, User)
        validate_password(password, user)
        assert len(password) >= 10
        assert authenticate(username=email, password=password + "x") is None
    assert [role for _, _, role, _ in demo.logins].count("owner") == 2


def test_keys_and_cards_belong_to_their_business(demo: DemoShop) -> None:
    for shown in demo.businesses:
        business = business_by_slug(shown.slug)
        identity = identify(shown.api_key)
        assert identity is not None
        assert identity.business_id == business.pk
        assert identity.plan.rest_access
        with scope(business=business):
            card = Card.objects.select_related("member").get(qr_code=shown.qr_code)
        assert card.member.name == shown.member_name
        assert card.pending_rewards > 0


def test_a_second_load_is_refused(demo: DemoShop) -> None:
    with pytest.raises(DemoExists, match=r"meera|divya"), transaction.atomic():
        load_demo()
    assert Business.objects.count() == 2
    assert audit().checked["card"] == CAFE.members + BAKERY.members


def test_a_demo_can_be_shown_again_with_new_keys(demo: DemoShop) -> None:
    again = reopen_demo()
    assert again is not None
    assert again.logins == demo.logins
    assert [one.slug for one in again.businesses] == [one.slug for one in demo.businesses]
    assert [one.qr_code for one in again.businesses] == [one.qr_code for one in demo.businesses]
    for shown in (*demo.businesses, *again.businesses):
        assert identify(shown.api_key) is not None
    assert len({one.api_key for one in (*demo.businesses, *again.businesses)}) == 4
