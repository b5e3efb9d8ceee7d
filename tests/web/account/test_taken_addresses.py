"""Somebody registers with the address of another: what they prepare there opens nothing of the other's later.

The ways to prepare it are those of Sudhodanan and Paverd, "Pre-hijacked accounts" (2022): decision 24.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from pytest_django import Settings

from regulars.rules.errors import NotFound
from regulars.tenants import actions as tenants
from regulars.tenants import addresses, invitations, passwords
from regulars.tenants.models import User
from tests.api.support import forget
from tests.factories import Shop, make_shop
from tests.web.account.browsing import NEW, Browser, link_in, mails, owner_of, said, signed_in, url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Nobody asked for a mail before."""
    settings.REGULARS_DATA_DIR = tmp_path
    forget()
    yield
    forget()


VICTIM = "victim@elsewhere.example"


def taken() -> tuple[User, Browser]:
    """An account with the victim's address: the stranger's password, passkey and session are on it."""
    user = owner_of(make_shop("Not hers", owner_email=VICTIM))
    stranger = signed_in(user)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"credential": {}})
    return user, stranger


def link_for(browser: Browser, **asked: str) -> str:
    """The link of the mail that somebody asks for at the page about their address."""
    browser.prove()
    assert browser.post("account_email", asked or {"again": "1"}).status_code == 303
    return link_in(mails("confirm_sign_in")[-1], "confirm_url")


def test_a_link_that_a_stranger_had_sent_confirms_nothing_for_them() -> None:
    user, stranger = taken()
    path = link_for(stranger)
    victim = Browser()
    shown = victim.client.get(path, secure=True)
    assert "Yes, this is my address" not in said(shown)
    for needle in (f"{url('account_login')}?next={quote(path)}", "/password/forgot"):
        assert needle in shown.content.decode()
    assert victim.client.post(path, secure=True).status_code == 403
    assert not addresses.is_confirmed(user)


def test_a_new_password_by_mail_leaves_nothing_of_the_stranger_and_says_where_to_look() -> None:
    user, stranger = taken()
    stranger.prove()
    change = link_for(stranger, email="stranger@elsewhere.example")
    passwords.request_password_reset(email=VICTIM)
    path = link_in(mails("password_reset")[-1], "reset_url")
    assert Browser().client.post(path, {"password": NEW, "again": NEW}, secure=True).status_code == 200
    assert addresses.is_confirmed(user)
    assert not Authenticator.objects.filter(user_id=user.pk).exists()
    assert stranger.get("account").status_code == 302
    assert stranger.client.post(change, secure=True).status_code == 404
    assert Browser().sign_in(VICTIM).status_code == 200
    assert signed_in(user, NEW).who() == user.pk
    (told,) = mails("sign_in_changed")
    for words in ("was removed", "Not hers", "API keys"):
        assert words in told.context["change"]


def test_an_account_does_not_take_the_address_of_whoever_follows_its_link() -> None:
    shop = make_shop("A stranger's")
    stranger = signed_in(owner_of(shop))
    before = owner_of(shop).email
    path = link_for(stranger, email=VICTIM)
    nobody, other = Browser(), signed_in(owner_of(make_shop("Hers")))
    assert "If it was not you, close this page" in said(nobody.client.get(path, secure=True))
    assert "another account" in said(other.client.get(path, secure=True))
    for browser in (nobody, other):
        answered = browser.client.post(path, secure=True)
        assert answered.status_code == 403
        assert before not in said(answered)
    assert owner_of(shop).email == before


def test_signing_in_leads_back_to_the_link() -> None:
    user = owner_of(make_shop("Hers"))
    path = link_for(signed_in(user))
    phone = Browser()
    assert phone.sign_in(user.email, next=path)["Location"] == path
    assert "Yes, this is my address" in said(phone.client.get(path, secure=True))
    assert "The address is confirmed" in said(phone.client.post(path, secure=True))
    assert addresses.is_confirmed(user)


def invite(shop: Shop) -> str:
    """Put the victim on a team; the temporary password, which goes to their mail."""
    added = tenants.add_staff(business=shop.business, name="Vic", email=VICTIM)
    assert added.temp_password
    return added.temp_password


def test_an_invitation_lets_nobody_in_who_registered_with_the_address() -> None:
    user, stranger = taken()
    shop = make_shop("Alice's")
    temp_password = invite(shop)
    office = f"/office/{shop.business.slug}/"
    assert stranger.client.get(office, secure=True).status_code == 404
    assert shop.business.name not in said(stranger.get("account"))
    with pytest.raises(NotFound):
        invitations.accept(user=user, temp_password="a guess")
    passwords.request_password_reset(email=VICTIM)
    path = link_in(mails("password_reset")[-1], "reset_url")
    Browser().client.post(path, {"password": NEW, "again": NEW}, secure=True)
    victim = signed_in(user, NEW)
    assert victim.client.get(office, secure=True).status_code == 404
    assert victim.post("account-invitation", {"temp_password": temp_password}).status_code == 303
    assert victim.client.get(office, secure=True).status_code == 200
    assert stranger.client.get(office, secure=True).status_code == 302
