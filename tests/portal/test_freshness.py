"""Cards of people who joined by the page and were not seen since."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from regulars.ledger import adjustments
from regulars.ledger.models import Card
from regulars.members import consents
from regulars.portal import freshness, wallet
from regulars.promotions import actions as promotions
from regulars.promotions import occasions
from regulars.rules.occasions import BIRTHDAY, SIGNUP
from regulars.scratchcards import cards
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


def page(shop: Shop, card: Card, **more: Any) -> wallet.CardPage:
    return wallet.card_page(business_id=shop.id, member_id=card.pk, **more)


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
    seen = page(shop, card)
    assert (seen.is_fresh, seen.welcome_gift, seen.points, seen.vouchers) == (True, True, 0, [])
    known = page(shop, card, trusted=True)
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
    "deal", [deal_by_stamp, deal_by_points, deal_by_voucher, deal_by_scratch_card, deal_by_scan]
)
def test_whoever_the_shop_dealt_with_sees_their_card(shop: Shop, deal: Any) -> None:
    card = join(shop)
    assert page(shop, card).is_fresh
    deal(shop, card)
    assert not page(shop, card).is_fresh


def test_whoever_confirmed_their_address_or_was_enrolled_by_the_shop_sees_their_card(shop: Shop) -> None:
    card = join(shop)
    card.member.email_confirmed_at = timezone.now()
    assert not freshness.is_fresh(card)
    assert not page(shop, shop.enrol()).is_fresh


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
