"""Hosts of micro-sites, cookies, and requests that other sites make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from regulars.portal import sites
from regulars.tenants import ratelimit
from tests.api.support import Rest, ok
from tests.factories import HTTPS, Shop, make_shop
from tests.portal.signing import new_secret, token2_query
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
    return make_shop("Sunrise Cafe")


def status(host: str, path: str = "/") -> int:
    answer = Client(raise_request_exception=False).get(path, SERVER_NAME=host, **HTTPS)
    return int(answer.status_code)


def test_a_host_shows_one_shop_and_nothing_else(shop: Shop) -> None:
    host = f"{shop.business.slug}.shop.example"
    assert "Sunrise Cafe" in text(Browser.on_own_host(shop).get())
    assert status(host.upper()) == 200
    assert status(f"{host}.") == 200
    for path in (
        "/api/docs",
        "/rpc/docs",
        "/healthz",
        "/password/forgot",
        "/scan/",
        f"/m/{shop.business.slug}/",
    ):
        assert status(host, path) == 404, path
    assert status(host, f"/card/{shop.enrol().qr_code}") == 404
    answer = Rest(shop).send("GET", "/api/business", SERVER_NAME=host)
    assert answer.status_code == 404
    assert ok(Rest(shop).get("/api/business"))["business_name"] == "Sunrise Cafe"


def test_tills_may_call_a_micro_site(shop: Shop) -> None:
    for path in ("/", "/rpc"):
        answer = Client().get(
            path,
            {"global[api_method]": "verify_api", "global[api_key]": shop.api_key},
            SERVER_NAME=f"{shop.business.slug}.shop.example",
            **HTTPS,
        )
        assert b"003" in answer.content  # it wants api_time: the key was taken


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("shop.example", 200),
        ("localhost", 200),
        ("nobody.shop.example", 404),
        ("a.b.shop.example", 404),
        ("sunrise-cafe.a.shop.example", 404),
        ("%00.shop.example", 400),
        ("sunrise-cafe.shop.example.evil.example", 400),
        ("evil.example", 400),
        ("sunrise-cafeshop.example", 400),
        ("sunrise_cafe.shop.example", 400),
    ],
)
def test_other_hosts_are_nobodys(shop: Shop, host: str, expected: int) -> None:
    assert status(host) == expected


def test_a_name_of_the_installation_itself_is_no_shop(shop: Shop, settings: Settings) -> None:
    settings.OWN_HOSTS = settings.OWN_HOSTS | {"sunrise-cafe.shop.example"}
    assert sites.slug_of("sunrise-cafe.shop.example") is None
    assert sites.slug_of("charlies.shop.example") == "charlies"
    settings.REGULARS_MICROSITE_DOMAIN = ""
    assert sites.slug_of("charlies.shop.example") is None


def test_links_name_hosts_only_when_the_operator_does(shop: Shop, settings: Settings) -> None:
    assert sites.address(shop.business) == "https://shop.example/m/sunrise-cafe/"
    settings.LINKS_TO_MICROSITE_HOSTS = True
    assert sites.address(shop.business) == "https://sunrise-cafe.shop.example/"
    settings.REGULARS_PUBLIC_URL = "http://localhost:8000"
    settings.REGULARS_MICROSITE_DOMAIN = "localhost"
    assert sites.address(shop.business) == "http://sunrise-cafe.localhost:8000/"


def test_a_slug_that_is_a_name_of_the_installation_itself_stays_below_its_address(settings: Settings) -> None:
    """A business "App" at app.example, whose micro-sites are below the domain "example"."""
    app, other = make_shop("App").business, make_shop("Other").business
    settings.LINKS_TO_MICROSITE_HOSTS = True
    settings.OWN_HOSTS = settings.OWN_HOSTS | {"app.example"}
    settings.REGULARS_MICROSITE_DOMAIN = "example"
    settings.REGULARS_PUBLIC_URL = "https://app.example"
    assert sites.address(app) == "https://app.example/m/app/"
    assert sites.address(other) == "https://other.example/"


@pytest.mark.parametrize("behind_proxy", [False, True])
def test_the_page_that_somebody_wanted_is_remembered_as_safely(
    shop: Shop, settings: Settings, *, behind_proxy: bool
) -> None:
    settings.SESSION_COOKIE_SECURE = behind_proxy
    scheme = {} if behind_proxy else HTTPS  # a proxy that is not trusted makes it look like plain HTTP
    answer = Client().get(f"/m/{shop.business.slug}/data", SERVER_NAME="shop.example", **scheme)
    assert answer.status_code == 303
    assert answer.cookies["regulars_wanted"]["secure"] is True


@pytest.mark.parametrize("slug", ["nobody", "Sunrise-Cafe", "x" * 61])
def test_a_shop_that_is_not_there_is_a_page(shop: Shop, slug: str) -> None:
    assert status("shop.example", f"/m/{slug}/") == 404
    assert status("shop.example", f"/m/{slug}/profile") == 404


def test_the_cookie_goes_nowhere_else(shop: Shop) -> None:
    secret, code = new_secret(shop), shop.enrol().member.code
    slug = shop.business.slug
    for browser, name, path in (
        (Browser(shop), "regulars_member", f"/m/{slug}/"),
        (Browser.on_own_host(shop), "__Host-regulars_member", "/"),
    ):
        answer = browser.get(f"?{token2_query(secret, code, nonce=f'nonce-for-{len(path)}')}")
        (cookie,) = answer.cookies.values()
        assert (cookie.key, cookie["path"], cookie["domain"]) == (name, path, "")
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert cookie["max-age"] == 30 * 24 * 3600
        gone = browser.post("sign-out").cookies[name]
        assert (gone.value, gone["max-age"], gone["path"], gone["secure"]) == ("", 0, path, True)
        assert not browser.is_signed_in()


def test_a_session_opens_no_other_shop(shop: Shop) -> None:
    other = make_shop("Charlie's")
    card, theirs = shop.enrol("Priya"), other.enrol("Charlie")
    assert theirs.member.code == card.member.code
    token = Browser(shop).sign_in(card.pk).client.cookies["regulars_member"].value
    for browser in (Browser(other), Browser.on_own_host(other)):
        browser.client.cookies["regulars_member"] = token
        browser.client.cookies["__Host-regulars_member"] = token
        assert not browser.is_signed_in()
    same = Browser.on_own_host(shop)
    same.client.cookies["__Host-regulars_member"] = token
    assert same.is_signed_in()


@pytest.mark.parametrize("token", ["", "x", "\x00", "é", "x" * 5000, "0" * 43])
def test_a_made_up_cookie_opens_nothing(shop: Shop, token: str) -> None:
    browser = Browser(shop).sign_in(shop.enrol().pk)
    browser.client.cookies["regulars_member"] = token
    assert not browser.is_signed_in()


def test_signing_in_takes_over_no_token_that_somebody_brought(shop: Shop) -> None:
    card, mallory, secret = shop.enrol("Priya"), shop.enrol("Mallory"), new_secret(shop)
    theirs = Browser(shop).sign_in(mallory.pk)
    victim = Browser(shop)
    victim.client.cookies["regulars_member"] = planted = theirs.client.cookies["regulars_member"].value
    asked = victim.get(f"?{token2_query(secret, card.member.code)}")
    assert "You are signed in as Mallory" in text(asked)
    answer = victim.post("sign-in/shop", all_fields(asked))
    assert answer.cookies["regulars_member"].value != planted
    assert "Priya" in text(victim.get())
    assert not theirs.is_signed_in()  # what was planted has ended


POSTS = (
    "sign-out", "profile", "profile/messages", "profile/email", "password", "data/erase", "vouchers/1",
    "sessions/1/end", "sign-in", "l/token", "sign-in/shop",
)  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another shop's host
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
    ],
)
def test_what_other_sites_send_changes_nothing(shop: Shop, path: str, headers: dict[str, str]) -> None:
    card = shop.enrol()
    browser = Browser(shop).sign_in(card.pk)
    answer = browser.post(path, {"code": card.member.code, "name": "Mallory"}, **headers)
    assert "sent from another site" in text(answer, 403)
    assert not answer.cookies
    card.member.refresh_from_db()
    assert card.member.name == "Priya Sharma"
    assert browser.is_signed_in()


@pytest.mark.parametrize("path", [path for path in POSTS if path not in {"profile", "sign-in", "l/token"}])
def test_asking_changes_nothing(shop: Shop, path: str) -> None:
    browser = Browser(shop).sign_in(shop.enrol().pk)
    answer = browser.get(path)
    assert answer.status_code in {200, 404, 405}
    assert browser.is_signed_in()


def test_whoever_asks_too_often_waits(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regulars.web.microsite.visit.PAGES_LIMIT", 3)
    answers = [Browser(shop).get() for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert "Please wait a minute" in text(answers[3], 429)
