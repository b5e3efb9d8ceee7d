"""Whoever sends is killed in the middle, again and again: everybody is written to, and nobody twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.messages import postbox
from tests.messages.postbox import Postbox
from tests.races.clients import Ask
from tests.races.serving import Installation
from tests.races.test_kills import asking

LONG = bool(os.environ.get("SOAK"))
KILLS = 100 if LONG else 6
MESSAGES = 6000 if LONG else 400
PATIENCE = 60  # seconds

FILL = """
import os
import django
django.setup()
from django.db import transaction
from regulars.ledger.actions import enrol
from regulars.messages.actions import queue_message
from regulars.tenants.models import Business
business = Business.objects.get()
with transaction.atomic():
    for number in range(int(os.environ["MESSAGES"])):
        card = enrol(business=business, name="Ann Lee", email=f"ann{number}@shop.example")
        queue_message(business_id=business.pk, kind="welcome", key=f"test-{number}", member_id=card.pk)
"""

# Forks a sender for each line that it reads, and says its number.
SENDERS = """
import datetime as dt, os, signal, sys, time
import django
django.setup()
from regulars.messages import journal, sending
FORGETFUL = os.environ.get("FORGETFUL")
if FORGETFUL:
    read = journal.read_remains
    journal.read_remains = lambda name: read(name) and journal.Remains(known=True, steps={})
sending.PAUSES = [dt.timedelta(milliseconds=20)] * 40
sending.DOWN_PAUSES = [0.05]
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        while True:
            if not sending.step(lambda: False):
                time.sleep(0.01)
    print(pid, flush=True)
"""

WAITING = "SELECT count(*) FROM messages_message WHERE status IN ('queued', 'sending')"
STATES = "SELECT status, count(*) FROM messages_message GROUP BY status"
UNCONFIRMED = "SELECT count(*) FROM messages_message WHERE reason <> ''"
REASONS = "SELECT status, reason, attempts, count(*) FROM messages_message GROUP BY status, reason, attempts"


class Senders:
    """Processes that send, two at a time."""

    def __init__(self, parent: "subprocess.Popen[str]") -> None:
        self._parent = parent
        self._alive = [self._start(), self._start()]

    def _start(self) -> int:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        print(file=self._parent.stdin, flush=True)
        return int(self._parent.stdout.readline())

    def replace(self) -> None:
        """Kill one, and let another begin."""
        os.kill(self._alive.pop(0), signal.SIGKILL)
        self._alive.append(self._start())

    def stop(self) -> None:
        """Kill all."""
        for pid in self._alive:
            os.kill(pid, signal.SIGKILL)
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait(PATIENCE)


@contextmanager
def at_work(installation: Installation, box: Postbox, messages: int, **more: str) -> Iterator[Senders]:
    env = {
        **more,
        "MESSAGES": str(messages),
        **installation.env,
        "DJANGO_SETTINGS_MODULE": "regulars.settings",
        "REGULARS_EMAIL_URL": box.url,
        "REGULARS_LOG_LEVEL": "error",
    }
    subprocess.run([sys.executable, "-c", FILL], env=env, cwd=installation.folder, check=True)
    with subprocess.Popen(
        [sys.executable, "-c", SENDERS],
        env=env,
        cwd=installation.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        senders = Senders(parent)
        try:
            yield senders
        finally:
            senders.stop()


def wait_for_mails(box: Postbox, number: int, ask: Ask) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(box.reached) < number:
        assert time.monotonic() < deadline, f"{len(box.reached)} of {number} came: {ask(REASONS)}"
        time.sleep(0.001)


def wait_until_nothing_waits(ask: Ask) -> None:
    deadline = time.monotonic() + PATIENCE
    while ask(WAITING) != [(0,)]:
        assert time.monotonic() < deadline, ask(REASONS)
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="kill -9")
def test_senders_are_killed_and_each_message_leaves_once(installation: Installation) -> None:
    installation.create_business("Bean")
    ask = asking(installation.database_url)
    with postbox.opened() as box:
        box.refused_for_now, box.most_a_session, box.pipelining = 0.2, 30, True
        with at_work(installation, box, MESSAGES) as senders:
            for kill in range(1, KILLS + 1):
                # Anywhere in the work of a message, or between two.
                wait_for_mails(box, MESSAGES * kill // (KILLS + 2) + random.randrange(5), ask)
                time.sleep(random.random() / 500)
                senders.replace()
            wait_until_nothing_waits(ask)
        box.refused_for_now = 0.0
    counted = box.counted()
    assert {to: times for to, times in counted.items() if times != 1} == {}
    assert ask(STATES) == [("sent", MESSAGES)]
    # Between the journal and the dot is time for some instructions (docs/decisions/0014): who is killed just
    # there leaves a message that nobody confirmed. It has not been seen in hundreds of kills, but it can be.
    missing = MESSAGES - len(counted)
    assert missing <= min(ask(UNCONFIRMED)[0][0], 1)


@pytest.mark.skipif(sys.platform != "linux", reason="kill -9")
def test_without_what_the_journal_says_some_would_be_written_to_twice(installation: Installation) -> None:
    installation.create_business("Bean")
    ask = asking(installation.database_url)
    with postbox.opened() as box, at_work(installation, box, 100, FORGETFUL="1") as senders:
        wait_for_mails(box, 40, ask)  # less than what is told to the database at once
        senders.replace()
        senders.replace()
        wait_until_nothing_waits(ask)
    assert len(box.counted()) == 100
    assert max(box.counted().values()) > 1
