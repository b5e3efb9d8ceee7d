"""Every action and every kind of thing in the audit log has words of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

import pytest
from django.apps import apps

from regulars.web.office.audit import told, words
from tests.tidy.source import PACKAGE

pytestmark = pytest.mark.once
# What stands for several words in the name of an action: the keyword of the calls that give it.
GIVEN_BY = {"self.export": "export", "name": "export", "kind.audit": "audit"}
# Names of files that are put together, and what they may be.
MADE = {
    "f'home-{key}'": {"home-stamps", "home-members", "home-sales"},
    "f'campaign-{campaign.pk}-recipients'": {"campaign-7-recipients"},
}


@cache
def trees() -> list[ast.Module]:
    return [ast.parse(path.read_text(encoding="utf-8")) for path in (PACKAGE / "web").rglob("*.py")]


def calls() -> Iterator[tuple[ast.Module, ast.Call]]:
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield tree, node


def given(keyword: str) -> set[str]:
    """All texts that calls give for a keyword; what stands in the middle of one is a number."""
    values = [one.value for _tree, call in calls() for one in call.keywords if one.arg == keyword]
    plain = {str(one.value) for one in values if isinstance(one, ast.Constant) and one.value}
    made = {ast.unparse(one) for one in values if isinstance(one, ast.JoinedStr)}
    assert {one for one in made if keyword == "export"} <= MADE.keys(), "what may this be?"
    return plain | {text for one in made if keyword == "export" for text in MADE[one]}


def texts(tree: ast.Module, node: ast.expr) -> set[str]:
    """What an expression may be."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp():
            return texts(tree, node.body) | texts(tree, node.orelse)
        case ast.JoinedStr(values=[ast.FormattedValue(value=source), ast.Constant(value=str(end))]):
            return {start + end for start in given(GIVEN_BY[ast.unparse(source)])}
        case ast.Name(id=name):
            set_here = [
                one.value
                for one in ast.walk(tree)
                if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name
            ]
            return {text for value in set_here for text in texts(tree, value)}
        case _:
            raise AssertionError(f"who knows what {ast.unparse(node)} is?")


def recorded() -> set[str]:
    """Every action that anything in the source writes down: by `changing`, or as an operator's deed."""
    found = {
        text
        for tree, call in calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr == "changing"
        for text in texts(tree, call.args[0])
    }
    return found | {
        node.value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.startswith("operator.") and " " not in node.value
    }


def test_every_action_has_words() -> None:
    found = recorded()
    assert {"member.edit", "members.exported", "event-promotion.end", "operator.enter"} <= found
    assert [action for action in sorted(found) if words.of_action(action) is None] == []


def test_no_words_are_for_nothing() -> None:
    found = recorded()
    assert set(words.WHOLE) <= found
    things = {words._NUMBERED.sub("-", action).partition(".")[0] for action in found}
    assert set(words.THINGS) <= things
    assert set(words.VERBS) <= {action.partition(".")[2] for action in found}
    assert set(words.KINDS) <= {model._meta.model_name for model in apps.get_models()}


def test_every_kind_is_called_as_people_call_it() -> None:
    for model in apps.get_models():
        kind = model._meta.model_name or ""
        told_kind = words.of_kind(kind)
        is_one_word = model.__name__[1:].islower()
        assert is_one_word or told_kind.lower() != kind, f"{model.__name__} is called {told_kind}"


def test_what_was_recorded_once_is_told_all_the_same() -> None:
    assert told.told_action("old-thing.do_it") == "Old thing: do it"
