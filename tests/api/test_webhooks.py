"""`/api/webhooks`: endpoints, their secrets, deliveries and sending again."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars import outbound
from regulars.outbox.catalogue import TYPES
from regulars.outbox.models import Event
from tests.api.support import Rest, invalid, meta, ok, refused, text_of
from tests.factories import Shop
from tests.outbox.receiver import Receiver, Reply
from tests.outbox.support import settle, tell

pytestmark = pytest.mark.django_db

HOOKS = "/api/webhooks"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.REGULARS_WEBHOOK_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    with Receiver() as made:
        yield made
    outbound.hang_up()


def make(rest: Rest, url: str = "https://till.example/hooks", **fields: Any) -> dict[str, Any]:
    """A new endpoint, as the API tells it."""
    found: dict[str, Any] = ok(rest.post(HOOKS, {"url": url, **fields}), 201)
    return found


def test_an_endpoint_is_made_and_its_secret_told_once(rest: Rest) -> None:
    made = make(rest, event_types=["stamp.*"], description=" Till ")
    secret = made.pop("secret")
    assert (made["url"], made["event_types"], made["description"]) == (
        "https://till.example/hooks",
        ["stamp.*"],
        "Till",
    )
    assert made["is_active"] is True
    where = f"{HOOKS}/{made['id']}"
    assert ok(rest.get(where)) == made
    assert ok(rest.get(HOOKS)) == [made]
    for response in (rest.get(where), rest.get(HOOKS), rest.patch(where, {"description": "Other"})):
        assert secret not in text_of(response)
        assert "whsec_" not in text_of(response)


def test_a_stamp_reaches_it_and_the_log_says_so(rest: Rest, shop: Shop, receiver: Receiver) -> None:
    made = make(rest, receiver.url, event_types=["stamp.added"])
    card = shop.enrol()
    shop.stamp(card)
    settle()
    receiver.received[0].verify(made["secret"])
    (row,) = ok(rest.get(f"{HOOKS}/{made['id']}/deliveries", status="delivered"))
    assert (row["event_type"], row["customer_id"], row["attempts"]) == ("stamp.added", card.pk, 1)
    assert (row["last_status"], row["next_attempt_at"]) == (200, None)
    found = ok(rest.get(f"{HOOKS}/deliveries/{row['id']}"))
    assert found["body"] == receiver.received[0].body
    (request,) = found.pop("log")
    assert (request["status"], request["response"], request["error"]) == (200, "thanks", "")
    assert found.keys() - row.keys() == {"body"}


def test_deliveries_come_in_pages_by_status(rest: Rest, shop: Shop, receiver: Receiver) -> None:
    made = make(rest, receiver.url)
    receiver.answering = lambda one: Reply(500 if one.body["data"]["n"] == 1 else 200)
    for n in range(3):
        tell(shop, member_id=None, n=n)
    settle()
    where = f"{HOOKS}/{made['id']}/deliveries"
    assert meta(rest.get(where, per_page=2)) == {"total": 3, "page": 1, "per_page": 2, "pages": 2}
    assert [row["status"] for row in ok(rest.get(where))] == ["delivered", "pending", "delivered"]
    (failing,) = ok(rest.get(where, status="pending"))
    assert failing["last_error"] == "It answered with status 500."
    assert failing["next_attempt_at"] is not None
    assert ok(rest.get(f"{HOOKS}/{made['id']}"))["pending"] == 1
    invalid(rest.get(where, status="lost"), "status")


def test_one_is_sent_again_and_all_since_a_time(rest: Rest, shop: Shop, receiver: Receiver) -> None:
    made = make(rest, receiver.url)
    tell(shop, member_id=None)
    tell(shop, member_id=None)
    settle()
    where = f"{HOOKS}/{made['id']}"
    newest = ok(rest.get(f"{where}/deliveries"))[0]
    again = ok(rest.post(f"{HOOKS}/deliveries/{newest['id']}/resend"))
    assert (again["status"], again["attempts"], again["delivered_at"]) == ("pending", 0, None)
    settle()
    assert receiver.uids[2] == newest["event_id"]

    with scopes_disabled():
        first = Event.objects.order_by("pk")[0]
        Event.objects.filter(pk=first.pk).update(created_at=timezone.now() - dt.timedelta(hours=2))
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    for since in (
        f"{hour_ago.astimezone(ZoneInfo(shop.business.timezone)):%Y-%m-%d %H:%M:%S}",
        hour_ago.isoformat(),
    ):
        assert ok(rest.post(f"{where}/resend", {"since": since})) == {"resent": 1}
    assert ok(rest.post(f"{where}/resend", {"since": "2026-01-01"})) == {"resent": 2}
    for bad in ("yesterday", "", "2026-13-01 00:00:00"):
        invalid(rest.post(f"{where}/resend", {"since": bad}), "since")


def test_switching_off_and_on_testing_and_rotating(rest: Rest, receiver: Receiver) -> None:
    made = make(rest, receiver.url)
    where = f"{HOOKS}/{made['id']}"
    off = ok(rest.patch(where, {"is_active": False}))
    assert (off["is_active"], off["disabled_reason"]) == (False, "Switched off.")
    refused(rest.post(f"{where}/test"), 409, "conflict")
    assert ok(rest.patch(where, {"is_active": 1}))["disabled_reason"] == ""
    rotated = ok(rest.post(f"{where}/rotate-secret", {"overlap_hours": 0}))
    assert rotated["previous_secret_until"] is None
    sent = ok(rest.post(f"{where}/test"))
    settle()
    (one,) = receiver.received
    assert (one.uid, one.body["type"]) == (sent["event_id"], "webhook.test")
    one.verify(rotated["secret"])
    assert ok(rest.post(f"{where}/rotate-secret"))["previous_secret_until"] is not None


def test_deleting(rest: Rest) -> None:
    made = make(rest)
    where = f"{HOOKS}/{made['id']}"
    assert ok(rest.delete(where)) == {"deleted": True, "id": made["id"]}
    refused(rest.get(where), 404, "not_found")
    refused(rest.get(f"{HOOKS}/{2**63}"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"), ({"url": "http://till.example/"}, "url"), ({"url": "https://192.168.1.1/"}, "url"),
        ({"url": "https://till.example/", "event_types": ["nothing.new"]}, "event_types"),
        ({"url": "https://till.example/", "event_types": []}, "event_types"),
        ({"url": "https://till.example/", "secret": "mine"}, "secret"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(rest: Rest, body: dict[str, Any], field: str) -> None:
    invalid(rest.post(HOOKS, body), field)
    assert ok(rest.get(HOOKS)) == []


def test_null_changes_nothing(rest: Rest) -> None:
    made = make(rest)
    for field in ("url", "event_types", "description", "is_active"):
        invalid(rest.patch(f"{HOOKS}/{made['id']}", {field: None}), field)
    invalid(rest.post(f"{HOOKS}/{made['id']}/rotate-secret", {"overlap_hours": 169}), "overlap_hours")


def test_the_types_are_those_that_are_declared(rest: Rest) -> None:
    found = {one["type"]: one for one in ok(rest.get(f"{HOOKS}/event-types"))}
    assert found.keys() == TYPES.keys()
    stamp = found["stamp.added"]
    assert (stamp["group"], stamp["version"]) == ("stamp", 1)
    assert {one["name"] for one in stamp["fields"]} == TYPES["stamp.added"].example.keys()
    assert "](" not in str(found)  # links are for the page
