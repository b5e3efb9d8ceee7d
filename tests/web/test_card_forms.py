"""What members send from the page of their card: settings, and which voucher they want."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import consents
from regulars.members.models import Member
from regulars.tenants.microsites import update_microsite
from regulars.vouchers.models import VoucherIssue
from tests.factories import Shop, make_shop
from tests.vouchers.given import balance, codes, earn, voucher
from tests.web.test_card import get, post, stamp_of, text

pytestmark = pytest.mark.django_db

ELSEWHERE = {"sec-fetch-site": "cross-site"}


@pytest.fixture
def shop() -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001", email="priya@mail.example")


def said(card: Card) -> list[tuple[str, bool, str]]:
    """What a member said about messages, in which words."""
    rows = consents.history(business_id=card.business_id, member_id=card.pk)
    return [(one.purpose, one.given, one.text) for one in rows if one.source == "card"]


def test_settings_are_kept(shop: Shop, card: Card) -> None:
    shown = {"email-was": "yes", "text-was": "yes", "drawn-in": "en"}
    response = post(f"{card.qr_code}/settings", language="es", email="on", **shown)
    assert response.status_code == 303
    with scope(business=shop.id):
        member = Member.objects.get(pk=card.pk)
    assert (member.language, member.optout_email, member.optout_text, member.optout_post) == (
        "es",
        False,
        True,
        False,
    )
    assert said(card) == [("text", False, "Offers and news: By text message")]
    page = get(response.headers["Location"].removeprefix("/card/"))
    assert '<html lang="es">' in page.content.decode()
    assert page.cookies["regulars_language"].value == "es"


@pytest.mark.parametrize(
    "form",
    [
        {},  # drawn while the card was fresh
        {"email": "on"},
        {"email-was": "no", "text-was": "no"},  # drawn before they said yes elsewhere
        {"email-was": "maybe", "text-was": ""},
    ],
)
def test_what_a_form_did_not_ask_or_nobody_touched_stays(
    shop: Shop, card: Card, form: dict[str, str]
) -> None:
    assert post(f"{card.qr_code}/settings", language="en", **form).status_code == 303
    with scope(business=shop.id):
        member = Member.objects.get(pk=card.pk)
    assert (member.optout_email, member.optout_text, member.optout_post) == (False, False, False)
    assert said(card) == []


def test_a_card_that_is_no_longer_fresh_brings_its_settings_along(shop: Shop, card: Card) -> None:
    consents.record(
        business_id=shop.id, member_id=card.pk, purpose="programme", given=True, text="Yes", source="join"
    )
    drawn = get(card.qr_code)
    assert "By e-mail" not in text(drawn)
    shop.stamp(card)
    news = get(f"{card.qr_code}/now?v={stamp_of(drawn)}")
    assert re.search(
        r'<div id="channels">.*name="email-was" value="yes".*</div>', news.content.decode(), re.DOTALL
    )


def test_only_channels_with_an_address_are_offered(shop: Shop, card: Card) -> None:
    everywhere = shop.enrol("Ada", email="ada@mail.example", phone="+919876500002")
    members.edit_member(business_id=shop.id, pk=everywhere.pk, street_address="1 High Street")
    nowhere = shop.enrol("Bob")
    members.edit_member(business_id=shop.id, pk=nowhere.pk, cell="")
    offered = {
        one.pk: set(re.findall(r'type="checkbox" name="(\w+)"', get(one.qr_code).content.decode()))
        for one in (everywhere, card, nowhere)
    }
    assert offered == {
        everywhere.pk: {"email", "text", "post"},
        card.pk: {"email", "text"},
        nowhere.pk: set(),
    }
    assert "Offers and news" not in text(get(nowhere.qr_code))


def test_consents_are_kept_in_the_words_that_were_seen(card: Card) -> None:
    with translation.override("de"):
        words = f"{gettext('Offers and news')}: {gettext('By e-mail')}"
    post(f"{card.qr_code}/settings", **{"email-was": "yes", "drawn-in": "de"})
    assert said(card) == [("email", False, words)]
    assert words != "Offers and news: By e-mail"


def test_offers_by_mail_wait_for_the_confirmed_address(shop: Shop, card: Card) -> None:
    update_microsite(business_id=shop.id, double_opt_in=True)
    members.edit_member(business_id=shop.id, pk=card.pk, optout_email=True)
    response = post(f"{card.qr_code}/settings", email="on", **{"email-was": "no"})
    assert "We have sent you a link" in text(get(response.headers["Location"].removeprefix("/card/")))
    with scope(business=shop.id):
        assert Member.objects.get(pk=card.pk).optout_email
    assert said(card) == [("email", True, "Offers and news: By e-mail")]


def form_of(response: Any) -> dict[str, str]:
    """What the hidden fields of a page's form say."""
    return dict(re.findall(r'type="hidden" name="([\w-]+)" value="(\w*)"', response.content.decode()))


