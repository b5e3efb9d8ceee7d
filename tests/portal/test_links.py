"""Links that are sent and work once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope, scopes_disabled
from pytest_django import Settings

from regulars import seal
from regulars.environment_mail import Sms
from regulars.jobs.models import Job
from regulars.jobs.running import run_due
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import aliases
from regulars.members.models import Member
from regulars.messages.models import Message
from regulars.messages.render import render_message
from regulars.messages.sending import Sender, send_some
from regulars.portal import links, sessions, upkeep
from regulars.portal.models import OneTimeLink, Session, UsedToken
from regulars.rules.errors import AlreadyEnrolled, InvalidInput, NotFound
from regulars.tenants import ratelimit
from tests.factories import Shop, make_shop
from tests.messages import postbox

pytestmark = pytest.mark.django_db

EMAIL = "nora@mail.example"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Nora Whitfield", email=EMAIL, optout_email=True)


def make(card: Card, purpose: str = "sign_in", address: str = EMAIL, **more: Any) -> str:
    """A link's token."""
    url = links.make_link(
        business_id=card.business_id,
        member_id=card.pk,
        purpose=purpose,
        address=address,
        **{"lasts": dt.timedelta(minutes=30)} | more,
    )
    assert url.startswith("https://shop.example/l/")
    return url.rpartition("/")[2]


def queued(shop: Shop) -> list[Message]:
    with scope(business=shop.business):
        return list(Message.objects.order_by("id"))


def test_a_link_works_once_and_only_its_hash_is_kept(card: Card) -> None:
    token = make(card)
    assert links.find_link(token).member == card.member
    assert links.use_link(token=token, purpose="sign_in").used_at is not None
    with pytest.raises(NotFound):
        links.use_link(token=token, purpose="sign_in")
    with pytest.raises(NotFound):
        links.find_link(token)
    with scopes_disabled():
        (row,) = OneTimeLink.objects.values()
    assert token not in repr(row)


def test_a_link_is_good_for_its_purpose_alone(card: Card) -> None:
    token = make(card)
    with pytest.raises(NotFound):
        links.use_link(token=token, purpose="open_card")
    assert links.use_link(token=token, purpose="sign_in").member_id == card.pk


def test_a_link_ends_in_time_and_with_the_address_it_went_to(shop: Shop, card: Card) -> None:
    token = make(card)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31)), pytest.raises(NotFound):
        links.use_link(token=token, purpose="sign_in")
    members.edit_member(business_id=shop.id, pk=card.pk, email="new@mail.example")
    with pytest.raises(NotFound):
        links.use_link(token=token, purpose="sign_in")


@pytest.mark.parametrize("token", ["", "x", "x" * 101, "\0", "é"])
def test_what_is_no_token_finds_nothing(card: Card, token: str) -> None:
    make(card)
    with pytest.raises(NotFound):
        links.find_link(token)


def test_somebody_known_is_sent_a_link_for_signing_in(shop: Shop, card: Card) -> None:
    """Although they opted out of mail: they asked for this one."""
    page = "https://shop.example/m/alice/l/"
    links.request_sign_in(business=shop.business, contact=" Nora@Mail.example ", page=page)
    assert queued(shop) == []
    assert run_due() == 1
    (message,) = queued(shop)
    assert (message.kind, message.member_id) == ("sign_in_link", card.pk)
    url = str(json.loads(seal.unseal(message.sealed))["sign_in_url"])
    assert url.startswith(page)
    assert url not in json.dumps(message.context)
    assert links.use_link(token=url.removeprefix(page), purpose="sign_in").member_id == card.pk


def test_the_mail_that_brings_a_link(shop: Shop, card: Card, settings: Settings) -> None:
    links.request_sign_in(business=shop.business, contact=EMAIL)
    run_due()
    with postbox.opened() as box, Sender() as sender:
        settings.EMAIL_BACKEND = "regulars.messages.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        assert send_some(sender=sender).sent == 1
    (mail,) = box.mails
    plain, html = mail.iter_parts()
    assert mail["To"] == EMAIL
    assert mail["Subject"] == "Sign in at Alice's Café"
    url = next(line for line in plain.get_content().split() if line.startswith("https://shop.example/l/"))
    assert f'href="{url}"' in html.get_content()
    assert "List-Unsubscribe" not in mail
    assert "nsubscribe" not in plain.get_content() + html.get_content()
    assert links.find_link(url.rpartition("/")[2]).purpose == "sign_in"
    (message,) = queued(shop)
    assert message.sealed == ""  # nobody can read it now


def test_asking_says_nothing_about_who_is_a_member(shop: Shop, card: Card) -> None:
    done = []
    for contact in (EMAIL, "stranger@mail.example"):
        with CaptureQueriesContext(connection) as captured:
            assert links.request_sign_in(business=shop.business, contact=contact) is None  # type: ignore[func-returns-value]
        done.append(
            [" ".join(query["sql"].split()[:2]).partition(' "s')[0] for query in captured.captured_queries]
        )
    assert done[0] == done[1] != []
    assert not Job.objects.filter(kwargs__icontains="mail.example").exists()
    assert run_due() == 2
    assert len(queued(shop)) == 1


