"""A database that is made in a quarter of the time is the same; test_upgrade.py compares whole ones."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState, StateApps

from regulars.commands.rendering import changed_models_alone

APP = "later"


class Editor:
    """All that a migration's function is given beside models."""

    connection = connection


EDITOR: Any = Editor()


def key() -> Any:
    return models.BigAutoField(primary_key=True)


def code(length: int = 10) -> Any:
    return models.CharField(max_length=length, unique=True)


def to(model: str, **more: Any) -> Any:
    return models.ForeignKey(f"{APP}.{model}", on_delete=models.CASCADE, **more)


def positive(name: str) -> Any:
    return models.CheckConstraint(condition=models.Q(number__gt=0), name=name)


def shops() -> list[Operation]:
    """Models that lead to each other by all that can be led to, and inherit."""
    return [
        migrations.CreateModel("Shop", [("id", key()), ("code", code()), ("number", models.IntegerField())]),
        migrations.CreateModel("Cafe", [("shop_ptr", models.OneToOneField(
            f"{APP}.Shop", on_delete=models.CASCADE, parent_link=True, primary_key=True,
        ))], bases=(f"{APP}.shop",)),
        migrations.CreateModel("Card", [
            ("id", key()), ("shop", to("Shop")), ("number", models.IntegerField()),
        ]),
        migrations.CreateModel("Stamp", [
            ("id", key()), ("card", to("Card")), ("shop", to("Shop", to_field="code", related_name="+")),
            ("number", models.IntegerField()), ("cafe", to("Cafe", related_name="+")),
        ]),
        # From here on there are classes that were made before.
        migrations.AddField("Stamp", "first", models.TextField(default="")),
    ]  # fmt: skip


def changes() -> dict[str, list[Operation]]:
    """Made for each run: renaming changes the very columns that were given."""
    return {
        "a column": [migrations.AddField("Shop", "name", models.TextField(default=""))],
        "one that goes": [migrations.RemoveField("Card", "number")],
        "one that changes": [migrations.AlterField("Shop", "number", models.TextField(default=""))],
        "one that leads elsewhere": [migrations.AlterField("Card", "shop", to("Cafe"))],
        "one that leads to others": [
            migrations.AddField("Shop", "main", to("Card", null=True, related_name="+"))
        ],
        "a constraint": [migrations.AddConstraint("Shop", positive("one"))],
        "one that went": [
            migrations.AddConstraint("Card", positive("one")),
            migrations.RemoveConstraint("Card", "one"),
        ],
        "an index": [migrations.AddIndex("Card", models.Index(fields=["number"], name="numbers"))],
        "options": [migrations.AlterModelOptions("Shop", {"ordering": ["code"]})],
        "a column that others lead to": [migrations.AlterField("Shop", "code", code(20))],
        "a key": [migrations.AlterField("Card", "id", models.CharField(max_length=9, primary_key=True))],
        "a key that is inherited": [
            migrations.AlterField("Shop", "id", models.IntegerField(primary_key=True))
        ],
        "a column's name": [migrations.RenameField("Shop", "code", "slug")],
        "a model's name": [migrations.RenameModel("Card", "Ticket")],
        "a table": [migrations.AlterModelTable("Card", "cards_of_old")],
        "a model that goes": [migrations.DeleteModel("Stamp")],
    }


def afterwards(change: str) -> list[Operation]:
    """SQLite writes these tables anew, and tells once more what their columns lead to."""
    models_left = ["Cafe", "Ticket" if change == "a model's name" else "Card"]
    if change != "a model that goes":
        models_left.append("Stamp")
    return [
        operation
        for model in models_left
        for operation in (
            migrations.AddField(model, "last", models.IntegerField(default=0, unique=True)),
            migrations.AddConstraint(
                model, models.CheckConstraint(condition=models.Q(last__gt=0), name=f"of_{model}")
            ),
        )
    ]


def statements(change: str, *, alone: bool) -> list[str]:
    """What a new database is told, statement by statement."""
    with (
        changed_models_alone() if alone else contextlib.nullcontext(),
        connection.schema_editor(collect_sql=True, atomic=False) as editor,
    ):
        state = ProjectState()
        _ = state.apps
        for number, operation in enumerate([*shops(), *changes()[change], *afterwards(change)]):
            step: Any = Migration(str(number), APP)
            step.operations = [operation]
            state = step.apply(state, editor, collect_sql=True)
        told: list[str] = editor.collected_sql
        return told


@pytest.mark.django_db(transaction=True)
def test_statements_are_the_same_whatever_changes() -> None:
    for change in changes():
        assert statements(change, alone=True) == statements(change, alone=False), change


@pytest.mark.once
def test_a_function_that_asks_for_models_has_them_as_they_are() -> None:
    seen: list[list[str]] = []

    def look(apps: StateApps, _: object) -> None:
        shop = apps.get_model(APP, "Card")._meta.get_field("shop").related_model
        assert shop is apps.get_model(APP, "Shop")
        seen.append([field.name for field in shop._meta.local_fields])

    operation = migrations.RunPython(look)
    with changed_models_alone():
        state = ProjectState()
        _ = state.apps
        for step in [*shops(), *changes()["a column"]]:
            step.state_forwards(APP, state)
        operation.database_forwards(APP, EDITOR, state.clone(), state)
    assert seen == [["id", "code", "number", "name"]]


@pytest.mark.once
def test_a_function_that_does_not_ask_makes_none() -> None:
    state = ProjectState()
    with changed_models_alone():
        migrations.RunPython(migrations.RunPython.noop).database_forwards(APP, EDITOR, state, state)
    assert "apps" not in vars(state)


@pytest.mark.once
def test_afterwards_all_is_as_django_has_it() -> None:
    def methods() -> list[Any]:
        return [dict(vars(ProjectState)), vars(migrations.RunPython)["database_forwards"]]

    before = methods()
    with contextlib.suppress(ZeroDivisionError), changed_models_alone():
        assert methods() != before
        _ = 1 // 0
    assert methods() == before
