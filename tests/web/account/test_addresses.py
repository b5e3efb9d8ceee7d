"""The address that somebody signs in with, their password, and where they are signed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.counter import signing
from regulars.counter.models import OperatorSession
from regulars.jobs import schedule
from regulars.rules.errors import NotFound, TooManyRequests
from regulars.tenants import addresses, passwords, sessions
from regulars.tenants.models import User
from tests.api.support import forget
from tests.factories import Shop, make_shop
from tests.web.account.browsing import (
    NEW,
    PASSWORD,
    Browser,
    link_in,
    mails,
    owner_of,
    said,
    signed_in,
    url,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Nobody asked for a mail before."""
    settings.REGULARS_DATA_DIR = tmp_path
    forget()
    yield
    forget()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def follow(browser: Browser, path: str) -> str:
    """Open a link of a mail, which changes nothing, and press its button."""
    assert "Yes, this is my address" in said(browser.client.get(path, secure=True))
    return said(browser.client.post(path, secure=True))


def test_an_address_is_confirmed_by_the_button_behind_its_link(shop: Shop) -> None:
    user = owner_of(shop)
    browser = signed_in(user)
    browser.prove()
    assert "Not confirmed" in said(browser.get("account_email"))
    browser.post("account_email", {"again": "1"})
    (mail,) = mails("confirm_sign_in")
    assert mail.to == user.email
    path = link_in(mail, "confirm_url")
    Browser().client.get(path, secure=True)
    assert not addresses.is_confirmed(user)
    assert "The address is confirmed" in follow(browser, path)
    assert addresses.is_confirmed(user)
    assert "was used already" in said(Browser().client.get(path, secure=True))


def test_another_address_takes_the_place_of_the_first_when_it_is_confirmed(shop: Shop) -> None:
    user = owner_of(shop)
    before = user.email
    browser = signed_in(user)
    browser.prove()
    browser.post("account_email", {"email": "New@Shop.example"})
    (mail,) = mails("confirm_sign_in")
    assert mail.to == "new@shop.example"
    assert owner_of(shop).email == before
    follow(browser, link_in(mail, "confirm_url"))
    assert owner_of(shop).email == "new@shop.example"
    assert addresses.is_confirmed(owner_of(shop))
    assert signed_in(owner_of(shop)).who() == user.pk
    (told,) = mails("sign_in_changed")
    assert (told.to, "new@shop.example" in told.context["change"]) == (before, True)


