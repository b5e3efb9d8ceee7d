"""What the audit log says, in words for people."""

from __future__ import annotations

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# What verbs of actions are called: the part behind the dot.
_VERBS: Final[dict[str, Promise]] = {
    "add": gettext_lazy("added"),
    "edit": gettext_lazy("changed"),
    "delete": gettext_lazy("deleted"),
    "archive": gettext_lazy("archived"),
    "merge": gettext_lazy("merged"),
}


def told_name(name: str) -> str:
    """The name of a column or a kind, as words: `reward_description` is "Reward description"."""
    text = name.removesuffix("_id").replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def told_action(action: str) -> str:
    """An action such as "member.edit" as words."""
    thing, dot, verb = action.partition(".")
    if not dot:
        return told_name(action)
    told = _VERBS.get(verb)
    return f"{told_name(thing)}: {told if told is not None else verb.replace('-', ' ').replace('_', ' ')}"


def told_value(value: Any) -> str:
    """A value as text."""
    match value:
        case None | "":
            return ""
        case True:
            return _("yes")
        case False:
            return _("no")
        case list():
            return ", ".join(told_value(one) for one in value)
        case dict():
            return ", ".join(f"{name}: {told_value(one)}" for name, one in value.items())
        case _:
            return str(value)
