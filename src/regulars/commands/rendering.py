"""The tables of a new installation in half the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.migrations.state import ModelState, ProjectState


@contextmanager
def new_models_alone() -> Iterator[None]:
    """While a database is made from nothing, a model that a migration adds is the only class that is made.

    Django makes all classes anew that are related to it, thousands in all. They need not know of it: nothing
    else is changed by adding a model, and each class is in the one registry of this run, by which its
    relations are found when it is changed. Not so where migrations were applied before: those classes
    remember the registry that they were made in.
    """
    usual = ProjectState.add_model
    ProjectState.add_model = _add_model  # type: ignore[method-assign]
    try:
        yield
    finally:
        ProjectState.add_model = usual  # type: ignore[method-assign]


def _add_model(self: ProjectState, model_state: ModelState) -> None:
    """As Django 5.2 has it, but for the last line."""
    key = model_state.app_label, model_state.name_lower
    self.models[key] = model_state
    if self._relations is not None:  # type: ignore[attr-defined]
        self.resolve_model_relations(key)
    if "apps" in self.__dict__:  # it has classes already
        self.apps.render_multiple([model_state])
