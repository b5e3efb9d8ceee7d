"""The thread that writes the request log: by itself, and on after a failure."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest
from django.db import DatabaseError
from django.utils import timezone
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.requestlog import buffer
from regulars.requestlog.buffer import Noted
from regulars.requestlog.models import Call

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20


@pytest.fixture(autouse=True)
def _own_buffer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # The thread waits for this buffer for ever, which nobody fills after the test.
    monkeypatch.setattr(buffer, "_buffer", buffer._Buffer())
    monkeypatch.setattr(buffer, "PAUSE", 0.01)
    settings.REQUEST_LOG_WRITER = True


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def note(target: str) -> None:
    buffer.note(Noted(7, 1, timezone.now(), "rest", "GET", target, 200, "", 1, "192.0.2.1"))


def written() -> list[str]:
    with scopes_disabled():
        return list(Call.objects.order_by("pk").values_list("target", flat=True))


def test_calls_are_written_by_themselves() -> None:
    note("/api/1")
    wait_for(lambda: written() == ["/api/1"])
    note("/api/2")
    wait_for(lambda: written() == ["/api/1", "/api/2"])


def test_what_cannot_be_written_is_lost_and_the_next_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    write, failed = buffer._write, threading.Event()

    def fail_once(calls: list[Noted]) -> None:
        if not failed.is_set():
            failed.set()
            raise DatabaseError("the disk is full")
        write(calls)

    monkeypatch.setattr(buffer, "_write", fail_once)
    note("/api/1")
    assert failed.wait(PATIENCE)
    note("/api/2")
    wait_for(lambda: written() == ["/api/2"])


def test_without_calls_nobody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert buffer._buffer.writer == 0
    note("/api/1")
    assert buffer._buffer.writer == os.getpid()
    wait_for(lambda: written() == ["/api/1"])
    again = threading.Event()
    monkeypatch.setattr(buffer, "flush", again.set)
    assert not again.wait(0.2)


def test_whoever_ends_waits_for_what_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "PAUSE", 3600)
    note("/api/1")
    buffer._buffer.finish()
    assert written() == ["/api/1"]


def test_whoever_ends_waits_for_what_is_being_written(monkeypatch: pytest.MonkeyPatch) -> None:
    write, begun = buffer._write, threading.Event()

    def slowly(calls: list[Noted]) -> None:
        begun.set()
        time.sleep(0.2)
        write(calls)

    monkeypatch.setattr(buffer, "_write", slowly)
    note("/api/1")
    assert begun.wait(PATIENCE)
    note("/api/2")
    buffer._buffer.finish()
    assert written() == ["/api/1", "/api/2"]


def test_whoever_ends_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "LAST_WAIT", 0.1)
    go_on = threading.Event()
    monkeypatch.setattr(buffer, "_write", lambda _calls: go_on.wait(PATIENCE))
    note("/api/1")
    began = time.monotonic()
    buffer._buffer.finish()
    assert 0.1 <= time.monotonic() - began < PATIENCE / 2
    go_on.set()
    wait_for(buffer._buffer.clean.is_set)
