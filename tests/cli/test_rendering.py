"""A database that is made in half the time is the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from regulars.commands.rendering import new_models_alone

pytestmark = pytest.mark.once

# Migrations of packages leave relations to these a class behind: Django's own way, without us just the same.
BEHIND = {"account.EmailAddress", "tenants.Staff", "tenants.User"}


def relations(state: ProjectState) -> dict[str, Any]:
    """Each class, whom its columns lead to, and who leads to it."""
    models = {model._meta.label: model for model in state.apps.get_models(include_auto_created=True)}
    for model in models.values():  # nobody holds on to a class that was made anew since
        for field in model._meta.get_fields():
            if field.related_model and field.related_model._meta.label not in BEHIND:
                assert field.related_model is models[field.related_model._meta.label], field
    return {
        label: sorted(
            (field.name, type(field).__name__, field.related_model and field.related_model._meta.label)
            for field in model._meta.get_fields(include_hidden=True)
        )
        for label, model in models.items()
    }


def test_classes_are_the_same_after_each_migration() -> None:
    loader = MigrationLoader(None)
    plan = dict.fromkeys(
        step for leaf in loader.graph.leaf_nodes() for step in loader.graph.forwards_plan(leaf)
    )
    assert len(plan) > 20
    state = ProjectState(real_apps=loader.unmigrated_apps)
    _ = state.apps
    with new_models_alone():
        for step in plan:
            state = loader.graph.nodes[step].mutate_state(state, preserve=False)
            made_at_once = ProjectState(dict(state.models), real_apps=state.real_apps)
            assert relations(state) == relations(made_at_once), step
