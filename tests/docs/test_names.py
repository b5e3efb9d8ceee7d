"""Whatever the pages call by name exists: make targets, commands, options, settings, files, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from regulars.commands.app import app
from tests.docs import pages

pytestmark = pytest.mark.once

ROOT = pages.ROOT
EVERY_PAGE = pytest.mark.parametrize(
    "page", pages.PAGES, ids=lambda page: str(page.relative_to(ROOT).as_posix())
)


def test_all_pages_are_looked_at() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in pages.PAGES}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/index.md", "docs/rest.md"} <= names


@EVERY_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    for link in pages.links(page):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert ROOT in path.parents, link
        if anchor:
            assert anchor in pages.anchors(path), link


def test_every_page_is_in_the_contents() -> None:
    index = pages.DOCS / "index.md"
    linked = {(pages.DOCS / link.partition("#")[0]).resolve() for link in pages.links(index)}
    assert {page for page in pages.DOCS.glob("*.md") if page != index} <= linked
    assert {ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"} <= linked


@EVERY_PAGE
def test_make_knows_its_targets(page: Path) -> None:
    makefile = pages.read(ROOT / "Makefile")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    targets = set(phony[1].split())
    wanted = re.compile(r"(?:`|[$#] )make (?:-C \S+ )?([a-z]+)((?: [A-Z]+=\S*)*)")
    for target, variables in wanted.findall(pages.read(page)):
        assert target in targets, f"make {target}"
        for name in re.findall(r"([A-Z]+)=", variables):
            assert re.search(rf"\$[({{]+{name}[)}}]", makefile), f"make {target} {name}="


def test_the_two_commands_of_the_readme_are_make_run_and_make_test() -> None:
    text = pages.section(ROOT / "README.md", "Two commands").text
    assert re.findall(r"\*\*`(make \w+)`\*\*", text) == ["make run", "make test"]


@EVERY_PAGE
def test_settings_exist(page: Path) -> None:
    known = set(re.findall(r'"(REGULARS_[A-Z_]+)"', pages.read(ROOT / "src/regulars/environment.py")))
    assert len(known) > 8
    assert set(re.findall(r"REGULARS_[A-Z_]+\b", pages.read(page))) <= known


def mentions(page: Path) -> list[list[str]]:
    """Every call of `regulars` on a page, as words."""
    text = pages.prose(page)
    found = [one for one in pages.code(text) if one.startswith("regulars ")]
    for block in pages.blocks(page):
        lines = block.text.replace("\\\n", " ").splitlines()
        found += [
            one[1]
            for line in lines
            if (one := re.search(r"(?:^|[$#/=] ?|regulars )(regulars [a-z]+(?: [^|]*)?)", line))
            and not re.search(r"\b(make|git|useradd|createuser|createdb) ", line)
        ]
    return [shlex.split(one.replace("…", "")) for one in found]


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and what is left of them."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while isinstance(command, TyperGroup) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


@EVERY_PAGE
def test_commands_and_their_options_exist(page: Path) -> None:
    for words in mentions(page):
        command, rest = command_of(words)
        said = " ".join(words)
        # `regulars --help`, `regulars COMMAND --help`; anything else in small letters is a command.
        if isinstance(command, TyperGroup) and rest:
            assert rest[0].startswith("-") or rest[0].isupper() or "|" in rest[0], said
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        for word in rest:
            if word.startswith("--"):
                assert word in known, said


def test_a_call_is_found_wherever_it_stands() -> None:
    calls = [" ".join(words) for words in mentions(pages.DOCS / "self-hosting.md")]
    assert "regulars serve --port 8000" in calls
    assert "regulars migrate" in calls
    assert any(call.startswith("regulars createbusiness") for call in calls)
    assert any("--owner-email" in words for words in mentions(pages.DOCS / "quickstart.md"))


@EVERY_PAGE
def test_named_files_of_the_source_exist(page: Path) -> None:
    for name in pages.code(pages.prose(page)):
        if re.fullmatch(r"(?:tests|docs|src|bench)/[\w./-]+", name):
            assert (ROOT / name).exists(), name
