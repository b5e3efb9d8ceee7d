"""Entries that tell of a merge; entries move to another card when their member is merged into its member."""

from importlib import import_module

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Q

_before = import_module("regulars.ledger.migrations.0004_undo")
_kinds_before, _together, _let_go, _guard_as_before = (
    getattr(_before, name) for name in ("_KINDS", "_Together", "_let_go", "_guard")
)

# All columns but staff_id, which is emptied when somebody leaves the team, and the two of a move.
_COLUMNS = (
    "id, business_id, branch_id, kind, stamps, stamps_spent, rewards, visits, points, stamps_after, "
    "points_after, shortfall, text, source, occurred_at, day, recorded_at, reverses_id"
)
# An entry moves only with its member. What both cards had been given for one occasion keeps its name on one.
_STAYS = """NOT EXISTS (SELECT 1 FROM members_mergedmember m WHERE m.id = OLD.card_id AND m.member_id = NEW.card_id)
       OR (NEW.occasion IS NOT NULL AND NEW.occasion <> COALESCE(OLD.occasion, ''))"""
_GUARD = {
    "postgresql": (
        f"""CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OF {_COLUMNS} ON ledger_entry
       FOR EACH ROW EXECUTE FUNCTION ledger_entry_is_append_only()""",
        f"""CREATE FUNCTION ledger_entry_moves_with_its_member() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN IF {_STAYS} THEN
           RAISE EXCEPTION 'ledger entries are never changed' USING ERRCODE = 'integrity_constraint_violation';
       END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER ledger_entry_moves BEFORE UPDATE OF card_id, occasion ON ledger_entry
       FOR EACH ROW EXECUTE FUNCTION ledger_entry_moves_with_its_member()""",
    ),
    "sqlite": (
        f"""CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OF {_COLUMNS} ON ledger_entry
       BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END""",
        f"""CREATE TRIGGER ledger_entry_moves BEFORE UPDATE OF card_id, occasion ON ledger_entry
       WHEN {_STAYS}
       BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END""",
    ),
}
_FREE = {
    "postgresql": (
        "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
        "DROP TRIGGER ledger_entry_moves ON ledger_entry",
        "DROP FUNCTION ledger_entry_moves_with_its_member()",
    ),
    "sqlite": (
        "DROP TRIGGER IF EXISTS ledger_entry_append_only",
        "DROP TRIGGER IF EXISTS ledger_entry_moves",
    ),
}


def _guard(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _GUARD[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def _free(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _FREE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


_KINDS = (*_kinds_before, "merge")
_ENTRY = [
    migrations.RemoveConstraint(model_name="entry", name="entry_kind_known"),
    migrations.AddConstraint(
        model_name="entry",
        constraint=models.CheckConstraint(condition=Q(("kind__in", _KINDS)), name="entry_kind_known"),
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_undo"),
        ("members", "0006_merging"),
    ]

    operations = [
        migrations.RunPython(_let_go, _guard_as_before),
        _together("entry", _ENTRY),
        migrations.RunPython(_guard, _free),
    ]
