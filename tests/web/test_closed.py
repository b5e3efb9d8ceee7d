"""A business that its operator keeps closed, as its staff and its customers see it."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django_scopes import scopes_disabled

from regulars.auditlog import actions as auditlog
from regulars.counter import signing
from regulars.tenants import actions as tenants
from regulars.tenants import operators
from regulars.tenants.models import Business, Staff
from regulars.web.counter import cookies
from regulars.web.office.desk import AS_OPERATOR
from tests.counter import given
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.scratchcards import given as scratch
from tests.web.microsite import Browser

pytestmark = pytest.mark.django_db

STAFF = "This business is closed for now by its operator; what waits here is kept."


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def asked(client: Client, path: str, language: str = "en") -> Any:
    return client.get(path, secure=True, headers={"accept-language": language})


def keep(client: Client, name: str, token: str) -> None:
    answer = HttpResponse()
    cookies.keep(answer, RequestFactory().get("/", secure=True), name, token)
    client.cookies[name] = answer.cookies[name].value


def close(shop: Shop, reason: str = "") -> None:
    operators.close_business(business_id=shop.id)
    auditlog.record(
        business_id=shop.id,
        actor=auditlog.Actor.of(shop.owner),
        action="operator.close",
        kind="business",
        object_id=shop.id,
        reason=reason,
    )


def test_a_counter_says_why_it_is_put_out(shop: Shop) -> None:
    made = signing.sign_in_with_password(email=shop.owner.user.email, password="a long password")
    client = Client()
    keep(client, cookies.SESSION, made.token)
    assert asked(client, "/scan/api/session").json()["data"]["closed"] == ""
    operators.close_business(business_id=shop.id)
    told = asked(client, "/scan/api/session").json()["data"]
    assert (told["state"], told["operator"], told["closed"]) == ("none", None, STAFF)
    assert "geschlossen" in asked(client, "/scan/api/session", "de").json()["data"]["closed"]
    operators.open_business(business_id=shop.id)
    told = asked(client, "/scan/api/session").json()["data"]
    assert (told["state"], told["closed"]) == ("operator", "")


def test_a_paired_device_says_so_as_well(shop: Shop) -> None:
    client = Client()
    keep(client, cookies.DEVICE, given.tablet(shop)[1])
    assert asked(client, "/scan/api/session").json()["data"]["closed"] == ""
    operators.close_business(business_id=shop.id)
    assert asked(client, "/scan/api/session").json()["data"]["closed"] == STAFF


def test_staff_who_sign_in_are_told_as_staff(shop: Shop) -> None:
    operators.close_business(business_id=shop.id)
    body = {"email": shop.owner.user.email, "password": "a long password"}
    more: dict[str, Any] = {"headers": {"accept-language": "en", "origin": "https://testserver"}}
    answer = Client().post("/scan/api/sign-in", body, "application/json", secure=True, **more)
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, STAFF)


def test_customers_read_which_shop_is_closed(shop: Shop) -> None:
    card = shop.enrol()
    token = scratch.issue(shop, scratch.campaign(shop)).token
    close(shop, "The bill is open.")
    paths = (
        f"/join/{shop.business.join_code}",
        f"/card/{card.qr_code}",
        f"/m/{shop.business.slug}/",
        f"/scratch/{token}",
    )
    for path in paths:
        answer = asked(Client(), path)
        text = answer.content.decode()
        assert answer.status_code == 403, path
        assert f"<h1>{shop.business.name} is closed for now</h1>" in text.replace("&#x27;", "'"), path
        assert "not open to you" not in text
        assert "bill" not in text  # that is between the shop and its operator
        assert "geschlossen" in asked(Client(), path, "de").content.decode()


def test_the_back_office_says_since_when_and_why_and_leads_on(shop: Shop) -> None:
    close(shop, "The bill is open.")
    seat = Seat(shop)
    answer = seat.get("home")
    text = answer.content.decode()
    day = Business.objects.get(pk=shop.id).suspended_at
    assert answer.status_code == 403
    assert day is not None
    assert str(day.year) in text
    assert "The bill is open." in text
    assert 'href="/account/"' in text
    assert 'action="/account/logout/"' in text
    assert "?all" not in text
    assert seat.client.get("/account/", secure=True).status_code == 200


def test_an_operator_at_the_desk_reads_that_it_is_closed(shop: Shop) -> None:
    seat = Seat(shop)
    assert "It is closed since" not in _banner(seat)
    operators.close_business(business_id=shop.id)
    assert "It is closed since" in _banner(seat)


def _banner(seat: Seat) -> str:
    """Home as somebody sees it who runs the installation and sits at the owner's desk."""
    user = seat.shop.owner.user
    type(user).objects.filter(pk=user.pk).update(is_staff=True)
    session = seat.client.session
    session[AS_OPERATOR] = {seat.shop.business.slug: user.pk}
    session.save()
    return seat.text("home")


def test_whoever_works_elsewhere_too_finds_the_way_there(shop: Shop) -> None:
    other = make_shop("Charlie's")
    made = tenants.add_staff(
        business=other.business, name="Alice", email="a@charlies.example", role="manager"
    )
    with scopes_disabled():
        Staff.objects.filter(pk=made.staff.pk).update(user=shop.owner.user_id, temp_password="")
    operators.close_business(business_id=shop.id)
    text = Seat(shop).get("home").content.decode()
    assert "They gave no reason" in text
    assert 'href="/office/?all"' in text


def test_customers_are_not_sent_to_a_mail_that_never_leaves(shop: Shop, settings: object) -> None:
    sent = Browser(shop).post("sign-in", {"contact": "asha@mail.example"}).content.decode()
    assert "Look into your mail" in sent
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"  # type: ignore[attr-defined]
    for contact in ("asha@mail.example", "+91 98765 43210"):
        unsent = Browser(shop).post("sign-in", {"contact": contact}).content.decode()
        assert "We cannot send mail yet" in unsent
        assert "Look into your mail" not in unsent
        assert "is on its way to it" not in unsent
