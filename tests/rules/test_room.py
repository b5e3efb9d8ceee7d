"""What the room of the rules may not hold: other people's code, clocks, and floats where one counts."""

import ast
import sys
from pathlib import Path

import pytest

import regulars.rules

ROOM = Path(regulars.rules.__path__[0])
MODULES = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in ROOM.glob("*.py")}

MEASURED = {"geo", "colours"}  # distances and brightness: measured, not counted


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def test_the_room_is_read() -> None:
    assert {"errors", "stamps", "points", "codes", "names", "geo", "birthdays", "text"} <= MODULES.keys()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_the_standard_library_and_the_room_itself_are_imported(module: str) -> None:
    foreign = {
        name
        for name in imported(MODULES[module])
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("regulars.rules")
    }
    assert not foreign


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_rule_asks_a_clock_a_file_or_the_network(module: str) -> None:
    assert not imported(MODULES[module]) & {
        "time",
        "os",
        "io",
        "pathlib",
        "socket",
        "urllib.request",
        "sqlite3",
    }
    asked = {node.attr for node in ast.walk(MODULES[module]) if isinstance(node, ast.Attribute)}
    assert not asked & {"now", "utcnow", "today"}


@pytest.mark.parametrize("module", sorted(MODULES.keys() - MEASURED))
def test_whole_numbers_stay_whole(module: str) -> None:
    for node in ast.walk(MODULES[module]):
        assert not isinstance(node, ast.Div), "a division that leaves the whole numbers"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), "a float"
        assert not (isinstance(node, ast.Name) and node.id == "float"), "a float"
