"""A letter: the words of a business, filled in for one person, as plain text and as HTML.

What all letters with the same words share is put together once; for each person values are only joined in.
A line of a body whose placeholders all have nothing to tell is left out, and so is a paragraph without lines.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from regulars.messages.kinds import Button
from regulars.rules.colours import contrast, text_on
from regulars.rules.placeholders import Part, Slot, fill, filled, one_line, parse
from regulars.tenants.models import Business

Line = tuple[Part, ...]
Paragraph = tuple[Line, ...]

# What a template of mail holds until there is a person: characters that no writing system uses.
_SUBJECT, _BODY, _TARGET, _UNSUBSCRIBE = "\ue000", "\ue001", "\ue002", "\ue003"
_HOLES: Final = re.compile(f"([{_SUBJECT}{_BODY}{_TARGET}{_UNSUBSCRIBE}])")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]}]")
_CODE: Final = "font:600 20px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:0.04em;"
# The ground of a letter, by day and by night, and the least contrast of a button on it (WCAG 2.2, 1.4.11).
_GROUND, _DARK_GROUND = "#ffffff", "#221e1b"
_STANDS_OUT: Final = 3
_MOST_KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be sent. `headers` are those beyond subject and addresses; `html` may be empty.

    `from_name` is who it comes from in words.
    """

    subject: str
    text: str
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    from_name: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What all letters of a business share."""

    name: str
    address: str
    accent: str

    @classmethod
    def of(cls, business: Business) -> Look:
        """The look of a business."""
        place = (business.address, business.city, business.state, business.pincode)
        return cls(
            _without_holes(one_line(business.name)),
            _without_holes(one_line(", ".join(part for part in place if part))),
            business.accent_color,
        )


def _without_holes(text: str) -> str:
    return _HOLES.sub("", text)


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says: subject, body, its button, the placeholders that it may use, those of them that are
    addresses and those that are codes, and why it was sent (one sentence of its foot). `language` is that of
    its foot.
    """

    subject: str
    body: str
    known: frozenset[str]
    links: frozenset[str]
    codes: frozenset[str]
    button: Button | None
    why: str
    language: str


@dataclass(frozen=True, slots=True)
class _Compiled:
    subject: Line
    paragraphs: tuple[Paragraph, ...]
    html_paragraphs: tuple[Paragraph, ...]
    sheet: tuple[str, ...]
    foot: str
    stop: str


def compose(
    *, look: Look, words: Words, values: Mapping[str, str], unsubscribe: str = "", channel: str = "email"
) -> Rendered:
    """The letter with these values. A message that is no mail has only its text: no button and no foot.

    Raises:
        InvalidInput: the words use an unknown placeholder; `subject` or `body` is named.
    """
    compiled = _compiled(look, words, bool(unsubscribe))
    text = "\n\n".join(_paragraphs(compiled.paragraphs, values))
    if channel != "email":
        return Rendered("", text, from_name=look.name)
    subject = one_line(fill(compiled.subject, values))
    foot = f"-- \n{compiled.foot}"
    if words.button:
        text = f"{text}\n\n{words.button.label}:\n{values.get(words.button.target, '')}"
    if unsubscribe:
        foot = f"{foot}\n{compiled.stop}: {unsubscribe}"
    return Rendered(
        subject=subject,
        text=f"{text}\n\n{foot}\n",
        html=_html(compiled, words, subject, values, unsubscribe),
        from_name=look.name,
    )


def check_words(*, subject: str, body: str, known: Collection[str], body_field: str = "body") -> None:
    """Refuse a subject or a body with an unknown placeholder.

    Raises:
        InvalidInput: naming `subject` or the body's field.
    """
    parse(subject, field="subject", known=known)
    _parse_body(body, known, body_field)


def _parse_body(body: str, known: Collection[str], named: str) -> tuple[Paragraph, ...]:
    text = "\n".join(line.rstrip() for line in body.strip().splitlines())
    return tuple(
        tuple(parse(line, field=named, known=known) for line in paragraph.split("\n"))
        for paragraph in re.split(r"\n{2,}", text)
    )


