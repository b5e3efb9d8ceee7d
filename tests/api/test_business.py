"""`/api/business` and `/api/program`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.support import Rest, invalid, ok
from tests.factories import Shop

pytestmark = pytest.mark.django_db

TEXTS = {
    "business_name": ("Sunset Café", 200),
    "business_type": ("Tea house", 100),
    "phone": ("9999999999", 40),
    "address": ("1 Brigade Road,\n2nd floor", 300),
    "city": ("Mumbai", 100),
    "state": ("Maharashtra", 100),
    "pincode": ("400001", 20),
    "gstin": ("27AAPFU0939F1ZV", 30),
}
PROGRAM_TEXTS = {
    "program_name": ("Sunset Stamps", 200),
    "reward_description": ("Free slice of cake", 300),
    "terms_conditions": ("One per visit.\n\tNo cash.", 20_000),
}
NEVER_EMPTY = ["business_name", "program_name", "reward_description"]
ALL_TEXTS = [("/api/business", field, most) for field, (_, most) in TEXTS.items()] + [
    ("/api/program", field, most) for field, (_, most) in PROGRAM_TEXTS.items()
]


def business(rest: Rest) -> dict[str, Any]:
    found: dict[str, Any] = ok(rest.get("/api/business"))
    return found


@pytest.mark.parametrize("field", TEXTS)
def test_one_field_changes_and_the_others_stay(field: str, rest: Rest) -> None:
    before = business(rest)
    value = TEXTS[field][0]
    changed = ok(rest.patch("/api/business", {field: value}))
    assert changed == before | {field: value} == business(rest)


def test_all_fields_change_together(rest: Rest) -> None:
    values = {field: value for field, (value, _) in TEXTS.items()}
    assert ok(rest.patch("/api/business", values)).items() >= values.items()
    assert business(rest).items() >= values.items()


@pytest.mark.parametrize(("path", "field", "most"), ALL_TEXTS)
def test_texts_have_their_longest(path: str, field: str, most: int, rest: Rest) -> None:
    longest = "é" * most
    assert ok(rest.patch(path, {field: longest}))[field] == longest
    invalid(rest.patch(path, {field: longest + "é"}), field)
    assert ok(rest.get(path))[field] == longest


@pytest.mark.parametrize(("path", "field"), [(path, field) for path, field, _ in ALL_TEXTS])
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_null_and_empty_clear_a_text_unless_it_is_a_name(
    path: str, field: str, empty: str | None, rest: Rest
) -> None:
    ok(rest.patch(path, {field: "something"}))
    response = rest.patch(path, {field: empty})
    if field in NEVER_EMPTY:
        invalid(response, field)
        assert ok(rest.get(path))[field] == "something"
    else:
        assert ok(response)[field] == ""


def test_nothing_to_change_changes_nothing(rest: Rest) -> None:
    before = business(rest)
    assert ok(rest.patch("/api/business", {})) == before
    program = ok(rest.get("/api/program"))
    assert ok(rest.patch("/api/program", {})) == program


@pytest.mark.parametrize(
    "field", ["id", "plan", "join_url", "program", "slug", "country", "timezone", "is_active"]
)
def test_other_fields_cannot_be_changed_here(field: str, rest: Rest) -> None:
    before = business(rest)
    invalid(rest.patch("/api/business", {"city": "Mumbai", field: "professional"}), field)
    assert business(rest) == before


def test_one_bad_field_stops_the_good_ones(rest: Rest) -> None:
    before = business(rest)
    invalid(rest.patch("/api/business", {"city": "Mumbai", "pincode": "x" * 21}), "pincode")
    assert business(rest) == before


def test_names_may_be_in_any_script(rest: Rest) -> None:
    name = "Zoë's ☕ कॉफ़ी 咖啡"
    assert ok(rest.patch("/api/business", {"business_name": name}))["business_name"] == name


def test_the_business_shows_its_programme(rest: Rest) -> None:
    ok(
        rest.patch(
            "/api/program", {"stamps_required": 12, "birthday_bonus_stamps": 3, "program_name": "Twelve"}
        )
    )
    assert business(rest)["program"] == {
        "program_name": "Twelve",
        "stamps_required": 12,
        "reward_description": "Free coffee",
        "birthday_bonus_stamps": 3,
    }


@pytest.mark.parametrize("field", ["stamps_required", "birthday_bonus_stamps"])
def test_numbers_of_the_programme_cannot_be_null(field: str, rest: Rest) -> None:
    invalid(rest.patch("/api/program", {field: None}), field)


@pytest.mark.parametrize("value", ["10", 10.5, True, [10], {"to": 10}, 10**30, -(10**30), 1e300])
@pytest.mark.parametrize("field", ["stamps_required", "birthday_bonus_stamps"])
def test_numbers_of_the_programme_are_whole_numbers(field: str, value: Any, rest: Rest) -> None:
    before = ok(rest.get("/api/program"))
    invalid(rest.patch("/api/program", {field: value}), field)
    assert ok(rest.get("/api/program")) == before


def test_the_programme_shows_its_conditions(rest: Rest, shop: Shop) -> None:
    text = PROGRAM_TEXTS["terms_conditions"][0]
    changed = ok(rest.patch("/api/program", {"terms_conditions": f"{text}\r\n"}))
    assert changed["terms_conditions"] == text
    assert changed["is_active"] is True
    assert changed["program_name"] == "Alice's Café Stamps"
