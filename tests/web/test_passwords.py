"""Forgotten passwords: a link by mail, once, for an hour, and nobody learns who has an account."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlsafe_base64_encode
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.messages import render
from regulars.messages.models import Message
from regulars.tenants import actions as tenants
from regulars.tenants import passwords, ratelimit
from regulars.tenants.models import Staff, User
from regulars.web import passwords as pages
from tests.factories import HTTPS, Shop, make_shop

pytestmark = pytest.mark.django_db

FORGOT = "/password/forgot"
NEW = "correct horse battery"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop(owner_email="alice@shop.example")


def get(path: str) -> HttpResponse:
    return Client().get(path, **HTTPS)  # type: ignore[return-value]


def post(path: str, **data: str) -> HttpResponse:
    return Client().post(path, data, **HTTPS)  # type: ignore[return-value]


def mails() -> list[Message]:
    with scopes_disabled():
        return list(Message.objects.filter(kind="password_reset").select_related("business").order_by("id"))


def link(shop: Shop) -> str:
    """Ask for a link and take it out of the mail."""
    post(FORGOT, email=" Alice@shop.example ")
    message = mails()[-1]
    letter = render.render_message(message=message, business=message.business, member=None)
    assert message.to == "alice@shop.example"
    found = re.search(r"https://shop\.example(/password/reset/\S+)", letter.text)
    assert found is not None
    assert found[1] in letter.html
    with scopes_disabled():
        assert found[1].rpartition("/")[2] not in str(
            Message.objects.values()
        )  # nobody reads it in the table
    return found[1]


def signs_in(password: str) -> bool:
    return authenticate(username="alice@shop.example", password=password) is not None


def test_a_new_password_is_chosen_with_the_link_once(shop: Shop) -> None:
    path = link(shop)
    page = get(path)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert signs_in("a long password")
    assert "Your new password is set" in post(path, password=NEW, again=NEW).content.decode()
    assert signs_in(NEW)
    assert not signs_in("a long password")
    for again in (get(path), post(path, password="another long one", again="another long one")):
        assert again.status_code == 404
        assert 'href="/password/forgot"' in again.content.decode()
    assert signs_in(NEW)


def test_an_unknown_address_costs_what_a_known_one_does(shop: Shop) -> None:
    """Known, known again within the minute, and nobody's: the same statements, and one mail."""
    asked = []
    for email in ("alice@shop.example", "alice@shop.example", "nobody@shop.example"):
        with CaptureQueriesContext(connection) as statements:
            passwords.request_password_reset(email=email)
        asked.append([one["sql"].partition(" ")[0] for one in statements])
    known, again, nobody = ([word for word in one if word not in {"ROLLBACK", "RELEASE"}] for one in asked)
    assert known == again == nobody
    assert "INSERT" in known
    assert [message.to for message in mails()] == ["alice@shop.example"]


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [
        ("short", "short", "at least 10 characters"),
        ("password1234", "password1234", "too common"),
        ("alice@shop.example", "alice@shop.example", "too similar"),
        ("x" * 1001, "x" * 1001, "at most 1000 characters"),
        (NEW, NEW + "r", "not the same"),
        ("", "", "at least 10 characters"),
    ],
)
def test_an_unusable_password_is_refused_and_the_link_still_works(
    password: str, again: str, told: str, shop: Shop
) -> None:
    path = link(shop)
    answer = post(path, password=password, again=again)
    assert answer.status_code == 400
    body = answer.content.decode()
    assert told in body
    assert 'aria-invalid="true"' in body
    assert password not in body or len(password) < 10 or "@" in password
    assert signs_in("a long password")
    assert post(path, password=NEW, again=NEW).status_code == 200


def test_a_link_ends_after_an_hour(shop: Shop) -> None:
    start = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        path = link(shop)
        clock.move_to(start + passwords.LINK_LASTS - dt.timedelta(seconds=1))
        assert get(path).status_code == 200
        clock.move_to(start + passwords.LINK_LASTS)
        assert get(path).status_code == 404
        assert post(path, password=NEW, again=NEW).status_code == 404
    assert signs_in("a long password")


def test_the_answer_does_not_tell_who_has_an_account(shop: Shop) -> None:
    known, unknown = post(FORGOT, email="alice@shop.example"), post(FORGOT, email="bob@shop.example")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert [message.to for message in mails()] == ["alice@shop.example"]
    again = post(FORGOT, email="alice@shop.example")
    assert again.content == known.content
    assert len(mails()) == 1  # one a minute to each address


def test_somebody_invited_keeps_to_the_invitation(shop: Shop) -> None:
    tenants.add_staff(business=shop.business, name="Bob", email="bob@shop.example")
    post(FORGOT, email="bob@shop.example")
    assert mails() == []


def test_a_new_password_accepts_no_invitation(shop: Shop) -> None:
    other = make_shop("Charlie's")
    tenants.add_staff(business=other.business, name="Alice", email="alice@shop.example")
    path = link(shop)
    post(path, password=NEW, again=NEW)
    with scopes_disabled():
        waiting = Staff.objects.filter(user__email="alice@shop.example").exclude(temp_password="")
        assert [staff.business for staff in waiting] == [other.business]


def test_whoever_is_no_more_active_gets_nothing(shop: Shop, settings: Settings) -> None:
    path = link(shop)
    User.objects.update(is_active=False)
    assert get(path).status_code == 404
    ratelimit._store.cache_clear()
    (settings.REGULARS_DATA_DIR / "run" / "rate-limits").unlink()
    post(FORGOT, email="alice@shop.example")
    assert len(mails()) == 1


@pytest.mark.parametrize("email", ["", "alice", "alice@", "a b@shop.example", "x" * 300 + "@shop.example"])
def test_a_mistyped_address_is_shown_again(email: str) -> None:
    answer = post(FORGOT, email=email)
    assert answer.status_code == 400
    assert "Enter a whole e-mail address" in answer.content.decode()


def test_a_link_that_was_not_made_here_opens_nothing(shop: Shop) -> None:
    uid, token = link(shop).rsplit("/", 2)[1:]
    other = make_shop("Charlie's", owner_email="charlie@shop.example").owner.user
    theirs = urlsafe_base64_encode(str(other.pk).encode())
    for path in (
        f"{theirs}/{token}",
        f"{uid}/x-y",
        f"{uid}/{token}x",
        f"x/{token}",
        f"%FF/{token}",
        "OTk5OTk5/a-b",
    ):
        assert get(f"/password/reset/{path}").status_code == 404
        assert post(f"/password/reset/{path}", password=NEW, again=NEW).status_code == 404
    assert signs_in("a long password")


def test_too_many_requests_from_one_address_wait(shop: Shop) -> None:
    answers = [post(FORGOT, email=f"{number}@shop.example") for number in range(pages.FORGOT_LIMIT + 1)]
    assert [answer.status_code for answer in answers] == [200] * pages.FORGOT_LIMIT + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
