"""Changing the e-mail address, or the phone, at a micro-site: who may, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.ledger.models import Card
from regulars.messages.channels import sms
from regulars.portal import accounts, links
from regulars.portal.models import OneTimeLink
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


def test_an_e_mail_address_changes_by_a_link_to_the_new_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = links.request_email_change

    def request(**given: Any) -> None:
        asked.append(given["address"])
        real(**given)

    monkeypatch.setattr(links, "request_email_change", request)
    card = shop.enrol(email="priya@example.com")
    shop.enrol("Other", email="taken@example.com")
    browser = Browser(shop).sign_in(card.pk)
    said = [browser.post("profile/email", {"email": one}) for one in ("new@example.com", "taken@example.com")]
    assert text(said[0]) == text(said[1])
    assert "Enter a whole e-mail address" in text(browser.post("profile/email", {"email": "x"}), 400)
    assert asked == ["new@example.com", "taken@example.com"]
    card.member.refresh_from_db()
    assert card.member.email == "priya@example.com"


def test_an_address_is_not_changed_by_whoever_found_a_session(shop: Shop) -> None:
    card = with_password(shop)
    for how in ("sso", "password"):
        browser = Browser(shop).sign_in(card.pk, how)
        for current in ("", "wrong"):
            answer = browser.post("profile/email", {"email": "new@example.com", "current": current})
            assert "This is not your password" in text(answer, 400)
            assert 'value="new@example.com"' in answer.content.decode()
    with scopes_disabled():
        assert not OneTimeLink.objects.exists()
    browser.post("profile/email", {"email": "new@example.com", "current": NEW})
    with scopes_disabled():
        assert OneTimeLink.objects.get().address == "new@example.com"


@pytest.mark.parametrize("email", ["without@example.com", ""])
def test_who_has_no_password_shows_by_a_link_that_an_address_may_change(shop: Shop, email: str) -> None:
    card = shop.enrol("Without", email=email)
    browser = Browser(shop).sign_in(card.pk, "sso")
    told = "first sign in with a link" if email else "ask at the counter"
    assert told in text(browser.get("profile/email"))
    assert told in text(browser.post("profile/email", {"email": "new@example.com"}), 403)
    with scopes_disabled():
        assert not OneTimeLink.objects.exists()


def test_a_phone_to_which_links_go_is_not_changed_either(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "available", lambda: True)
    card = shop.enrol("Without", phone="+919876500001")
    changed = {"name": "Without", "phone": "+919876500002"}
    answer = Browser(shop).sign_in(card.pk, "sso").post("profile", changed)
    assert "first sign in with a link" in text(answer, 400)
    assert Browser(shop).sign_in(card.pk).post("profile", changed).status_code == 303


def test_a_change_that_sends_nothing_says_so(shop: Shop) -> None:
    browser = Browser(shop).sign_in(shop.enrol(email="priya@example.com").pk)
    assert "your address already" in text(browser.post("profile/email", {"email": "Priya@example.com"}), 400)
    for number in range(3):
        shown = text(browser.post("profile/email", {"email": f"new{number}@example.com"}))
        assert "We have sent a link" in shown
    fourth = browser.post("profile/email", {"email": "new3@example.com"})
    assert "nothing was sent now" in text(fourth, 429)
    assert fourth.headers["Retry-After"] == "600"


def test_who_tries_many_numbers_is_told_to_come_back_tomorrow(shop: Shop) -> None:
    browser = Browser(shop).sign_in(shop.enrol("Priya", phone="+919876500001").pk)
    for number in range(accounts.NUMBERS_A_DAY):
        assert browser.post("profile", {"phone": f"+91987660000{number}"}).status_code == 303
    answer = browser.post("profile", {"phone": "+919876600009", "street_city": "Pune"})
    assert "Try again tomorrow, or ask at the counter" in text(answer, 429)
    assert 'value="Pune"' in answer.content.decode()
    assert int(answer.headers["Retry-After"]) > 23 * 3600


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"phone": ""}, "Without an e-mail address we need your number"),
        ({"name": "win at evil.example"}, "leave web addresses out of your name"),
    ],
)
def test_what_the_profile_refuses_is_said_in_words(shop: Shop, change: dict[str, str], told: str) -> None:
    browser = Browser(shop).sign_in(shop.enrol("Priya", phone="+919876500001").pk)
    assert told in text(browser.post("profile", change), 400)
