"""Reports of bounces and complaints: in our own form, and as a provider sends them."""

import json
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope
from pytest_django import Settings

from regulars.members.models import Member
from regulars.messages.actions import queue_message
from regulars.messages.message_ids import message_id, number_of
from regulars.messages.models import Message, Suppression
from regulars.messages.sending import Sender, send_some
from regulars.outbox.models import Event
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

SECRET = "a-secret-of-the-post"
PATH = f"/mail/reports/{SECRET}"


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.REGULARS_MAIL_REPORTS_SECRET = SECRET


def sent(shop: Shop, email: str = "ann@shop.example", **changes: Any) -> Message:
    card = shop.enrol("Ann Lee", email=email)
    message = queue_message(business_id=shop.id, kind="welcome", key="test-1", member_id=card.pk)
    assert message is not None
    with Sender() as sender:
        assert send_some(sender=sender).sent == 1
    with scope(business=shop.business):
        Message.objects.filter(pk=message.pk).update(**changes)
        return Message.objects.get(pk=message.pk)


def report(body: object, path: str = PATH) -> tuple[int, dict[str, Any]]:
    answer = Client().post(path, json.dumps(body), content_type="application/json")
    kind = answer.headers["Content-Type"]
    return answer.status_code, answer.json() if kind == "application/json" else {}


def look(message: Message) -> tuple[Message, list[tuple[str, str]], Member, list[dict[str, Any]]]:
    with scope(business=message.business_id):
        return (
            Message.objects.get(pk=message.pk),
            list(Suppression.objects.values_list("address", "why")),
            Member.objects.get(pk=message.member_id or 0),
            [event.payload for event in Event.objects.filter(type="message.bounced")],
        )


def test_a_bounce_ends_writing_to_the_address() -> None:
    message = sent(make_shop(), "Ann@Shop.example")
    body = {"type": "bounce", "message_id": message_id(message.pk), "detail": "550  no\nsuch user"}
    assert report(body) == (200, {"recorded": 1})
    assert report(body) == (200, {"recorded": 1})  # told twice, noted once
    row, suppressed, member, events = look(message)
    assert (row.status, row.reason) == ("bounced", "550 no such user")
    assert suppressed == [("ann@shop.example", "bounce")]
    assert not member.optout_email
    assert events == [
        {
            "customer_id": member.pk,
            "channel": "email",
            "kind": "welcome",
            "why": "bounce",
            "detail": "550 no such user",
        }
    ]


def test_a_complaint_opts_out() -> None:
    message = sent(make_shop())
    assert report({"type": "complaint", "message_id": message_id(message.pk)}) == (200, {"recorded": 1})
    row, suppressed, member, events = look(message)
    assert row.status == "sent"
    assert row.unsubscribed_at is not None
    assert member.optout_email
    assert suppressed == [("ann@shop.example", "complaint")]
    assert len(events) == 1


def test_an_address_alone_is_about_the_last_message_of_each_business() -> None:
    first, second = sent(make_shop("One")), sent(make_shop("Two"))
    assert report({"type": "bounce", "email": "ANN@shop.example"}) == (200, {"recorded": 2})
    assert [look(message)[0].status for message in (first, second)] == ["bounced", "bounced"]
    assert report({"type": "bounce", "email": "nobody@shop.example"}) == (200, {"recorded": 0})


@pytest.mark.parametrize("path", ["/mail/reports/another-secret-here", "/mail/reports/" + "x" * 5000])
def test_nobody_else_reports(path: str) -> None:
    message = sent(make_shop())
    assert report({"type": "bounce", "email": "ann@shop.example"}, path)[0] == 404
    assert look(message)[0].status == "sent"


def test_without_a_secret_nobody_reports(settings: Settings) -> None:
    settings.REGULARS_MAIL_REPORTS_SECRET = ""
    assert report({"type": "bounce", "email": "ann@shop.example"}, "/mail/reports/x")[0] == 404


def test_a_made_up_message_id_changes_nothing() -> None:
    message = sent(make_shop())
    forged = message_id(message.pk + 1).replace(f"m{message.pk + 1}.", f"m{message.pk}.")
    assert report({"type": "bounce", "message_id": forged}) == (200, {"recorded": 0})
    assert look(message)[0].status == "sent"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], None),
        ("bounce", None),
        ({"type": "pigeon", "email": "a@b.example"}, "type"),
        ({"type": "bounce"}, "message_id"),
        ({"type": "bounce", "email": 7}, "email"),
        ({"type": "bounce", "email": " "}, "email"),
        ({"type": "bounce", "email": "\u200b"}, "email"),
        ({"type": "bounce", "email": "\u0000"}, "email"),
        ({"type": "bounce", "email": "\ud800"}, "email"),
        ({"type": "bounce", "message_id": "\t"}, "message_id"),
        ({"type": "bounce", "email": "", "message_id": ""}, "email"),
    ],
)
def test_a_report_that_says_nothing_is_refused(body: object, field: str | None) -> None:
    nowhere = sent(make_shop(), to="")
    status, answer = report(body)
    assert status == 400
    assert look(nowhere)[0].status == "sent"
    assert list(answer["error"]["fields"]) == ([field] if field else [])


def test_some_ask_first_and_reading_changes_nothing() -> None:
    assert Client().head(PATH).status_code == 200
    assert Client().get(PATH).status_code == 405


def test_a_provider_reports_in_its_own_form(settings: Settings) -> None:
    settings.MAIL_PROVIDER = "postmark"
    message = sent(make_shop(), provider_id="883953f4-6105-42a2-a16a-77a8eac79483")
    bounce = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "MessageID": message.provider_id,
        "Email": "ann@shop.example",
        "Details": "smtp;550 5.1.1 unknown",
        "BouncedAt": "2026-06-05T16:33:54.9070259Z",
        "ID": 4323372036854775807,
    }
    opened = {"RecordType": "Open", "MessageID": message.provider_id, "Recipient": "ann@shop.example"}
    assert report(opened) == (200, {"recorded": 0})
    assert report(bounce) == (200, {"recorded": 1})
    row, suppressed, _, _ = look(message)
    assert (row.status, row.reason) == ("bounced", "smtp;550 5.1.1 unknown")
    assert suppressed == [("ann@shop.example", "bounce")]
    assert report(["neither"])[0] == 400


def test_a_provider_that_signs_is_not_believed_without_a_signature(settings: Settings) -> None:
    settings.MAIL_PROVIDER = "mailgun"
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": "the key"}
    status, answer = report({"event-data": {"event": "failed"}})
    assert status == 400
    assert "Mailgun" in answer["error"]["message"]


def test_a_provider_without_reports_of_its_own_can_use_ours(settings: Settings) -> None:
    settings.MAIL_PROVIDER = "scaleway"
    message = sent(make_shop())
    assert report({"event": "bounced"})[0] == 400
    assert report({"type": "bounce", "message_id": message_id(message.pk)}) == (200, {"recorded": 1})


def test_a_message_id_is_always_the_same_and_no_other_counts() -> None:
    made = message_id(12)
    assert made == message_id(12)
    assert number_of(made) == number_of(made.strip("<>")) == 12
    assert number_of(made.replace("m12.", "m13.")) is None
    assert number_of("<other@shop.example>") is None
