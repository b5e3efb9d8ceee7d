"""Django applications of others, loaded without what no server of ours needs: 6 MB of every process.

Settings name them from here. Each asks for something small in a package that loads a lot more; it gets just
that, unless the package is there already, as in tests. Whoever asks later gets the package.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from allauth.account.apps import AccountConfig
from django.apps import AppConfig
from django.dispatch import Signal
from django.utils.connection import BaseConnectionHandler


def _patch_what_tasks_subscript() -> None:
    def __class_getitem__(cls: type, item: Any) -> type:  # noqa: N807 - Django's class lacks it
        return cls

    BaseConnectionHandler.__class_getitem__ = classmethod(__class_getitem__)  # type: ignore[attr-defined]


@contextmanager
def _instead(name: str, **holds: Any) -> Iterator[None]:
    """Within it a module is one that holds just this."""
    if name in sys.modules:
        yield
        return
    module = sys.modules[name] = ModuleType(name)
    vars(module).update(holds)
    try:
        yield
    finally:
        del sys.modules[name]


# All of Django's test tools, with unittest and a web server, to hear that a test changes a setting.
with _instead("django.test.signals", setting_changed=Signal()):
    import ninja  # noqa: F401 - loaded, not used

# Django's admin, its sessions, feeds and site maps, to make classes of theirs fit for type hints.
with _instead("django_stubs_ext", monkeypatch=_patch_what_tasks_subscript):
    from django_tasks.apps import TasksAppConfig


class Tasks(TasksAppConfig):
    """What jobs are made with."""


class Flash(AppConfig):
    """Django's messages to whoever sees the next page. Their usual label is that of our own messages."""

    name = "django.contrib.messages"
    label = "flash"


class Accounts(AccountConfig):  # type: ignore[misc]
    """Signing in. Its middleware stands behind the door of the back office (`web/door.py`)."""

    def ready(self) -> None:
        """Check settings, and not the list of middleware."""
        import allauth.account.checks  # noqa: F401, PLC0415 - it registers them, and needs the models
