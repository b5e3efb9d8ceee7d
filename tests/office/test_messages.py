"""Automatic messages in the back office: their words, their switch, what was sent, who takes none."""

from __future__ import annotations

import pytest
from django_scopes import scope
from structlog.testing import capture_logs

from regulars.messages import actions, texts
from regulars.messages.kinds import AUTOMATIC, KINDS
from regulars.messages.models import Message, MessageText, Suppression
from tests.factories import Shop, make_shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db

WELCOME = KINDS["welcome"]
USUAL = {"subject": WELCOME.subject, "body": WELCOME.body, "button": "Open your card"}


def subject(shop: Shop, language: str = "en", *, kind: str = "welcome", name: str = "") -> str:
    return texts.text_of(business_id=shop.id, kind=KINDS[kind], name=name, language=language).subject


def rows(shop: Shop) -> list[tuple[str, str, str, str]]:
    with scope(business=shop.business):
        found = MessageText.objects.order_by("name", "language")
        return list(found.values_list("name", "language", "subject", "body"))


def test_all_kinds_stand_there_and_can_be_opened(owner: Seat) -> None:
    page = owner.text("messages")
    for kind in AUTOMATIC.values():
        assert f">{kind.label}</a>" in page
        assert kind.label in owner.text("message", kind=kind.name)
    assert "(event" not in page
    assert owner.get("message", kind="nothing").status_code == 404
    assert owner.get("message", {"language": "xx"}, kind="welcome").status_code == 400


def test_words_are_kept_only_where_they_differ_from_the_usual_ones(shop: Shop, owner: Seat) -> None:
    typed = USUAL | {"subject": "Hi {first_name|you}", "body": WELCOME.body.replace("\n", "\r\n")}
    assert owner.post("message", typed, kind="welcome").status_code == 303
    assert rows(shop) == [("", "", "Hi {first_name|you}", "")]
    assert owner.post("message", USUAL, kind="welcome").status_code == 303
    assert rows(shop) == [("", "", "", "")]
    assert [row.action for row in records(shop)] == ["message.edit", "message.edit"]
    assert records(shop)[0].before["subject"] == "Hi {first_name|you}"


def test_each_language_has_words_of_its_own(shop: Shop, owner: Seat) -> None:
    url = owner.url("message", kind="welcome")
    german = WELCOME.spoken("de")
    assert german.body.split("\n")[0] in owner.text("message", {"language": "de"}, kind="welcome")
    answer = owner.client.post(f"{url}?language=de", {"subject": "Moin", "body": german.body}, secure=True)
    assert answer.headers["Location"] == f"{url}?language=de"
    assert rows(shop) == [("", "de", "Moin", "")]
    assert (subject(shop, "de"), subject(shop, "en")) == ("Moin", WELCOME.subject)
    # What is for everybody does not show one language's words.
    assert "Moin" not in owner.text("message", kind="welcome")
    reset = owner.client.post(f"{owner.url('message-reset', kind='welcome')}?language=de", secure=True)
    assert reset.status_code == 303
    assert subject(shop, "de") == german.subject


def test_a_further_text_is_written_and_deleted(shop: Shop, owner: Seat) -> None:
    url = owner.url("message", kind="voucher_issued")
    assert "A gift" in owner.text("message", {"name": "A gift"}, kind="voucher_issued")
    sent = {"subject": "For you", "body": "{voucher}", "button": ""}
    assert owner.client.post(f"{url}?name=A+gift", sent, secure=True).status_code == 303
    assert subject(shop, kind="voucher_issued", name="a GIFT") == "For you"
    assert "A gift" in owner.text("message", kind="voucher_issued")
    reset = owner.url("message-reset", kind="voucher_issued")
    assert owner.client.post(f"{reset}?name=A+gift", secure=True).status_code == 303
    assert rows(shop) == []
    assert owner.get("message", {"name": "x"}, kind="welcome").status_code == 400


def test_an_unknown_placeholder_is_refused_where_it_stands(shop: Shop, owner: Seat) -> None:
    response = owner.post("message", USUAL | {"body": "Hello {nobody}"}, kind="welcome")
    page = response.content.decode()
    assert response.status_code == 400
    assert 'id="id_body_error"' in page
    assert "Hello {nobody}" in page
    assert rows(shop) == []


def test_a_kind_is_switched_off_and_on_but_not_one_that_is_needed(shop: Shop, owner: Seat) -> None:
    assert owner.post("message-switch", {"enabled": "0"}, kind="birthday").status_code == 303
    assert not texts.is_enabled(business_id=shop.id, kind="birthday")
    assert 'aria-label="Switch on: Birthday"' in owner.text("messages")
    assert (
        owner.post("message-switch", {"enabled": "1", "from": "message"}, kind="birthday").status_code == 303
    )
    assert texts.is_enabled(business_id=shop.id, kind="birthday")
    assert owner.post("message-switch", {"enabled": "0"}, kind="password_reset").status_code == 400
    assert [row.after["enabled"] for row in records(shop)] == [True, False]


