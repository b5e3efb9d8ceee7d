"""What somebody typed as a name when they joined with anybody's address goes to no such address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from django_scopes import scope
from pytest_django import Settings

from regulars import seal
from regulars.campaigns import actions as campaigns
from regulars.jobs.running import run_due
from regulars.members import actions as members
from regulars.members.models import Member
from regulars.messages import kinds, render
from regulars.messages.actions import queue_message, set_text
from regulars.messages.models import Message
from regulars.messages.sending import Sender, send_some
from regulars.outbox import fanout
from regulars.portal import choices, links
from regulars.tenants import ratelimit
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop
from tests.messages import postbox
from tests.portal.joiner import OFFERS, join, member_of, messages

pytestmark = pytest.mark.django_db

TYPED = "Your bank account is locked, call +1 900 555 0100 now"
BODY = "Hello {first_name|there}, {name|you} {last_name|too}"
VICTIM = "victim@mail.example"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def joined(shop: Shop) -> Member:
    return member_of(shop, join(shop, TYPED, email=VICTIM, consents=OFFERS))


def said(mail: EmailMessage) -> str:
    parts = "".join(cast("EmailMessage", part).get_content() for part in mail.iter_parts())
    return f"{mail['Subject']} {parts}"


def sent(settings: Settings) -> dict[str, str]:
    """What goes out, by the address that it goes to."""
    with postbox.opened() as box, Sender() as sender:
        settings.EMAIL_BACKEND = "regulars.messages.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        send_some(sender=sender)
    found: dict[str, str] = {}
    for mail in box.mails:
        found[mail["To"]] = found.get(mail["To"], "") + said(mail)
    return found


def test_a_welcome_and_a_link_for_signing_in_carry_no_name(shop: Shop, settings: Settings) -> None:
    joined(shop)
    fanout.pass_on_all()
    links.request_sign_in(business=shop.business, contact=VICTIM)
    run_due()
    assert {message.kind for message in messages(shop)} == {"welcome", "sign_in_link"}
    told = sent(settings)[VICTIM]
    assert "Welcome to" in told
    assert "Sign in at" in told
    assert "locked" not in told
    assert "Your bank" not in told


@pytest.mark.parametrize("kind", [one.name for one in kinds.AUTOMATIC.values() if one.to == "member"])
def test_no_kind_of_message_carries_it(shop: Shop, kind: str) -> None:
    member = joined(shop)
    set_text(business_id=shop.id, kind=kind, subject=BODY, body=BODY)
    ids: dict[str, Any] = {"business_id": shop.id, "kind": kind}
    for channel in ("email", "sms"):
        queue_message(**ids, key=f"x:{channel}", member_id=member.pk, channel=channel)
    for message in queued(shop, kind):
        if message.key.startswith("x:"):
            told = render.render_message(message=message, business=message.business, member=message.member)
            assert "locked" not in told.subject + told.text + told.html
            assert "bank" not in told.subject + told.text + told.html


def queued(shop: Shop, kind: str) -> list[Message]:
    with scope(business=shop.id):
        rows = Message.objects.select_related("member__card", "business__program")
        return list(rows.filter(kind=kind).order_by("id"))


def test_a_campaign_does_not_either_and_names_that_the_shop_entered_are_told(
    shop: Shop, settings: Settings
) -> None:
    joined(shop)
    shop.enrol("Nora Whitfield", email="nora@mail.example")
    draft = campaigns.create_campaign(
        business_id=shop.id, name="News", segment_filter="all", subject=BODY, message=BODY
    )
    campaigns.send_campaign(business_id=shop.id, pk=draft.pk)
    with postbox.opened() as box:
        settings.EMAIL_BACKEND = "regulars.messages.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        run_due()
    told = {mail["To"]: said(mail) for mail in box.mails}
    assert "Hello there, you too" in told[VICTIM]
    assert "locked" not in told[VICTIM]
    assert "Hello Nora, Nora Whitfield Whitfield" in told["nora@mail.example"]


def greets_nobody(message: Message) -> None:
    text = render.render_message(message=message, business=message.business, member=message.member).text
    assert text.startswith("Hello there, you too")


def test_asking_for_offers_and_changing_the_address_do_not_either(shop: Shop) -> None:
    """Whoever joined has a session by the shop's website, and never opened a mail."""
    member = joined(shop)
    update_microsite(business_id=shop.id, double_opt_in=True)
    ids: dict[str, Any] = {"business_id": shop.id, "member_id": member.pk, "source": "microsite"}
    choices.change_messages(**ids, email=False)
    choices.change_messages(**ids, email=True)
    for kind in ("confirm_email", "email_changed"):
        set_text(business_id=shop.id, kind=kind, body=BODY)
    greets_nobody(*queued(shop, "confirm_email"))
    links.request_email_change(business_id=shop.id, member_id=member.pk, address="own@mail.example")
    url = json.loads(seal.unseal(messages(shop)[-1].sealed))["confirm_url"]
    links.change_email(token=url.rpartition("/")[2])
    (told,) = queued(shop, "email_changed")
    assert told.to == VICTIM
    greets_nobody(told)


def test_a_name_is_told_once_the_address_is_confirmed(shop: Shop) -> None:
    member = member_of(shop, join(shop, "Nora Whitfield", consents=OFFERS))
    fanout.pass_on_all()
    members.confirm_email(business_id=shop.id, pk=member.pk, address=member.email)
    (welcome,) = queued(shop, "welcome")
    told = render.render_message(message=welcome, business=welcome.business, member=welcome.member)
    assert told.text.startswith("Hello Nora,")
    members.edit_member(business_id=shop.id, pk=member.pk, email=VICTIM)
    (welcome,) = queued(shop, "welcome")
    told = render.render_message(message=welcome, business=welcome.business, member=welcome.member)
    assert told.text.startswith("Hello there,")
