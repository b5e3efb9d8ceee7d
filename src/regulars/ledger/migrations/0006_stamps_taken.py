"""Entries that take stamps off a card."""

from importlib import import_module

from django.db import migrations, models
from django.db.models import Q

_before = import_module("regulars.ledger.migrations.0005_merging")
_kinds_before, _together, _guard, _free = (
    getattr(_before, name) for name in ("_KINDS", "_together", "_guard", "_free")
)
_KINDS = (*_kinds_before, "stamp_take")
_ENTRY = [
    migrations.RemoveConstraint(model_name="entry", name="entry_kind_known"),
    migrations.AddConstraint(
        model_name="entry",
        constraint=models.CheckConstraint(condition=Q(("kind__in", _KINDS)), name="entry_kind_known"),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_merging")]

    operations = [
        # SQLite writes the table anew, without its triggers.
        migrations.RunPython(_free, _guard),
        _together("entry", _ENTRY),
        migrations.RunPython(_guard, _free),
    ]
