"""`/api/campaigns`: drafts, sending, and what is answered about them."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scope
from pytest_django import Settings

from regulars.campaigns.models import Campaign
from regulars.members import actions as members
from regulars.messages.models import Message
from regulars.sales.actions import add_sale
from tests.api.support import Rest, invalid, meta, ok, refused, take_away
from tests.campaigns.mail import customers, work
from tests.factories import Shop

pytestmark = pytest.mark.django_db

PROMO = {"name": "June Promo", "subject": "Double stamps", "message": "Visit us this week."}
NOW = dt.datetime(2026, 6, 10, 6, 30, tzinfo=dt.UTC)  # noon in Kolkata


def made(rest: Rest, **fields: object) -> int:
    return int(ok(rest.post("/api/campaigns", PROMO | fields), 201)["id"])


def test_a_campaign_is_drafted_sent_and_shown(shop: Shop, rest: Rest) -> None:
    customers(shop, 3)
    with time_machine.travel(NOW, tick=False):
        pk = made(rest)
        draft = ok(rest.get(f"/api/campaigns/{pk}"))
        assert ok(rest.post(f"/api/campaigns/{pk}/send")) == {"sent": True, "recipients": 3}
        sending = ok(rest.get(f"/api/campaigns/{pk}"))
    row = {
        "id": pk,
        "name": "June Promo",
        "subject": "Double stamps",
        "segment_filter": "all",
        "segment_id": None,
        "channel": "email",
        "status": "draft",
        "total_recipients": 0,
        "scheduled_at": None,
        "sent_at": None,
    }
    counts = dict.fromkeys(("sent", "failed", "skipped", "waiting", "bounced", "unsubscribed"), 0)
    whole = row | counts | {"message": "Visit us this week.", "rate_per_minute": None, "finished_at": None}
    assert draft == whole | {"created_at": draft["created_at"]}
    row |= {"status": "sending", "total_recipients": 3, "sent_at": "2026-06-10 12:00:00"}
    assert ok(rest.get("/api/campaigns")) == [row]
    assert sending == draft | row | {"waiting": 3}
    with scope(business=shop.business):
        first = Message.objects.order_by("id")[0]
        campaign = Campaign.objects.get(pk=pk)
    assert work(shop, campaign) is None
    assert ok(rest.get("/api/campaigns"))[0]["status"] == "sent"
    assert ok(rest.get(f"/api/campaigns/{pk}"))["sent"] == 3
    listed = rest.get(f"/api/campaigns/{pk}/recipients", per_page=2)
    assert meta(listed) == {"total": 3, "page": 1, "per_page": 2, "pages": 2}
    assert ok(listed)[0]["customer_id"] == first.member_id
    assert ok(listed)[0].keys() == {
        "customer_id", "name", "status", "reason", "attempts", "sent_at", "unsubscribed_at"
    }  # fmt: skip
    assert ok(rest.get(f"/api/campaigns/{pk}/recipients", status="failed")) == []


def test_who_came_is_told_beside_who_came_before(shop: Shop, rest: Rest) -> None:
    pk, card = made(rest), shop.enrol()
    nobody = {"came": 0, "sales_amount": "0.00"}
    empty = {"customers": 0, "until": None, "over": False, "after": nobody, "before": nobody}
    assert ok(rest.get(f"/api/campaigns/{pk}/came")) == empty
    sent = timezone.now() - dt.timedelta(days=15)
    with scope(business=shop.business):
        Campaign.objects.update(status="sent", sent_at=sent)
        given = {"kind": "campaign", "key": "c", "status": "sent", "campaign_id": pk}
        Message.objects.create(business=shop.business, member_id=card.pk, sent_at=sent, **given)
    shop.stamp(card)
    for days, value in ((3, 36), (-3, 5)):
        at = sent + dt.timedelta(days=days)
        add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal(value), occurred_at=at)
    found = ok(rest.get(f"/api/campaigns/{pk}/came"))
    assert (found["customers"], found["over"]) == (1, True)
    assert found["after"] == {"came": 1, "sales_amount": "36.00"}
    assert found["before"] == {"came": 1, "sales_amount": "5.00"}


def test_lists_are_newest_first(rest: Rest) -> None:
    pks = [made(rest, name=f"Number {number}") for number in range(3)]
    assert [row["id"] for row in ok(rest.get("/api/campaigns"))] == pks[::-1]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("subject", ""),
        ("message", " "),
        ("message", "Hello {nobody}"),
        ("segment_filter", "vip"),
        ("channel", "pigeon"),
        ("rate_per_minute", 0),
        ("rate_per_minute", "many"),
        ("scheduled_at", "tomorrow"),
        ("scheduled_at", "2026-06-10"),
        ("scheduled_at", "2026-06-31 10:00:00"),
        ("scheduled_at", "2020-01-01 10:00:00"),
        ("segment", "all"),
    ],
)
def test_a_bad_field_is_refused_by_name(rest: Rest, field: str, value: object) -> None:
    pk = made(rest)
    invalid(rest.post("/api/campaigns", PROMO | {field: value}), field)
    invalid(rest.patch(f"/api/campaigns/{pk}", {field: value}), field)
    assert len(ok(rest.get("/api/campaigns"))) == 1


@pytest.mark.parametrize("field", ["name", "message"])
def test_a_missing_field_is_named(rest: Rest, field: str) -> None:
    invalid(rest.post("/api/campaigns", {key: PROMO[key] for key in PROMO if key != field}), field)


def test_a_mail_without_a_subject_is_refused(rest: Rest) -> None:
    words = {"name": "June Promo", "message": "Visit us."}
    invalid(rest.post("/api/campaigns", words), "subject")
    ok(rest.post("/api/campaigns", words | {"channel": "sms"}), 201)


@pytest.mark.parametrize("field", ["name", "message", "segment_filter", "channel"])
def test_null_cannot_take_away_what_a_campaign_has(rest: Rest, field: str) -> None:
    invalid(rest.patch(f"/api/campaigns/{made(rest)}", {field: None}), field)


def test_times_are_read_as_they_are_printed_or_with_an_offset(rest: Rest) -> None:
    with time_machine.travel(NOW, tick=False):
        for given in ("2026-06-11 09:30:00", "2026-06-11T04:00:00Z", "2026-06-11T06:00:00+02:00"):
            pk = made(rest, scheduled_at=given)
            found = ok(rest.get(f"/api/campaigns/{pk}"))
            assert (found["status"], found["scheduled_at"]) == ("scheduled", "2026-06-11 09:30:00")
        changed = ok(rest.patch(f"/api/campaigns/{pk}", {"scheduled_at": None, "rate_per_minute": 60.0}))
    assert (changed["status"], changed["scheduled_at"], changed["rate_per_minute"]) == ("draft", None, 60)


def test_what_is_sent_cannot_be_sent_changed_or_deleted_again(shop: Shop, rest: Rest) -> None:
    pk = made(rest)
    ok(rest.post(f"/api/campaigns/{pk}/send"))
    for response in (
        rest.post(f"/api/campaigns/{pk}/send"),
        rest.patch(f"/api/campaigns/{pk}", {"name": "Other"}),
        rest.delete(f"/api/campaigns/{pk}"),
    ):
        refused(response, 409, "conflict")
    assert ok(rest.post(f"/api/campaigns/{pk}/cancel"))["status"] == "cancelled"
    refused(rest.post(f"/api/campaigns/{pk}/cancel"), 409, "conflict")


def test_a_draft_is_deleted(rest: Rest) -> None:
    pk = made(rest)
    assert ok(rest.delete(f"/api/campaigns/{pk}")) == {"deleted": True}
    refused(rest.delete(f"/api/campaigns/{pk}"), 404, "not_found")
    refused(rest.get("/api/campaigns/99999999999999999999"), 404, "not_found")


def test_a_retried_send_answers_the_same_and_sends_once(shop: Shop, rest: Rest) -> None:
    customers(shop, 2)
    pk = made(rest)
    key = {"headers": {"Idempotency-Key": "send it"}}
    first = rest.post(f"/api/campaigns/{pk}/send", **key)
    second = rest.post(f"/api/campaigns/{pk}/send", **key)
    assert ok(first) == ok(second) == {"sent": True, "recipients": 2}
    assert second.headers["Idempotency-Replayed"] == "true"
    with scope(business=shop.business):
        assert Message.objects.count() == 2


def test_preview_and_test(shop: Shop, rest: Rest, settings: Settings, tmp_path: Path) -> None:
    pk = made(rest, subject="For {first_name}", message="Only at {business_name}")
    found = ok(rest.post(f"/api/campaigns/{pk}/preview"))
    assert found["subject"] == "For Nora"
    assert "Only at Alice's Café" in found["text"]
    assert found["html"].lstrip().lower().startswith("<!doctype html")
    sent = ok(rest.post(f"/api/campaigns/{pk}/test", {"to": "Maeve@Harbour.example"}))
    assert sent == {"queued": True, "to": "maeve@harbour.example"}
    invalid(rest.post(f"/api/campaigns/{pk}/test", {"to": "nobody"}), "to")
    invalid(rest.post(f"/api/campaigns/{pk}/test", {}), "to")
    assert found["warnings"] == []
    by_phone = made(rest, channel="sms", message="Hello {first_name}, {{unsubscribe_url}}")
    (warning,) = ok(rest.post(f"/api/campaigns/{by_phone}/preview"))["warnings"]
    assert "{unsubscribe_url}" in warning
    fair = made(rest, channel="sms", message="Hello. No more: {unsubscribe_url}")
    assert ok(rest.post(f"/api/campaigns/{fair}/preview"))["warnings"] == []
    error = refused(rest.post(f"/api/campaigns/{by_phone}/test", {"to": "98765 43210"}), 409, "conflict")
    assert "REGULARS_SMS_URL" in error["message"]
    settings.TEXT_MESSAGES = dataclasses.replace(settings.TEXT_MESSAGES, folder=str(tmp_path))
    assert ok(rest.post(f"/api/campaigns/{by_phone}/test", {"to": "98765 43210"}))["to"] == "+919876543210"


def lettered(shop: Shop, rest: Rest) -> int:
    """A campaign by post that was sent to Nora and to somebody who writes formulas."""
    shop.enrol("Nora Whitfield", street_address="4 Pier Road", street_city="Whitby", cell="+447700900123")
    shop.enrol("=HYPERLINK(1)", street_address="5 Pier Road")
    no_more = shop.enrol("Said No", street_address="6 Pier Road")
    pk = made(rest, channel="post", subject="")
    assert ok(rest.post(f"/api/campaigns/{pk}/send"))["recipients"] == 3
    members.edit_member(business_id=shop.id, pk=no_more.pk, optout_post=True)
    return pk


def test_addresses_come_as_a_list_and_as_labels(shop: Shop, rest: Rest) -> None:
    pk = lettered(shop, rest)
    listed = rest.get(f"/api/campaigns/{pk}/addresses.csv")
    assert listed.status_code == 200
    content = b"".join(listed.streaming_content)  # type: ignore[attr-defined]
    assert listed.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert listed.headers["Content-Disposition"] == f'attachment; filename="campaign-{pk}.csv"'
    assert int(listed.headers["Content-Length"]) == len(content)
    assert int(listed.headers["X-RateLimit-Remaining"]) > 0
    head, nora, formula = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert (head[1], nora[1], nora[3]) == ("name", "Nora Whitfield", "4 Pier Road")
    assert not formula[1].startswith("=")
    printed = rest.get(f"/api/campaigns/{pk}/addresses.pdf")
    assert printed.headers["Content-Type"] == "application/pdf"
    pages = b"".join(printed.streaming_content)  # type: ignore[attr-defined]
    assert (pages[:5], int(printed.headers["Content-Length"])) == (b"%PDF-", len(pages))


@pytest.mark.parametrize("name", ["addresses.csv", "addresses.pdf"])
def test_addresses_are_the_shops_own_and_of_letters_alone(
    name: str, shop: Shop, stranger: Shop, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = lettered(shop, rest)
    refused(Rest(stranger).get(f"/api/campaigns/{pk}/{name}"), 404, "not_found")
    refused(Rest().get(f"/api/campaigns/{pk}/{name}"), 401, "unauthorized")
    refused(rest.get(f"/api/campaigns/{made(rest)}/{name}"), 409, "conflict")
    refused(rest.get(f"/api/campaigns/{made(rest, channel='post')}/{name}"), 409, "conflict")
    take_away(monkeypatch, "campaigns")
    refused(rest.get(f"/api/campaigns/{pk}/{name}"), 403, "plan_required")


def test_segments_say_what_they_are_and_how_many_they_reach(shop: Shop, rest: Rest) -> None:
    customers(shop, 2)
    shop.stamp(shop.enrol("Nora", email="nora@customers.example"), 7)
    found = {row["name"]: row for row in ok(rest.get("/api/campaigns/segments"))}
    assert {name: row["members"] for name, row in found.items()} == {
        "all": {"email": 3, "sms": 2, "post": 0},
        "active_30d": {"email": 1, "sms": 0, "post": 0},
        "near_reward": {"email": 1, "sms": 0, "post": 0},
        "inactive_60d": {"email": 0, "sms": 0, "post": 0},
    }
    assert all(row["label"] and row["meaning"] for row in found.values())


def test_a_plan_without_campaigns_refuses_them(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    pk = made(rest)
    take_away(monkeypatch, "campaigns")
    for response in (
        rest.get("/api/campaigns"),
        rest.get("/api/campaigns/segments"),
        rest.post("/api/campaigns", PROMO),
        rest.get(f"/api/campaigns/{pk}"),
        rest.patch(f"/api/campaigns/{pk}", {}),
        rest.delete(f"/api/campaigns/{pk}"),
        rest.get(f"/api/campaigns/{pk}/recipients"),
        *(rest.post(f"/api/campaigns/{pk}/{verb}") for verb in ("send", "cancel", "preview")),
        rest.post(f"/api/campaigns/{pk}/test", {"to": "a@shop.example"}),
    ):
        error = refused(response, 403, "plan_required")
        assert error["plans"] == ["basic", "growth", "professional"]
