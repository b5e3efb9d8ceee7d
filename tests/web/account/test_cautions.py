"""What people read before they set up a second step, and what counters ask of those who have one."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.test import RequestFactory

from regulars.counter import signing
from regulars.counter.refusals import CodeNeeded
from regulars.tenants import addresses
from regulars.web.account.cautions import no_passkeys
from regulars.web.counter import refusals
from tests.factories import Shop, make_shop
from tests.web.account.browsing import PASSWORD, Browser, owner_of, said, signed_in, url

pytestmark = pytest.mark.django_db

WARNING = "Confirm your e-mail address first."
PAGES = ("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn")


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def proven(shop: Shop) -> Browser:
    browser = signed_in(owner_of(shop))
    browser.prove()
    return browser


def shown(browser: Browser, name: str) -> str:
    page = browser.get(name)
    if page.status_code == 302:  # the list of no passkeys leads on to adding one
        assert name == "mfa_list_webauthn"
        return shown(browser, "mfa_add_webauthn")
    return said(page)


def test_a_second_step_on_an_unconfirmed_address_is_warned_of(shop: Shop) -> None:
    user, browser = owner_of(shop), proven(shop)
    for name in PAGES:
        assert WARNING in shown(browser, name), name
    assert 'action="/account/email/"' in browser.get("mfa_index").content.decode()
    assert browser.post("account_email", {"again": "1"})["Location"] == url("account_email")
    addresses.note_confirmed(user)
    for name in PAGES:
        assert WARNING not in shown(browser, name), name


@pytest.mark.parametrize(
    ("host", "secure", "instead"),
    [
        ("shop.example", True, None),
        ("localhost:8000", False, None),
        ("shop.example", False, ""),
        ("192.168.1.5:8000", False, ""),
        ("192.168.1.5", True, ""),
        ("127.0.0.1:8123", False, "http://localhost:8123/account/2fa/webauthn/add/"),
        ("[::1]:8123", False, "http://localhost:8123/account/2fa/webauthn/add/"),
    ],
)
def test_where_no_passkey_can_be_made(
    settings: object, host: str, *, secure: bool, instead: str | None
) -> None:
    settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]
    request = RequestFactory().get("/account/2fa/webauthn/add/", secure=secure, headers={"host": host})
    found = no_passkeys(request)
    assert (found.instead if found is not None else None) == instead


def test_the_page_says_so_before(shop: Shop, settings: object) -> None:
    settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]
    browser = proven(shop)
    page = browser.client.get(url("mfa_add_webauthn"), secure=True, headers={"host": "127.0.0.1:8123"})
    text = page.content.decode()
    assert "127.0.0.1 is a number" in text
    assert 'href="https://localhost:8123/account/2fa/webauthn/add/"' in text
    assert "mfa_webauthn_add" not in text
    assert "mfa_webauthn_add" in browser.get("mfa_add_webauthn").content.decode()


@pytest.mark.parametrize(
    ("kinds", "codes", "sentence"),
    [
        ("totp recovery_codes webauthn", "app", "Enter the code from your app, or a recovery code."),
        (
            "recovery_codes webauthn",
            "recovery",
            "Enter a recovery code. Your passkey works in the back office, not here.",
        ),
        ("webauthn", "none", "Your passkey works in the back office, not here."),
    ],
)
def test_a_counter_asks_for_what_can_be_typed(shop: Shop, kinds: str, codes: str, sentence: str) -> None:
    user = owner_of(shop)
    for kind in kinds.split():
        Authenticator.objects.create(user=user, type=kind, data={})
    with pytest.raises(CodeNeeded) as needed:
        signing.sign_in_with_password(email=user.email, password=PASSWORD)
    assert needed.value.details == {"codes": codes}
    assert refusals.told(needed.value)["message"].startswith(sentence)
