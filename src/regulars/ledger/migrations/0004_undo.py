"""Entries that take back others, and rewards that they took."""

from collections.abc import Sequence
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState, StateApps
from django.db.models import Q

# All columns but staff_id, which is emptied when somebody leaves the team.
_COLUMNS_BEFORE = (
    "id, business_id, card_id, branch_id, kind, stamps, stamps_spent, rewards, visits, points, stamps_after, "
    "points_after, shortfall, text, source, occasion, occurred_at, day, recorded_at"
)
_COLUMNS = f"{_COLUMNS_BEFORE}, reverses_id"
_DROP = {
    "postgresql": "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
    "sqlite": "DROP TRIGGER IF EXISTS ledger_entry_append_only",
}
_CREATE = {
    "postgresql": """CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OF {columns} ON ledger_entry
       FOR EACH ROW EXECUTE FUNCTION ledger_entry_is_append_only()""",
    "sqlite": """CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OF {columns} ON ledger_entry
       BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END""",
}


def _let_go(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # SQLite makes the table anew, without its triggers.
    schema_editor.execute(_DROP[schema_editor.connection.vendor], params=None)


def _guard(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(_CREATE[schema_editor.connection.vendor].format(columns=_COLUMNS), params=None)


def _guard_as_before(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(
        _CREATE[schema_editor.connection.vendor].format(columns=_COLUMNS_BEFORE), params=None
    )


class _Together(Operation):
    """Several changes of one table. SQLite, which would write the table anew for most of them, does it once."""

    reversible = True

    def __init__(self, model_name: str, operations: Sequence[Operation]) -> None:
        self.model_name = model_name
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "sqlite":
            self._write_anew(app_label, schema_editor, to_state)
            return
        for operation in self.operations:
            after = from_state.clone()
            operation.state_forwards(app_label, after)
            operation.database_forwards(app_label, schema_editor, from_state, after)
            from_state = after

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "sqlite":
            self._write_anew(app_label, schema_editor, to_state)
            return
        states = [to_state]
        for operation in self.operations:
            after = states[-1].clone()
            operation.state_forwards(app_label, after)
            states.append(after)
        for number, operation in reversed(list(enumerate(self.operations))):
            operation.database_backwards(app_label, schema_editor, states[number + 1], states[number])

    def _write_anew(self, app_label: str, schema_editor: Any, state: ProjectState) -> None:
        # What Django does for each constraint: it makes the table as the model says, all of it.
        schema_editor._remake_table(state.apps.get_model(app_label, self.model_name))  # noqa: SLF001


def _reference(on_delete: Any) -> Any:
    return models.ForeignKey(
        blank=True,
        db_index=False,
        null=True,
        on_delete=on_delete,
        related_name="+",
        to="ledger.entry",
    )


_UNDOS = ("stamp_undo", "reward_undo")
_KINDS = (
    "enrol",
    "stamp_add",
    "birthday_bonus",
    "reward_redeem",
    "points_earn",
    "points_spend",
    "points_expire",
    "points_reverse",
    "points_return",
    "stamp_undo",
    "reward_undo",
)
_ENTRY = [
    migrations.RemoveConstraint(model_name="entry", name="entry_kind_known"),
    migrations.AddIndex(
        model_name="entry",
        index=models.Index(
            condition=Q(("reverses__isnull", False)), fields=["business", "id"], name="entry_undos"
        ),
    ),
    migrations.AddConstraint(
        model_name="entry",
        constraint=models.UniqueConstraint(
            condition=Q(("reverses__isnull", False)), fields=("reverses",), name="entry_reversed_once"
        ),
    ),
    migrations.AddConstraint(
        model_name="entry",
        constraint=models.CheckConstraint(
            condition=Q(
                Q(("kind__in", _UNDOS), ("reverses__isnull", False)),
                Q(Q(("kind__in", _UNDOS), _negated=True), ("reverses__isnull", True)),
                _connector="OR",
            ),
            name="entry_undo_reverses",
        ),
    ),
    migrations.AddConstraint(
        model_name="entry",
        constraint=models.CheckConstraint(condition=Q(("kind__in", _KINDS)), name="entry_kind_known"),
    ),
]
_REWARD = [
    migrations.AlterField(
        model_name="reward", name="redeemed_entry", field=_reference(django.db.models.deletion.PROTECT)
    ),
    migrations.AddIndex(
        model_name="reward",
        index=models.Index(
            condition=Q(("undone_entry__isnull", False)), fields=["undone_entry"], name="reward_undone"
        ),
    ),
    migrations.AddConstraint(
        model_name="reward",
        constraint=models.UniqueConstraint(
            condition=Q(("redeemed_entry__isnull", False)),
            fields=("redeemed_entry",),
            name="reward_redeemed_once",
        ),
    ),
    migrations.AddConstraint(
        model_name="reward",
        constraint=models.CheckConstraint(
            condition=Q(("redeemed_entry__isnull", True), ("undone_entry__isnull", True), _connector="OR"),
            name="reward_gone_once",
        ),
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_points_documents"),
    ]

    operations = [
        migrations.RunPython(_let_go, _guard_as_before),
        migrations.AddField(
            model_name="entry", name="reverses", field=_reference(django.db.models.deletion.RESTRICT)
        ),
        _Together("entry", _ENTRY),
        migrations.AddField(
            model_name="reward", name="undone_entry", field=_reference(django.db.models.deletion.PROTECT)
        ),
        _Together("reward", _REWARD),
        migrations.RunPython(_guard, _let_go),
    ]
