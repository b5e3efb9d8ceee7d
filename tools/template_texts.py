"""The texts of a Django template that are marked to be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import templatize

# Django turns a template into calls of gettext between blotted-out text.
_TEXT = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(
    rf"\b(gettext|ngettext|pgettext|npgettext|_)\(({_TEXT}(?:, *{_TEXT})*)(?:, *count)?\)"
    r"|#\s*(Translators[^\n|]*)"
)


@dataclass(frozen=True, slots=True)
class Text:
    """What gettext looks up; two texts where there is a plural."""

    id: str | tuple[str, str]
    context: str | None
    comments: tuple[str, ...] = ()


def texts_of_template(source: str) -> Iterator[Text]:
    """The texts in their order."""
    comments: list[str] = []
    for call in _CALL.finditer(templatize(source)):
        name, given, comment = call.groups()
        if comment:
            comments.append(comment.strip())
            continue
        strings = [ast.literal_eval(one) for one in re.findall(_TEXT, given)]
        context = strings.pop(0) if name.endswith("pgettext") else None
        text = (strings[0], strings[1]) if name.startswith("n") else strings[0]
        yield Text(text, context, tuple(comments))
        comments = []
