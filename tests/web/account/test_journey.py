"""In a browser: from nothing to a team, and signing in with a passkey."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django_scopes import scope
from playwright.sync_api import Page, expect

from regulars.counter.models import OperatorSession
from regulars.tenants.models import Branch, Business, User
from tests.factories import make_shop
from tests.live import Looks, Tabs, allow, axe, fits
from tests.served import Site
from tests.web.account.browsing import url

pytestmark = pytest.mark.once
PASSWORD = "a long password"


@pytest.fixture
def usable(settings: Any) -> None:
    settings.REGULARS_REGISTRATION = "open"
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # the site is this machine


def register(tab: Page, live: Site) -> None:
    tab.goto(f"{live.url}/account/register/")
    tab.get_by_label("Name of your business").fill("Bean & Leaf")
    tab.get_by_label("Your name").fill("Ann")
    tab.get_by_label("E-mail address").fill("ann@beanleaf.example")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Register").click()
    expect(tab).to_have_url(re.compile("/start/programme/$"))


def with_passkeys(tab: Page) -> None:
    """Give a tab a device that keeps passkeys and knows whose finger it is."""
    wire = tab.context.new_cdp_session(tab)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_from_nothing_to_a_team_in_a_browser(tabs: Tabs, live: Site, usable: None) -> None:
    place = {"latitude": 12.9716, "longitude": 77.6412}
    context = {"timezone_id": "Asia/Kolkata", "geolocation": place, "permissions": ["geolocation"]}
    tab = tabs(context=context)
    register(tab, live)
    business = Business.objects.get()
    assert (business.timezone, business.currency) == ("Asia/Kolkata", "INR")
    expect(tab.get_by_label("Points for each whole unit")).to_be_hidden()
    tab.get_by_text("Both on one card").click()
    expect(tab.get_by_label("Points for each whole unit")).to_be_visible()
    tab.get_by_role("button", name="Go on").click()
    card = tab.frame_locator("iframe[name=card]")
    expect(card.get_by_role("heading", name="Bean & Leaf Card")).to_be_visible()
    tab.get_by_label("Name of the programme").fill("Beans for friends")
    expect(card.get_by_role("heading", name="Beans for friends")).to_be_visible()
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("Join with your own phone")).to_be_visible()

    office = f"{live.url}/office/{business.slug}"
    tab.goto(f"{office}/branches/new/")
    tab.get_by_label("Name").fill("Indiranagar")
    tab.get_by_role("button", name="Use my location").click()
    expect(tab.get_by_label("Latitude")).to_have_value("12.971600")
    tab.get_by_role("button", name="Open the branch").click()
    expect(tab.get_by_role("link", name="Indiranagar")).to_be_visible()
    with scope(business=business):
        assert Branch.objects.get().longitude == place["longitude"]
    tab.goto(f"{office}/team/new/")
    tab.get_by_label("Name").fill("Neha Singh")
    tab.get_by_label("E-mail address").fill("neha@beanleaf.example")
    tab.get_by_label("Branch").select_option("Indiranagar")
    tab.get_by_role("button", name="Add to the team").click()
    temporary = tab.locator("#temp-password").inner_text()

    phone = tabs()
    phone.goto(f"{live.url}/account/login/")
    phone.get_by_label("E-mail address").fill("neha@beanleaf.example")
    phone.get_by_label("Password").fill(temporary)
    phone.get_by_role("button", name="Sign in", exact=True).click()
    phone.get_by_label("Your new password").fill("correct horse battery")
    phone.get_by_label("The same again").fill("correct horse battery")
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone).to_have_url(re.compile(f"/office/{business.slug}/"))


def test_a_passkey_opens_the_door_without_a_password(tabs: Tabs, live: Site, usable: None) -> None:
    tab = tabs(desk=True)
    with_passkeys(tab)
    register(tab, live)
    tab.goto(f"{live.url}/account/2fa/webauthn/add/")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Go on").click()
    tab.get_by_label("What is it called?").fill("Ann's laptop")
    tab.get_by_role("button", name="Add it").click()
    expect(tab.locator(".codes code")).to_have_count(10)
    tab.goto(f"{live.url}/account/2fa/webauthn/")
    expect(tab.get_by_text("Ann's laptop")).to_be_visible()
    tab.goto(f"{live.url}/account/")
    tab.get_by_role("button", name="Sign out").click()
    tab.get_by_role("button", name="Sign in with a passkey").click()
    expect(tab).to_have_url(re.compile("/office/bean-leaf/"))


def test_a_counter_asks_for_the_code_of_the_second_step(tabs: Tabs, live: Site) -> None:
    shop = make_shop()
    user = User.objects.get(pk=shop.owner.user.pk)
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    tab = tabs()
    allow(tab, "409")
    tab.goto(f"{live.url}/scan/")
    tab.get_by_label("E-mail", exact=True).fill(user.email)
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.get_by_label("Code from your app").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    tab.get_by_role("button", name="Sign in", exact=True).click()
    expect(tab.get_by_role("heading", name="Sign in to the counter")).to_be_hidden()
    with scope(business=shop.business):
        assert OperatorSession.objects.get().staff == shop.owner


@pytest.mark.parametrize("looks", [{"dark": True}, {"desk": True}], ids=["phone", "desk"])
def test_pages_of_signing_in_keep_nobody_out(tabs: Tabs, live: Site, usable: None, looks: Looks) -> None:
    user = User.objects.get(pk=make_shop("A very long name of a shop").owner.user.pk)
    tab = tabs(**looks)
    for name in ("account_login", "account-register"):
        tab.goto(url(name))
        axe(tab)
        fits(tab)
    tab.goto(url("account_login"))
    tab.get_by_label("E-mail address").fill(user.email)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    expect(tab).to_have_url(re.compile("/office/"))
    tab.goto(url("mfa_activate_totp"))
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Go on").click()
    for name in (
        "mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn", "mfa_index", "account", "account_email",
        "account_change_password", "account_reauthenticate", "account-invitation", "usersessions_list",
        "account_logout",
    ):  # fmt: skip
        tab.goto(url(name))
        axe(tab)
        fits(tab)
