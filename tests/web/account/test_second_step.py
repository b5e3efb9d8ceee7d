"""The second step: codes from an app, recovery codes; and that a counter is no way around it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from regulars.counter import signing
from regulars.counter.refusals import ChooseBusiness, CodeNeeded, WrongCode
from regulars.rules.errors import NotFound, TooManyRequests
from regulars.seal import unseal
from regulars.tenants import actions as tenants
from regulars.tenants import addresses, passwords, second_step
from regulars.tenants.models import User
from tests.factories import Shop, make_shop
from tests.web.account.browsing import NEW, PASSWORD, Browser, link_in, mails, owner_of, said, signed_in, url

pytestmark = pytest.mark.django_db


Committing = Callable[..., AbstractContextManager[object]]


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Committing) -> Committing:
    """What happens when a transaction is committed, happens here."""
    return django_capture_on_commit_callbacks


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def code_of(user: User, *, later: int = 0) -> str:
    """What the app of somebody shows now, or so many half minutes later."""
    row = Authenticator.objects.get(user_id=user.pk, type=Authenticator.Type.TOTP)
    return str(format_hotp_value(hotp_value(unseal(row.data["secret"]), int(time.time()) // 30 + later)))


def set_up(user: User) -> tuple[Browser, list[str]]:
    """Switch the app on as a person does; the browser and the recovery codes."""
    browser = signed_in(user)
    browser.prove()
    page = browser.get("mfa_activate_totp")
    found = re.search(r'<code class="key"[^>]*>([A-Z2-7]+)</code>', page.content.decode())
    assert found is not None
    wrong = browser.post("mfa_activate_totp", {"code": "000000"})
    assert "This code is wrong" in said(wrong)
    # The one of before, which holds still: the code that switches it on opens nothing afterwards. Not at the
    # very end of its half minute, when it would hold no more before it is sent.
    if (left := 30 - time.time() % 30) < 3:
        time.sleep(left)
    code = format_hotp_value(hotp_value(found[1], int(time.time()) // 30 - 1))
    response = browser.post("mfa_activate_totp", {"code": code})
    assert response["Location"] == url("mfa_view_recovery_codes")
    shown = browser.get("mfa_view_recovery_codes").content.decode()
    return browser, re.findall(r"<li><code>(\d+)</code></li>", shown)


def test_the_password_alone_opens_nothing_any_more(shop: Shop) -> None:
    user = owner_of(shop)
    set_up(user)
    browser = Browser()
    assert browser.sign_in(user.email)["Location"] == url("mfa_authenticate")
    assert browser.who() is None
    assert browser.get("account")["Location"].startswith(url("account_login"))
    wrong = browser.post("mfa_authenticate", {"code": "000000"})
    assert "This code is wrong" in said(wrong)
    code = code_of(user)
    done = browser.post("mfa_authenticate", {"code": f"{code[:3]} {code[3:]}"})
    assert (done["Location"], browser.who()) == (url("office"), user.pk)


def test_the_code_that_switched_it_on_opens_nothing(shop: Shop) -> None:
    user = owner_of(shop)
    set_up(user)
    browser = Browser()
    browser.sign_in(user.email)
    spent = browser.post("mfa_authenticate", {"code": code_of(user, later=-1)})
    assert "This code is wrong" in said(spent)
    assert browser.who() is None


def test_a_code_opens_once(shop: Shop) -> None:
    user = owner_of(shop)
    set_up(user)
    code = code_of(user)
    first, second = Browser(), Browser()
    for browser in (first, second):
        browser.sign_in(user.email)
    assert first.post("mfa_authenticate", {"code": code}).status_code == 302
    assert "was used" in said(second.post("mfa_authenticate", {"code": code}))
    assert second.who() is None


@pytest.mark.parametrize("mark", ["-", ".", " - ", "\u00a0"])
def test_a_code_opens_once_however_it_is_typed(shop: Shop, mark: str) -> None:
    user = owner_of(shop)
    set_up(user)
    code = code_of(user)
    assert sign_in(user, code=code).staff == shop.owner
    browser = Browser()
    browser.sign_in(user.email)
    assert browser.post("mfa_authenticate", {"code": f"{code[:3]}{mark}{code[3:]}"}).status_code == 200
    assert browser.who() is None
    with pytest.raises(WrongCode):
        sign_in(user, code=f"{code[:3]}{mark}{code[3:]}")


def reset_password(user: User) -> None:
    passwords.request_password_reset(email=user.email)
    path = link_in(mails("password_reset")[-1], "reset_url")
    assert Browser().client.post(path, {"password": NEW, "again": NEW}, secure=True).status_code == 200


def test_a_reset_password_takes_what_somebody_else_put_on_an_address_that_was_not_theirs(shop: Shop) -> None:
    user = owner_of(shop)
    thief, _ = set_up(user)
    reset_password(user)
    assert not Authenticator.objects.filter(user_id=user.pk).exists()
    assert thief.get("account").status_code == 302
    assert addresses.is_confirmed(user)
    assert signed_in(owner_of(shop), NEW).who() == user.pk
    assert "removed" in mails("sign_in_changed")[-1].context["change"]


def test_a_reset_password_leaves_the_second_step_of_a_confirmed_address(shop: Shop) -> None:
    user = owner_of(shop)
    addresses.ask(user=user)
    key = link_in(mails("confirm_sign_in")[-1], "confirm_url").split("/")[-2]
    addresses.confirm(key=key, user_id=user.pk)
    set_up(user)
    reset_password(user)
    assert second_step.asks(user)
    assert Browser().sign_in(user.email, NEW)["Location"] == url("mfa_authenticate")


def test_only_so_many_codes_are_tried(shop: Shop) -> None:
    user = owner_of(shop)
    set_up(user)
    browser = Browser()
    browser.sign_in(user.email)
    for _ in range(second_step.TRIES):
        assert "This code is wrong" in said(browser.post("mfa_authenticate", {"code": "000000"}))
    assert "Too many tries" in said(browser.post("mfa_authenticate", {"code": code_of(user)}))
    assert browser.who() is None


def test_a_recovery_code_opens_once_and_is_shown_once(shop: Shop) -> None:
    user = owner_of(shop)
    browser, codes = set_up(user)
    assert len(set(codes)) == 10
    again = browser.get("mfa_view_recovery_codes").content.decode()
    assert not any(code in again for code in codes)
    other = Browser()
    other.sign_in(user.email)
    assert other.post("mfa_authenticate", {"code": codes[0]}).status_code == 302
    third = Browser()
    third.sign_in(user.email)
    assert third.post("mfa_authenticate", {"code": codes[0]}).status_code == 200
    other.prove()
    assert "You have 9 codes left" in said(other.get("mfa_view_recovery_codes"))


def test_changing_it_asks_who_one_is(shop: Shop) -> None:
    browser = signed_in(owner_of(shop))
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
        response = browser.get(name)
        assert response["Location"].startswith(url("account_reauthenticate"))
    wrong = browser.post("account_reauthenticate", {"password": "not the password"})
    assert "This is not your password" in said(wrong)


def test_it_is_switched_off_with_a_mail_about_it(shop: Shop, committing: Committing) -> None:
    user = owner_of(shop)
    with committing(execute=True):
        browser, _ = set_up(user)
    browser.post("mfa_deactivate_totp")
    assert not second_step.asks(user)
    assert not Authenticator.objects.filter(user_id=user.pk).exists()
    assert signed_in(user).who() == user.pk
    told = [mail.context["change"] for mail in mails("sign_in_changed")]
    assert told == ["An app for codes was set up.", "The app for codes was removed."]


def test_the_operator_takes_it_away_from_whoever_lost_it(shop: Shop) -> None:
    user = owner_of(shop)
    browser, _ = set_up(user)
    assert second_step.switch_off(email=user.email.upper()) == (user, ["recovery_codes", "totp"])
    assert browser.get("account").status_code == 302
    assert signed_in(user).who() == user.pk
    assert "taken away" in mails("sign_in_changed")[-1].context["change"]
    assert second_step.switch_off(email=user.email) == (user, [])
    with pytest.raises(NotFound):
        second_step.switch_off(email="nobody@shop.example")


def test_secrets_are_not_readable_in_the_database(shop: Shop) -> None:
    user = owner_of(shop)
    _, codes = set_up(user)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert re.search("[A-Z2-7]{32}", kept) is None
    assert not any(code in kept for code in codes)


def sign_in(user: User, **more: object) -> signing.SignedIn:
    return signing.sign_in_with_password(email=user.email, password=PASSWORD, **more)  # type: ignore[arg-type]


def test_the_counter_asks_for_it_too(shop: Shop) -> None:
    user = owner_of(shop)
    _, codes = set_up(user)
    with pytest.raises(CodeNeeded):
        sign_in(user)
    with pytest.raises(WrongCode):
        sign_in(user, code="000000")
    code = code_of(user)
    assert sign_in(user, code=code).staff == shop.owner
    with pytest.raises(WrongCode):
        sign_in(user, code=code)
    assert sign_in(user, code=codes[1]).staff == shop.owner
    with pytest.raises(WrongCode):
        sign_in(user, code=codes[1])
    with pytest.raises(TooManyRequests):
        sign_in(user, code=code_of(user, later=1))


def test_the_counter_uses_a_code_up_when_it_knows_the_business(shop: Shop) -> None:
    user = owner_of(shop)
    set_up(user)
    other = make_shop("Bob's Bakery")
    tenants.add_staff(business=other.business, name="Alice", email=user.email, password="x" * 12)
    code = code_of(user)
    with pytest.raises(ChooseBusiness):
        sign_in(user, code=code)
    assert sign_in(user, code=code, business_id=shop.id).staff == shop.owner
