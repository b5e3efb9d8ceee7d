"""Placeholders in texts that a business writes: "Hello {first_name|there}".

A placeholder's value is put in as text and never looked into again, so that a customer whose name is
"{card_url}" is greeted by that name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from regulars.rules.errors import InvalidInput

# A name, and what to write when there is nothing to tell. Two braces stand for one.
_MARK: Final = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)(?:\|([^{}\n]*))?\}|[{}]")
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# What turns the direction of a text (Unicode's Bidi_Control): on a line that is shown among others' words it
# can make them read otherwise.
_TURNS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value in a text; `default` is written when the value is empty."""

    name: str
    default: str = ""


Part = str | Slot


def parse(text: str, *, field: str, known: Collection[str]) -> tuple[Part, ...]:
    """A text cut into what stands there and what is filled in. A single } is a } like any other.

    Raises:
        InvalidInput: a placeholder is not one of `known`, or a { begins none; `field` is named.
    """
    parts: list[Part] = []
    literal: list[str] = []
    end = 0
    for mark in _MARK.finditer(text):
        literal.append(text[end : mark.start()])
        end = mark.end()
        name = mark[1]
        if name is None:
            if mark[0] == "{":
                raise InvalidInput.at(field, _not_one(text[mark.start() :], known))
            literal.append(mark[0][0])
            continue
        if name not in known:
            raise InvalidInput.at(field, _not_one(mark[0], known))
        if before := "".join(literal):
            parts.append(before)
        literal = []
        parts.append(Slot(name, mark[2] or ""))
    if rest := "".join([*literal, text[end:]]):
        parts.append(rest)
    return tuple(parts)


def _not_one(text: str, known: Collection[str]) -> str:
    shown = text.partition("\n")[0]
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    return (
        f"holds {shown}, which is no placeholder: write one of "
        f"{', '.join(f'{{{name}}}' for name in sorted(known))}, or {{{{ for a single {{"
    )


def filled(slot: Slot, values: Mapping[str, str]) -> str:
    """What is written in a slot."""
    return values.get(slot.name, "") or slot.default


def fill(parts: Collection[Part], values: Mapping[str, str]) -> str:
    """The text with its values; a name without a value is empty."""
    return "".join(part if isinstance(part, str) else filled(part, values) for part in parts)


def one_line(text: str) -> str:
    """A text as the header of a mail can carry it: on one line, nothing that controls or turns it."""
    return _SPACE.sub(" ", _TURNS.sub("", text)).strip()