@lru_cache(maxsize=_MOST_KEPT)
def _compiled(look: Look, words: Words, with_unsubscribe: bool) -> _Compiled:  # noqa: FBT001 - private
    paragraphs = _parse_body(words.body, words.known, "body")
    with translation.override(words.language):
        stop = gettext("Unsubscribe")
    sheet = render_to_string(
        "messages/letter.html",
        {
            "subject": _SUBJECT,
            "body": _BODY,
            "target": _TARGET,
            "unsubscribe": _UNSUBSCRIBE if with_unsubscribe else "",
            "button": words.button.label if words.button else "",
            "accent": look.accent,
            "on_accent": text_on(look.accent),
            "edge": _edge(look.accent, _GROUND),
            "dark_edge": _edge(look.accent, _DARK_GROUND),
            "name": look.name,
            "address": look.address,
            "why": words.why,
            "stop": stop,
            "language": words.language,
        },
    )
    return _Compiled(
        subject=parse(words.subject, field="subject", known=words.known),
        paragraphs=paragraphs,
        html_paragraphs=tuple(
            tuple(tuple(part if isinstance(part, Slot) else _linked(part) for part in line) for line in lines)
            for lines in paragraphs
        ),
        sheet=tuple(_HOLES.split(sheet)),
        foot="\n".join(part for part in (look.name, look.address, words.why) if part),
        stop=stop,
    )


def _edge(accent: str, ground: str) -> str:
    """The border of a button: its own colour, unless it would be lost on this ground."""
    return accent if contrast(accent, ground) >= _STANDS_OUT else text_on(ground)


def _linked(literal: str) -> str:
    """The business's own words as HTML, with the addresses in them as links."""
    found = []
    end = 0
    for address in _ADDRESS.finditer(literal):
        found.append(escape(literal[end : address.start()]))
        found.append(_link(address[0]))
        end = address.end()
    return "".join([*found, escape(literal[end:])])


def _link(address: str) -> str:
    safe = escape(address)
    return f'<a href="{safe}" style="color:inherit;">{safe}</a>'


def _paragraphs(
    paragraphs: tuple[Paragraph, ...], values: Mapping[str, str], glue: str = "\n"
) -> Iterator[str]:
    for lines in paragraphs:
        told = [fill(line, values) for line in lines if not _silent(line, values)]
        if told:
            yield glue.join(told)


def _silent(line: Line, values: Mapping[str, str]) -> bool:
    slots = [part for part in line if isinstance(part, Slot)]
    return bool(slots) and not any(filled(slot, values) for slot in slots)


class _Escaped(dict[str, str]):
    """Values as HTML, each made when it is first asked for."""

    def __init__(self, values: Mapping[str, str], words: Words) -> None:
        super().__init__()
        self._values = values
        self._words = words

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        if name not in self:
            self[name] = self._shown(name, self._values.get(name, default))
        return self[name]

    def _shown(self, name: str, value: str) -> str:
        if value and name in self._words.links:
            return _link(value)
        shown = escape(value).replace("\n", "<br>")
        return f'<strong style="{_CODE}">{shown}</strong>' if value and name in self._words.codes else shown


def _html(
    compiled: _Compiled, words: Words, subject: str, values: Mapping[str, str], unsubscribe: str
) -> str:
    shown = _Escaped(values, words)
    body = "\n".join(
        f'<p dir="auto" style="margin:0 0 20px;">{paragraph}</p>'
        for paragraph in _paragraphs(compiled.html_paragraphs, shown, "<br>\n")
    )
    target = values.get(words.button.target, "") if words.button else ""
    holes = {
        _SUBJECT: escape(subject),
        _BODY: body,
        _TARGET: escape(target),
        _UNSUBSCRIBE: escape(unsubscribe),
    }
    return "".join([holes.get(piece, piece) for piece in compiled.sheet])
