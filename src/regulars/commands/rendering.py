"""The tables of a new installation in a quarter of the time (docs/decisions/0031-new-databases.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.utils.functional import SimpleLazyObject

# By which migrations change one model.
_CHANGES = (
    "add_field",
    "remove_field",
    "alter_field",
    "alter_model_options",
    "alter_model_managers",
    "_append_option",
    "_remove_option",
    "_alter_option",
)
_add_as_usual = ProjectState.add_model
_run_as_usual = RunPython.database_forwards


@contextmanager
def changed_models_alone() -> Iterator[None]:
    """While a database is made from nothing, a model that a migration adds or changes is the only class that
    is made anew.

    Django makes all classes anew that are related to it, thousands in all. Without that, columns of others
    may lead to an earlier class of it, which has the same table and the same keys: no statement says more.
    Where those change, and for whatever else there is, all classes are made anew. A function of a migration
    has them made anew when it asks for one; ours do not ask.

    Where migrations were applied before, everything is as Django has it.
    """
    ours: dict[str, Callable[..., None]] = {name: _alone(getattr(ProjectState, name)) for name in _CHANGES}
    ours |= {"add_model": _add_model, "reload_model": _all_anew, "reload_models": _all_anew}
    usual = {name: getattr(ProjectState, name) for name in ours}
    _put(ours)
    RunPython.database_forwards = _run  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        _put(usual)
        RunPython.database_forwards = _run_as_usual  # type: ignore[method-assign]


def _put(methods: dict[str, Callable[..., None]]) -> None:
    for name, method in methods.items():
        setattr(ProjectState, name, method)


def _alone(usual: Callable[..., None]) -> Callable[..., None]:
    def change(self: ProjectState, app_label: str, model_name: str, *args: Any, **kwargs: Any) -> None:
        model = self.models[app_label, model_name]
        before = _seen_by_others(model)
        classes = self.__dict__.pop("apps", None)  # so that none is made in there
        usual(self, app_label, model_name, *args, **kwargs)
        if classes is None:
            return
        self.apps = classes
        after = _seen_by_others(model)
        if any(after.get(name) is not it for name, it in before.items()):
            _all_anew(self)
            return
        self.is_delayed = True  # what others lead to is a class behind: Django's word for that
        classes.unregister_model(app_label, model_name)
        classes.render_multiple([model])

    return change


def _seen_by_others(model: ModelState) -> dict[str, Any]:
    """The table of a model, and the columns that those of others can lead to."""
    keys = {name: field for name, field in model.fields.items() if field.primary_key or field.unique}
    return {"": model.options.get("db_table"), **keys}


def _add_model(self: ProjectState, model_state: ModelState) -> None:
    classes = self.__dict__.pop("apps", None)
    _add_as_usual(self, model_state)
    if classes is not None:
        self.apps = classes
        classes.render_multiple([model_state])


def _all_anew(self: ProjectState, *_: object, **__: object) -> None:
    if "apps" in self.__dict__:  # now: columns stand in the order in which classes were made
        self.apps = StateApps(sorted(self.real_apps), self.models)


class _Unasked:
    """A state whose models are made when a migration's function asks for the first one."""

    def __init__(self, state: ProjectState) -> None:
        self.apps = SimpleLazyObject(lambda: _anew(state))

    def clear_delayed_apps_cache(self) -> None:
        """There are none yet."""


def _anew(state: ProjectState) -> Any:
    state.clear_delayed_apps_cache()
    return state.apps


def _run(
    self: RunPython,
    app_label: str,
    schema_editor: BaseDatabaseSchemaEditor,
    from_state: ProjectState,
    to_state: ProjectState,
) -> None:
    unasked: Any = _Unasked(from_state)
    _run_as_usual(self, app_label, schema_editor, unasked, to_state)
