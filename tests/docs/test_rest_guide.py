"""The REST guide names every call and every field that there is, and nothing else."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from regulars.api import limits
from regulars.api.rest import envelope, errors
from regulars.api.rest.api import api
from regulars.api.rest.common import MAX_PER_PAGE
from regulars.members import personal_data
from regulars.tenants import actions as tenants
from regulars.tenants import checks, idempotency, identity, plans
from tests.docs import pages

GUIDE = pages.DOCS / "rest.md"
METHODS = ("get", "post", "patch", "delete")

pytestmark = pytest.mark.once


@cache
def description() -> dict[str, Any]:
    schema: dict[str, Any] = api.get_openapi_schema()
    return schema


def calls() -> dict[str, dict[str, Any]]:
    """What the API can do, by the heading that it has in the guide."""
    return {
        f"{method.upper()} {re.sub('{[a-z_]+}', '{id}', path)}": operation
        for path, operations in description()["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    }


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def names(schema: dict[str, Any]) -> set[str]:
    """The names of all fields of a schema, however deep."""
    schema = resolved(schema)
    found = set(schema.get("properties", {}))
    for inner in [
        *schema.get("properties", {}).values(),
        *schema.get("anyOf", []),
        *([schema["items"]] if "items" in schema else []),
    ]:
        found |= names(inner)
    return found


def parameters(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}


def body(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return resolved(content["application/json"]["schema"]) if content else {}


def rows(section: pages.Section, *columns: str) -> dict[str, dict[str, str]]:
    """The rows of a section's tables that have these columns, by each name in their first cell."""
    return {
        name: row
        for table in pages.tables(section.text)
        if set(columns) <= set(table[0])
        for row in table
        for name in pages.code(next(iter(row.values())))
    }


def test_the_guide_has_a_heading_for_every_call_and_no_other() -> None:
    headings = {one.title for one in pages.sections(GUIDE) if re.match("[A-Z]+ /", one.title)}
    assert headings == set(calls())


@pytest.mark.parametrize("call", calls())
def test_the_guide_names_what_may_be_sent(call: str) -> None:
    section, operation = pages.section(GUIDE, call), calls()[call]
    sent = body(operation)
    fields = set(sent.get("properties", {})) | parameters(operation)
    tables = [table for table in pages.tables(section.text) if _is_of_request(call, table)]
    told = {name for table in tables for row in table for name in pages.code(next(iter(row.values())))}
    assert told == fields
    required = {name for name, row in rows(section, "Required").items() if row["Required"] == "yes"}
    wanted = set(sent.get("required", [])) | {
        one["name"] for one in operation.get("parameters", []) if one["in"] == "query" and one["required"]
    }
    assert required == wanted


def test_the_guide_names_what_is_kept_about_a_customer() -> None:
    told = rows(pages.section(GUIDE, "GET /api/customers/{id}/data"), "Part", "Fields")
    assert {name: pages.code(row["Fields"]) for name, row in told.items()} == {
        part.key: list(part.fields) for part in personal_data.parts()
    }


def _is_of_request(call: str, table: list[dict[str, str]]) -> bool:
    head = list(table[0])
    if head[0] == "Parameter" or "Required" in head or "Most characters" in head:
        return True
    return call == "PATCH /api/branches/{id}"


@pytest.mark.parametrize("call", calls())
def test_the_guide_names_what_is_answered(call: str) -> None:
    section, operation = pages.section(GUIDE, call), calls()[call]
    (success,) = [code for code in operation["responses"] if int(code) < 400]
    answered = names(operation["responses"][success]["content"]["application/json"]["schema"])
    answered -= {"data", "meta", "total", "pages", "page", "per_page"}  # told once, for all calls
    example = _answer_of(call)
    assert answered <= set(pages.code(section.text)) | set(re.findall(r'"(\w+)":', example))
    table = set(pages.code(section.text))
    if call.startswith("GET"):
        assert answered <= table | _linked_names(section), answered - table


def _linked_names(section: pages.Section) -> set[str]:
    """Fields that a section says are as in a list nearby."""
    if "To the fields of the list come" not in section.text:
        return set()
    return set(pages.code(pages.section(GUIDE, "GET /api/customers").text))


def _answer_of(call: str) -> str:
    text = pages.read(GUIDE)
    start = text.index(f"### {call}\n")
    found = re.search(r"```json\n(.*?)```", text[start:], re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("call", "limits"),
    [
        ("PATCH /api/business", checks.BUSINESS_TEXTS),
        ("PATCH /api/program", checks.PROGRAM_TEXTS),
        ("POST /api/branches", checks.BRANCH_TEXTS),
    ],
)
def test_the_guide_says_how_long_texts_may_be(call: str, limits: dict[str, int]) -> None:
    told = rows(pages.section(GUIDE, call), "Most characters")
    assert {name: row["Most characters"] for name, row in told.items() if row["Most characters"]} == {
        name: str(most) for name, most in limits.items()
    }


def test_the_guide_says_what_plans_allow() -> None:
    told = {name: row["Requests a minute"] for name, row in rows(pages.section(GUIDE, "Rate limits")).items()}
    actual = {
        plan.name: f"no limit (the header says {plans.UNLIMITED_REQUESTS})"
        if plan.requests_per_minute is None
        else str(plan.requests_per_minute)
        if plan.rest_access
        else "no API"
        for plan in plans.PLANS.values()
    }
    assert told == actual
    branches = [
        f"`{plan.name}`" for plan in plans.PLANS.values() if plan.rest_access and not plan.max_branches
    ]
    assert f"`growth` there can be {plans.PLANS['growth'].max_branches} of them" in pages.read(GUIDE)
    assert f"on {' and '.join(branches)} any number" in pages.read(GUIDE)


def test_the_guide_lists_every_status_of_an_error() -> None:
    told = {row["Status"] for table in pages.tables(pages.section(GUIDE, "Errors").text) for row in table}
    documented = {int(code) for call in calls().values() for code in call["responses"] if int(code) >= 400}
    assert set(map(int, told)) == documented | {*errors.STATUSES.values(), *envelope._STATUS_CODES}


@pytest.mark.parametrize(
    "sentence",
    [
        f"at most {MAX_PER_PAGE} (more counts as {MAX_PER_PAGE})",
        f"kept for at least {idempotency.KEEP.total_seconds() / 3600:g} hours",
        f"any text of 1 to {idempotency.MAX_KEY_LENGTH} printable ASCII",
        f"stops working within {identity.REMEMBER_SECONDS:g} seconds",
        f"limited to {limits.ANONYMOUS_LIMIT}\na minute from one address",
        f"It dies after {tenants.TEMP_PASSWORD_LASTS.days}\ndays",
    ],
)
def test_the_guide_says_the_numbers_of_the_code(sentence: str) -> None:
    assert sentence in pages.read(GUIDE)
