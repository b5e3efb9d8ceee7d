"""What the audit log says, in words for people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from regulars.web.office.audit import words


def told_name(name: str) -> str:
    """The name of a column or a kind, as words: `reward_description` is "Reward description"."""
    text = name.removesuffix("_id").replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def told_action(action: str) -> str:
    """An action such as "member.edit" as words."""
    return words.of_action(action) or told_name(action.replace(".", ": "))


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
