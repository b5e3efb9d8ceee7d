"""Sending: who gets a message at the moment when it leaves, and what becomes of those that cannot."""

import datetime as dt
import random
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from django_scopes import scope
from pytest_django import Settings

from regulars.ledger.models import Card
from regulars.members.actions import edit_member
from regulars.members.models import Member
from regulars.messages import claims, sending
from regulars.messages.actions import queue_message, set_text
from regulars.messages.message_ids import number_of
from regulars.messages.models import Message, Suppression
from regulars.messages.sending import Batch, Sender, send_some
from regulars.outbox.models import Event
from regulars.tenants.models import Business
from tests.factories import Shop, make_shop
from tests.messages import postbox
from tests.messages.postbox import Postbox

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["step by step", "all at once"])
def box(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Postbox]:
    with postbox.opened() as made:
        made.pipelining = request.param == "all at once"
        settings.EMAIL_BACKEND = "regulars.messages.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
        yield made


@pytest.fixture
def sender() -> Iterator[Sender]:
    with Sender() as made:
        yield made


@pytest.fixture
def shop() -> Shop:
    return make_shop("Bean & Leaf")


def queue(shop: Shop, number: int = 1, **fields: Any) -> list[Message]:
    """Welcomes to new members, `ann0@shop.example` and so on."""
    made = []
    for place in range(number):
        card = shop.enrol("Ann Lee", email=f"ann{place}@shop.example")
        made.append(queue_for(shop, card, **fields))
    return made


def queue_for(shop: Shop, card: Card, **fields: Any) -> Message:
    """The welcome of a member. Enrolling may have queued one already, which then is it."""
    key = f"test-welcome:{card.pk}"
    message = queue_message(business_id=shop.id, kind="welcome", key=key, member_id=card.pk, **fields)
    assert message is not None
    return message


def now_of(message: Message) -> Message:
    with scope(business=message.business_id):
        return Message.objects.get(pk=message.pk)


def states(shop: Shop) -> list[tuple[str, str]]:
    with scope(business=shop.business):
        return list(Message.objects.order_by("pk").values_list("status", "reason"))


def test_a_message_leaves_once_and_says_where_to(box: Postbox, sender: Sender, shop: Shop) -> None:
    message = queue(shop)[0]
    assert send_some(sender=sender) == Batch(sent=1)
    assert send_some(sender=sender) == Batch()
    sent = now_of(message)
    assert (sent.status, sent.to, sent.attempts, sent.lease) == ("sent", "ann0@shop.example", 1, "")
    assert sent.sent_at is not None
    assert box.reached == ["ann0@shop.example"]
    assert box.mails[0]["From"] == "Bean & Leaf <regulars@shop.example>"
    assert number_of(box.mails[0]["Message-ID"]) == message.pk
    assert [part.get_content_type() for part in box.mails[0].iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "name", ["Alice's Café", 'Bean, "Leaf" & Söhne <b@x.example>', "咖啡店" * 30], ids=range(3)
)
def test_the_name_of_a_business_is_the_sender_s(name: str, box: Postbox, sender: Sender) -> None:
    queue(make_shop(name))
    assert send_some(sender=sender).sent == 1
    header = message_from_bytes(box.raw[0])["From"]
    shown, address = parseaddr(header)
    assert str(make_header(decode_header(shown))).replace("\n", "") == name
    assert address == "regulars@shop.example"


def test_one_connection_serves_many(box: Postbox, sender: Sender, shop: Shop) -> None:
    queue(shop, 7)
    assert send_some(sender=sender).sent == 7
    assert (box.sessions, box.names) == (1, {"shop.example"})
    assert set(box.counted().values()) == {1}


def test_a_server_that_ends_connections_after_a_few_is_called_again(
    box: Postbox, sender: Sender, shop: Shop
) -> None:
    box.most_a_session = 3
    queue(shop, 7)
    assert send_some(sender=sender) == Batch(sent=7)
    assert box.sessions == 3
    assert len(box.reached) == len(set(box.reached)) == 7


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"optout_email": True}, "does not want"),
        ({"email": "", "phone": "+919876500001"}, "no e-mail address"),
        ({"suspended": True}, "suspended"),
    ],
)
def test_what_counts_is_the_moment_of_sending(
    change: dict[str, Any], reason: str, box: Postbox, sender: Sender, shop: Shop
) -> None:
    message = queue(shop)[0]
    edit_member(business_id=shop.id, pk=message.member_id or 0, **change)
    assert send_some(sender=sender) == Batch(skipped=1)
    assert reason in now_of(message).reason
    assert box.reached == []


def test_a_kind_that_was_switched_off_is_not_sent(box: Postbox, sender: Sender, shop: Shop) -> None:
    message = queue(shop)[0]
    set_text(business_id=shop.id, kind="welcome", enabled=False)
    assert send_some(sender=sender) == Batch(skipped=1)
    assert "switched off" in now_of(message).reason


