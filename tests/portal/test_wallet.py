"""What a customer sees of their membership."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django_scopes import scope

from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import aliases
from regulars.portal import money, wallet
from regulars.rules.errors import NotFound
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business, Program
from regulars.vouchers import redeeming
from tests.factories import Shop, make_shop
from tests.scratchcards import given as scratch
from tests.vouchers.given import codes, earn, issue, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Anna Maria Lee")


def page(shop: Shop, card: Card) -> wallet.CardPage:
    return wallet.card_page(business_id=shop.id, member_id=card.pk)


def test_a_card_tells_what_lies_on_it(shop: Shop, card: Card) -> None:
    shop.stamp(card, 10)
    seen = page(shop, card)
    assert (seen.name, seen.stamps, seen.goal, seen.missing_stamps) == ("Anna Maria", 2, 8, 6)
    assert [(reward.text, reward.number) for reward in seen.rewards] == [(seen.reward, 1)]
    assert (seen.shows_stamps, seen.shows_points, seen.is_closed) == (True, False, False)
    shop.stamp(card, 16)
    assert page(shop, card).pending_rewards == 3


def test_rewards_keep_the_text_of_their_time(shop: Shop, card: Card) -> None:
    first = page(shop, card).reward
    shop.stamp(card, 8)
    tenants.update_program(business_id=shop.id, reward_description="A cake")
    shop.stamp(card, 16)
    assert [(one.text, one.number) for one in page(shop, card).rewards] == [(first, 1), ("A cake", 2)]


def test_a_card_past_a_lowered_goal_needs_one_more(shop: Shop, card: Card) -> None:
    shop.stamp(card, 5)
    tenants.update_program(business_id=shop.id, stamps_required=3)
    assert page(shop, card).missing_stamps == 1


def test_points_show_once_there_were_any(shop: Shop, card: Card) -> None:
    earn(shop, card, 30)
    assert page(shop, card).shows_points
    assert page(shop, card).points == 30


def test_points_that_lapse_soon_are_told(shop: Shop, card: Card) -> None:
    tenants.update_points_programme(business_id=shop.id, points_expire_months=1)
    with time_machine.travel("2026-05-20 12:00:00Z"):
        earn(shop, card, 30)
    with time_machine.travel("2026-05-30 12:00:00Z"):
        earn(shop, card, 5)
        seen = page(shop, card)
    assert seen.points == 35
    assert seen.expiring == wallet.Expiring(30, dt.date(2026, 6, 20))
    with time_machine.travel("2026-06-22 12:00:00Z"):
        assert page(shop, card).points == 5  # before the worker has let them lapse


def test_the_next_offer_is_the_cheapest_that_is_out_of_reach(shop: Shop, card: Card) -> None:
    for name, price in (("Cake", 50), ("Lunch", 200), ("Dinner", 500)):
        voucher(shop, name=name, points_required=price, available_for_self_selection=True)
    earn(shop, card, 60)
    seen = page(shop, card)
    assert [one.name for one in seen.affordable] == ["Cake"]
    assert seen.next_offer is not None
    assert (seen.next_offer.name, seen.next_offer.missing) == ("Lunch", 140)


def test_offers_are_those_that_the_member_may_have(shop: Shop, card: Card) -> None:
    once = voucher(shop, name="Once", limited_to_per_member=1, available_for_self_selection=True)
    voucher(shop, name="Past", date_to=dt.date(2020, 1, 1), available_for_self_selection=True)
    voucher(shop, name="Not to choose")
    voucher(shop, name="By itself", points_required=40, auto_allocate_on_event="points_reach_required")
    assert [(one.name, one.chosen) for one in page(shop, card).offers] == [
        ("Once", True),
        ("By itself", False),
    ]
    issue(shop, once, card)
    assert page(shop, card).affordable == []
    other = shop.enrol("Bob")
    assert [one.name for one in page(shop, other).affordable] == ["Once"]


def test_vouchers_in_hand_are_good_ones_soonest_first(shop: Shop, card: Card) -> None:
    def give(**fields: Any) -> str:
        return codes(issue(shop, voucher(shop, **fields), card))[0]

    forever = give(name="For ever", value=Decimal(50))
    soon = give(name="Soon", value=Decimal(10), value_type=1, expires_after_days=3)
    used = give()
    redeeming.redeem(business_id=shop.id, code=used)
    held = give(name="Held", value=0, expires_after_days=5)
    redeeming.reserve(business_id=shop.id, code=held, minutes=5)
    seen = page(shop, card)
    assert [(one.code, one.value, one.state) for one in seen.vouchers] == [
        (soon, "10% off", "valid"),
        (held, "", "reserved"),
        (forever, "₹50 off", "valid"),
    ]
    with time_machine.travel(timezone.now() + dt.timedelta(days=10)):
        assert [one.code for one in page(shop, card).vouchers] == [forever]


def test_many_vouchers_are_counted(shop: Shop, card: Card) -> None:
    issue(shop, voucher(shop), card, qty=23)
    seen = page(shop, card)
    assert (len(seen.vouchers), seen.more_vouchers) == (20, 3)


def test_scratch_cards_that_wait_are_shown(shop: Shop, card: Card) -> None:
    waiting = scratch.issue(shop, scratch.campaign(shop), card)
    scratch.issue(shop, scratch.campaign(shop))
    (seen,) = page(shop, card).scratch_cards
    assert seen.url.endswith(f"/scratch/{waiting.token}")
    assert seen.prize == ""


def test_a_programme_may_be_closed(shop: Shop, card: Card) -> None:
    assert not page(shop, card).is_closed
    with scope(business=shop.id):
        Program.objects.update(is_active=False)
    assert page(shop, card).is_closed
    Business.objects.filter(pk=shop.id).update(points_active=True)
    seen = page(shop, card)
    assert (seen.shows_stamps, seen.shows_points, seen.is_closed) == (False, True, False)


def test_the_page_costs_the_same_whatever_lies_on_it(shop: Shop, card: Card) -> None:
    for number in range(3):
        made = voucher(
            shop, points_required=number, available_for_self_selection=True, limited_to_per_member=9
        )
        earn(shop, card, 20)
        issue(shop, made, card, qty=number + 1)
        scratch.issue(shop, scratch.campaign(shop), card)
        shop.stamp(card, 9)
        with CaptureQueriesContext(connection) as caught:
            page(shop, card)
        assert len(caught) == 8


def test_another_business_sees_nothing(shop: Shop, card: Card) -> None:
    shop.stamp(card)
    stranger = make_shop("Charlie's")
    with pytest.raises(NotFound):
        page(stranger, card)
    with pytest.raises(NotFound):
        wallet.stamp(wallet.Found(stranger.id, card.qr_code, card.pk))
    assert wallet.history(business_id=stranger.id, member_id=card.pk) == []


def test_codes_lead_to_cards(shop: Shop, card: Card) -> None:
    found = wallet.find(f" {card.qr_code.upper()} ")
    assert (found.business_id, found.member_id, found.qr_code) == (shop.id, card.pk, card.qr_code)
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="Anna")
    waiting = wallet.find(alias.qr_code)
    assert (waiting.member_id, waiting.is_fresh, waiting.name) == (None, True, "Anna")
    aliases.confirm_alias(business_id=shop.id, qr_code=alias.qr_code)
    confirmed = wallet.find(alias.qr_code)
    assert (confirmed.member_id, confirmed.qr_code, confirmed.is_fresh) == (card.pk, card.qr_code, False)
    for unknown in ("", "0" * 16, "x\0", "y" * 100):
        with pytest.raises(NotFound):
            wallet.find(unknown)


def stamp(card: Card) -> str:
    return wallet.stamp(wallet.find(card.qr_code))


def test_the_stamp_changes_with_the_card_and_only_then(shop: Shop, card: Card) -> None:
    seen: list[str] = []

    def changed() -> None:
        now = stamp(card)
        assert now == stamp(card)
        assert now not in seen
        seen.append(now)

    changed()
    shop.stamp(shop.enrol("Bob"))  # somebody else's
    assert stamp(card) == seen[-1]
    shop.stamp(card, 8)
    changed()
    ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    changed()
    made = voucher(shop, available_for_self_selection=True)
    changed()
    given = issue(shop, made, card)
    changed()
    redeeming.redeem(business_id=shop.id, code=codes(given)[0])
    changed()
    scratch.issue(shop, scratch.campaign(shop), card)
    changed()
    members.edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    changed()
    tenants.update_program(business_id=shop.id, stamps_required=9)
    changed()
    tenants.update_look(business_id=shop.id, accent_color="#b45309")
    changed()
    with time_machine.travel(timezone.now() + dt.timedelta(days=1)):
        changed()


def test_looking_for_changes_is_two_statements(card: Card) -> None:
    with CaptureQueriesContext(connection) as caught:
        stamp(card)
    assert len(caught) == 2


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("₹1,250", "$5.50", "R$\N{NO-BREAK SPACE}5", "CHF\N{NO-BREAK SPACE}5", "\N{MINUS SIGN}£3")),
        ("de", ("1.250\N{NO-BREAK SPACE}₹", "5,50\N{NO-BREAK SPACE}$", "5\N{NO-BREAK SPACE}R$",
                "5\N{NO-BREAK SPACE}CHF", "\N{MINUS SIGN}3\N{NO-BREAK SPACE}£")),
        # Portugal's, but for what only Brazil pays with.
        ("pt", ("1.250\N{NO-BREAK SPACE}₹", "5,50\N{NO-BREAK SPACE}$", "R$\N{NO-BREAK SPACE}5",
                "5\N{NO-BREAK SPACE}CHF", "\N{MINUS SIGN}3\N{NO-BREAK SPACE}£")),
    ],
)  # fmt: skip
def test_money_is_written_as_the_language_does(language: str, said: tuple[str, ...]) -> None:
    amounts = (("1250", "INR"), ("5.5", "USD"), ("5", "BRL"), ("5", "CHF"), ("-3", "GBP"))
    with translation.override(language):
        assert tuple(money.money(Decimal(text), currency) for text, currency in amounts) == said
