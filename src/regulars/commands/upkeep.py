"""Commands that look after the database: migrate, audit, rollup, daily."""

import typer

from regulars.commands import database
from regulars.commands.console import FAILED, Stop, say
from regulars.commands.setup import read_environment, start_django


def migrate() -> None:
    """Make the database, or bring an older one up to date (SQLite: after a backup)."""
    settings = read_environment()
    start_django(settings, writes=True)
    applied = database.migrate(settings)
    say(f"Applied {applied} changes." if applied else "The database is up to date.")


def audit() -> None:
    """Recompute every total from the ledger; one JSON line, status 0 when all agree."""
    settings = read_environment()
    start_django(settings, writes=False)
    database.check(settings)
    from regulars.analytics.audit import audit as run_audit  # noqa: PLC0415 - models need Django

    report = run_audit()
    say(report.as_json())
    if not report.ok:
        raise typer.Exit(FAILED)


def rollup() -> None:
    """Add new ledger entries to the daily totals now; the server does this by itself."""
    settings = read_environment()
    start_django(settings, writes=False)
    database.check(settings)
    from regulars.analytics.rollup import roll_up_all  # noqa: PLC0415 - models need Django

    say(f"Rolled up {roll_up_all()} entries.")


def daily() -> None:
    """Give now what birthdays, anniversaries and the 1st of the month give; the server does this hourly."""
    settings = read_environment()
    start_django(settings, writes=False)
    database.check(settings)
    from regulars.promotions.daily import run_daily_all  # noqa: PLC0415 - models need Django

    done = run_daily_all()
    say(
        f"Gave {done.points} points, {done.stamps} stamps and {done.vouchers} vouchers; "
        f"{done.expired} points and {done.released} reservations ran out."
    )
    if done.failed:
        raise Stop(f"{done.failed} businesses could not be worked through; the log says why.")