def test_a_reported_address_gets_nothing_in_whatever_case(box: Postbox, sender: Sender, shop: Shop) -> None:
    message = queue(shop)[0]
    edit_member(business_id=shop.id, pk=message.member_id or 0, email="Ann0@Shop.example")
    with scope(business=shop.business):
        Suppression.objects.create(
            business=shop.business, channel="email", address="ann0@shop.example", why="complaint"
        )
    assert send_some(sender=sender) == Batch(skipped=1)
    assert "complained" in now_of(message).reason


def test_a_plan_without_campaigns_sends_none(box: Postbox, sender: Sender, shop: Shop) -> None:
    message = queue(shop)[0]
    with scope(business=shop.business):
        Message.objects.filter(pk=message.pk).update(campaign_id=77)
    Business.objects.filter(pk=shop.id).update(plan="trial")
    assert send_some(sender=sender) == Batch()  # it belongs to a campaign, whose job sends it
    assert send_some(sender=sender, campaign_id=77) == Batch(skipped=1)
    assert "plan" in now_of(message).reason


def test_a_refusal_for_now_is_tried_again_after_growing_pauses(
    box: Postbox, sender: Sender, shop: Shop
) -> None:
    message = queue(shop)[0]
    box.at_rcpt = "451 4.3.0 Greylisted"
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for attempt, pause in enumerate(sending.PAUSES, start=1):
            batch = send_some(sender=sender)
            assert (batch.later, batch.sent) == (1, 0)
            assert batch.next_at is not None
            assert pause * 0.9 <= batch.next_at - timezone.now() <= pause * 1.1
            assert (now_of(message).attempts, now_of(message).reason) == (attempt, "451 4.3.0 Greylisted")
            clock.move_to(batch.next_at)
        assert send_some(sender=sender).failed == 1
    assert now_of(message).reason == "Given up after 8 attempts: 451 4.3.0 Greylisted"


def test_a_refusal_after_the_dot_was_no_sending(box: Postbox, sender: Sender, shop: Shop) -> None:
    message = queue(shop)[0]
    box.at_dot = "452 4.2.2 Full"
    assert send_some(sender=sender).later == 1
    box.at_dot = ""
    with time_machine.travel(now_of(message).next_at):
        assert send_some(sender=sender) == Batch(sent=1)
    assert box.counted() == {"ann0@shop.example": 1}


def test_silence_after_the_dot_is_never_answered_with_a_second_message(
    box: Postbox, sender: Sender, shop: Shop
) -> None:
    message = queue(shop)[0]
    box.silent_at_dot = True
    assert send_some(sender=sender) == Batch(sent=1)
    assert now_of(message).reason == "The mail server did not confirm it."
    assert box.counted() == {"ann0@shop.example": 1}


@pytest.mark.parametrize(
    ("answer", "bad"),
    [
        ("550 5.1.1 Unknown", 1),
        ("550 No such user here", 1),
        ("553 5.1.3 Bad syntax", 1),
        ("550 5.7.1 Spam", 0),
        ("552 5.2.2 Mailbox full", 0),
        ("550 Not today", 0),
    ],
)
def test_an_address_that_does_not_exist_is_remembered(
    answer: str, bad: int, box: Postbox, sender: Sender, shop: Shop
) -> None:
    box.at_rcpt = answer
    message = queue(shop)[0]
    assert send_some(sender=sender) == Batch(failed=1)
    assert (now_of(message).status, now_of(message).reason) == ("failed", answer)
    with scope(business=shop.business):
        assert list(Suppression.objects.values_list("channel", "address", "why", "detail")) == (
            [("email", "ann0@shop.example", "bounce", answer)] if bad else []
        )
        told = Event.objects.filter(type="message.bounced").values_list("member_id", "payload")
        assert list(told) == (
            [
                (
                    message.member_id,
                    {
                        "customer_id": message.member_id,
                        "channel": "email",
                        "kind": "welcome",
                        "why": "bounce",
                        "detail": answer,
                    },
                )
            ]
            if bad
            else []
        )


def test_a_line_that_is_a_dot_does_not_end_a_message(box: Postbox, sender: Sender, shop: Shop) -> None:
    queue(shop)
    set_text(business_id=shop.id, kind="welcome", body="Before\n.\n..after\n.")
    assert send_some(sender=sender) == Batch(sent=1)
    part = box.mails[0].get_body(("plain",))
    assert part is not None
    assert part.get_content().splitlines()[:3] == ["Before", ".", "..after"]


def test_what_one_refusal_leaves_behind_does_not_hurt_the_next(
    box: Postbox, sender: Sender, shop: Shop
) -> None:
    queue(shop, 6)
    box.refused = {"ann1@shop.example", "ann2@shop.example", "ann4@shop.example"}
    batch = send_some(sender=sender)
    assert (batch.sent, batch.failed) == (3, 3)
    assert box.reached == ["ann0@shop.example", "ann3@shop.example", "ann5@shop.example"]
    assert box.sessions == 1


def test_an_address_that_no_mail_server_here_takes_is_said_to_be_one(
    box: Postbox, sender: Sender, shop: Shop
) -> None:
    message = queue(shop)[0]
    with scope(business=shop.business):
        Member.objects.filter(pk=message.member_id or 0).update(email="jürgen@shop.example")
    assert send_some(sender=sender) == Batch(failed=1)
    assert "in front of the @" in now_of(message).reason
    assert box.sessions == 0


