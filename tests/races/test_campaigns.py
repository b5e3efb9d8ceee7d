"""A campaign whose workers are killed while its mail server refuses: each gets it once, and the counts agree.

Short in ordinary runs; SOAK=1 in the environment makes it long.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django_scopes import scope

from regulars.campaigns import actions
from regulars.campaigns.models import Campaign
from regulars.jobs.models import Job
from regulars.messages.models import Message
from regulars.rules.errors import Conflict
from tests.campaigns.mail import customers, draft
from tests.factories import make_shop
from tests.messages import postbox
from tests.messages.postbox import Postbox
from tests.races.clients import Ask
from tests.races.crowd import PATIENCE, split, together
from tests.races.serving import Installation
from tests.races.test_kills import asking

LONG = bool(os.environ.get("SOAK"))
RECIPIENTS = 10_000 if LONG else 500
OPTED_OUT = RECIPIENTS // 20
KILLS = 5
CALLERS = 8
WITHIN = 600 if LONG else 60  # seconds

# Sends a campaign. Then it forks a worker for "work", and says its number; lets the last customers say no for
# "no".
WORKERS = f"""
import datetime as dt, os, signal, sys, threading
import django
django.setup()
from django.db import connections, transaction
from regulars.campaigns import job
from regulars.campaigns.actions import create_campaign, send_campaign
from regulars.jobs.worker import Worker
from regulars.ledger.actions import enrol
from regulars.members.actions import edit_member
from regulars.messages import sending
from regulars.messages.actions import set_text
from regulars.tenants.models import Business
sending.PAUSES = [dt.timedelta(milliseconds=50)] * 40
sending.DOWN_PAUSES = [0.05]
job.MANY = 20
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
business = Business.objects.get()
set_text(business_id=business.pk, kind="welcome", enabled=False)
with transaction.atomic():
    ids = [
        enrol(business=business, name="Ann Lee", email=f"ann{{number}}@shop.example").pk
        for number in range({RECIPIENTS})
    ]
words = {{"name": "June", "subject": "For {{first_name}}", "message": "Come by."}}
campaign = create_campaign(business_id=business.pk, **words)
assert send_campaign(business_id=business.pk, pk=campaign.pk) == {RECIPIENTS}
for line in sys.stdin:
    connections.close_all()
    if line == "no\\n":
        for pk in ids[-{OPTED_OUT}:]:
            edit_member(business_id=business.pk, pk=pk, optout_email=True)
        print(0, flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        Worker(threads=2, lease=0.6).run(threading.Event())
    print(pid, flush=True)
"""

FIGURES = "SELECT status, total_recipients, sent_count, failed_count, skipped_count FROM campaigns_campaign"
EVENTS = "SELECT COUNT(*) FROM outbox_event WHERE type = 'campaign.finished'"


class Workers:
    """A worker, and the process that forks the next one."""

    def __init__(self, parent: subprocess.Popen[str]) -> None:
        self._parent = parent
        self._alive = self.tell("work")

    def tell(self, what: str) -> int:
        """Let the parent do something; what it says."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        print(what, file=self._parent.stdin, flush=True)
        return int(self._parent.stdout.readline())

    def kill(self) -> None:
        """End the worker without a word."""
        os.kill(self._alive, signal.SIGKILL)

    def replace(self) -> None:
        """Kill the worker, and let another begin."""
        self.kill()
        self._alive = self.tell("work")


@contextmanager
def at_work(installation: Installation, box: Postbox) -> Iterator[Workers]:
    env = {
        **installation.env,
        "DJANGO_SETTINGS_MODULE": "regulars.settings",
        "REGULARS_EMAIL_URL": box.url,
        "REGULARS_LOG_LEVEL": "critical",
    }
    with subprocess.Popen(
        [sys.executable, "-c", WORKERS],
        env=env,
        cwd=installation.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        workers = Workers(parent)
        try:
            yield workers
        finally:
            workers.kill()
            assert parent.stdin is not None
            parent.stdin.close()
            parent.wait(PATIENCE)


def wait_for_mails(box: Postbox, number: int) -> None:
    deadline = time.monotonic() + WITHIN
    while len(box.reached) < number:
        assert time.monotonic() < deadline, f"{len(box.reached)} of {number} came"
        time.sleep(0.001)


def wait_until_sent(ask: Ask) -> None:
    deadline = time.monotonic() + WITHIN
    while ask(FIGURES)[0][0] != "sent":
        assert time.monotonic() < deadline, ask(FIGURES)
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="kill -9")
def test_workers_are_killed_and_each_gets_the_campaign_once(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", logger="mail.log")  # the mail server would tell each line
    installation.create_business("Bean")
    ask = asking(installation.database_url)
    with postbox.opened() as box:
        # A refusal of the whole message that a killed worker does not hear cannot be told from a yes.
        box.refused_for_now, box.refuses_messages, box.most_a_session = 0.4, False, 70
        with at_work(installation, box) as workers:
            wait_for_mails(box, RECIPIENTS // 20)
            workers.tell("no")
            for kill in range(1, KILLS + 1):
                wait_for_mails(box, RECIPIENTS * kill // (KILLS + 2))
                workers.replace()
            wait_until_sent(ask)
    assert box.most_at_once > 1  # several connections were at work
    reached = box.counted()
    assert {to: times for to, times in reached.items() if times != 1} == {}
    no = {f"ann{number}@shop.example" for number in range(RECIPIENTS - OPTED_OUT, RECIPIENTS)}
    assert set(reached) == {f"ann{number}@shop.example" for number in range(RECIPIENTS)} - no
    assert ask(FIGURES) == [("sent", RECIPIENTS, RECIPIENTS - OPTED_OUT, 0, OPTED_OUT)]
    assert ask(EVENTS) == [(1,)]
    for mail in box.mails:
        assert mail["Subject"] == "For Ann"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Unsubscribe"].strip().startswith("<http")
    assert len({mail["List-Unsubscribe"] for mail in box.mails}) == len(box.mails)
    assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_send_at_once_one_does() -> None:
    shop = make_shop()
    customers(shop, 3)
    campaign = draft(shop)
    sent, refused = split(
        together(CALLERS, lambda _: actions.send_campaign(business_id=shop.id, pk=campaign.pk))
    )
    assert sent == [3]
    assert len(refused) == CALLERS - 1
    assert all(isinstance(error, Conflict) for error in refused), refused
    with scope(business=shop.business):
        assert Message.objects.count() == 3
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_is_sent_and_deleted_at_once_is_one_of_both() -> None:
    shop = make_shop()
    customers(shop, 3)
    for _ in range(5):
        campaign = draft(shop)
        calls = (actions.send_campaign, actions.delete_campaign)
        good, bad = split(together(2, lambda n: calls[n](business_id=shop.id, pk=campaign.pk)))  # noqa: B023
        assert len(good) == len(bad) == 1, bad
        with scope(business=shop.business):
            left = Campaign.objects.filter(pk=campaign.pk).count()
            assert Message.objects.filter(campaign_id=campaign.pk).count() == 3 * left
        assert good == ([3] if left else [None])
