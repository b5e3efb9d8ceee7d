"""Signing in at a micro-site: by link, by password, by the shop's website; and who is kept out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.http import HttpResponse
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.portal import accounts, links, sso, sso_secrets
from regulars.portal.models import Account, Session
from regulars.promotions import actions as promotions
from regulars.tenants import actions as tenants
from regulars.tenants import legacy_sso, ratelimit
from regulars.web.microsite import entering
from tests.factories import Shop, make_shop
from tests.portal.signing import new_secret, seed_token, switched_on, token2_query
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


def seed_query(shop: Shop, text: str, *, key: str = "") -> str:
    hour = sso.hour_of(dt.datetime.now(dt.UTC))
    return f"&sso={text}&token={seed_token(hour, text, key or shop.api_key)}"


def signs_in(answer: HttpResponse) -> bool:
    """Whether an answer gives the cookie and leads to the clean address."""
    if answer.status_code != 303:
        return False
    (cookie,) = (found for name, found in answer.cookies.items() if name.endswith("regulars_member"))
    assert answer.headers["Location"] == cookie["path"]
    assert len(cookie.value) >= 43
    return True


def link_of(shop: Shop, card: Card, *, own_host: bool = False) -> str:
    """The link of a mail for signing in, from its last part on."""
    return links.make_link(
        business_id=shop.id,
        member_id=card.pk,
        purpose="sign_in",
        address=card.member.email,
        lasts=links.SIGN_IN_LASTS,
    ).rpartition("/")[2]


def test_a_link_signs_in_once_by_its_button(shop: Shop) -> None:
    card, browser = shop.enrol(email="priya@example.com"), Browser(shop)
    path = f"l/{link_of(shop, card)}"
    for _ in range(2):  # as scanners of mail do
        assert "Welcome back, Priya" in text(browser.get(path))
    assert not browser.is_signed_in()
    assert signs_in(browser.post(path))
    assert browser.is_signed_in()
    for again in (Browser(shop).get(path), Browser(shop).post(path)):
        assert "does not work any more" in text(again, 404)


def test_a_link_of_another_business_or_purpose_opens_nothing(shop: Shop) -> None:
    card, other = shop.enrol(email="priya@example.com"), make_shop("Charlie's")
    assert Browser(other).post(f"l/{link_of(shop, card)}").status_code == 404
    url = links.make_link(
        business_id=shop.id,
        member_id=card.pk,
        purpose="confirm_email",
        address="priya@example.com",
        lasts=links.CONFIRM_LASTS,
    )
    assert Browser(shop).post(f"l/{url.rpartition('/')[2]}").status_code == 404
    with scopes_disabled():
        assert not Session.objects.exists()


def test_asking_for_a_link_tells_nobody_who_is_a_member(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(
        links, "request_sign_in", lambda **given: asked.append((given["contact"], given["page"]))
    )
    shop.enrol(email="priya@example.com")
    said = [Browser(shop).post("sign-in", {"contact": one}) for one in ("priya@example.com", "x@example.com")]
    assert text(said[0]) == text(said[1])
    Browser.on_own_host(shop).post("sign-in", {"contact": "priya@example.com"})
    slug = shop.business.slug
    assert asked == [
        ("priya@example.com", f"https://shop.example/m/{slug}/l/"),
        ("x@example.com", f"https://shop.example/m/{slug}/l/"),
        ("priya@example.com", f"https://{slug}.shop.example/l/"),
    ]


def test_a_mistyped_contact_is_shown_again(shop: Shop) -> None:
    for typed in ("", "priya", "priya@", "12"):
        answer = Browser(shop).post("sign-in", {"contact": typed})
        assert "Enter a whole e-mail address" in text(answer, 400)
        assert f'value="{typed}"' in answer.content.decode()


def with_password(shop: Shop, **fields: str) -> Card:
    card = shop.enrol(**({"email": "priya@example.com"} | fields))
    answer = Browser(shop).sign_in(card.pk).post("password", {"password": NEW, "again": NEW})
    assert answer.status_code == 303
    return card


def by_password(shop: Shop, contact: str = "priya@example.com", password: str = NEW) -> HttpResponse:
    return Browser(shop).post("sign-in", {"contact": contact, "password": password})


def test_a_password_signs_in_by_e_mail_and_by_phone(shop: Shop) -> None:
    with_password(shop, phone="+919876500001")
    for contact in ("priya@example.com", " Priya@Example.com ", "98765 00001", "+919876500001"):
        assert signs_in(by_password(shop, contact)), contact
    with scopes_disabled():
        stored = Account.objects.get().password
    assert NEW not in stored


def noting(done: list[str], name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """A function that also notes that it was called."""

    def noted(*given: Any) -> Any:
        done.append(name)
        return real(*given)

    return noted


def test_a_wrong_password_tells_nobody_who_is_a_member(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with_password(shop)
    shop.enrol("Without", email="without@example.com")
    hashed: list[str] = []
    for name in ("check_password", "make_password"):
        real = getattr(accounts, name)
        monkeypatch.setattr(accounts, name, noting(hashed, name, real))
    said = []
    for contact in ("priya@example.com", "without@example.com", "nobody@example.com", "no contact"):
        answer = by_password(shop, contact, "wrong horse battery")
        said.append(text(answer, 400))
        assert "wrong horse" not in answer.content.decode()
        said.append(text(by_password(shop, contact, "x" * (accounts.MAX_PASSWORD + 1)), 400))
    assert len(set(said)) == 1
    assert hashed == ["check_password", *["make_password"] * 7]  # work for each
    assert not signs_in(by_password(make_shop("Charlie's")))


def test_guessing_passwords_is_slowed_down_for_each_and_for_all(shop: Shop) -> None:
    with_password(shop, phone="+919876500001")
    for contact in ("priya@example.com", "nobody@example.com", "no contact"):
        tries = [by_password(shop, contact, "wrong") for _ in range(accounts.TRIES_A_MINUTE + 1)]
        assert [answer.status_code for answer in tries] == [400] * accounts.TRIES_A_MINUTE + [429]
        assert int(tries[-1].headers["Retry-After"]) >= 1
        assert "have a link sent to you instead" in text(tries[-1], 429)
    assert by_password(shop).status_code == 429  # the right one, too
    for number in range(entering.SIGN_IN_LIMIT):
        last = by_password(shop, f"{number}@example.com", "wrong")
    assert last.status_code == 429


def test_tries_do_not_tell_which_contacts_are_one_members(shop: Shop) -> None:
    with_password(shop, phone="+919876500001")
    wrong = [by_password(shop, contact, "wrong") for contact in ("priya@example.com", "98765 00001") * 3]
    assert {answer.status_code for answer in wrong} == {400}
    said = re.sub(r'value="[^"]*"', "", wrong[0].content.decode())
    right = by_password(shop)  # all tries of the member are used up, which looks like a wrong password
    assert right.status_code == 400
    assert re.sub(r'value="[^"]*"', "", right.content.decode()) == said


def test_a_new_password_needs_proof(shop: Shop) -> None:
    card = shop.enrol(email="priya@example.com")
    start = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    given = {"password": NEW, "again": NEW}
    with time_machine.travel(start, tick=False) as clock:
        by_sso = Browser(shop).sign_in(card.pk, "sso")
        assert "first sign in with a link" in text(by_sso.get("password"))
        assert by_sso.post("password", given).status_code == 403
        browser = Browser(shop).sign_in(card.pk)
        clock.shift(accounts.FRESH)
        assert browser.post("password", given).status_code == 403
        fresh, elsewhere = Browser(shop).sign_in(card.pk), Browser(shop).sign_in(card.pk)
        clock.shift(accounts.FRESH - dt.timedelta(seconds=1))
        assert fresh.post("password", given).headers["Location"].endswith("/profile?saved=password")
        assert (fresh.is_signed_in(), elsewhere.is_signed_in()) == (True, False)
        clock.shift(dt.timedelta(minutes=5))
        other = {"password": "another long one", "again": "another long one"}
        for current in ("", "wrong"):
            answer = fresh.post("password", other | {"current": current})
            assert "This is not your password" in text(answer, 400)
        assert fresh.post("password", other | {"current": NEW}).status_code == 303
    assert not signs_in(by_password(shop))
    assert signs_in(by_password(shop, password="another long one"))


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [
        ("short", "short", "at least 10 characters"),
        ("password1234", "password1234", "too common"),
        ("priya@example.com", "priya@example.com", "too similar"),
        ("x" * 1001, "x" * 1001, "at most 1000 characters"),
        (NEW, NEW + "r", "not the same"),
    ],
)
def test_an_unusable_password_is_refused(shop: Shop, password: str, again: str, told: str) -> None:
    card = shop.enrol(email="priya@example.com")
    answer = Browser(shop).sign_in(card.pk).post("password", {"password": password, "again": again})
    assert told in text(answer, 400)


def test_the_seeds_formula_signs_in_and_leaves_the_address_bar(shop: Shop) -> None:
    card = switched_on(shop).enrol(email="priya@example.com")
    for typed in (card.member.code, "m000001", "priya@example.com", "PRIYA@example.com"):
        for browser in (Browser(shop), Browser.on_own_host(shop)):
            answer = browser.get(f"?{seed_query(shop, typed)}")
            assert signs_in(answer), typed
            assert "token" not in answer.headers["Location"]
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert browser.is_signed_in()
    without_slash = Browser(shop).get(f"/m/{shop.business.slug}?{seed_query(shop, card.member.code)}")
    assert without_slash.headers["Location"].startswith(f"/m/{shop.business.slug}/?&sso=M000001&token=")


@pytest.mark.parametrize("more", ["&next=https://evil.example", "&redirect=//evil.example", "&language=de"])
def test_signing_in_leads_nowhere_else(shop: Shop, more: str) -> None:
    card = switched_on(shop).enrol()
    answer = Browser(shop).get(f"?{seed_query(shop, card.member.code)}{more}")
    assert answer.headers["Location"] == f"/m/{shop.business.slug}/"
    path = f"l/{link_of(shop, shop.enrol(email='b@example.com'))}?next=https://evil.example"
    assert Browser(shop).post(path).headers["Location"] == f"/m/{shop.business.slug}/"


def test_what_is_wrong_with_a_signed_address_is_said(shop: Shop) -> None:
    switched_on(shop)
    secret, code = new_secret(shop), shop.enrol().member.code
    browser = Browser(shop)
    used = token2_query(secret, code)
    assert signs_in(browser.get(f"?{used}"))
    for query, told in (
        (used, "used already"),
        (token2_query(secret, code, lasts=-5, nonce="another-nonce"), "has expired"),
        (token2_query(secret, "M999999"), "found no card of yours"),
        (token2_query("ssosec_wrong", code), "is not valid"),
        (seed_query(shop, code, key="rk_wrong"), "is not valid"),
        (f"sso={code}&token=", "is not valid"),
    ):
        answer = Browser(shop).get(f"?{query}")
        shown = text(answer, 403)
        assert told in shown
        assert "Sign in here instead" in shown
        assert not answer.cookies
    assert browser.is_signed_in()


def test_looking_without_reading_uses_no_token_up(shop: Shop) -> None:
    query = token2_query(new_secret(shop), shop.enrol().member.code)
    assert Browser(shop).send("HEAD", f"?{query}", {}, {}).status_code == 200
    assert signs_in(Browser(shop).get(f"?{query}"))


def test_guessing_tokens_is_slowed_down(shop: Shop) -> None:
    switched_on(shop)
    wrong = f"?{seed_query(shop, 'M000001', key='rk_wrong')}"
    answers = [Browser(shop).get(wrong) for _ in range(entering.WRONG_LIMIT + 1)]
    assert [answer.status_code for answer in answers] == [403] * entering.WRONG_LIMIT + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_a_revoked_key_or_secret_ends_what_it_began(shop: Shop) -> None:
    card = switched_on(shop).enrol()
    row, secret = sso_secrets.create_secret(business=shop.business)
    by_key, by_secret, by_link = Browser(shop), Browser(shop), Browser(shop).sign_in(card.pk)
    assert signs_in(by_key.get(f"?{seed_query(shop, card.member.code)}"))
    assert signs_in(by_secret.get(f"?{token2_query(secret, card.member.code)}"))
    sso_secrets.revoke_secret(business_id=shop.id, pk=row.pk)
    assert (by_key.is_signed_in(), by_secret.is_signed_in()) == (True, False)
    tenants.revoke_api_key(business=shop.business, prefix=shop.api_key[:11])
    assert (by_key.is_signed_in(), by_link.is_signed_in()) == (False, True)
    assert Browser(shop).get(f"?{seed_query(shop, card.member.code)}").status_code == 403


def test_what_ended_does_not_come_back(shop: Shop) -> None:
    card = switched_on(shop).enrol(email="priya@example.com")
    by_key, by_link = Browser(shop), Browser(shop).sign_in(card.pk)
    assert signs_in(by_key.get(f"?{seed_query(shop, card.member.code)}"))
    # Nobody came while it was off.
    legacy_sso.switch_off(business=shop.business, prefix=shop.api_key[:11])
    legacy_sso.switch_on(business=shop.business, key=shop.api_key)
    assert (by_key.is_signed_in(), by_link.is_signed_in()) == (False, True)
    assert signs_in(by_key.get(f"?{seed_query(shop, card.member.code)}"))
    assert by_key.is_signed_in()
    for suspended in (True, False):
        members.edit_member(business_id=shop.id, pk=card.pk, suspended=suspended)
    assert (by_key.is_signed_in(), by_link.is_signed_in()) == (False, False)
    with scopes_disabled():
        assert not Session.objects.exists()


def test_who_is_suspended_or_erased_is_out_at_once(shop: Shop) -> None:
    card, gone = switched_on(shop).enrol(email="priya@example.com"), shop.enrol("Gone")
    browser, other = Browser(shop).sign_in(card.pk), Browser(shop).sign_in(gone.pk)
    path = f"l/{link_of(shop, card)}"
    members.edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    members.delete_member(business_id=shop.id, member_id=gone.pk)
    assert (browser.is_signed_in(), other.is_signed_in()) == (False, False)
    for answer in (
        Browser(shop).get(f"?{seed_query(shop, card.member.code)}"),
        Browser(shop).post(path),
    ):
        assert "Your card is paused" in text(answer, 403)
        assert not answer.cookies
    members.edit_member(business_id=shop.id, pk=card.pk, suspended=False)
    assert signs_in(Browser(shop).post(path))  # the link was not used up


def test_the_first_time_gives_what_promotions_give_once(shop: Shop) -> None:
    promotions.add_event_promotion(
        business_id=shop.id, name="First visit", points_to_award=20, auto_allocate_on_event="first_login"
    )
    card = switched_on(shop).enrol()
    for _ in range(3):
        assert signs_in(Browser(shop).get(f"?{seed_query(shop, card.member.code)}"))
    card.refresh_from_db()
    assert card.points == 20
    with scopes_disabled():
        account = Account.objects.get()
    assert account.first_login_at is not None
    assert account.last_login_at is not None
    assert account.last_login_at > account.first_login_at


def test_the_oldest_of_too_many_sessions_ends(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regulars.portal.sessions.MOST", 3)
    card = shop.enrol()
    browsers = [Browser(shop).sign_in(card.pk) for _ in range(4)]
    assert [browser.is_signed_in() for browser in browsers] == [False, True, True, True]


def test_scan_addresses_of_the_seed_lead_to_the_counter(shop: Shop) -> None:
    for browser in (Browser(shop), Browser.on_own_host(shop)):
        assert browser.get("?Scan").headers["Location"] == "https://shop.example/scan/"
        found = browser.get("?" + urlencode({"Scan": "", "code": "M 1&x=//evil"}))
        assert found.headers["Location"] == "https://shop.example/scan/?code=M+1%26x%3D%2F%2Fevil"
