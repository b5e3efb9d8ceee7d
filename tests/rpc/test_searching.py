"""Filters, wildcards, dates, pages: what `get_` calls find."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from tests.factories import make_shop
from tests.rpc.till import Till

pytestmark = pytest.mark.django_db

PEOPLE = (
    ("Ana", "Sousa", {"email": "ana@sousa.example", "company_name": "100% Bread", "street_zipcode": "1200"}),
    ("Ben", "Östlund", {"cell": "+919876500001", "telephone": "555 0101"}),
    ("Ana_Maria", "Lopes", {"company_name": "back\\slash", "date_of_birth": "1990-12-24"}),
)


@pytest.fixture
def till() -> Till:
    made = Till(make_shop())
    for first, last, more in PEOPLE:
        made.call("add_member", {"first_name": first, "last_name": last} | more)
    return made


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["first_name"] for row in rows]


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("first_name", "ana", ["Ana"]),
        ("first_name", "ana*", ["Ana", "Ana_Maria"]),
        ("first_name", "*A", ["Ana", "Ana_Maria"]),
        ("first_name", "a*a", ["Ana", "Ana_Maria"]),
        ("first_name", "An_", []),
        ("first_name", "*_*", ["Ana_Maria"]),
        ("company_name", "*%*", ["Ana"]),
        ("company_name", "*\\*", ["Ana_Maria"]),
        ("company_name", "100% bread", ["Ana"]),
        ("email", "*@SOUSA.example", ["Ana"]),
        ("date_of_birth", "*-12-24", ["Ana_Maria"]),
        ("date_of_birth", "1990-*", ["Ana_Maria"]),
        ("date_of_birth", "1990-12-24", ["Ana_Maria"]),
        ("code", "m00000*", ["Ana", "Ben", "Ana_Maria"]),
        ("code", "M000002", ["Ben"]),
        ("first_name", "", ["Ana", "Ben", "Ana_Maria"]),
        ("suspended", "no", ["Ana", "Ben", "Ana_Maria"]),
        ("suspended", "1", []),
    ],
)
def test_a_filter_compares_without_case_and_takes_wildcards(
    till: Till, field: str, value: str, found: list[str]
) -> None:
    assert names(till.call("get_members", {field: value})) == found


def test_too_many_wildcards_are_refused(till: Till) -> None:
    refused = till.refusal("get_members", {"first_name": "*a*b*c*d*e*"})
    assert (refused.code, "first_name" in refused.message) == ("006", True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sous", ["Ana"]),
        ("ana sousa", ["Ana"]),
        ("555 01", ["Ben"]),
        ("98765", ["Ben"]),
        ("BREAD", ["Ana"]),
        ("120", ["Ana"]),
        ("l*pes", ["Ana_Maria"]),
        ("o*s*a", ["Ana"]),
        ("*op*", ["Ana_Maria"]),
        ("%", ["Ana"]),
        ("nowhere", []),
        ("", ["Ana", "Ben", "Ana_Maria"]),
    ],
)
def test_member_search_looks_into_seven_fields(till: Till, text: str, found: list[str]) -> None:
    assert names(till.call("get_members", member_search=text)) == found


def test_only_members_are_searched_for(till: Till) -> None:
    refused = till.refusal("get_branches", member_search="x")
    assert (refused.code, "member_search" in refused.message) == ("011", True)


def test_pages_follow_each_other_and_the_status_counts_the_rows(till: Till) -> None:
    answer = till.ask("get_members", options={"limit": 2})
    assert (answer["status"], names(answer["data"])) == ("2 results found", ["Ana", "Ben"])
    answer = till.ask("get_members", options={"limit": 2, "offset": 2})
    assert (answer["status"], names(answer["data"])) == ("1 results found", ["Ana_Maria"])
    assert till.ask("get_members", options={"offset": 3}) == {"status": "0 results found", "data": []}
    for option, value in (("limit", "0"), ("limit", "-1"), ("limit", "many"), ("offset", "-1")):
        refused = till.refusal("get_members", None, **{option: value})
        assert (refused.code, option in refused.message) == ("006", True)


def test_a_long_answer_has_every_row_once(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regulars.api.rpc.rows.PAGE", 2)
    for number in range(9):
        till.call("add_sku_category", {"name": f"Number {number}"})
    everything = [f"C{number:06d}" for number in range(1, 10)]
    for options, expected in (
        ({}, everything),
        ({"limit": 5}, everything[:5]),
        ({"offset": 3}, everything[3:]),
        ({"limit": 4, "offset": 3}, everything[3:7]),
        ({"limit": 2}, everything[:2]),
        ({"limit": 100}, everything),
    ):
        answer = till.ask("get_sku_categories", options=options)
        assert [row["code"] for row in answer["data"]] == expected, options
        assert answer["status"] == f"{len(expected)} results found"


def test_dates_of_adding_are_inclusive_days_of_the_business() -> None:
    till = Till(make_shop(timezone="Asia/Kolkata"))
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    for name, at in (
        ("before", dt.datetime(2026, 3, 9, 23, 59, 59, tzinfo=zone)),
        ("first", dt.datetime(2026, 3, 10, 0, 0, 0, tzinfo=zone)),
        ("last", dt.datetime(2026, 3, 10, 23, 59, 59, tzinfo=zone)),
        ("after", dt.datetime(2026, 3, 11, 0, 0, 0, tzinfo=zone)),
    ):
        with time_machine.travel(at, tick=False):
            till.call("add_member", {"first_name": name, "last_name": "X"})
    day = {"from_date": "2026-03-10", "to_date": "2026-03-10"}
    assert names(till.call("get_members", day)) == ["first", "last"]
    moment = {"from_date": "2026-03-10 23:59:59", "to_date": "2026-03-11 00:00:00"}
    assert names(till.call("get_members", moment)) == ["last", "after"]
    assert names(till.call("get_members", {"from_date": "2026-03-11"})) == ["after"]
    assert names(till.call("get_members", {"to_date": "2026-03-09"})) == ["before"]
    (row,) = till.call("get_members", {"first_name": "last"})
    assert row["date_added"] == "2026-03-10 23:59:59"


def test_another_date_may_be_chosen(till: Till) -> None:
    for day in ("2026-01-05", "2026-02-05"):
        till.call("add_transaction", {"member": "M000001", "total_value": "5", "transaction_date": day})
    span = {"from_date": "2026-01-01", "to_date": "2026-01-31"}
    assert till.call("get_transactions", span) == []
    (row,) = till.call("get_transactions", span, date_field="transaction_date")
    assert row["transaction_date"] == "2026-01-05 00:00:00"
    assert till.call("get_transactions", span, date_field="date_modified") == []
    refused = till.refusal("get_transactions", span, date_field="birthday")
    assert (refused.code, "date_field" in refused.message) == ("006", True)
    assert till.refusal("get_members", date_field="transaction_date").code == "006"
    for name in ("from_date", "to_date"):
        refused = till.refusal("get_transactions", {name: "yesterday"})
        assert (refused.code, name in refused.message) == ("006", True)


def test_a_day_without_a_time_finds_all_of_it(till: Till) -> None:
    sale = {"member": "M000002", "total_value": "5", "transaction_date": "2026-01-05 17:45:10"}
    till.call("add_transaction", sale)
    for text, number in (("2026-01-05", 1), ("2026-01-05 17:45", 1), ("2026-01-05 17:45:10", 1),
                         ("2026-01-05 17:45:11", 0), ("2026-01-06", 0)):  # fmt: skip
        assert len(till.call("get_transactions", {"transaction_date": text})) == number, text


@pytest.mark.parametrize("name", ["M000002", "m000002", "+91 98765 00001", "098765 00001", "M00000*"])
def test_sales_are_found_by_any_name_of_their_member(till: Till, name: str) -> None:
    till.call("add_transaction", {"member": "M000002", "total_value": "5"})
    assert len(till.call("get_transactions", {"member": name})) == 1
    assert till.call("get_transactions", {"member": "nobody"}) == []


@pytest.mark.parametrize("text", ["+919876500001", "098765 00001", "98765-00001", "*6500001", "+91*"])
def test_a_cell_is_found_however_it_is_written(till: Till, text: str) -> None:
    assert names(till.call("get_members", {"cell": text})) == ["Ben"]


@pytest.mark.parametrize("text", ["098765 00001", "98765 00001", "65000", "0987"])
def test_a_cell_is_searched_for_however_it_is_written(till: Till, text: str) -> None:
    assert names(till.call("get_members", member_search=text)) == ["Ben"]


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ({"transaction_date": "2026-01*"}, 2),
        ({"transaction_date": "2026-01-05 17:*"}, 1),
        ({"transaction_date": "*-02-*"}, 1),
        ({"total_value": "12*"}, 2),
        ({"points": "1*"}, 0),
        ({"qty": "2.5*"}, 1),
    ],
)
def test_wildcards_stand_in_dates_and_numbers_too(till: Till, field: dict[str, str], found: int) -> None:
    for day, value, qty in (("2026-01-05 17:45:10", "12.5", "2.5"), ("2026-01-31 23:59:59", "120", "1"),
                            ("2026-02-01 00:00:00", "7", "")):  # fmt: skip
        sale = {"member": "M000001", "transaction_date": day, "total_value": value, "qty": qty}
        till.call("add_transaction", sale)
    if "points" in field:
        assert len(till.call("get_points", field)) == found
    else:
        assert len(till.call("get_transactions", field)) == found


def test_voucher_codes_and_events_take_wildcards(till: Till) -> None:
    till.call("add_voucher", {"name": "Five", "value": "5", "auto_allocate_on_event": "birthday"})
    for code in ("PAPER-1", "PAPER-2", "OTHER%3"):
        till.call("add_voucher_precode", {"voucher": "V000001", "code": code})
    till.call("add_voucher_issued", {"voucher": "V000001", "qty": "3"})
    (row,) = till.call("get_vouchers_issued", {"voucher_code": "paper*"})
    assert [one["voucher_code"] for one in row["voucher_codes"]] == ["PAPER-1", "PAPER-2"]
    (row,) = till.call("get_vouchers_issued", {"voucher_code": "OTHER%3"})
    assert [one["voucher_code"] for one in row["voucher_codes"]] == ["OTHER%3"]
    assert till.call("get_vouchers_issued", {"voucher_code": "OTHER_3"}) == []
    assert len(till.call("get_vouchers", {"auto_allocate_on_event": "birth*"})) == 1
    assert len(till.call("get_vouchers", {"auto_allocate_on_event": "2"})) == 1
