"""What the room does by the schedule."""

from __future__ import annotations

import structlog
from django_tasks import task

from regulars import db
from regulars.analytics.audit import audit
from regulars.jobs.outcomes import GiveUp

AT_NIGHT = "17 3 * * *"  # UTC

log = structlog.get_logger(__name__)


@task()
def check_integrity() -> dict[str, int]:
    """Recompute every total from the ledger; on SQLite look at the database file, too.

    Returns how many records were checked. What does not agree fails the job, where `regulars jobs` shows it.
    """
    damage = (
        [] if db.is_postgresql() else [row[0] for row in db.run("PRAGMA integrity_check") if row[0] != "ok"]
    )
    report = audit()
    if damage or not report.ok:
        log.error("integrity_check_failed", damage=damage, report=report.as_json())
        raise GiveUp("\n".join([*damage, *([] if report.ok else [report.as_json()])]))
    return dict(report.checked)
