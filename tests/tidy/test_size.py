"""Small enough to be read: files and functions."""

import ast

import pytest

from tests.tidy.source import name_of, parsed, tree

pytestmark = pytest.mark.once

MAX_FILE = 400
MAX_FUNCTION = 60


def test_files_are_short() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in tree()
        if path.suffix == ".py" and "migrations" not in path.parts
    }
    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length > MAX_FILE} == {}


def test_functions_are_short() -> None:
    long = {
        f"{name}: {node.name}": node.end_lineno - node.lineno + 1
        for name, module in parsed().items()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION
    }
    assert long == {}
