"""The page of error codes names every code that there is, under its status."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import regulars.urls  # noqa: F401 - every refusal that a request may meet is known
from regulars.api.rest import envelope, errors
from regulars.rules.errors import Refusal
from regulars.web.door import DOORS
from tests.docs import pages
from tests.tidy.source import imports

PAGE = pages.DOCS / "errors.md"
SOURCE = pages.ROOT / "src" / "regulars"
OTHER = "Any other status"
ELSEWHERE = "Codes of other calls"
# What the REST API has no calls for: rooms, their rules, the other dialect, registering; a refusal of points.
WITHOUT_CALLS = {"catalog", "demo", "promotions", "registration", "rpc", "sales", "vouchers"}
# Rooms that serve pages. The REST API calls some of their modules, and answers none of their own refusals.
OF_PAGES = ("counter", "portal")
UNREACHED = {"NotEnoughPoints"}
# Behind these doors there are refusals, too.
for _urls in DOORS.values():
    import_module(_urls)

pytestmark = pytest.mark.once


def kinds(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every class of refusal but those of the demo, which no request meets."""
    for kind in of.__subclasses__():
        if kind.__module__.startswith("regulars.") and not kind.__module__.startswith("regulars.demo"):
            yield kind
        yield from kinds(kind)


def told() -> dict[str, str]:
    """The codes that have a heading, and the heading under which they stand."""
    found: dict[str, str] = {}
    under = ""
    for section in pages.sections(PAGE):
        if re.fullmatch(r"[a-z_]+", section.title):
            found[section.title] = under
        else:
            under = section.title
    return found


def is_of_pages(kind: type[Refusal]) -> bool:
    return kind.__module__.split(".")[1] in OF_PAGES


def rest() -> Iterator[ast.Module]:
    for path in (SOURCE / "api" / "rest").glob("*.py"):
        yield ast.parse(path.read_text(encoding="utf-8"))


@cache
def in_reach() -> set[Path]:
    """The modules of rooms that serve pages which the REST API calls."""
    named = {f"{source}.{name}" for module in rest() for source, name in imports(module)}
    return {
        path
        for room in OF_PAGES
        for path in (SOURCE / room).glob("*.py")
        if {f"regulars.{room}.{path.stem}"} & (named | {name.rpartition(".")[0] for name in named})
    }


@cache
def calls() -> list[ast.Call]:
    paths = [
        path
        for path in SOURCE.rglob("*.py")
        if not WITHOUT_CALLS & {*path.relative_to(SOURCE).parts, path.stem}
        and (path.relative_to(SOURCE).parts[0] not in OF_PAGES or path in in_reach())
    ]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]


def answered_in_place() -> dict[str, str]:
    """Codes that are written where they are answered, without a class: `envelope.error(403, "code", …)`."""
    found: dict[str, str] = {}
    for call in calls():
        match call:
            case ast.Call(func=ast.Attribute(attr="error"), args=[ast.Constant(), ast.Constant(), *_]):
                status, code = (one.value for one in call.args[:2] if isinstance(one, ast.Constant))
                found[str(code)] = str(status)
    return found


@cache
def raised() -> dict[str, set[str]]:
    """The classes of refusals that somebody makes, and the further keys that their answers have."""
    names = {kind.__name__ for kind in kinds()}
    found: dict[str, set[str]] = {}
    for call in calls():
        target = call.func
        if isinstance(target, ast.Attribute) and target.attr == "at":
            target = target.value
        name = getattr(target, "attr", None) or getattr(target, "id", None)
        if name in names:
            # Fields have a place of their own, and when to come back is said in a header.
            keys = {one.arg for one in call.keywords if one.arg} - {"fields", "retry_after"}
            found.setdefault(str(name), set()).update(keys)
    return found


def reached() -> set[str]:
    """The codes of refusals that a call of the REST API may meet."""
    met = set(raised()) - UNREACHED
    return {kind.code for kind in kinds() if kind.__name__ in met and not is_of_pages(kind)}


def test_every_code_has_its_cause_and_its_mending_under_its_status() -> None:
    actual = {kind.code: str(errors.status_of(kind(""))) for kind in kinds() if kind.code in reached()}
    actual |= {code: str(status) for status, (code, _) in envelope._STATUS_CODES.items()}
    actual |= answered_in_place()
    found = told()
    assert found.pop("error") == OTHER
    assert {code: heading.partition(":")[0] for code, heading in found.items()} == actual
    for code in found:
        text = pages.section(PAGE, code).text
        assert "**Cause.**" in text, code
        assert "**Mending.**" in text, code


def test_codes_of_other_calls_are_those_that_the_api_never_answers() -> None:
    told_elsewhere = [
        code
        for table in pages.tables(pages.section(PAGE, ELSEWHERE).text)
        for row in table
        for code in pages.code(row["Code"])
    ]
    assert sorted(told_elsewhere) == sorted({kind.code for kind in kinds()} - reached())


def test_no_call_of_the_api_looks_into_the_rooms_that_are_said_to_have_none() -> None:
    for path in (SOURCE / "api" / "rest").glob("*.py"):
        imported = set(re.findall(r"regulars\.[\w.]+", path.read_text(encoding="utf-8")))
        assert not {part for name in imported for part in name.split(".")} & WITHOUT_CALLS, path


def test_no_call_of_the_api_makes_what_only_pages_say() -> None:
    own = {kind.__name__ for kind in kinds() if is_of_pages(kind)}
    makers = {
        (path.stem, function.name)
        for path in in_reach()
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        and own & {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    }
    assert makers
    called = {
        (node.value.id, node.attr)
        for module in rest()
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert not makers & called


def test_the_further_keys_of_an_answer_are_told() -> None:
    codes = {kind.__name__: kind.code for kind in kinds()}
    actual = {codes[name]: keys for name, keys in raised().items() if keys and codes[name] in reached()}
    found: dict[str, set[str]] = {}
    for code in told():
        _, also, rest = pages.section(PAGE, code).text.partition("**Also in the answer.**")
        if also:
            found[code] = set(pages.code(rest.partition("**Mending.**")[0]))
    assert found == actual
