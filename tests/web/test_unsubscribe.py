"""The link under every message: asking changes nothing, one click does it, and it can be undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django_scopes import scope

from regulars import __version__
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members.models import Member
from regulars.messages import actions, unsubscribe
from regulars.messages.models import Message
from regulars.tenants import actions as tenants
from tests.factories import HTTPS, Shop, make_shop

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Nora", email="nora@mail.example")


@pytest.fixture
def message(shop: Shop, card: Card) -> Message:
    queued = actions.queue_message(business_id=shop.id, kind="welcome", key="w", member_id=card.pk)
    assert queued is not None
    return queued


def link(message: Message, channel: str = "email") -> str:
    assert message.member_id is not None
    found = unsubscribe.url(
        business_id=message.business_id, member_id=message.member_id, message_id=message.pk, channel=channel
    )
    return found.removeprefix("https://shop.example")


def get(path: str) -> HttpResponse:
    return Client().get(path, **HTTPS)  # type: ignore[return-value]


def post(path: str, data: dict[str, str], **more: Any) -> HttpResponse:
    # As mail programs do: no cookie, no token, from nowhere in particular.
    return Client(enforce_csrf_checks=True).post(path, data, **HTTPS, **more)  # type: ignore[return-value]


def member_of(message: Message) -> Member:
    assert message.member_id is not None
    with scope(business=message.business_id):
        return Member.objects.get(pk=message.member_id)


def wants(message: Message) -> bool:
    return not member_of(message).optout_email


def unsubscribed(message: Message) -> bool:
    with scope(business=message.business_id):
        return Message.objects.get(pk=message.pk).unsubscribed_at is not None


def test_asking_for_the_page_changes_nothing(message: Message) -> None:
    page = get(link(message))
    assert page.status_code == 200
    body = page.content.decode()
    assert "No more e\u2011mails?" in body
    assert body.count("<button") == 1
    assert "Alice&#x27;s Café" in body
    assert "nora" not in body.lower()  # whoever was forwarded the mail learns no address
    assert Client().head(link(message), **HTTPS).status_code == 200
    assert wants(message)
    assert not unsubscribed(message)


@pytest.mark.parametrize("data", [ONE_CLICK, {"choice": "out"}, {}, ONE_CLICK | {"choice": "in"}])
def test_a_post_says_no(data: dict[str, str], message: Message) -> None:
    answer = post(link(message), data)
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.content.decode()
    assert not wants(message)
    assert unsubscribed(message)


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
)
def test_a_program_may_post_in_any_form(content_type: str, message: Message) -> None:
    answer = Client().generic(
        "POST", link(message), b"List-Unsubscribe=One-Click", content_type=content_type, **HTTPS
    )
    assert answer.status_code == 200
    assert not wants(message)


def test_twice_is_as_once_and_remembers_the_first_time(message: Message) -> None:
    post(link(message), ONE_CLICK)
    with scope(business=message.business_id):
        first = Message.objects.get(pk=message.pk).unsubscribed_at
    post(link(message), ONE_CLICK)
    with scope(business=message.business_id):
        assert Message.objects.get(pk=message.pk).unsubscribed_at == first


def test_it_can_be_undone(message: Message) -> None:
    post(link(message), ONE_CLICK)
    assert "Undo, keep the e-mails" in get(link(message)).content.decode()
    answer = post(link(message), {"choice": "in"})
    assert "All as before" in answer.content.decode()
    assert wants(message)
    assert not unsubscribed(message)


@pytest.mark.parametrize(
    ("channel", "field", "word"),
    [("sms", "optout_text", "text messages"), ("post", "optout_post", "letters")],
)
def test_each_channel_is_refused_by_itself(channel: str, field: str, word: str, message: Message) -> None:
    assert word in post(link(message, channel), ONE_CLICK).content.decode()
    assert wants(message)
    assert getattr(member_of(message), field)


@pytest.mark.parametrize("proof", ["", "confirmed", "other address", "not sent"])
def test_whoever_reads_the_mail_of_an_address_takes_it_off_the_card(message: Message, proof: str) -> None:
    """Only from the mail that went there, and only while nobody confirmed it."""
    ids: dict[str, Any] = {"business_id": message.business_id, "pk": message.member_id}
    email = member_of(message).email
    with scope(business=message.business_id):
        Message.objects.filter(pk=message.pk).update(to="" if proof == "not sent" else email)
    if proof == "confirmed":
        members.confirm_email(**ids, address=email)
    elif proof == "other address":
        members.edit_member(**ids, email="other@mail.example")
    assert ("remove my address" in get(link(message)).content.decode()) == (not proof)
    answer = post(link(message), {"choice": "not-mine"})
    assert answer.status_code == 200
    assert "does not write to this address any more" in answer.content.decode()
    assert bool(member_of(message).email) == bool(proof)


def test_a_forged_or_broken_link_changes_nothing(message: Message) -> None:
    token = link(message).removeprefix("/u/")
    value, _, signature = token.rpartition(".")
    other = make_shop("Charlie's").enrol("Olga", email="olga@mail.example")
    forged = [
        f"{value}.{signature[:-1]}",
        f"{value}.{'A' * len(signature)}",
        f"{message.business_id}-{other.pk}-{message.pk}-e.{signature}",
        value,
        "x",
        "1-2-3-e.",
        "a" * 5000,
        f"{value}\u00e9.{signature}",
    ]
    for one in forged:
        for answer in (get(f"/u/{one}"), post(f"/u/{one}", ONE_CLICK)):
            assert answer.status_code == 404
            assert "This link is not valid" in answer.content.decode()
    assert wants(message)
    with scope(business=other.business_id):
        assert not Member.objects.get(pk=other.pk).optout_email


def test_a_signed_link_never_reaches_a_member_of_another_business(shop: Shop, message: Message) -> None:
    other = make_shop("Charlie's").enrol("Olga", email="olga@mail.example")
    signed = unsubscribe.token(business_id=shop.id, member_id=other.pk, message_id=message.pk)
    assert post(f"/u/{signed}", ONE_CLICK).status_code == 404
    with scope(business=other.business_id):
        assert not Member.objects.get(pk=other.pk).optout_email


def test_a_link_outlives_its_message_but_not_its_member(shop: Shop, card: Card, message: Message) -> None:
    with scope(business=shop.id):
        Message.objects.all().delete()
    assert post(link(message), ONE_CLICK).status_code == 200
    assert not wants(message)
    members.delete_member(business_id=shop.id, member_id=card.pk)
    assert post(link(message), ONE_CLICK).status_code == 404


def test_the_page_is_kept_from_caches_and_engines_and_loads_nothing_from_elsewhere(
    shop: Shop, message: Message
) -> None:
    tenants.update_look(business_id=shop.id, accent_color="#facc15")
    page = get(link(message))
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "noindex" in page.headers["X-Robots-Tag"]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    body = page.content.decode()
    for inline in ("style=", "<style", "<script", "onclick"):
        assert inline not in body
    assert f'href="/look/facc15.css?v={__version__}"' in body
    assert get("/look/facc15.css").status_code == 200
    assert "Set-Cookie" not in page.headers


def test_other_methods_are_refused(message: Message) -> None:
    assert Client().delete(link(message), **HTTPS).status_code == 405
    assert wants(message)
