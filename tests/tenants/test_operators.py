"""What operators do: to whom the admin is open, plans and limits, closing a business or an account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.campaigns import scheduled
from regulars.counter.models import OperatorSession
from regulars.messages.checks import check
from regulars.messages.outcomes import Skipped
from regulars.rules.errors import Closed, Conflict, InvalidInput, NotFound, PlanLimit
from regulars.tenants import actions as tenants
from regulars.tenants import addresses, operators
from regulars.tenants.models import Business, Staff, User
from tests.api.support import Rest, forget, ok, on_plan, refused
from tests.campaigns.mail import again, customers, draft, messages, send
from tests.counter import given
from tests.factories import Shop, make_shop
from tests.rpc.till import Refused, Till
from tests.scratchcards import given as scratch
from tests.web.account.browsing import signed_in
from tests.web.microsite import Browser

pytestmark = pytest.mark.django_db

OLGA = "olga@harbour.example"
SENTENCE = "Nothing is collected here at the moment. What you have stays yours."


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    forget()
    yield
    forget()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def page(path: str) -> Any:
    more: dict[str, Any] = {"wsgi.url_scheme": "https", "SERVER_NAME": "shop.example"}
    return Client(raise_request_exception=True).get(path, **more)


def test_a_new_operator_gets_a_password_once() -> None:
    made = operators.add_operator(email=" Olga@Harbour.example ", name="Olga")
    assert (made.user.email, made.user.name, made.user.is_staff) == (OLGA, "Olga", True)
    assert authenticate(email=OLGA, password=made.password) == made.user
    assert [user.email for user in operators.operators()] == [OLGA]
    with pytest.raises(Conflict, match="is an operator already"):
        operators.add_operator(email=OLGA)


def test_an_owner_whose_address_is_confirmed_becomes_one_and_keeps_their_password(shop: Shop) -> None:
    addresses.note_confirmed(shop.owner.user)
    made = operators.add_operator(email=shop.owner.user.email)
    assert made.password is None
    assert made.user.pk == shop.owner.user.pk
    assert authenticate(email=made.user.email, password="a long password") == made.user


def test_whoever_registered_with_an_operators_address_does_not_become_one(shop: Shop) -> None:
    """Nobody has confirmed it: the account may be anybody's, so it gets a new password."""
    stranger = signed_in(shop.owner.user)
    made = operators.add_operator(email=shop.owner.user.email)
    assert made.password
    assert authenticate(email=made.user.email, password="a long password") is None
    assert authenticate(email=made.user.email, password=made.password) == made.user
    assert stranger.get("account").status_code == 302


def test_an_owner_who_has_not_come_in_yet_opens_their_business_with_the_operators_password() -> None:
    """As the guide to hosting says for a single shop: the business is made, then its owner is an operator."""
    new = tenants.create_business(name="Harbour Coffee", owner_name="Maeve", owner_email=OLGA)
    made = operators.add_operator(email=OLGA)
    assert made.opened == ("Harbour Coffee",)
    assert authenticate(email=OLGA, password=new.temp_password) is None
    assert authenticate(email=OLGA, password=made.password) == made.user
    office = signed_in(made.user, made.password or "").get("office")
    assert (office.status_code, office.headers["Location"]) == (302, "/office/harbour-coffee/")


def test_an_invitation_to_somebody_elses_team_wants_its_temporary_password(shop: Shop) -> None:
    """Whoever runs a business may invite any address, as an owner, too."""
    tenants.add_staff(business=shop.business, name="Olga", email=OLGA, role="owner")
    made = operators.add_operator(email=OLGA)
    assert (made.opened, bool(made.password)) == ((), True)
    with scopes_disabled():
        assert Staff.objects.get(user=made.user).must_change_password


@pytest.mark.parametrize(("email", "name"), [("nobody", ""), (OLGA, "x" * 201)])
def test_an_operator_needs_an_address(email: str, name: str) -> None:
    with pytest.raises(InvalidInput):
        operators.add_operator(email=email, name=name)


def test_the_last_operator_stays() -> None:
    operators.add_operator(email=OLGA)
    with pytest.raises(Conflict, match="last operator stays"):
        operators.remove_operator(email=OLGA)
    operators.add_operator(email="pete@harbour.example")
    assert operators.remove_operator(email=OLGA.upper()).email == OLGA
    assert User.objects.filter(email=OLGA, is_active=True).exists()
    with pytest.raises(NotFound):
        operators.remove_operator(email=OLGA)


