"""All types of events: what each one means and what its payload carries.

`GET /api/webhooks/event-types` and the page `docs/events.md` are made from these declarations. What they say
about a payload holds for its version; a field may be added without a new one, none is taken away or changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from regulars.outbox.declarations import DECLARED, Declaration
from regulars.outbox.meanings import GROUPS, MEANINGS


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of a payload: its type in words, what it means, and a value that it may have."""

    name: str
    type: str
    meaning: str
    example: Any


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event. `meaning` is Markdown; its first sentence alone says it too."""

    name: str
    version: int
    meaning: str
    fields: tuple[Field, ...]

    @property
    def group(self) -> str:
        """What stands before the point: "stamp" of "stamp.added"."""
        return self.name.partition(".")[0]

    @property
    def plain_meaning(self) -> str:
        """The meaning without the links of the page."""
        return _LINK.sub(r"\1", self.meaning)

    @property
    def example(self) -> dict[str, Any]:
        """A payload."""
        return {field.name: field.example for field in self.fields}


def _made(name: str, declared: Declaration) -> EventType:
    fields = tuple(
        Field(field, *(declared.own.get(field) or MEANINGS[field]), example)
        for field, example in declared.example.items()
    )
    return EventType(name, declared.version, " ".join(declared.meaning.split()), fields)


TYPES: dict[str, EventType] = {name: _made(name, declared) for name, declared in DECLARED.items()}

__all__ = ["GROUPS", "TYPES", "EventType", "Field", "as_markdown"]

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_WIDE = 100  # a payload that fits is written on one line
_TEXT_WIDTH = 120


def as_markdown() -> str:
    """The part "Types" of the page about events."""
    return "\n".join(part for kind in TYPES.values() for part in _section(kind))


def _section(kind: EventType) -> Iterator[str]:
    yield f"### {kind.name}\n"
    yield "\n".join(_wrapped(kind.meaning)) + "\n"
    yield f"```json\n{_json(kind.example)}\n```\n"
    yield "| Field | Type | Meaning |\n|---|---|---|"
    for field in kind.fields:
        yield f"| `{field.name}` | {field.type} | {field.meaning} |"
    yield ""


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        if len(line) + len(word) >= _TEXT_WIDTH:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


def _json(payload: dict[str, Any]) -> str:
    short = json.dumps(payload, ensure_ascii=False)
    if len(short) <= _WIDE:
        return short
    lines = [
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in payload.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}"
