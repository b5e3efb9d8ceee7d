"""Take undoing out of an empty database: run as a program, which says whether entries are still guarded."""

import sys

import django

from tests.cli.older.make import ENDED

GUARD = {
    "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgname = 'ledger_entry_append_only'",
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = 'ledger_entry_append_only'",
}


def main() -> None:
    """Go back to the ledger of the version before."""
    from django.db import connection  # noqa: PLC0415 - needs Django
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    MigrationExecutor(connection).migrate([("ledger", ENDED["ledger"])])
    with connection.cursor() as cursor:
        cursor.execute(GUARD[connection.vendor])
        sys.stdout.write(str(cursor.fetchone()[0]))


if __name__ == "__main__":
    django.setup()
    main()
