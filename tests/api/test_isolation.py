"""Every operation with every identifier of another shop: nothing leaks and nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.routes import NOBODY, foreign, furnish, operations, own, schema, send, start_ids_at
from tests.api.support import Rest, answer, dump, text_of
from tests.api.things import Call, Things
from tests.factories import make_shop

pytestmark = pytest.mark.django_db

OPERATIONS = operations()
THEIR_IDS, MY_IDS = 7_000_000, 9_000_000
ATTACKS = [(name, number) for name, calls in foreign(NOBODY, NOBODY).items() for number in range(len(calls))]


@pytest.fixture(scope="module")
def theirs(kept: None) -> Iterator[Things]:
    start_ids_at(THEIR_IDS)
    yield furnish(make_shop("Charlie's Tea House", owner_name="Charlie", country="DE"), "Fremdling")
    start_ids_at(1)  # PostgreSQL does not take that back with the rows


@pytest.fixture(scope="module")
def mine(theirs: Things) -> Things:
    start_ids_at(MY_IDS)
    return furnish(make_shop(), "Sunrise")


def whole(name: str) -> dict[str, Any]:
    return dict(schema()["components"]["schemas"][name.rpartition("/")[2]])


def inputs(operation: dict[str, Any]) -> set[str]:
    """The names of everything that an operation takes, headers aside."""
    names = {one["name"] for one in operation["parameters"] if one["in"] != "header"}
    body = operation.get("requestBody")
    if body:
        names |= whole(body["content"]["application/json"]["schema"]["$ref"])["properties"].keys()
    return names


def identifiers(operation: dict[str, Any]) -> set[str]:
    """Those of them that name a record; a `code` alone is the one that a new record gets."""
    named = {name for name in inputs(operation) if name.endswith(("id", "code", "token"))}
    return named - {"pincode", "code"}


def ids_in(found: Any) -> list[int]:
    """All whole numbers anywhere in an answer."""
    if isinstance(found, dict):
        return [number for value in found.values() for number in ids_in(value)]
    if isinstance(found, list):
        return [number for value in found for number in ids_in(value)]
    return [found] if isinstance(found, int) else []


def test_every_operation_is_in_the_tables() -> None:
    assert OPERATIONS.keys() == own(NOBODY).keys()
    assert foreign(NOBODY, NOBODY).keys() <= OPERATIONS.keys()


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_identifier_is_tried(operation: str) -> None:
    tried = {name for call in foreign(NOBODY, NOBODY).get(operation, []) for name in call.named}
    assert identifiers(OPERATIONS[operation]) <= tried
    assert tried <= inputs(OPERATIONS[operation])


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_an_answer_shows_nothing_of_another_shop_and_changes_nothing_there(
    operation: str, mine: Things, theirs: Things
) -> None:
    before = dump(business_id=theirs.shop.id)
    call = own(mine)[operation]
    response = send(Rest(mine.shop), operation, call)
    assert response.status_code == call.status, text_of(response)
    check(response, theirs, asked_for=Call())
    assert dump(business_id=theirs.shop.id) == before


@pytest.mark.parametrize(("operation", "number"), ATTACKS)
def test_records_of_another_shop_are_neither_found_nor_changed(
    operation: str, number: int, mine: Things, theirs: Things
) -> None:
    before = dump()
    call = foreign(mine, theirs)[operation][number]
    response = send(Rest(mine.shop), operation, call, **{"Idempotency-Key": "an attempt"})
    assert response.status_code == call.status, text_of(response)
    check(response, theirs, asked_for=call)
    assert dump() == before
    if response.status_code == 200:
        assert answer(response)["data"] == []
        assert answer(response)["meta"]["total"] == 0


@pytest.mark.parametrize(("operation", "number"), ATTACKS)
def test_the_owner_of_the_records_may_do_it(operation: str, number: int, theirs: Things) -> None:
    """What is refused to a stranger is refused for being a stranger, not for another reason."""
    call = foreign(theirs, theirs)[operation][number]
    response = send(Rest(theirs.shop), operation, call)
    if call.path.get("staff_id") == theirs.owner_id or call.path.get("branch_id") == theirs.branch_id:
        assert response.status_code in {200, 409}  # the last owner; a branch with history
    else:
        assert response.status_code in {200, 201}, text_of(response)
        assert answer(response)["data"]


@pytest.mark.parametrize(("operation", "number"), ATTACKS)
def test_a_record_of_another_shop_answers_like_one_that_nobody_has(
    operation: str, number: int, mine: Things, theirs: Things
) -> None:
    call, same = foreign(mine, theirs)[operation][number], foreign(mine, NOBODY)[operation][number]
    assert plain(send(Rest(mine.shop), operation, call), theirs) == plain(
        send(Rest(mine.shop), operation, same), NOBODY
    )


def plain(response: Any, things: Things) -> str:
    """An answer without the numbers that were asked for."""
    text = text_of(response)
    ids = (things.customer_id, things.branch_id, things.empty_branch_id, things.staff_id, things.owner_id)
    for number in (*ids, *things.ids.values()):
        text = text.replace(str(number), "N")
    return text


def check(response: Any, theirs: Things, *, asked_for: Call) -> None:
    text = text_of(response) + str(dict(response.headers))
    for value in (*asked_for.path.values(), *asked_for.query.values(), *(asked_for.body or {}).values()):
        # An answer may repeat what it was asked for.
        text = text.replace(str(value), "")
    for mark in theirs.marks:
        assert mark not in text
    given = set(asked_for.path.values()) | set(asked_for.query.values())
    seen = {number for number in ids_in(answer(response)) if THEIR_IDS <= number < MY_IDS}
    assert seen <= given
