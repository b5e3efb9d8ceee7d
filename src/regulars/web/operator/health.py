"""How the installation is doing: each thing that an operator should know, and what to do about it.

Every question is answered out of an index, so that the page costs the same after ten years.
"""

from __future__ import annotations

import datetime as dt
import platform
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import django
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars import __version__, db
from regulars.analytics.models import Watermark
from regulars.jobs.models import Job, ScheduledRun
from regulars.ledger.models import Entry
from regulars.messages.models import Message
from regulars.outbox.models import Delivery, Event, WebhookEndpoint
from regulars.tenants.models import Business, User

OK, WARNING, BAD = "ok", "warning", "bad"
STATES: Final = (BAD, WARNING, OK)
# What waits for a worker for longer than so shows that there is none, or one that does not keep up.
LATE: Final = dt.timedelta(minutes=2)
# The same while nothing is at work: one that has nothing to do takes up what is due within seconds.
MISSED: Final = dt.timedelta(seconds=20)
MESSAGES_LATE: Final = dt.timedelta(minutes=30)
# So many that wait are looked at, those first that were tried last: there are as many as could not leave.
_MANY_MESSAGES: Final = 1000
# The share of the disk, and the bytes, below which there is little room left.
LITTLE_ROOM: Final = 0.1
NO_ROOM: Final = 200 * 1024 * 1024
BACKUPS_OLD: Final = dt.timedelta(days=2)
# What becomes of e-mails where no mail server is set up, by Django's ways of sending.
_WITHOUT_SERVER: Final = {
    "console.EmailBackend": gettext_lazy("e-mails are written into the log, and nobody gets them."),
    "dummy.EmailBackend": gettext_lazy("e-mails are thrown away."),
    "filebased.EmailBackend": gettext_lazy("e-mails become files in the data folder."),
    "locmem.EmailBackend": gettext_lazy("e-mails stay in the memory, and nobody gets them."),
}
_INTEGRITY: Final = "schedule:analytics: integrity"
# SQLite's rare bug that can damage a busy database (docs/self-hosting.md).
_WAL_BUG: Final = ((3, 7, 0), (3, 51, 2))
_SLOW: Final = 0.25  # seconds
_KILO: Final = 1024
# From so many on, hours are told instead of minutes, and days instead of hours.
_MANY_MINUTES, _MANY_HOURS = 120, 48


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: `text` says how it is, `mend` what to do when it is not well."""

    name: str
    title: str
    state: str
    text: str
    mend: str = ""


def checks() -> list[Check]:
    """All of them, each made whatever the others say."""
    return [check() for check in _CHECKS]


def counts() -> list[tuple[str, int, str]]:
    """What there is, with the admin's name of the table."""
    return [
        (_("Businesses"), Business.objects.count(), "admin:tenants_business_changelist"),
        (_("People"), User.objects.count(), "admin:tenants_user_changelist"),
        (
            _("Jobs that failed"),
            Job.objects.filter(status=Job.Status.FAILED).count(),
            "admin:jobs_job_changelist",
        ),
    ]


def _database() -> Check:
    began = time.perf_counter()
    db.run("SELECT 1")
    took = time.perf_counter() - began
    text = _("%(engine)s %(version)s answers in %(ms).1f ms and holds %(size)s.") % {
        "engine": "PostgreSQL" if db.is_postgresql() else "SQLite",
        "version": _server_version(),
        "ms": took * 1000,
        "size": size(_database_size()),
    }
    if took > _SLOW:
        return Check(
            "database", _("Database"), WARNING, text, _("It is slow. See what else the machine does.")
        )
    first, last = _WAL_BUG
    if not db.is_postgresql() and first <= sqlite3.sqlite_version_info <= last:
        mend = _(
            "This version has a rare bug that can damage a busy database. Keep backups, or use PostgreSQL."
        )
        return Check("database", _("Database"), WARNING, text, mend)
    return Check("database", _("Database"), OK, text)


def _server_version() -> str:
    if not db.is_postgresql():
        return sqlite3.sqlite_version
    return str(db.run("SHOW server_version")[0][0]).partition(" ")[0]


def _database_size() -> int:
    if db.is_postgresql():
        return int(db.run("SELECT pg_database_size(current_database())")[0][0])
    pages, each = db.run("PRAGMA page_count")[0][0], db.run("PRAGMA page_size")[0][0]
    return int(pages) * int(each)