def test_a_voucher_is_chosen_in_two_steps_and_once(shop: Shop, card: Card) -> None:
    cake = voucher(shop, "Cake", points_required=50, available_for_self_selection=True)
    path = f"{card.qr_code}/vouchers/{cake.pk}"
    earn(shop, card, 10)
    early = get(path)
    assert early.status_code == 409
    assert "You need 40 more points for it." in text(early)
    earn(shop, card, 50)
    asked = get(path)
    assert "Take it for 50 points" in text(asked)
    assert balance(card) == 60
    for _ in range(2):  # pressed twice
        assert post(path, **form_of(asked)).status_code == 303
    assert balance(card) == 10
    with scope(business=shop.id):
        (made,) = VoucherIssue.objects.all()
    assert codes(made)[0] in text(get(card.qr_code))
    refused = post(path, **form_of(asked) | {"token": "another"})
    assert refused.status_code == 409
    assert "You need 40 more points for it." in text(refused)


def test_a_sum_that_is_no_longer_true_is_asked_again(shop: Shop, card: Card) -> None:
    cake = voucher(shop, "Cake", points_required=50, available_for_self_selection=True)
    path = f"{card.qr_code}/vouchers/{cake.pk}"
    earn(shop, card, 120)
    first, second = get(path), get(path)
    assert post(path, **form_of(first)).status_code == 303
    again = post(path, **form_of(second))
    assert again.status_code == 409
    assert "Your points have changed since you looked." in text(again)
    assert form_of(again)["points"] == "70"
    assert balance(card) == 70
    nothing_said = {"token": "abc"}
    assert post(path, **nothing_said).status_code == 409
    assert post(path, **form_of(again)).status_code == 303
    assert balance(card) == 20


def test_a_free_voucher_shows_no_sum(shop: Shop, card: Card) -> None:
    cake = voucher(shop, "Cake", available_for_self_selection=True)
    path = f"{card.qr_code}/vouchers/{cake.pk}"
    asked = get(path)
    earn(shop, card, 5)
    assert post(path, **form_of(asked)).status_code == 303


def test_a_paused_card_says_so_before_anything_else(shop: Shop, card: Card) -> None:
    cake = voucher(shop, "Cake", points_required=50, available_for_self_selection=True)
    members.edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    assert "Your card is paused" in text(get(f"{card.qr_code}/vouchers/{cake.pk}"))


def test_other_sites_post_nothing(shop: Shop, card: Card) -> None:
    cake = voucher(shop, available_for_self_selection=True)
    for path in (f"{card.qr_code}/settings", f"{card.qr_code}/vouchers/{cake.pk}"):
        sent = Client().post(f"/card/{path}", {"token": "a"}, secure=True, headers=ELSEWHERE)
        assert sent.status_code == 403
    with scope(business=shop.id):
        assert not VoucherIssue.objects.exists()
        assert not Member.objects.get(pk=card.pk).optout_email
