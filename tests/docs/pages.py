"""Reads our pages: headings, links, tables, and the examples in fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: what it is written in, its text, and the line it begins on."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Section:
    """A heading and what stands beneath it, up to the next heading of any level."""

    title: str
    text: str


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path) -> list[Block]:
    text = read(path)
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in _FENCE.finditer(text)
    ]


def prose(path: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", read(path))


def sections(path: Path) -> list[Section]:
    text = prose(path)
    starts = list(_HEADING.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return [Section(start[2], text[start.end() : end]) for start, end in zip(starts, ends, strict=True)]


def section(path: Path, title: str) -> Section:
    """The section with this title, which must be there once."""
    (found,) = [one for one in sections(path) if one.title == title]
    return found


def anchors(path: Path) -> set[str]:
    """The names under which a page's headings can be linked to, as code hosts make them."""
    made: set[str] = set()
    for _, title in _HEADING.findall(prose(path)):
        plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        name, number = plain, 0
        while name in made:
            number += 1
            name = f"{plain}-{number}"
        made.add(name)
    return made


def links(path: Path) -> list[str]:
    return list(_LINK.findall(prose(path)))


def code(text: str) -> list[str]:
    """What stands in backticks."""
    return _CODE.findall(text)


def tables(text: str) -> Iterator[list[dict[str, str]]]:
    """The tables of a text, each a list of rows by column."""
    for found in re.finditer(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        head, rule, *rows = [_cells(line) for line in found[0].splitlines()]
        assert all(re.fullmatch(r":?-+:?", cell) for cell in rule), found[0]
        yield [dict(zip(head, row, strict=True)) for row in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