def test_limits_of_a_business_go_before_its_plan() -> None:
    shop = on_plan("trial")
    rest = Rest(shop)
    refused(rest.get("/api/stats"), 403, "plan_required")
    limits = {"rest_access": True, "max_members": 1, "max_branches": None, "requests_per_minute": 7}
    business = operators.set_limits(business_id=shop.id, plan="trial", limits=limits)
    assert (business.plan, business.plan_limits) == ("trial", limits)
    assert rest.get("/api/stats").headers["X-RateLimit-Limit"] == "7"
    fresh = Shop(business, shop.owner, shop.api_key)
    fresh.enrol("The first")
    with pytest.raises(PlanLimit, match="Your operator allows 1 members"):
        fresh.enrol("The second")
    for name in ("A", "B"):
        fresh.branch(name)
    operators.set_limits(business_id=shop.id, plan="growth", limits={})
    assert rest.get("/api/stats").headers["X-RateLimit-Limit"] == "60"


def test_unusable_plans_and_limits_change_nothing(shop: Shop) -> None:
    for plan, limits in (("golden", {}), ("trial", {"max_members": 0}), ("trial", {"name": "x"})):
        with pytest.raises(InvalidInput):
            operators.set_limits(business_id=shop.id, plan=plan, limits=limits)
    assert Business.objects.get(pk=shop.id).plan == "self_hosted"
    for act in (operators.close_business, operators.open_business):
        with pytest.raises(NotFound):
            act(business_id=shop.id + 999)


def test_keys_of_a_closed_business_are_refused_until_it_is_open(shop: Shop) -> None:
    rest, till = Rest(shop), Till(shop)
    shop.enrol()
    closed = operators.close_business(business_id=shop.id)
    assert operators.close_business(business_id=shop.id).suspended_at == closed.suspended_at
    assert "Nothing of it is lost" in refused(rest.get("/api/stats"), 403, "business_closed")["message"]
    with pytest.raises(Refused, match="009: This business is closed"):
        till.ask("get_members")
    operators.open_business(business_id=shop.id)
    assert ok(rest.get("/api/stats"))["total_customers"] == 1
    assert len(till.ask("get_members")["data"]) == 1


def test_the_counter_of_a_closed_business_signs_out_and_lets_nobody_in(shop: Shop) -> None:
    operators.close_business(business_id=shop.id)
    with pytest.raises(Closed):
        given.at_work(shop)


def test_pages_of_a_closed_business_say_so(shop: Shop) -> None:
    card = shop.enrol(email="priya@mail.example")
    token = scratch.issue(shop, scratch.campaign(shop)).token
    slug = shop.business.slug
    paths = (
        f"/join/{shop.business.join_code}",
        f"/card/{card.qr_code}",
        f"/card/{card.qr_code}/now",
        f"/m/{slug}/",
        f"/scratch/{token}",
    )
    assert {page(path).status_code for path in paths} == {200}
    operators.close_business(business_id=shop.id)
    for path in paths:
        answer = page(path)
        assert answer.status_code == 403, path
        assert SENTENCE in answer.content.decode()
        assert answer.headers["Cache-Control"] == "no-store"
        assert f"<title>{escape(shop.business.name)} is closed for now" in answer.content.decode()
    assert Browser(make_shop("Charlie's")).get().status_code == 200
    operators.open_business(business_id=shop.id)
    assert {page(path).status_code for path in paths} == {200}


def test_nothing_is_sent_to_customers_of_a_closed_business(shop: Shop) -> None:
    customers(shop, 1)
    sending, later = draft(shop), draft(shop, scheduled_at=timezone.now() + dt.timedelta(hours=3))
    send(shop, sending)
    (message,) = messages(shop, sending)
    operators.close_business(business_id=shop.id)
    answer = check([(message.pk, shop.id)])[message.pk]
    assert isinstance(answer, Skipped)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=4), tick=False):
        scheduled.step(lambda: False)
        assert again(shop, later).status == "scheduled"
        operators.open_business(business_id=shop.id)
        scheduled.step(lambda: False)
    assert again(shop, later).status == "sending"


def test_a_closed_account_signs_in_nowhere(shop: Shop) -> None:
    user = operators.close_account(user_id=shop.owner.user.pk)
    assert not user.is_active
    assert authenticate(email=user.email, password="a long password") is None
    operators.open_account(user_id=user.pk)
    assert authenticate(email=user.email, password="a long password") == user


def test_what_a_closed_account_was_signed_in_to_does_not_live_again(shop: Shop) -> None:
    user = User.objects.get(pk=shop.owner.user.pk)
    browser = signed_in(user)
    given.at_work(shop)
    _, token = given.tablet(shop)
    given.by_pin(shop, token)
    operators.close_account(user_id=user.pk)
    operators.open_account(user_id=user.pk)
    assert browser.get("account").status_code == 302
    with scopes_disabled():
        assert not OperatorSession.objects.exists()


def test_an_operators_account_is_not_closed(shop: Shop) -> None:
    made = operators.add_operator(email=OLGA)
    with pytest.raises(Conflict, match="is an operator"):
        operators.close_account(user_id=made.user.pk)
    for act in (operators.close_account, operators.open_account):
        with pytest.raises(NotFound):
            act(user_id=made.user.pk + 999)
