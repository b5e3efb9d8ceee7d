"""A member's balance on the shop's own website: who may show it, and that nothing else comes along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from regulars.ledger import adjustments
from regulars.members import actions as members
from regulars.portal import sso_secrets
from regulars.tenants import microsites, ratelimit
from regulars.web.microsite import balance
from tests.factories import HTTPS, Shop, make_shop
from tests.portal.signing import balance_query, new_secret, token2_query
from tests.web.microsite import Browser, text

pytestmark = pytest.mark.django_db

SITE = "https://www.sunrise.example"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    shop = make_shop()
    microsites.update_microsite(
        business_id=shop.id, embed_origins=[SITE, "https://shop.sunrise.example:8443"], points_active=True
    )
    return shop


def test_a_signed_address_shows_stamps_and_points_as_often_as_asked(shop: Shop) -> None:
    card, secret = shop.enrol(email="priya@example.com"), new_secret(shop)
    shop.stamp(card, 5)
    adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=140)
    for browser in (Browser(shop), Browser(shop), Browser.on_own_host(shop)):
        answer = browser.get(f"balance?{balance_query(secret, 'priya@example.com')}&theme=dark")
        shown = text(answer)
        for part in ("Priya", "3 more, then:", "140 points"):
            assert part in shown, part
        page = answer.content.decode()
        assert 'data-theme="dark"' in page
        assert page.count("<h1") == 1
        for private in ("priya@example.com", card.qr_code, card.member.code, "<form", "<a "):
            assert private not in page
        assert not answer.cookies
        assert answer.headers["Cache-Control"] == "no-store"


def test_only_the_shops_own_sites_may_frame_it(shop: Shop) -> None:
    card, secret = shop.enrol(), new_secret(shop)
    query = balance_query(secret, card.member.code)
    answer = Browser(shop).get(f"balance?{query}")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {SITE} https://shop.sunrise.example:8443")
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in answer.headers
    refused = Browser(shop).get("balance?sso=x&expires=1&token=x")
    assert refused.headers["Content-Security-Policy"] == policy
    microsites.update_microsite(business_id=shop.id, embed_origins=[])
    answer = Browser(shop).get(f"balance?{query}")
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert answer.headers["X-Frame-Options"] == "DENY"
    for path in ("", "sign-in"):
        assert Browser(shop).get(path).headers["X-Frame-Options"] == "DENY"


def test_what_is_not_signed_for_this_shows_nothing(shop: Shop) -> None:
    card, other = shop.enrol("Priya"), make_shop("Charlie's")
    row, secret = sso_secrets.create_secret(business=shop.business)
    code = card.member.code
    other.enrol()
    good = balance_query(secret, code)
    for query in (
        "", f"sso={code}", good.replace("token=", "token=0"), good.replace(code, "M000002"),
        balance_query(secret, code, lasts=-5), balance_query(secret, code, lasts=25 * 3600),
        balance_query(new_secret(other), code), token2_query(secret, code).replace("token2", "token"),
        balance_query(secret, "M999999"),
    ):  # fmt: skip
        shown = text(Browser(shop).get(f"balance?{query}"), 403)
        assert "cannot be shown" in shown
        assert "Priya" not in shown
    signed_in = Browser(shop).sign_in(card.pk)
    assert "Priya" not in text(signed_in.get("balance"), 403)  # a cookie opens nothing here
    assert signed_in.is_signed_in()
    assert "Priya" in text(Browser(shop).get(f"balance?{good}"))
    sso_secrets.revoke_secret(business_id=shop.id, pk=row.pk)
    assert Browser(shop).get(f"balance?{good}").status_code == 403


def test_a_balance_signs_nobody_in(shop: Shop) -> None:
    card, secret = shop.enrol(), new_secret(shop)
    query = balance_query(secret, card.member.code, lasts=300)
    for address in (f"?{query}", f"?{query}&nonce=0123456789abcdef", f"balance?{query}"):
        answer = Browser(shop).get(address)
        assert not answer.cookies
        assert answer.status_code == (200 if address.startswith("balance") else 403)


def test_guessing_balances_is_slowed_down(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance, "WRONG_LIMIT", 2)
    card, secret = shop.enrol(), new_secret(shop)
    answers = [Browser(shop).get("balance?sso=M000001&expires=9&token=x").status_code for _ in range(3)]
    assert answers == [403, 403, 429]
    assert Browser(shop).get(f"balance?{balance_query(secret, card.member.code)}").status_code == 200


def test_the_script_is_served_to_other_sites(shop: Shop) -> None:
    answer = Client().get("/embed.js", SERVER_NAME="shop.example", **HTTPS)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    script = answer.content.decode()
    assert "event.origin !== address.origin" in script
    for word in ("innerHTML", "eval(", "document.write", '"*"'):
        assert word not in script


def test_a_suspended_member_sees_that_the_card_is_paused(shop: Shop) -> None:
    card, secret = shop.enrol(), new_secret(shop)
    shop.stamp(card, 5)
    members.edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    answer = Browser(shop).get(f"balance?{balance_query(secret, card.member.code)}")
    shown = text(answer)
    assert "This card is paused. Ask at the counter; what is on it stays." in shown
    assert "more, then" not in shown
    assert "face paused" in answer.content.decode()


def test_a_frame_keeps_no_language_and_takes_it_from_no_cookie(shop: Shop) -> None:
    card, secret = shop.enrol("Eve", language="fr"), new_secret(shop)
    query = balance_query(secret, card.member.code)
    browser = Browser(shop)
    answer = browser.get(f"balance?{query}&language=de")
    assert '<html lang="de"' in answer.content.decode()
    assert not answer.cookies
    browser.sign_in(card.pk).client.cookies["regulars_language"] = "pt"
    shown = browser.get(f"balance?{query}", Accept_Language="es").content.decode()
    assert '<html lang="es"' in shown
    assert '<html lang="pt"' in browser.get().content.decode()