def _worker() -> Check:
    now = timezone.now()
    due = ScheduledRun.objects.order_by("next_at").values_list("next_at", flat=True).first()
    ready = Job.objects.filter(status=Job.Status.READY, run_after__lte=now).order_by("run_after")
    waiting = ready.values_list("run_after", flat=True).first()
    lost = Job.objects.filter(status=Job.Status.RUNNING, leased_until__lt=now - LATE).exists()
    running = Job.objects.filter(status=Job.Status.RUNNING, leased_until__gte=now).count()
    soon = now - (LATE if running else MISSED)
    late = [moment for moment in (due, waiting) if moment is not None and moment < soon]
    mend = _("Start `regulars worker`, or `regulars serve`, which has one. Its log says why it stopped.")
    if due is None:
        return Check("worker", _("Worker"), BAD, _("No worker has ever run here."), mend)
    if late or lost:
        told = _("Work has waited for %(long)s.") % {"long": long(now - min([*late, now]))}
        return Check("worker", _("Worker"), BAD, told, mend)
    last = (
        ScheduledRun.objects.exclude(last_at=None)
        .order_by("-last_at")
        .values_list("last_at", flat=True)
        .first()
    )
    text = ngettext("%(running)s job is at work.", "%(running)s jobs are at work.", running) % {
        "running": running
    }
    if last is not None:
        text += " " + _("The schedule was last acted on %(long)s ago.") % {"long": long(now - last)}
    return Check("worker", _("Worker"), OK, text)


def _jobs() -> Check:
    failed = Job.objects.filter(status=Job.Status.FAILED).count()
    if not failed:
        return Check("jobs", _("Jobs"), OK, _("None has failed."))
    text = ngettext("%(failed)s job has failed.", "%(failed)s jobs have failed.", failed) % {"failed": failed}
    return Check(
        "jobs", _("Jobs"), WARNING, text, _("Look at its error under Jobs, mend that, and run it again.")
    )


def _events() -> Check:
    now = timezone.now()
    oldest = Event.objects.filter(pending=True).order_by("id").values_list("created_at", flat=True).first()
    off = WebhookEndpoint.objects.exclude(disabled_at=None).filter(is_active=False).count()
    if oldest is not None and oldest < now - LATE:
        text = _("Events have waited for %(long)s to be passed on.") % {"long": long(now - oldest)}
        return Check(
            "events", _("Events and webhooks"), BAD, text, _("The worker does not keep up: see its log.")
        )
    waiting = Delivery.objects.filter(status=Delivery.Status.PENDING)[:10_000].count()
    text = _("All events are passed on; %(waiting)s deliveries wait for their receivers.") % {
        "waiting": waiting
    }
    if off:
        text += " " + ngettext(
            "%(off)s endpoint was switched off because it did not answer.",
            "%(off)s endpoints were switched off because they did not answer.",
            off,
        ) % {"off": off}
    return Check("events", _("Events and webhooks"), OK, text)


def _figures() -> Check:
    mark = Watermark.objects.values_list("entry_id", flat=True).first() or 0
    newest = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    oldest = Entry.objects.filter(pk__gt=mark).order_by("id").values_list("recorded_at", flat=True).first()
    behind = max(newest - mark, 0)
    if oldest is not None and oldest < timezone.now() - LATE:
        text = _("%(behind)s entries wait to be rolled up.") % {"behind": behind}
        mend = _("Figures are exact all the same, and slower. The worker does it, or `regulars rollup`.")
        return Check("figures", _("Figures"), WARNING, text, mend)
    return Check("figures", _("Figures"), OK, _("The roll-up is up to date."))


def _not_taken() -> tuple[dt.datetime, str] | None:
    """Since when the oldest message waits that no server would take, or none could be reached; and why.

    Each try moves such a message on, and is not counted: `messages.sending`. So it says why it waits and has
    been tried 0 times, which nothing else does.
    """
    stuck = Message.objects.filter(status=Message.Status.QUEUED, attempts=0).exclude(reason="")
    values = ("created_at", "reason")
    of_none = stuck.filter(campaign_id=None).order_by("-next_at", "-id")
    of_campaigns = stuck.exclude(campaign_id=None).order_by("-campaign_id", "-next_at", "-id")
    rows = [
        *of_none.values_list(*values)[:_MANY_MESSAGES],
        *of_campaigns.values_list(*values)[:_MANY_MESSAGES],
    ]
    return min(rows, default=None)


