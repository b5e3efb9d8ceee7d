"""Text messages: by a provider's HTTP interface, or into files."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope
from pytest_django import Settings

from regulars.environment_mail import read_sms_url
from regulars.members.actions import edit_member
from regulars.messages.actions import queue_message
from regulars.messages.channels import sms
from regulars.messages.models import Message
from regulars.messages.sending import Batch, Sender, send_some
from tests.factories import Shop, make_shop
from tests.messages import postbox

pytestmark = pytest.mark.django_db

CELL = "+919876512345"


@dataclass
class Provider:
    """An HTTP server that takes text messages."""

    port: int = 0
    status: int = 201
    silent: bool = False
    calls: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


@contextmanager
def provider() -> Iterator[Provider]:
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.calls.append((self.command, self.path, headers, body))
            if made.silent:
                self.close_connection = True
                return
            self.send_response(made.status)
            self.send_header("content-length", "4")
            self.end_headers()
            self.wfile.write(b"said")

        do_GET = do_POST = answer  # noqa: N815 - the library looks for these names

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def shop() -> Shop:
    return make_shop('Bean "&" Leaf')


def text(shop: Shop) -> Message:
    card = shop.enrol("Ann Lee", phone=CELL)
    message = queue_message(business_id=shop.id, kind="welcome", key="test", member_id=card.pk, channel="sms")
    assert message is not None
    return message


def send() -> Batch:
    with Sender() as sender:
        return send_some(sender=sender)


def state(message: Message) -> tuple[str, str, str]:
    with scope(business=message.business_id):
        row = Message.objects.get(pk=message.pk)
        return row.status, row.to, row.reason


def test_a_form_with_a_name_and_a_password(shop: Shop, settings: Settings) -> None:
    with provider() as server:
        settings.TEXT_MESSAGES = read_sms_url(
            f"http://account:p%40ss@127.0.0.1:{server.port}/send#form:To={{to}}&From=%2B1555&Body={{text}}"
        )
        message = text(shop)
        assert send() == Batch(sent=1)
    ((method, path, headers, body),) = server.calls
    assert (method, path, headers["content-type"]) == ("POST", "/send", "application/x-www-form-urlencoded")
    assert headers["authorization"] == "Basic YWNjb3VudDpwQHNz"
    assert body.startswith("To=%2B919876512345&From=%2B1555&Body=")
    assert "Bean%20%22%26%22%20Leaf" in body
    assert state(message) == ("sent", CELL, "")


def test_json_with_a_token_in_which_nothing_breaks_out(shop: Shop, settings: Settings) -> None:
    with provider() as server:
        settings.TEXT_MESSAGES = read_sms_url(
            f'http://bearer:t0ken@127.0.0.1:{server.port}/#json:{{"to": "{{to}}", "body": "{{text}}"}}'
        )
        text(shop)
        assert send() == Batch(sent=1)
    ((_, _, headers, body),) = server.calls
    assert headers["authorization"] == "Bearer t0ken"
    assert json.loads(body)["to"] == CELL
    assert 'Bean "&" Leaf' in json.loads(body)["body"]


def test_everything_in_the_address(shop: Shop, settings: Settings) -> None:
    with provider() as server:
        settings.TEXT_MESSAGES = read_sms_url(f"http://127.0.0.1:{server.port}/s?n={{to}}&t={{text}}&k=1")
        text(shop)
        assert send() == Batch(sent=1)
    ((method, path, _, body),) = server.calls
    assert (method, body) == ("GET", "")
    assert path.startswith("/s?n=%2B919876512345&t=")
    assert path.endswith("&k=1")


def test_a_text_is_never_taken_for_a_place() -> None:
    values = {"{to}": "{text}", "{text}": "{to}"}
    assert sms._fill("{to} - {text}{text}", values, str) == "{text} - {to}{to}"


@pytest.mark.parametrize(
    ("status", "batch", "known"),
    [
        (400, Batch(failed=1), ("failed", "answered 400. said")),
        (302, None, ("queued", "answered 302.")),
        (500, None, ("queued", "answered 500.")),
        (429, None, ("queued", "answered 429.")),
        (401, None, ("queued", "answered 401.")),
    ],
)
def test_what_the_provider_says(
    status: int, batch: Batch | None, known: tuple[str, str], shop: Shop, settings: Settings
) -> None:
    with provider() as server:
        settings.TEXT_MESSAGES = read_sms_url(f"http://127.0.0.1:{server.port}/?{{to}}={{text}}")
        server.status = status
        message = text(shop)
        found = send()
        assert batch is None or found == batch
        assert found.sent == 0
    assert state(message)[0] == known[0]
    assert known[1] in state(message)[2]
    assert len(server.calls) == 1


def test_silence_after_the_request_is_never_answered_with_a_second_one(
    shop: Shop, settings: Settings
) -> None:
    with provider() as server:
        settings.TEXT_MESSAGES = read_sms_url(f"http://127.0.0.1:{server.port}/?{{to}}={{text}}")
        server.silent = True
        message = text(shop)
        assert send() == Batch(sent=1)
    assert len(server.calls) == 1
    assert "did not confirm" in state(message)[2]


def test_a_provider_that_is_away_is_asked_again(shop: Shop, settings: Settings) -> None:
    settings.TEXT_MESSAGES = read_sms_url(f"http://127.0.0.1:{postbox.free_port()}/?{{to}}={{text}}")
    message = text(shop)
    assert send().next_at is not None
    assert state(message)[0] == "queued"
    assert "cannot be reached" in state(message)[2]


def test_files(shop: Shop, settings: Settings, tmp_path: Path) -> None:
    settings.TEXT_MESSAGES = read_sms_url(f"filesms:///{tmp_path}/texts")
    text(shop)
    assert sms.available()
    assert send() == Batch(sent=1)
    (file,) = (tmp_path / "texts").iterdir()
    line = json.loads(file.read_text())
    assert line["to"] == CELL
    assert 'Bean "&" Leaf' in line["text"]


def test_who_wants_no_texts_gets_none(shop: Shop, settings: Settings, tmp_path: Path) -> None:
    settings.TEXT_MESSAGES = read_sms_url(f"filesms:///{tmp_path}/texts")
    message = text(shop)
    edit_member(business_id=shop.id, pk=message.member_id or 0, optout_text=True)
    assert send() == Batch(skipped=1)
