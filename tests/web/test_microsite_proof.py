"""What wants proof beyond a session: the member's data, and what follows when the shop changes an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as conf
from django.http import HttpResponse
from django_scopes import scope, scopes_disabled
from pytest_django import Settings

from regulars import seal
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members.models import Member
from regulars.messages.models import Message
from regulars.portal import links
from regulars.portal.models import Account
from regulars.rules.errors import NotFound
from regulars.tenants import ratelimit
from tests.factories import Shop, make_shop
from tests.web.microsite import Browser, text

pytestmark = pytest.mark.django_db

NEW = "correct horse battery"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def with_password(shop: Shop, **fields: str) -> Card:
    card = shop.enrol(**({"email": "priya@example.com"} | fields))
    answer = Browser(shop).sign_in(card.pk).post("password", {"password": NEW, "again": NEW})
    assert answer.status_code == 303
    return card


def is_file(answer: HttpResponse) -> bool:
    return "attachment" in answer.headers.get("Content-Disposition", "")


def forget_tries() -> None:
    ratelimit._store.cache_clear()
    (conf.REGULARS_DATA_DIR / "run" / "rate-limits").unlink()


def is_there(card: Card) -> bool:
    with scopes_disabled():
        return Member.objects.filter(pk=card.pk).exists()


@pytest.mark.parametrize("how", ["sso", "password"])
def test_data_is_taken_and_erased_by_whoever_knows_the_password(shop: Shop, how: str) -> None:
    card = with_password(shop)
    browser = Browser(shop).sign_in(card.pk, how)
    code = card.member.code
    assert text(browser.get("data")).count("Your password now") == 2
    assert browser.get("data.json").headers["Location"] == f"{browser.base}data"
    for current in ({}, {"current": "wrong"}):
        refused = browser.post("data.json", current)
        assert "This is not your password" in text(refused, 400)
        assert "This is not your password" in text(browser.post("data/erase", {"code": code} | current), 400)
    assert "Type M000001" in text(browser.post("data/erase", {"code": "x", "current": NEW}), 400)
    assert is_there(card)
    forget_tries()
    assert is_file(browser.post("data.json", {"current": NEW}))
    assert "erased" in text(browser.post("data/erase", {"code": code, "current": NEW}))
    assert not is_there(card)


def test_who_just_came_by_a_link_is_not_asked(shop: Shop) -> None:
    card = with_password(shop)
    browser = Browser(shop).sign_in(card.pk)
    assert "Your password now" not in text(browser.get("data"))
    assert is_file(browser.get("data.json"))
    assert is_file(browser.post("data.json"))
    assert "erased" in text(browser.post("data/erase", {"code": card.member.code}))


@pytest.mark.parametrize("email", ["without@example.com", ""])
def test_who_has_no_password_shows_it_by_a_link_or_at_the_counter(shop: Shop, email: str) -> None:
    card = shop.enrol("Without", email=email)
    browser = Browser(shop).sign_in(card.pk, "sso")
    told = "first sign in with a link" if email else "Please ask at the counter; the shop can do both for you"
    assert told in text(browser.get("data"))
    assert told in text(browser.post("data.json"), 403)
    assert told in text(browser.post("data/erase", {"code": card.member.code}), 403)
    assert is_there(card)


def test_guessing_the_password_there_is_slowed_down(shop: Shop) -> None:
    browser = Browser(shop).sign_in(with_password(shop).pk, "sso")
    answers = [browser.post("data.json", {"current": "wrong"}).status_code for _ in range(6)]
    assert answers == [400] * 5 + [429]


def stored_password(card: Card) -> str:
    with scopes_disabled():
        return Account.objects.get(pk=card.pk).password


def email_of(card: Card) -> str:
    with scopes_disabled():
        return Member.objects.get(pk=card.pk).email


def asked_for(shop: Shop, card: Card, browser: Browser, address: str) -> str:
    """The token of the link that goes to a new address, asked for in a browser."""
    assert browser.post("profile/email", {"email": address}).status_code == 200
    with scope(business=shop.id):
        message = Message.objects.filter(kind="confirm_email").latest("pk")
    return str(json.loads(seal.unseal(message.sealed))["confirm_url"]).rpartition("/")[2]


def test_a_shop_that_puts_an_address_back_shuts_out_whoever_changed_it(shop: Shop) -> None:
    card = with_password(shop)
    thief = Browser(shop).sign_in(card.pk)
    links.change_email(token=asked_for(shop, card, thief, "thief@example.com"))
    again = asked_for(shop, card, thief, "thief2@example.com")
    members.edit_member(business_id=shop.id, pk=card.pk, email="priya@example.com")
    assert not thief.is_signed_in()
    assert stored_password(card) == ""
    with pytest.raises(NotFound):
        links.change_email(token=again)
    assert email_of(card) == "priya@example.com"


def test_other_changes_by_the_shop_sign_nobody_out(shop: Shop) -> None:
    card = with_password(shop)
    browser = Browser(shop).sign_in(card.pk)
    changes: dict[str, Any] = {"name": "Priya Patel", "email": "Priya@example.com", "phone": "+919876500007"}
    members.edit_member(business_id=shop.id, pk=card.pk, **changes)
    assert browser.is_signed_in()
    assert stored_password(card)


def test_a_change_by_the_members_own_link_keeps_the_browser_that_asked(shop: Shop) -> None:
    card = with_password(shop)
    elsewhere, here = Browser(shop).sign_in(card.pk), Browser(shop).sign_in(card.pk)
    links.change_email(token=asked_for(shop, card, here, "new@example.com"))
    assert (here.is_signed_in(), elsewhere.is_signed_in()) == (True, False)
    assert stored_password(card)
    links.request_email_change(business_id=shop.id, member_id=card.pk, address="newer@example.com")
    with scope(business=shop.id):
        message = Message.objects.filter(kind="confirm_email").latest("pk")
    url = json.loads(seal.unseal(message.sealed))["confirm_url"]
    links.change_email(token=url.rpartition("/")[2])
    assert not here.is_signed_in()