def _messages() -> Check:
    now = timezone.now()
    mend = _("Look into the log for what the mail server says, and check REGULARS_EMAIL_URL.")
    if (stuck := _not_taken()) is not None:
        since, reason = stuck
        text = _("Messages cannot leave: %(reason)s The oldest has waited for %(long)s.") % {
            "reason": reason,
            "long": long(now - since),
        }
        late = since < now - MESSAGES_LATE
        return Check("messages", _("Messages"), BAD if late else WARNING, text, mend)
    ours = Q(campaign_id=None)  # a campaign to many takes as long as its pace says
    queued = Message.objects.filter(ours, status=Message.Status.QUEUED, next_at__lt=now)
    oldest = queued.order_by("next_at").values_list("next_at", flat=True).first()
    if oldest is not None and oldest < now - MESSAGES_LATE:
        text = _("Messages have waited for %(long)s.") % {"long": long(now - oldest)}
        return Check("messages", _("Messages"), BAD, text, mend)
    instead = _WITHOUT_SERVER.get(settings.EMAIL_BACKEND.removeprefix("django.core.mail.backends."))
    if instead is not None:
        text = _("No mail server is set up: %(instead)s") % {"instead": instead}
        return Check("messages", _("Messages"), WARNING, text, _("Set REGULARS_EMAIL_URL."))
    return Check("messages", _("Messages"), OK, _("Nothing waits that could be sent."))


def _disk() -> Check:
    usage = shutil.disk_usage(settings.REGULARS_DATA_DIR)
    text = _("%(free)s of %(total)s are free.") % {"free": size(usage.free), "total": size(usage.total)}
    mend = _("Make room, or move the data to a larger disk. When none is left, writes are refused.")
    if usage.free < NO_ROOM:
        return Check("disk", _("Disk"), BAD, text, mend)
    if usage.free < usage.total * LITTLE_ROOM:
        return Check("disk", _("Disk"), WARNING, text, mend)
    return Check("disk", _("Disk"), OK, text)


def _backups() -> Check:
    folder = Path(settings.REGULARS_DATA_DIR) / "backups"
    made = [file.stat().st_mtime for file in folder.glob("*") if file.is_file()] if folder.is_dir() else []
    mend = _("See Backups in the guide to hosting. Copies that are kept elsewhere are not seen from here.")
    if not made:
        if db.is_postgresql():
            text = _("PostgreSQL is backed up with its own tools, which are not seen from here.")
            return Check("backups", _("Backups"), OK, text)
        return Check("backups", _("Backups"), WARNING, _("There is no copy of the database yet."), mend)
    age = timezone.now() - dt.datetime.fromtimestamp(max(made), dt.UTC)
    text = _("The newest copy is %(long)s old.") % {"long": long(age)}
    return Check(
        "backups", _("Backups"), WARNING if age > BACKUPS_OLD else OK, text, mend if age > BACKUPS_OLD else ""
    )


def _integrity() -> Check:
    job = Job.objects.filter(key=_INTEGRITY).order_by("-id").first()
    title = _("Nightly check")
    if job is None or job.finished_at is None:
        return Check("integrity", title, OK, _("It has not run yet; it does so each night."))
    when = {"when": f"{job.finished_at:%Y-%m-%d %H:%M}"}
    if job.status == Job.Status.FAILED:
        text = _("On %(when)s UTC totals did not agree with the ledger, or the file was damaged.") % when
        mend = _(
            "Look at the job's error, and run `regulars audit`. Restore a backup if the file is damaged."
        )
        return Check("integrity", title, BAD, text, mend)
    text = _("On %(when)s UTC every total agreed with the ledger.") % when
    return Check("integrity", title, OK, text)


def _versions() -> Check:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    text = f"Regulars {__version__}, Python {platform.python_version()}, Django {django.get_version()}"
    if missing:
        mend = _("Stop the servers and run `regulars migrate`.")
        return Check(
            "versions", _("Versions"), BAD, _("%(what)s; the database is older.") % {"what": text}, mend
        )
    return Check("versions", _("Versions"), OK, f"{text}.")


def size(number: float) -> str:
    """Bytes as people say them."""
    for unit in ("B", "KB", "MB", "GB"):
        if number < _KILO:
            return f"{number:.0f} {unit}"
        number /= _KILO
    return f"{number:.1f} TB"


def long(time_: dt.timedelta) -> str:
    """How long something takes, as people say it."""
    minutes = int(time_.total_seconds() // 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < _MANY_MINUTES:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < _MANY_HOURS:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


_CHECKS: Final[tuple[Callable[[], Check], ...]] = (
    _database,
    _worker,
    _jobs,
    _events,
    _figures,
    _messages,
    _disk,
    _backups,
    _integrity,
    _versions,
)


def as_json() -> dict[str, Any]:
    """All checks for programs."""
    found = checks()
    return {
        "ok": all(check.state != BAD for check in found),
        "checks": [
            {"name": check.name, "state": check.state, "text": check.text, "mend": check.mend}
            for check in found
        ],
    }