def test_one_contact_is_not_flooded(shop: Shop, card: Card) -> None:
    for _ in range(5):
        links.request_sign_in(business=shop.business, contact=EMAIL)
    assert run_due() == links.REQUESTS_A_MINUTE
    for minute in range(1, 4):  # the count of a minute begins anew
        ratelimit._store().count = lambda *_: (1, 60.0)  # type: ignore[method-assign]
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=minute)):
            links.request_sign_in(business=shop.business, contact=EMAIL)
            run_due()
    assert len(queued(shop)) == links.MOST_IN_PAUSE[links.Purpose.SIGN_IN]
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=20)):
        links.request_sign_in(business=shop.business, contact=EMAIL)
        run_due()
    assert len(queued(shop)) == links.MOST_IN_PAUSE[links.Purpose.SIGN_IN] + 1


def test_several_members_with_one_contact_get_a_link_each(shop: Shop, card: Card) -> None:
    twin = shop.enrol("Ada", email=EMAIL, unique_contact=False)
    shop.enrol("Suspended", email=EMAIL, unique_contact=False, suspended=True)
    make_shop("Charlie's").enrol("Stranger", email=EMAIL)
    links.request_sign_in(business=shop.business, contact=EMAIL)
    run_due()
    assert [message.member_id for message in queued(shop)] == [card.pk, twin.pk]


def test_a_phone_is_asked_by_text_message(shop: Shop, settings: Settings, tmp_path: Path) -> None:
    shop.enrol("Ada", phone="+919876543210")
    settings.TEXT_MESSAGES = Sms(folder=str(tmp_path / "sms"))
    links.request_sign_in(business=shop.business, contact="098765 43210")
    run_due()
    with Sender() as sender:
        assert send_some(sender=sender).sent == 1
    (file,) = (tmp_path / "sms").iterdir()
    sent = json.loads(file.read_text())
    assert sent["to"] == "+919876543210"
    assert sent["text"].startswith("Alice's Café: sign in here, within half an hour: https://shop.example/l/")


@pytest.mark.parametrize("contact", ["", "nora", "nora@", "12", "x" * 300])
def test_what_is_no_contact_is_refused(shop: Shop, contact: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        links.request_sign_in(business=shop.business, contact=contact)
    assert refusal.value.fields.keys() == {"contact"}


def change(shop: Shop, card: Card, address: str) -> str:
    """Ask for another address; the token that went to it."""
    links.request_email_change(business_id=shop.id, member_id=card.pk, address=address)
    message = queued(shop)[-1]
    assert (message.kind, message.member_id, message.to) == ("confirm_email", None, address.lower())
    return str(json.loads(seal.unseal(message.sealed))["confirm_url"]).rpartition("/")[2]


def test_a_new_address_counts_when_its_mailbox_says_so(shop: Shop, card: Card) -> None:
    first = change(shop, card, "first@mail.example")
    second = change(shop, card, "Second@mail.example")
    with pytest.raises(NotFound):
        links.change_email(token=first)
    assert all(message.kind != "email_changed" for message in queued(shop))
    links.change_email(token=second)
    told = queued(shop)[-1]
    assert (told.kind, told.member_id, told.to) == ("email_changed", None, EMAIL)
    with scope(business=shop.id):
        words = render_message(message=told, business=shop.business, member=None)
    assert f"Your address at {shop.business.name} was changed" in words.subject
    assert "tell" in words.text
    assert "new@" not in words.text
    with scope(business=shop.business):
        member = Member.objects.get(pk=card.pk)
    assert member.email == "second@mail.example"
    assert member.email_confirmed_at is not None


def test_the_address_of_another_member_is_refused_and_the_link_stays(shop: Shop, card: Card) -> None:
    shop.enrol("Ada", email="ada@mail.example")
    token = change(shop, card, "ada@mail.example")
    with pytest.raises(AlreadyEnrolled):
        links.change_email(token=token)
    assert links.find_link(token).member_id == card.pk
    with scope(business=shop.business):
        assert Member.objects.get(pk=card.pk).email == EMAIL


def test_erasing_a_member_takes_mails_to_addresses_that_never_were_theirs(shop: Shop, card: Card) -> None:
    change(shop, card, "new@mail.example")
    other = shop.enrol("Ada", email="ada@mail.example")
    change(shop, other, "ada2@mail.example")
    members.delete_member(business_id=shop.id, member_id=card.pk)
    assert [message.to for message in queued(shop)] == ["ada2@mail.example"]
    with pytest.raises(NotFound):
        links.request_email_change(business_id=shop.id, member_id=card.pk, address="x@mail.example")


def test_what_ended_is_forgotten(shop: Shop, card: Card) -> None:
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="Somebody")
    make(card)
    sessions.begin(business_id=shop.id, member_id=card.pk, how="link")
    with scope(business=shop.business):
        soon = timezone.now() + dt.timedelta(minutes=5)
        UsedToken.objects.create(business=shop.business, digest="x", expires_at=soon)
    assert upkeep.forget_old() == {"links": 0, "sessions": 0, "tokens": 0}
    with time_machine.travel(timezone.now() + dt.timedelta(days=31)):
        assert upkeep.forget_old() == {"links": 1, "sessions": 1, "tokens": 1}
    # A code that nobody confirmed stays, as the card of somebody new does.
    assert aliases.resolve(business_id=shop.id, qr_code=alias.qr_code) is not None
    with scope(business=shop.business):
        assert not Session.objects.exists()
