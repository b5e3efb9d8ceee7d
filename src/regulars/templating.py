"""Templates whose libraries of tags are loaded when they are named: those of the admin are megabytes."""

from __future__ import annotations

import pkgutil
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.template.backends.django import DjangoTemplates
from django.template.library import import_library


class _WhenNamed(dict[str, Any]):
    """Libraries by name, as paths until somebody loads them."""

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if isinstance(found, str):
            found = self[name] = import_library(found)
        return found


class Templates(DjangoTemplates):
    """Django's templates. Which libraries there are is read from the folders, not by loading them all."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.engine.template_libraries = _WhenNamed(self._found)

    def get_templatetag_libraries(self, custom_libraries: dict[str, str]) -> dict[str, str]:
        """None while the engine is made, which would load them; they are found by name afterwards."""
        self._found = _installed() | custom_libraries
        return {}


def _installed() -> dict[str, str]:
    found = {}
    for app in ("django", *(config.name for config in apps.get_app_configs())):
        spec = find_spec(f"{app}.templatetags")
        for module in pkgutil.iter_modules((spec.submodule_search_locations or []) if spec else []):
            found[module.name] = f"{app}.templatetags.{module.name}"
    return found
