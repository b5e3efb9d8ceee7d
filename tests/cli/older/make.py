"""A shop as version 0.1.0 before the customers' pages left it: run as a program, in its environment.

The rows are that version's own. Asha has 7 stamps (two rewards at 3, one of them redeemed), Bela 2 stamps and
50 points. Everything is rolled up. Then the newest member was erased, with 4 stamps and one reward: member 3,
entries 7 and 8, reward 3 are gone, and their numbers may not be given again.
"""

import json
from pathlib import Path

import django

# Where the version's migrations ended.
ENDED = {
    "analytics": "0001_initial",
    "campaigns": "0001_initial",
    "catalog": "0001_initial",
    "jobs": "0001_initial",
    "ledger": "0003_points_documents",
    "members": "0002_codes_without_case",
    "messages": "0001_initial",
    "outbox": "0002_webhooks",
    "promotions": "0001_initial",
    "sales": "0001_initial",
    "scratchcards": "0001_initial",
    "tenants": "0003_look",
    "vouchers": "0002_expiry",
}


def main() -> None:
    """Make the tables and fill them."""
    from django.db import connection, transaction  # noqa: PLC0415 - needs Django
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    MigrationExecutor(connection).migrate(list(ENDED.items()))
    left = json.loads((Path(__file__).parent / "rows.json").read_text(encoding="utf-8"))
    with transaction.atomic(), connection.cursor() as cursor:
        for table, (columns, *rows) in left["tables"].items():
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
        for table, last in left["sequences"].items():
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last])
            else:
                cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [last, table])


if __name__ == "__main__":
    django.setup()
    main()
