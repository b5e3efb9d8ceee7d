"""The shop's website brings somebody while another member is signed in: nobody is replaced unasked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.portal import sso
from regulars.portal.models import UsedToken
from regulars.tenants import ratelimit
from tests.factories import Shop, make_shop
from tests.portal.signing import new_secret, seed_token, switched_on, token2_query
from tests.web.microsite import Browser, all_fields, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.mark.parametrize("way", ["token2", "token"])
@pytest.mark.parametrize("own_host", [False, True])
def test_another_member_goes_on_only_by_a_button(shop: Shop, way: str, *, own_host: bool) -> None:
    alice, eve = shop.enrol("Alice"), switched_on(shop).enrol("Eve <b>")
    code = eve.member.code
    hour = sso.hour_of(dt.datetime.now(dt.UTC))
    seed = f"sso={code}&token={seed_token(hour, code, shop.api_key)}"
    query = seed if way == "token" else token2_query(new_secret(shop), code)
    browser = Browser.on_own_host(shop) if own_host else Browser(shop)
    browser.sign_in(alice.pk)
    for _ in range(2):  # looking uses nothing up
        page = browser.get(f"?{query}", Sec_Fetch_Site="cross-site")
        assert "Go on as Eve <b>" in text(page)
        assert "You are signed in as Alice (M000001)" in text(page)
        assert "sent you here as Eve <b> (M000002)" in text(page)
        assert not page.cookies
    with scopes_disabled():
        assert not UsedToken.objects.exists()
    assert "Alice" in text(browser.get())
    fields = all_fields(page)
    assert "sent from another site" in text(
        browser.post("sign-in/shop", fields, Sec_Fetch_Site="cross-site"), 403
    )
    assert "Alice" in text(browser.get())
    led = browser.post("sign-in/shop", fields)
    assert (led.status_code, led.headers["Location"]) == (303, browser.base)
    assert "Eve" in text(browser.get())


def test_a_used_address_says_so_before_anybody_presses(shop: Shop) -> None:
    alice, eve = shop.enrol("Alice"), shop.enrol("Eve")
    query = token2_query(new_secret(shop), eve.member.code)
    browser = Browser(shop).sign_in(alice.pk)
    fields = all_fields(browser.get(f"?{query}"))
    assert browser.post("sign-in/shop", fields).status_code == 303
    again = Browser(shop).sign_in(alice.pk)
    assert "used already" in text(again.get(f"?{query}"), 403)
    assert "used already" in text(again.post("sign-in/shop", fields), 403)
    assert "is not valid" in text(again.post("sign-in/shop", {}), 403)
    assert again.get("sign-in/shop").status_code == 405


def test_the_same_member_and_nobody_go_on_at_once(shop: Shop) -> None:
    alice, secret = shop.enrol("Alice"), new_secret(shop)
    browser = Browser(shop)
    for number in range(2):
        answer = browser.get(f"?{token2_query(secret, alice.member.code, nonce=f'nonce-{number}-of-two')}")
        assert (answer.status_code, answer.headers["Location"]) == (303, browser.base)
    assert browser.is_signed_in()