def test_a_preview_shows_what_is_typed_and_a_test_what_is_saved(shop: Shop, owner: Seat) -> None:
    frame = owner.post("message-preview", USUAL | {"subject": "Hi {first_name}"}, kind="welcome")
    assert "Hi Nora" in frame.content.decode()
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "{nobody}" in owner.post("message-preview", {"body": "{nobody}"}, kind="welcome").content.decode()
    url = f"{owner.url('message-test', kind='welcome')}?language=pt"
    assert owner.client.post(url, {"to": "me@mail.example"}, secure=True).status_code == 303
    with scope(business=shop.business):
        queued = Message.objects.get()
    assert (queued.to, queued.context["language"]) == ("me@mail.example", "pt")
    assert [record.after for record in records(shop)] == [{"kind": "welcome"}]
    assert owner.post("message-test", {"to": "nowhere"}, kind="welcome").status_code == 303
    assert "is not" in owner.text("message", kind="welcome") or "e-mail" in owner.text(
        "message", kind="welcome"
    )


def test_what_is_reset_is_what_is_shown_and_one_stays_there(shop: Shop, owner: Seat) -> None:
    for language, subject in (("", "Hello"), ("pt", "Olá"), ("de", "Hallo")):
        actions.set_text(business_id=shop.id, kind="welcome", language=language, subject=subject)
    assert owner.post("message-reset", kind="welcome").status_code == 303
    with scope(business=shop.business):
        rows = MessageText.objects.filter(kind="welcome").order_by("language")
        assert [(row.language, row.subject) for row in rows] == [("", ""), ("de", "Hallo"), ("pt", "Olá")]
    for deed in ("switch", "test", "reset"):
        url = f"{owner.url(f'message-{deed}', kind='welcome')}?language=pt"
        given = {"from": "message", "enabled": "1", "to": "me@mail.example"}
        on = owner.client.post(url, given, secure=True)
        assert on.headers["Location"] == f"{owner.url('message', kind='welcome')}?language=pt", deed
    assert [row.language for row in rows.all()] == ["", "de"]


def test_what_was_sent_is_found_by_member_and_looked_at(shop: Shop, owner: Seat) -> None:
    assert "Nothing was sent yet" in owner.text("messages-sent")
    nora = shop.enrol("Nora Shah", email="nora@mail.example")
    actions.queue_message(business_id=shop.id, kind="birthday", key="b:1", member_id=nora.pk)
    actions.queue_message(
        business_id=shop.id, kind="password_reset", key="p:1", to="tara@mail.example",
        sealed_context={"reset_url": "https://secret.example/"},
    )  # fmt: skip
    assert "Nora Shah" in owner.text("messages-sent", {"q": nora.member.code})
    assert "Nora Shah" not in owner.text("messages-sent", {"q": "tara@mail.example"})
    assert "Nora Shah" not in owner.text("messages-sent", {"kind": "password_reset"})
    with scope(business=shop.business):
        ours, secret = Message.objects.order_by("pk")
    assert "Nora" in owner.text("message-letter", message_id=ours.pk)
    assert "secret.example" not in owner.text("message-letter", message_id=secret.pk)
    assert "Birthday" in owner.text("message-sent", message_id=ours.pk)
    assert Seat(make_shop("Charlie's")).get("message-sent", message_id=ours.pk).status_code == 404


def test_an_address_that_was_reported_is_written_to_again(shop: Shop, owner: Seat) -> None:
    assert "All addresses take your messages." in owner.text("messages-suppressed")
    other = make_shop("Charlie's")
    for one in (shop, other):
        with scope(business=one.business):
            Suppression.objects.create(
                business_id=one.id, channel="email", address="nora@mail.example", why="bounce"
            )
    with scope(business=shop.business):
        row = Suppression.objects.get()
    assert "nora@mail.example" in owner.text("messages-suppressed")
    assert owner.post("messages-unsuppress", {"id": [row.pk, row.pk + 1]}).status_code == 303
    assert owner.post("messages-unsuppress").status_code == 400
    (record,) = records(shop)
    assert (record.action, record.after["why"], record.after["suppression"]) == (
        "suppression.delete",
        "bounce",
        row.pk,
    )
    assert "nora" not in f"{record.label}{record.before}{record.after}"
    with scope(business=shop.business):
        assert not Suppression.objects.exists()
    with scope(business=other.business):
        assert Suppression.objects.exists()


def test_what_was_not_done_is_no_success_and_no_fault(owner: Seat) -> None:
    with capture_logs() as logged:
        for page, given, ids, told in (
            ("message-test", {"to": "nobody"}, {"kind": "welcome"}, "is not an e-mail address: nobody"),
            ("messages-unsuppress", {"id": "999999"}, {}, "They take messages again already."),
            ("members-suspend", {"id": "999999"}, {}, "not here any more"),
        ):
            answer = owner.post(page, given, **ids)
            assert answer.status_code == 303
            assert told in owner.client.get(answer.headers["Location"], secure=True).content.decode()
    assert [one for one in logged if one["log_level"] == "error"] == []
