"""How the installation is doing: each trouble is seen, and told with what to do."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import NamedTuple

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.analytics.rollup import roll_up_all
from regulars.jobs.models import Job, ScheduledRun
from regulars.messages import sending
from regulars.messages.checks import Ready
from regulars.messages.models import Message
from regulars.outbox.models import Event
from regulars.web.operator import health
from tests.factories import Shop, make_shop
from tests.web.operator.given import Operator

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def shop(settings: Settings, tmp_path: Path) -> Shop:
    settings.REGULARS_DATA_DIR = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    made = make_shop()
    ScheduledRun.objects.create(name="nightly", next_at=timezone.now() + HOUR, last_at=timezone.now())
    return made


def found(name: str) -> health.Check:
    with scopes_disabled():
        return next(check for check in health.checks() if check.name == name)


def state(name: str) -> str:
    check = found(name)
    assert check.text
    assert bool(check.mend) == (check.state != health.OK)
    return check.state


def test_a_new_installation_is_well_but_for_its_backups(shop: Shop) -> None:
    with scopes_disabled():
        troubles = {check.name for check in health.checks() if check.state != health.OK}
    assert troubles <= {"backups", "database"}  # the library of SQLite may have its bug


def test_no_worker_is_seen_by_what_waits(shop: Shop) -> None:
    assert state("worker") == health.OK
    job = Job.objects.create(uid="1", task="t", run_after=timezone.now() - HOUR)
    assert "1 hour" not in found("worker").text  # minutes are told up to two hours
    assert "60 minutes" in found("worker").text
    assert state("worker") == health.BAD
    job.delete()
    ScheduledRun.objects.update(next_at=timezone.now() - HOUR)
    assert state("worker") == health.BAD
    ScheduledRun.objects.all().delete()
    assert "ever" in found("worker").text


def test_a_lease_that_nobody_takes_up_is_seen(shop: Shop) -> None:
    Job.objects.create(
        uid="1", task="t", run_after=timezone.now(), status="running", leased_until=timezone.now() - HOUR
    )
    assert state("worker") == health.BAD


def test_a_missing_worker_is_seen_within_half_a_minute_and_a_busy_one_is_not_missing(shop: Shop) -> None:
    now = timezone.now()
    Job.objects.create(uid="1", task="t", run_after=now - dt.timedelta(seconds=30))
    assert state("worker") == health.BAD
    Job.objects.create(uid="2", task="t", run_after=now, status="running", leased_until=now + HOUR)
    assert state("worker") == health.OK


@pytest.mark.parametrize("how", ["console", "dummy", "filebased", "locmem"])
def test_mail_that_reaches_nobody_is_seen(shop: Shop, settings: Settings, how: str) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{how}.EmailBackend"
    assert "No mail server is set up" in found("messages").text
    assert state("messages") == health.WARNING


def test_failed_jobs_are_counted(shop: Shop) -> None:
    assert state("jobs") == health.OK
    Job.objects.create(uid="1", task="t", run_after=timezone.now(), status="failed")
    assert state("jobs") == health.WARNING


def test_events_that_wait_are_seen(shop: Shop) -> None:
    with scopes_disabled():
        Event.objects.all().delete()
        assert state("events") == health.OK
        Event.objects.create(
            business_id=shop.id, uid="e", type="stamp.added", payload={}, created_at=timezone.now() - HOUR
        )
    assert state("events") == health.BAD


def test_entries_that_are_not_rolled_up_are_seen(shop: Shop) -> None:
    shop.stamp(shop.enrol())
    assert state("figures") == health.OK  # that was only just now
    with time_machine.travel(timezone.now() + HOUR, tick=False):
        assert state("figures") == health.WARNING
        roll_up_all()
        assert state("figures") == health.OK


def test_messages_that_wait_are_seen(shop: Shop) -> None:
    with scopes_disabled():
        message = Message.objects.create(
            business_id=shop.id, kind="staff_invite", key="k", to="a@b.example", next_at=timezone.now() - HOUR
        )
    assert state("messages") == health.BAD
    with scopes_disabled():
        Message.objects.filter(pk=message.pk).update(status="sent")
    assert state("messages") == health.OK


@pytest.mark.parametrize("campaign", [None, 7])
def test_a_mail_server_that_cannot_be_reached_is_told_at_once(shop: Shop, campaign: int | None) -> None:
    """Each try moves the message on by some minutes at most: it is never late by its next time."""
    now = timezone.now()
    with scopes_disabled():
        message = Message.objects.create(
            business_id=shop.id, kind="staff_invite", key="k", to="a@b.example", campaign_id=campaign
        )
        assert state("messages") == health.OK
        ready = Ready(message, shop.business, None, "a@b.example")
        down = sending._put_back(ready, "The mail server cannot be reached.", 300)
        Message.objects.filter(pk=message.pk).update(next_at=down.next_at, reason=down.reason)
    assert state("messages") == health.WARNING
    assert "The mail server cannot be reached." in found("messages").text
    with scopes_disabled():
        Message.objects.filter(pk=message.pk).update(created_at=now - HOUR)
    assert state("messages") == health.BAD
    assert "60 minutes" in found("messages").text


def test_one_address_that_takes_nothing_for_now_is_no_fault_of_the_server(shop: Shop) -> None:
    with scopes_disabled():
        Message.objects.create(
            business_id=shop.id, kind="staff_invite", key="k", to="a@b.example", reason="Try later.",
            attempts=2, created_at=timezone.now() - HOUR, next_at=timezone.now() + HOUR,
        )  # fmt: skip
    assert state("messages") == health.OK


def test_a_full_disk_is_seen(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    giga = 1024**3
    for free, expected in ((50 * giga, health.OK), (5 * giga, health.WARNING), (giga // 10, health.BAD)):
        usage = Usage(100 * giga, 100 * giga - free, free)
        monkeypatch.setattr("shutil.disk_usage", lambda _path, usage=usage: usage)
        assert state("disk") == expected


def test_old_backups_are_seen(shop: Shop, tmp_path: Path) -> None:
    copy = tmp_path / "backups" / "nightly.sqlite3"
    copy.parent.mkdir()
    copy.write_bytes(b"x")
    assert state("backups") == health.OK
    old = (timezone.now() - dt.timedelta(days=5)).timestamp()
    os.utime(copy, (old, old))
    assert state("backups") == health.WARNING
    assert "5 days" in found("backups").text


def test_the_nightly_check_is_told(shop: Shop) -> None:
    job = Job.objects.create(
        uid="1", task="t", run_after=timezone.now(), key="schedule:analytics: integrity", status="failed",
        finished_at=timezone.now(),
    )  # fmt: skip
    assert state("integrity") == health.BAD
    Job.objects.filter(pk=job.pk).update(status="succeeded")
    assert state("integrity") == health.OK


def test_the_page_tells_troubles_first(shop: Shop) -> None:
    Job.objects.create(uid="1", task="t", run_after=timezone.now() - HOUR)
    page = Operator().text()
    assert page.index("Worker") < page.index("Disk")
    assert "regulars worker" in page


@pytest.mark.once
@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 B"), (1536, "2 KB"), (5 * 1024**2, "5 MB"), (3 * 1024**4, "3.0 TB")]
)
def test_sizes_are_said_as_people_say_them(number: int, said: str) -> None:
    assert health.size(number) == said
