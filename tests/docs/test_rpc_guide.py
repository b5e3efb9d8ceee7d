"""The page of the RPC dialect agrees with the table that the dialect is made from, and with its answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.test import Client

from regulars.api.rpc import reference
from regulars.api.rpc.entities import ENTITIES
from regulars.api.rpc.errors import CODES
from regulars.api.rpc.methods import METHODS
from regulars.rules import occasions
from tests.docs import examples, pages
from tests.docs.house import serving
from tests.factories import HTTPS

PAGE = pages.DOCS / "rpc.md"


def table(title: str) -> list[dict[str, str]]:
    (only,) = pages.tables(pages.section(PAGE, title).text)
    return only


def test_a_reader_gets_what_is_printed(tmp_path: Path) -> None:
    guide = examples.of_page(PAGE)
    missing = examples.missing_programs(guide)
    if missing and "CI" not in os.environ:
        pytest.skip(f"not installed: {missing}")
    assert not missing
    with serving(tmp_path) as house:
        ran = examples.run(house, guide, key=house.create_shop()["api_key"])
    assert len(ran) > 15
    wrong = [problem for problem in map(examples.problem, ran) if problem]
    assert not wrong, "\n".join(wrong)


@pytest.mark.once
def test_the_reference_is_the_one_that_the_table_makes() -> None:
    assert reference.as_markdown().strip() in pages.read(PAGE)


@pytest.mark.once
def test_every_method_is_in_the_reference_once() -> None:
    told = [
        name
        for chapter in reference.chapters()
        for method in chapter.methods
        for name in (method.name, *method.also)
    ]
    assert sorted(told) == sorted(METHODS)


@pytest.mark.once
def test_every_field_is_in_the_reference_of_its_methods() -> None:
    texts = {method.name: method for chapter in reference.chapters() for method in chapter.methods}
    for entity in ENTITIES:
        told = {one.name: one for one in texts[f"add_{entity.edits[0]}"].fields}
        assert told.keys() == {one.name for one in entity.fields}
        assert {name for name, one in told.items() if one.required} == {
            one.name for one in entity.fields if one.required
        }
        searched = {one.name for one in texts[entity.gets[0]].fields}
        assert {one.name for one in entity.fields if one.filters} <= searched
        assert all(one.type for one in told.values())


@pytest.mark.once
def test_the_errors_are_those_of_the_table() -> None:
    told = [(row["Code"].strip("`"), row["Cause"], row["Mending"]) for row in table("Errors")]
    assert told == [(code, cause, mending) for code, (cause, mending) in CODES.items()]


@pytest.mark.once
def test_the_events_are_those_of_the_rules() -> None:
    told = {name for row in table("Events in a member's life") for name in pages.code(row["Event"])}
    assert told == {*occasions.PROMOTION_EVENTS.values(), *occasions.VOUCHER_EVENTS.values()}


@pytest.mark.django_db
def test_the_page_of_the_installation_shows_every_method_in_three_languages() -> None:
    answer = Client().get("/rpc/docs", SERVER_NAME="shop.example", **HTTPS)
    assert answer.status_code == 200
    html = answer.content.decode()
    for chapter in reference.chapters():
        for method in chapter.methods:
            assert f'<article id="{method.name}">' in html
    count = sum(len(chapter.methods) for chapter in reference.chapters())
    for language in ("curl", "php", "python"):
        assert html.count(f'<pre class="{language}"') == count
    assert all(cause.split("`")[0][:30] in html for cause, _ in CODES.values())
