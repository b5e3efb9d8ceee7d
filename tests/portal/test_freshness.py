"""Cards of people who joined by the page and were not seen since."""

import datetime as dt
import re
import time
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from regulars.ledger import adjustments
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import aliases, consents
from regulars.members.models import CardAlias
from regulars.portal import freshness, wallet
from regulars.promotions import actions as promotions
from regulars.promotions import occasions
from regulars.rules.occasions import ANNIVERSARY, BIRTHDAY, FIRST_LOGIN, MONTHLY, QUICKSCAN, SIGNUP
from regulars.scratchcards import cards
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business
from tests.factories import Shop, make_shop
from tests.scratchcards import given as scratch
from tests.vouchers.given import issue, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def join(shop: Shop, **fields: Any) -> Card:
    """A card of somebody who joined by the page."""
    card = shop.enrol("Pri Lee", email="pri@mail.example", **fields)
    consents.record(
        business_id=shop.id, member_id=card.pk, purpose="programme", given=True, text="Yes", source="join"
    )
    return card


def page(card: Card) -> wallet.CardPage:
    """What whoever has the card's code sees."""
    return wallet.read(wallet.find(card.qr_code))


def promotion(shop: Shop, event: str) -> None:
    promotions.add_event_promotion(
        business_id=shop.id, name="Gift", points_to_award=40, auto_allocate_on_event=event
    )


def test_what_comes_by_itself_shows_nothing(shop: Shop) -> None:
    promotion(shop, SIGNUP)
    promotion(shop, BIRTHDAY)
    paid = {"points_required": 10, "auto_allocate_on_event": "points_reach_required"}
    voucher(shop, "Reached", **paid)
    card = join(shop)
    occasions.happened(business_id=shop.id, member_id=card.pk, event=BIRTHDAY, occasion="birthday:2026")
    seen = page(card)
    assert (seen.is_fresh, seen.welcome_gift, seen.points, seen.vouchers) == (True, True, 0, [])
    known = wallet.card_page(business_id=shop.id, member_id=card.pk)
    assert not known.is_fresh
    assert known.points + 10 * len(known.vouchers) == 80
    assert known.vouchers


def deal_by_stamp(shop: Shop, card: Card) -> None:
    shop.stamp(card)


def deal_by_points(shop: Shop, card: Card) -> None:
    adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=5)


def deal_by_voucher(shop: Shop, card: Card) -> None:
    issue(shop, voucher(shop), card)


def deal_by_scratch_card(shop: Shop, card: Card) -> None:
    cards.issue_card(business_id=shop.id, campaign_id=scratch.campaign(shop).pk, member_id=card.pk)


def deal_by_scan(shop: Shop, card: Card) -> None:
    promotion(shop, "quickscan")
    occasions.happened(business_id=shop.id, member_id=card.pk, event="quickscan", occasion="quickscan:1")


@pytest.mark.parametrize(
    ("event", "fresh"),
    [(BIRTHDAY, True), (ANNIVERSARY, True), (MONTHLY, True), (FIRST_LOGIN, False), (QUICKSCAN, False)],
)
def test_some_events_happen_by_themselves(shop: Shop, event: str, *, fresh: bool) -> None:
    promotion(shop, event)
    card = join(shop)
    occasions.happened(business_id=shop.id, member_id=card.pk, event=event, occasion=f"{event}:signup")
    assert page(card).is_fresh is fresh


def alias_of(shop: Shop, card: Card) -> CardAlias:
    return aliases.create_alias(business_id=shop.id, member_id=card.pk, name="Pri Lee")


def test_gifts_that_come_by_themselves_leave_the_stamp_as_it_is(shop: Shop) -> None:
    """They come to members, and not to aliases."""
    promotion(shop, BIRTHDAY)
    card = join(shop)
    before = wallet.stamp(wallet.find(card.qr_code))
    occasions.happened(business_id=shop.id, member_id=card.pk, event=BIRTHDAY, occasion="birthday:2026")
    assert wallet.stamp(wallet.find(card.qr_code)) == before
    shop.stamp(card)
    assert wallet.stamp(wallet.find(card.qr_code)) != before


