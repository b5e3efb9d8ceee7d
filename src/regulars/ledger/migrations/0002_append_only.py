"""Entries cannot be changed, by anybody; cards have room on their pages to be updated in place."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# All columns but staff_id, which is emptied when somebody leaves the team.
_COLUMNS = (
    "id, business_id, card_id, branch_id, kind, stamps, stamps_spent, rewards, visits, points, stamps_after, "
    "points_after, text, occasion, occurred_at, day, recorded_at"
)

_POSTGRESQL = [
    "ALTER TABLE ledger_card SET (fillfactor = 80)",
    """CREATE FUNCTION ledger_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'ledger entries are never changed' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    f"""CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OF {_COLUMNS} ON ledger_entry
       FOR EACH ROW EXECUTE FUNCTION ledger_entry_is_append_only()""",
]
_POSTGRESQL_BACK = [
    "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
    "DROP FUNCTION ledger_entry_is_append_only()",
    "ALTER TABLE ledger_card RESET (fillfactor)",
]
_SQLITE = [
    f"""CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OF {_COLUMNS} ON ledger_entry
       BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END""",
]
_SQLITE_BACK = ["DROP TRIGGER ledger_entry_append_only"]


def _forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _SQLITE:
        schema_editor.execute(statement, params=None)


def _backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else _SQLITE_BACK:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunPython(_forwards, _backwards)]
