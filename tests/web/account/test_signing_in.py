"""Signing in to the back office: with a password, for the first time, again and again, and out."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scope

from regulars import gate
from regulars.tenants import actions as tenants
from regulars.tenants import backends, invitations, tries
from regulars.tenants.models import Staff, User
from regulars.web.account import welcome
from tests.factories import Shop, make_shop
from tests.web.account.browsing import NEW, PASSWORD, Browser, owner_of, said, signed_in, url
from tests.web.counter_json import Counter

pytestmark = pytest.mark.django_db
WRONG = "The e-mail address or the password is wrong."


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def invite(shop: Shop, email: str = "neha@shop.example") -> tuple[Staff, str]:
    added = tenants.add_staff(business=shop.business, name="Neha", email=email, role="manager")
    return added.staff, added.temp_password or ""


def test_a_password_opens_the_office_however_the_address_is_written(shop: Shop) -> None:
    browser = Browser()
    response = browser.sign_in(f" {owner_of(shop).email.upper()} ")
    assert (response.status_code, response["Location"]) == (302, url("office"))
    assert browser.who() == shop.owner.user_id


def test_nobody_learns_which_addresses_are_known(shop: Shop) -> None:
    known = Browser().sign_in(owner_of(shop).email, "not the password")
    unknown = Browser().sign_in("nobody@shop.example", "not the password")
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert WRONG in said(known)
    assert said(known) == said(unknown)


def test_a_closed_account_opens_nothing(shop: Shop) -> None:
    User.objects.filter(pk=shop.owner.user.pk).update(is_active=False)
    browser = Browser()
    assert WRONG in said(browser.sign_in(owner_of(shop).email))
    assert browser.who() is None


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http:/x"])
def test_signing_in_leads_nowhere_else(shop: Shop, to: str) -> None:
    assert Browser().sign_in(owner_of(shop).email, next=to)["Location"] == url("office")


def test_signing_in_leads_where_one_wanted_to_go(shop: Shop) -> None:
    assert (
        Browser().sign_in(owner_of(shop).email, next="/account/sessions/")["Location"] == "/account/sessions/"
    )


def test_too_many_tries_for_one_person_wait_a_minute(shop: Shop) -> None:
    browser = Browser()
    for _ in range(tries.PERSON):
        assert WRONG in said(browser.sign_in(owner_of(shop).email, "not the password"))
    assert "Too many tries" in said(browser.sign_in(owner_of(shop).email))
    assert browser.who() is None
    elsewhere = Browser(REMOTE_ADDR="203.0.113.9")
    assert elsewhere.sign_in(owner_of(shop).email).status_code == 302


def test_too_many_tries_from_one_place_wait_a_minute() -> None:
    browser = Browser(REMOTE_ADDR="203.0.113.10")
    codes = [browser.sign_in(f"{n}@shop.example", "x").status_code for n in range(tries.NETWORK + 1)]
    assert codes == [200] * tries.NETWORK + [429]


def test_tries_at_the_counter_count_here_and_the_other_way_round(shop: Shop) -> None:
    email, place = owner_of(shop).email, {"REMOTE_ADDR": "203.0.113.11"}
    browser, counter = Browser(**place), Counter(address=place["REMOTE_ADDR"])
    for _ in range(2):
        browser.sign_in(email, "not the password")
    for _ in range(3):
        counter.refused("sign-in", 401, "wrong_login", email=email, password="x")
    assert "Too many tries" in said(browser.sign_in(email))
    counter.refused("sign-in", 429, "rate_limited", email=email, password=PASSWORD)


def test_tries_at_the_counter_count_for_the_network_here(shop: Shop) -> None:
    place = "203.0.113.12"
    browser, counter = Browser(REMOTE_ADDR=place), Counter(address=place)
    for number in range(10):
        browser.sign_in(f"{number}@shop.example", "x")
        counter.refused("sign-in", 401, "wrong_login", email=f"{number}@other.example", password="x")
    assert browser.sign_in(owner_of(shop).email).status_code == 429
    counter.refused("sign-in", 429, "rate_limited", email=owner_of(shop).email, password=PASSWORD)


def test_a_temporary_password_leads_to_ones_own_and_opens_nothing_before(shop: Shop) -> None:
    staff, temporary = invite(shop)
    browser = Browser()
    response = browser.sign_in("neha@shop.example", temporary)
    assert response["Location"] == url("account-welcome")
    assert browser.who() is None
    assert "neha@shop.example" in said(browser.get("account-welcome"))
    different = browser.post("account-welcome", {"password": NEW, "again": "something else"})
    assert different.status_code == 400
    assert "not the same" in said(different)
    short = browser.post("account-welcome", {"password": "short", "again": "short"})
    assert short.status_code == 400
    same = browser.post("account-welcome", {"password": temporary, "again": temporary})
    assert same.status_code == 400
    assert "Choose another one than the temporary password." in said(same)
    assert browser.who() is None
    done = browser.post("account-welcome", {"password": NEW, "again": NEW})
    assert (done.status_code, done["Location"]) == (302, url("office"))
    assert browser.who() == staff.user_id
    with scope(business=shop.business):
        assert not Staff.objects.get(pk=staff.pk).must_change_password
    assert signed_in(User.objects.get(pk=staff.user.pk), NEW).who() == staff.user.pk
    assert WRONG in said(Browser().sign_in("neha@shop.example", temporary))


def test_choosing_waits_for_half_an_hour_only(shop: Shop) -> None:
    _, temporary = invite(shop)
    browser = Browser()
    browser.sign_in("neha@shop.example", temporary)
    late = timezone.now() + dt.timedelta(seconds=welcome.CHOOSING_LASTS + 1)
    with time_machine.travel(late):
        response = browser.post("account-welcome", {"password": NEW, "again": NEW})
    assert response["Location"] == url("account_login")
    assert browser.who() is None


def test_of_two_who_choose_at_once_the_second_is_sent_back(shop: Shop) -> None:
    staff, temporary = invite(shop)
    first, second = Browser(), Browser()
    for browser in (first, second):
        browser.sign_in("neha@shop.example", temporary)
    assert first.post("account-welcome", {"password": NEW, "again": NEW})["Location"] == url("office")
    late = second.post("account-welcome", {"password": PASSWORD, "again": PASSWORD})
    assert (late["Location"], second.who()) == (url("account_login"), None)
    assert User.objects.get(pk=staff.user.pk).check_password(NEW)


def test_a_new_temporary_password_voids_what_was_shown_before(shop: Shop) -> None:
    _, temporary = invite(shop)
    browser = Browser()
    browser.sign_in("neha@shop.example", temporary)
    with scope(business=shop.business):
        staff = Staff.objects.get(user__email="neha@shop.example")
    again = tenants.invite_again(business_id=shop.id, staff_id=staff.pk)
    assert browser.post("account-welcome", {"password": NEW, "again": NEW})["Location"] == url(
        "account_login"
    )
    found = backends.StaffBackend().authenticate(None, "neha@shop.example", again.temp_password)
    assert found is not None
    assert invitations.proof_of(again.staff) != invitations.proof_of(shop.owner)


def test_somebody_with_a_password_joins_another_team_with_both(shop: Shop) -> None:
    other = make_shop("Bob's Bakery")
    user = owner_of(shop)
    added = tenants.add_staff(business=other.business, name="Alice", email=user.email)
    browser = signed_in(user)
    wrong = browser.post("account-invitation", {"temp_password": "000000000000"})
    assert (wrong.status_code, "temporary password is wrong" in said(wrong)) == (400, True)
    browser.post("account-invitation", {"temp_password": f" {added.temp_password} "})
    with scope(business=other.business):
        assert not Staff.objects.get(pk=added.staff.pk).must_change_password
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_signing_out_takes_a_post(shop: Shop) -> None:
    browser = signed_in(owner_of(shop))
    assert browser.get("account_logout").status_code == 200
    assert browser.who() == shop.owner.user_id
    assert browser.post("account_logout")["Location"] == url("account_login")
    assert browser.who() is None


@pytest.mark.parametrize(
    "name", ["account", "account_email", "account_change_password", "mfa_index", "usersessions_list"]
)
def test_pages_about_signing_in_are_for_who_is_signed_in(name: str) -> None:
    response = Browser().get(name)
    assert response.status_code == 302
    assert response["Location"].startswith(url("account_login"))


def test_pages_are_kept_nowhere_and_run_nothing_of_others(shop: Shop) -> None:
    for response in (Browser().get("account_login"), signed_in(owner_of(shop)).get("account")):
        assert response["Cache-Control"] == "no-store"
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_forged_forms_are_refused_with_a_way_on(shop: Shop) -> None:
    browser = Browser(enforce_csrf_checks=True)
    response = browser.sign_in(owner_of(shop).email)
    assert response.status_code == 403
    assert "open for too long" in said(response)
    assert browser.who() is None


def test_a_form_whose_file_was_too_large_to_be_let_in_is_told_so(shop: Shop) -> None:
    client = Browser(enforce_csrf_checks=True).client
    response = client.post(url("account_login"), {}, secure=True, CONTENT_LENGTH=str(gate.MOST_BYTES + 1))
    assert response.status_code == 413
    assert "at most 2 MB" in response.content.decode()