def test_what_changes_in_the_shop_changes_both_stamps_or_none(shop: Shop) -> None:
    card, alias = join(shop), alias_of(shop, shop.enrol())
    before: list[str] = []

    def changed() -> bool:
        stamps = [wallet.stamp(wallet.find(code)) for code in (card.qr_code, alias.qr_code)]
        told = [one != old for one, old in zip(stamps, before or ["", ""], strict=True)]
        before[:] = stamps
        assert told[0] is told[1]
        return told[0]

    assert changed()
    assert not changed()
    tenants.update_program(business_id=shop.id, program_name="Friends of Alice")
    assert changed()
    Business.objects.filter(pk=shop.id).update(currency="EUR")
    assert changed()
    voucher(shop, auto_allocate_on_event=SIGNUP)
    assert changed()
    promotion(shop, SIGNUP)
    assert changed()


@pytest.mark.parametrize("visits", [0, 20])
def test_an_alias_takes_the_statements_of_a_fresh_card(shop: Shop, visits: int) -> None:
    """Whatever lies on the card of the member whose contact it was."""
    promotion(shop, SIGNUP)
    known = shop.enrol()
    for _ in range(visits):
        shop.stamp(known)
    codes = {"fresh": join(shop).qr_code, "alias": alias_of(shop, known).qr_code}
    for path in (
        "",
        "/now?v=x",
        "/now?v=",
        "/history",
        "/vouchers/1",
        "/settings",
        "/away",
        "/manifest.webmanifest",
    ):
        done: dict[str, list[str]] = {}
        for who in ("fresh", "alias", "fresh", "alias"):  # the first ones fill what is remembered
            stamp = wallet.stamp(wallet.find(codes[who])) if path.endswith("=") else ""
            with CaptureQueriesContext(connection) as caught:
                ask(f"/card/{codes[who]}{path}{stamp}", post=path == "/settings")
            done[who] = [plain(query["sql"]) for query in caught]
        assert done["alias"], path
        assert done["alias"] == done["fresh"], path


def ask(path: str, *, post: bool = False) -> None:
    send = Client().post if post else Client().get
    send(path, secure=True)


def plain(sql: str) -> str:
    """A statement without its values."""
    return re.sub(r"'[^']*'|\b\d+\b", "?", sql)


@pytest.mark.once
def test_an_alias_takes_the_time_of_a_fresh_card(shop: Shop) -> None:
    """In turns, and of the processor, so that whatever else the machine does happens to neither."""
    known = shop.enrol()
    shop.stamp(known, 20)
    codes = [join(shop).qr_code, alias_of(shop, known).qr_code]
    for path in ("", "/now?v=x", "/history"):
        taken: dict[str, list[float]] = {code: [] for code in codes}
        for _ in range(15):
            for code in codes:
                start = time.thread_time()
                ask(f"/card/{code}{path}")
                taken[code].append(time.thread_time() - start)
        fresh, alias = (median(taken[code]) for code in codes)
        assert 1 / 1.3 < alias / fresh < 1.3, path


@pytest.mark.parametrize(
    "deal", [deal_by_stamp, deal_by_points, deal_by_voucher, deal_by_scratch_card, deal_by_scan]
)
def test_whoever_the_shop_dealt_with_sees_their_card(shop: Shop, deal: Any) -> None:
    card = join(shop)
    assert page(card).is_fresh
    deal(shop, card)
    assert not page(card).is_fresh


def test_whoever_confirmed_their_address_or_was_enrolled_by_the_shop_sees_their_card(shop: Shop) -> None:
    card = join(shop)
    members.confirm_email(business_id=shop.id, pk=card.pk, address="pri@mail.example")
    assert not page(card).is_fresh
    assert not page(shop.enrol()).is_fresh


def test_a_welcome_gift_is_one_that_everybody_gets_on_that_day(shop: Shop) -> None:
    today = dt.date(2026, 5, 20)

    def gives() -> bool:
        return freshness.gives_on_signup(business_id=shop.id, day=today)

    voucher(shop, auto_allocate_on_event=SIGNUP, date_to=dt.date(2026, 5, 19))
    voucher(shop, auto_allocate_on_event=SIGNUP, branch_id=shop.branch().pk)
    voucher(shop, auto_allocate_on_event=SIGNUP, points_required=5)
    voucher(shop, auto_allocate_on_event=BIRTHDAY)
    promotion(make_shop("Charlie's"), SIGNUP)
    assert not gives()
    voucher(shop, auto_allocate_on_event=SIGNUP, date_to=today)
    assert gives()