def test_a_server_that_is_away_costs_no_attempts(sender: Sender, shop: Shop, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "regulars.messages.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", postbox.free_port()
    messages = queue(shop, 3)
    batch = send_some(sender=sender)
    assert (batch.sent, batch.failed, batch.later) == (0, 0, 0)
    assert batch.next_at is not None
    assert dt.timedelta(0) < batch.next_at - timezone.now() <= dt.timedelta(seconds=6)
    waiting = [now_of(message) for message in messages]
    assert {(one.status, one.attempts) for one in waiting} == {("queued", 0)}
    assert "cannot be reached" in waiting[0].reason
    with time_machine.travel(timezone.now() + dt.timedelta(days=4)), Sender() as later:
        assert send_some(sender=later).failed == 3
    assert now_of(messages[0]).reason.startswith("Given up after 3 days: The mail server cannot be reached")


def test_the_counts_are_told_in_the_transaction_that_says_so(
    box: Postbox, sender: Sender, shop: Shop
) -> None:
    queue(shop, 2)
    with scope(business=shop.business):
        Message.objects.update(campaign_id=5)

    def broken(counts: claims.Counts) -> None:
        raise RuntimeError(counts)

    other = Sender()
    with pytest.raises(RuntimeError, match="sent=2"):
        send_some(sender=other, campaign_id=5, counted=broken)
    assert {status for status, _ in states(shop)} == {"sending"}
    other.abandon()
    counted: list[claims.Counts] = []
    assert send_some(sender=sender, campaign_id=5, counted=counted.append) == Batch(sent=2)
    assert counted == [claims.Counts(sent=2)]
    assert set(box.counted().values()) == {1}  # the journal knew that both had left


def test_a_broken_message_does_not_keep_the_others(
    box: Postbox, sender: Sender, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = queue(shop, 2)
    with scope(business=shop.business):
        Message.objects.filter(pk=first.pk).update(kind="pigeon")
    batch = send_some(sender=sender)
    assert (batch.failed, batch.sent) == (1, 1)
    assert "pigeon" in now_of(first).reason
    assert now_of(second).status == "sent"


def test_when_told_to_stop_it_gives_back_what_it_has_not_begun(
    box: Postbox, sender: Sender, shop: Shop
) -> None:
    queue(shop, 5)
    batch = send_some(sender=sender, stop=lambda: len(box.reached) >= 2)
    assert batch.sent == 2
    assert batch.next_at is not None
    assert batch.next_at <= timezone.now()
    with scope(business=shop.business):
        assert list(Message.objects.order_by("pk").values_list("status", "attempts")) == [
            ("sent", 1),
            ("sent", 1),
            ("queued", 0),
            ("queued", 0),
            ("queued", 0),
        ]
    assert send_some(sender=sender).sent == 3


def test_a_limit_ends_the_call_and_says_when_it_goes_on(
    box: Postbox, sender: Sender, shop: Shop, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(sending, "WAIT_AT_MOST", 0.0)
    campaign_id = random.randrange(1 << 60)  # whose limit nobody has used
    queue(shop, 3)
    with scope(business=shop.business):
        Message.objects.update(campaign_id=campaign_id)
    batch = send_some(sender=sender, campaign_id=campaign_id, rate=2)
    assert batch.sent == 1
    assert batch.next_at is not None
    assert dt.timedelta(seconds=29) < batch.next_at - timezone.now() < dt.timedelta(seconds=31)
    assert send_some(sender=sender, campaign_id=campaign_id).sent == 2


def test_a_slow_call_lets_its_caller_look_around(
    box: Postbox, sender: Sender, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CALL_AT_MOST", 0.0)
    queue(shop)
    batch = send_some(sender=sender)
    assert batch.sent == 0
    assert batch.next_at is not None
    assert batch.next_at <= timezone.now()


def test_a_temporary_password_is_gone_once_it_was_sent(box: Postbox, sender: Sender, shop: Shop) -> None:
    message = queue(shop, sealed_context={"temp_password": "sesame"})[0]
    assert message.sealed
    box.at_rcpt = "451 Later"
    send_some(sender=sender)
    assert now_of(message).sealed
    box.at_rcpt = ""
    with time_machine.travel(now_of(message).next_at):
        send_some(sender=sender)
    assert now_of(message).sealed == ""


def test_whoever_has_no_sms_is_told_so(sender: Sender, shop: Shop) -> None:
    card = shop.enrol("Ann Lee", phone="+919876512345")
    message = queue_for(shop, card, channel="sms")
    assert send_some(sender=sender) == Batch(skipped=1)
    assert "REGULARS_SMS_URL" in now_of(message).reason


def test_the_loop_uses_djangos_backends_too(shop: Shop) -> None:
    queue(shop, 2)
    assert sending.step(lambda: False) is False
    assert len(mail.outbox) == 2
    assert {status for status, _ in states(shop)} == {"sent"}