def test_nobody_learns_whether_an_address_is_known_nor_takes_it(shop: Shop) -> None:
    taken = owner_of(make_shop("Charlie's")).email
    browser = signed_in(owner_of(shop))
    browser.prove()
    known = browser.post("account_email", {"email": taken})
    unknown = browser.post("account_email", {"email": "nobody@shop.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    first, _ = mails("confirm_sign_in")
    path = link_in(first, "confirm_url")
    assert "cannot be used" in said(browser.client.post(path, secure=True))
    assert owner_of(shop).email != taken


def test_a_link_holds_three_days_and_cannot_be_made_up(shop: Shop) -> None:
    addresses.ask(user=owner_of(shop))
    path = link_in(mails("confirm_sign_in")[0], "confirm_url")
    with time_machine.travel(timezone.now() + addresses.LINK_LASTS + dt.timedelta(minutes=1)):
        assert Browser().client.get(path, secure=True).status_code == 404
    assert Browser().client.get(path[:-4] + "xyz/", secure=True).status_code == 404


def test_one_address_gets_only_so_many_mails(shop: Shop) -> None:
    user = owner_of(shop)
    for _ in range(addresses.MAILS):
        addresses.ask(user=user)
    with pytest.raises(TooManyRequests):
        addresses.ask(user=user)


def test_one_person_sends_only_so_many_mails_to_others(shop: Shop) -> None:
    user = owner_of(shop)
    for number in range(addresses.ASKED):
        addresses.ask(user=user, address=f"stranger{number}@elsewhere.example")
    with pytest.raises(TooManyRequests):
        addresses.ask(user=user, address="one.more@elsewhere.example")
    assert len(mails("confirm_sign_in")) == addresses.ASKED


def asked(user: User, address: str = "") -> str:
    """The link of the mail that somebody asks for."""
    addresses.ask(user=user, address=address)
    return link_in(mails("confirm_sign_in")[-1], "confirm_url")


def test_a_link_ends_with_the_password_with_which_it_was_asked_for(shop: Shop) -> None:
    user = owner_of(shop)
    before = user.email
    path = asked(user, "thief@elsewhere.example")
    passwords.request_password_reset(email=user.email)
    reset = link_in(mails("password_reset")[0], "reset_url")
    Browser().client.post(reset, {"password": NEW, "again": NEW}, secure=True)
    for send in (Browser().client.get, Browser().client.post):
        assert send(path, secure=True).status_code == 404
    assert owner_of(shop).email == before


def test_a_used_link_stays_used_when_the_first_address_comes_back(shop: Shop) -> None:
    before = owner_of(shop).email
    there = asked(owner_of(shop), "new@shop.example")
    unused = asked(owner_of(shop), "third@shop.example")
    browser = signed_in(owner_of(shop))
    follow(browser, there)
    follow(browser, asked(owner_of(shop), before))
    for path in (there, unused):
        assert browser.client.post(path, secure=True).status_code == 404
    assert owner_of(shop).email == before


def test_somebody_of_no_team_is_told_so(shop: Shop) -> None:
    with pytest.raises(NotFound):
        addresses.ask(user=User.objects.create_user("operator@shop.example", PASSWORD))


def test_changing_the_address_asks_for_the_password_again(shop: Shop) -> None:
    browser = signed_in(owner_of(shop))
    assert browser.get("account_email").status_code == 200
    asked = browser.post("account_email", {"email": "new@shop.example"})
    assert asked["Location"].startswith(url("account_reauthenticate"))
    assert not mails("confirm_sign_in")


def test_a_new_password_signs_out_everywhere_else(shop: Shop) -> None:
    user = owner_of(shop)
    here, elsewhere = signed_in(user), signed_in(user)
    signing.sign_in_with_password(email=user.email, password=PASSWORD)
    wrong = here.post("account_change_password", {"oldpassword": "no", "password1": NEW, "password2": NEW})
    assert wrong.status_code == 200
    given = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("account_change_password", given).status_code == 302
    assert here.get("account").status_code == 200
    assert elsewhere.get("account").status_code == 302
    with scopes_disabled():
        assert not OperatorSession.objects.exists()
    assert [mail.context["change"] for mail in mails("sign_in_changed")] == ["The password was changed."]


def test_a_reset_password_signs_out_everywhere() -> None:
    user = owner_of(make_shop(owner_email="forgetful@account.example"))
    browser = signed_in(user)
    signing.sign_in_with_password(email=user.email, password=PASSWORD)
    passwords.request_password_reset(email=user.email)
    path = link_in(mails("password_reset")[0], "reset_url")
    Browser().client.post(path, {"password": NEW, "again": NEW}, secure=True)
    assert browser.get("account").status_code == 302
    with scopes_disabled():
        assert not OperatorSession.objects.exists()
    assert sessions.of_person(user) == []


def test_sessions_are_listed_and_ended_one_by_one_or_all(shop: Shop) -> None:
    user = owner_of(shop)
    phone = Browser(HTTP_USER_AGENT="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605")
    phone.sign_in(user.email)
    here, third = signed_in(user), signed_in(user)
    shown = said(here.get("usersessions_list"))
    assert "iPhone, Safari" in shown
    assert shown.count("Here") == 1
    theirs = next(row for row in sessions.of_person(user) if "iPhone" in row.user_agent)
    stranger = signed_in(owner_of(make_shop("Charlie's")))
    stranger.post("account-session-end", session_id=theirs.pk)
    assert phone.get("account").status_code == 200
    here.post("account-session-end", session_id=theirs.pk)
    assert phone.get("account").status_code == 302
    here.post("usersessions_list")
    assert third.get("account").status_code == 302
    assert here.get("account").status_code == 200


def test_what_has_ended_is_cleared_every_night(shop: Shop) -> None:
    user = owner_of(shop)
    signed_in(user)
    assert sessions.clear_ended() == 0
    with time_machine.travel(timezone.now() + dt.timedelta(days=30)):
        assert sessions.clear_ended() >= 1
    assert not Session.objects.exists()
    assert sessions.of_person(user) == []
    assert "tenants: clear ended sessions" in {entry.name for entry in schedule.registered()}
