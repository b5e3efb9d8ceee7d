"""`/api/messages`: texts, previews, samples, the log, the look, suppressed addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from regulars.messages import actions, texts
from regulars.messages.kinds import AUTOMATIC
from regulars.messages.models import Message, Suppression
from tests.api.support import Rest, invalid, meta, ok, refused, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db

KINDS = "/api/messages/kinds"


def kind(rest: Rest, name: str) -> dict[str, Any]:
    (found,) = [one for one in ok(rest.get(KINDS)) if one["kind"] == name]
    return dict(found)


def test_all_kinds_say_what_they_are_and_what_they_may_tell(rest: Rest) -> None:
    found = ok(rest.get(KINDS))
    assert values(found, "kind") == list(AUTOMATIC)
    welcome = found[0]
    assert (welcome["to"], welcome["enabled"], welcome["optional"], welcome["own_text"]) == (
        "member", True, True, False,
    )  # fmt: skip
    assert "{first_name|there}" in welcome["body"]
    assert {"name": "points", "meaning": "Points on the card now.", "sample": "120"} in welcome[
        "placeholders"
    ]
    assert values(found, "trigger")[0].endswith("(event member.enrolled).")


def test_words_and_the_switch_are_changed_and_taken_back(rest: Rest) -> None:
    changed = ok(rest.patch(f"{KINDS}/welcome", {"subject": "Hi {first_name}", "enabled": 0}))
    assert (changed["subject"], changed["enabled"], changed["own_text"]) == ("Hi {first_name}", False, True)
    assert kind(rest, "welcome") == changed
    back = ok(rest.delete(f"{KINDS}/welcome"))
    assert (back["subject"], back["enabled"]) == (AUTOMATIC["welcome"].subject, False)
    assert ok(rest.patch(f"{KINDS}/welcome", {"enabled": True}))["enabled"]


def test_a_voucher_kind_has_further_texts(rest: Rest) -> None:
    url = f"{KINDS}/voucher_issued"
    named = {"name": "Summer", "subject": "Hot: {voucher}"}
    assert values(ok(rest.patch(url, named))["texts"], "name") == ["Summer"]
    assert ok(rest.post(f"{url}/preview", {"name": "summer"}))["subject"] == "Hot: Free muffin"
    assert ok(rest.send("DELETE", url, query={"name": "Summer"}))["texts"] == []
    refused(rest.send("DELETE", url, query={"name": "Summer"}), 404, "not_found", "name")


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("welcome", {"subject": "Hi {voucher}"}, "subject"),
        ("welcome", {"body": "Hi {"}, "body"),
        ("welcome", {"name": "Summer", "body": "Hi"}, "name"),
        ("welcome", {"enabled": "no"}, "enabled"),
        ("welcome", {"colour": "red"}, "colour"),
        ("password_reset", {"enabled": False}, "enabled"),
    ],
)
def test_unusable_words_name_the_field(name: str, body: dict[str, Any], field: str, rest: Rest) -> None:
    before = kind(rest, name)
    invalid(rest.patch(f"{KINDS}/{name}", body), field)
    assert kind(rest, name) == before


def test_an_unknown_kind_is_not_found(rest: Rest) -> None:
    for method, path, body in (
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/preview", {}),
        ("POST", "/test", {"to": "a@b.example"}),
    ):
        refused(rest.send(method, f"{KINDS}/campaign{path}", body), 404, "not_found")


def test_a_further_text_that_is_not_there_is_neither_shown_nor_sent(shop: Shop, rest: Rest) -> None:
    url = f"{KINDS}/voucher_issued"
    refused(rest.post(f"{url}/preview", {"name": "Winter"}), 404, "not_found", "name")
    refused(rest.post(f"{url}/test", {"to": "a@b.example", "name": "Winter"}), 404, "not_found", "name")
    refused(rest.post(f"{KINDS}/welcome/preview", {"name": "Winter"}), 404, "not_found", "name")
    ok(rest.patch(url, {"name": "Winter", "subject": "Cold"}))
    ok(rest.post(f"{url}/test", {"to": "a@b.example", "name": "winter"}))
    with scope(business=shop.id):
        assert Message.objects.count() == 1


def test_samples_are_few_and_say_when_to_go_on(rest: Rest) -> None:
    for _ in range(actions.TESTS_A_MINUTE):
        ok(rest.post(f"{KINDS}/birthday/test", {"to": "owner@shop.example"}))
    response = rest.post(f"{KINDS}/birthday/test", {"to": "owner@shop.example"})
    assert "10 tests a minute" in refused(response, 429, "rate_limited")["message"]
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_a_preview_shows_text_and_html_and_keeps_nothing(shop: Shop, rest: Rest) -> None:
    shown = ok(rest.post(f"{KINDS}/welcome/preview", {"subject": "For {name}", "body": "{stamps} stamps"}))
    assert shown["subject"] == "For Nora Whitfield"
    assert shown["text"].startswith("5 stamps\n")
    assert shown["html"].startswith("<!doctype html>")
    assert not kind(rest, "welcome")["own_text"]
    invalid(rest.post(f"{KINDS}/welcome/preview", {"body": "{nothing}"}), "body")
    with scope(business=shop.id):
        assert not Message.objects.exists()


def test_a_sample_is_sent_once_for_one_key(shop: Shop, rest: Rest) -> None:
    key = {"Idempotency-Key": "sample"}
    first = ok(rest.post(f"{KINDS}/birthday/test", {"to": "owner@shop.example"}, headers=key))
    assert ok(rest.post(f"{KINDS}/birthday/test", {"to": "owner@shop.example"}, headers=key)) == first
    with scope(business=shop.id):
        message = Message.objects.get()
    assert (first["id"], message.to) == (message.pk, "owner@shop.example")
    invalid(rest.post(f"{KINDS}/birthday/test", {"to": "owner"}), "to")


def test_the_log_is_filtered_and_newest_first(shop: Shop, rest: Rest) -> None:
    nora = shop.enrol("Nora", email="nora@mail.example")
    actions.queue_message(business_id=shop.id, kind="welcome", key="w", member_id=nora.pk)
    actions.queue_message(business_id=shop.id, kind="birthday", key="b", member_id=nora.pk)
    ok(rest.post("/api/team", {"name": "Bob", "email": "bob@shop.example"}), 201)
    with scope(business=shop.id):
        Message.objects.filter(key="w").update(status="skipped", reason="The customer is suspended.")
    rows = ok(rest.get("/api/messages"))
    assert values(rows, "kind") == ["staff_invitation", "birthday", "welcome"]
    assert (rows[2]["reason"], rows[2]["customer_name"]) == ("The customer is suspended.", "Nora")
    assert (rows[0]["customer_id"], rows[0]["to"]) == (None, "bob@shop.example")
    for query, found in (
        ({"status": "skipped"}, ["welcome"]),
        ({"kind": "birthday"}, ["birthday"]),
        ({"customer_id": nora.pk}, ["birthday", "welcome"]),
        ({"per_page": 1, "page": 2}, ["birthday"]),
        ({"customer_id": 999_999}, []),
    ):
        assert values(ok(rest.get("/api/messages", **query)), "kind") == found
    assert meta(rest.get("/api/messages"))["total"] == 3
    invalid(rest.get("/api/messages", status="lost"), "status")


def test_the_log_never_shows_a_password(rest: Rest) -> None:
    made = ok(rest.post("/api/team", {"name": "Bob", "email": "bob@shop.example"}), 201)
    assert made["temp_password"] not in bytes(rest.get("/api/messages").content).decode()  # type: ignore[attr-defined]


def test_the_look_is_changed_and_its_text_stays_readable(shop: Shop, rest: Rest) -> None:
    assert ok(rest.get("/api/messages/look")) == {
        "accent_color": "#0f766e", "text_color": "#ffffff", "reply_to": "",
    }  # fmt: skip
    changed = ok(rest.patch("/api/messages/look", {"accent_color": "#FACC15", "reply_to": "Hi@shop.example"}))
    assert changed == {"accent_color": "#facc15", "text_color": "#1c1917", "reply_to": "hi@shop.example"}
    assert "#facc15" in texts.preview(business_id=shop.id, kind="welcome").html
    assert ok(rest.patch("/api/messages/look", {"reply_to": None}))["reply_to"] == ""
    invalid(rest.patch("/api/messages/look", {"accent_color": "yellow"}), "accent_color")
    invalid(rest.patch("/api/messages/look", {"accent_color": None}), "accent_color")
    invalid(rest.patch("/api/messages/look", {"reply_to": "me"}), "reply_to")


def test_a_suppressed_address_is_listed_and_given_back(shop: Shop, rest: Rest) -> None:
    with scope(business=shop.id):
        row = Suppression.objects.create(
            business=shop.business, channel="email", address="gone@mail.example", why="bounce", detail="550"
        )
    (shown,) = ok(rest.get("/api/messages/suppressions"))
    assert (shown["address"], shown["why"], shown["detail"]) == ("gone@mail.example", "bounce", "550")
    ok(rest.delete(f"/api/messages/suppressions/{row.pk}"))
    assert ok(rest.get("/api/messages/suppressions")) == []
    refused(rest.delete(f"/api/messages/suppressions/{row.pk}"), 404, "not_found")
