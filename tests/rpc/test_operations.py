"""What is done to voucher codes, and events, over RPC."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from tests.factories import make_shop
from tests.rpc.till import Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Till:
    made = Till(make_shop())
    made.call("add_member", {"first_name": "Ana", "last_name": "Sousa"})
    made.call("add_points", {"member": "M000001", "points": "100"})
    return made


def issue(till: Till, voucher: dict[str, Any] | None = None, **fields: Any) -> list[str]:
    """Define a voucher, issue it, and return its codes."""
    made = till.one("add_voucher", {"name": "Five off", "value": "5"} | (voucher or {}))
    issued = till.one(
        "add_voucher_issued", {"voucher": made["code"], "qty": "1", "member": "M000001"} | fields
    )
    return [one["voucher_code"] for one in issued["voucher_codes"]]


def test_a_user_who_was_deleted_is_nobody_and_their_code_is_free(till: Till) -> None:
    user = {"name": "Priya", "email": "priya@shop.example", "code": "TILL"}
    till.call("add_user", user)
    till.call("delete_user", {"code": "TILL"})
    assert till.call("get_users", {"code": "TILL"}) == []
    for method, more in (("edit_user", {"name": "Asha"}), ("delete_user", {})):
        assert till.refusal(method, {"code": "TILL", **more}).code == "007"
    assert till.one("add_user", {**user, "name": "Tom"})["name"] == "Tom"
    assert len(till.call("get_users")) == 2


def balance(till: Till) -> int:
    return int(till.one("get_member", {"code": "M000001"})["points_balance"])


def test_a_code_is_redeemed_once_and_says_what_it_was_worth(till: Till) -> None:
    (code,) = issue(till, {"value_type": "1", "value": "12.5"})
    assert len(code) == 11
    row = till.one("redeem_voucher_code", {"voucher_code": f" {code.lower()} "})
    assert (row["value"], row["value_type"], row["member"], row["member_name"]) == (
        "12.50", 1, "M000001", "Ana Sousa",
    )  # fmt: skip
    assert (row["status"], row["voucher"], row["voucher_name"]) == ("redeemed", "V000001", "Five off")
    refused = till.refusal("redeem_voucher_code", {"voucher_code": code})
    assert (refused.code, "voucher_code" in refused.message) == ("009", True)
    assert till.refusal("redeem_voucher_code", {"voucher_code": "NOBODY"}).code == "007"
    assert till.refusal("redeem_voucher_code", {}).code == "005"
    assert till.refusal("redeem_voucher_code", {"voucher_code": code, "colour": "x"}).code == "011"


@pytest.mark.parametrize(
    ("voucher", "call", "field"),
    [
        ({"min_value": "10"}, {"sale_value": "9.99"}, "sale_value"),
        ({"branch": "HERE"}, {"branch": "THERE"}, "branch"),
        ({"sku_code": "TEA"}, {"sku_code": "CAKE"}, "sku_code"),
    ],
)
def test_a_restriction_is_checked_when_the_call_speaks_of_it(
    till: Till, voucher: dict[str, str], call: dict[str, str], field: str
) -> None:
    for name in ("HERE", "THERE"):
        till.call("add_branch", {"code": name, "name": name})
    for name in ("TEA", "CAKE"):
        till.call("add_sku_code", {"code": name, "name": name})
    till.call("edit_member", {"code": "M000001", "branch": "HERE"})
    (code,) = issue(till, voucher, **({"branch": "HERE"} if "branch" in voucher else {}))
    refused = till.refusal("redeem_voucher_code", {"voucher_code": code} | call)
    assert (refused.code, field in refused.message) == ("009", True), refused
    till.call("redeem_voucher_code", {"voucher_code": code})


def test_a_code_expires_after_its_last_day(till: Till) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), tick=False):
        (code,) = issue(till, {"expires_after_days": "10"})
    with time_machine.travel(dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC), tick=False):
        refused = till.refusal("redeem_voucher_code", {"voucher_code": code})
        assert refused.code == "009"
        (row,) = till.call("get_vouchers_issued", {"voucher_code": code})
        assert row["voucher_codes"][0]["status"] == "expired"
    with time_machine.travel(dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC), tick=False):
        assert till.one("redeem_voucher_code", {"voucher_code": code})["expires_on"] == "2026-03-11"


def test_a_reserved_code_waits_for_whoever_reserved_it(till: Till) -> None:
    (code,) = issue(till)
    start = dt.datetime(2030, 3, 1, 12, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        held = till.one("reserve_voucher_code", {"voucher_code": code, "minutes": "5"})
        assert (held["status"], held["reserved_until"]) == ("reserved", "2030-03-01 17:35:00")
        for method in ("redeem_voucher_code", "reserve_voucher_code"):
            assert till.refusal(method, {"voucher_code": code}).code == "009"
        wrong = {"voucher_code": code, "reservation": "guessed"}
        for method in ("capture_voucher_code", "release_voucher_code"):
            refused = till.refusal(method, wrong)
            assert (refused.code, "reservation" in refused.message) == ("009", True), refused
        right = wrong | {"reservation": held["reservation"]}
        assert till.one("release_voucher_code", right)["status"] == "active"
        held = till.one("reserve_voucher_code", {"voucher_code": code, "minutes": "5"})
        right["reservation"] = held["reservation"]
        assert till.one("capture_voucher_code", right)["status"] == "redeemed"
        till.call("reset_voucher_code", {"voucher_code": code, "reason": "Wrong customer"})
        till.call("reserve_voucher_code", {"voucher_code": code, "minutes": "5"})
        clock.shift(dt.timedelta(minutes=5, seconds=1))
        assert till.one("redeem_voucher_code", {"voucher_code": code})["status"] == "redeemed"


def test_points_for_a_code_come_when_it_is_redeemed_and_go_when_it_is_reset(till: Till) -> None:
    (code,) = issue(till, {"can_be_redeemed_for_points": "40", "points_required": "30"})
    assert balance(till) == 70
    row = till.one("redeem_voucher_code", {"voucher_code": code})
    assert (row["points_credited"], row["points_balance"]) == (40, 110)
    assert [one["origin"] for one in till.call("get_points")] == ["manual", "voucher"]
    till.call("reset_voucher_code", {"voucher_code": code})
    assert balance(till) == 70


def test_codes_of_another_business_are_unknown(till: Till) -> None:
    (code,) = issue(till)
    stranger = Till(make_shop("Charlie's"))
    for method in ("redeem_voucher_code", "reserve_voucher_code", "reset_voucher_code"):
        assert stranger.refusal(method, {"voucher_code": code}).code == "007"
    for method in ("capture_voucher_code", "release_voucher_code"):
        assert stranger.refusal(method, {"voucher_code": code, "reservation": "x"}).code == "007"
    assert stranger.call("get_vouchers_issued", {"voucher_code": code}) == []
    assert stranger.refusal("edit_voucher_issued", {"voucher_code": code, "force_value": "9"}).code == "007"
    assert till.one("redeem_voucher_code", {"voucher_code": code})["value"] == "5.00"


def test_one_code_of_an_issue_is_shown_and_changed_alone(till: Till) -> None:
    first, second = issue(till, qty="2")
    (row,) = till.call("get_vouchers_issued", {"voucher_code": second})
    assert [one["voucher_code"] for one in row["voucher_codes"]] == [second]
    row = till.one("edit_voucher_issued", {"voucher_code": second, "force_value": "9.50"})
    values = {one["voucher_code"]: one["value"] for one in row["voucher_codes"]}
    assert values == {first: "5.00", second: "9.50"}
    refused = till.refusal("edit_voucher_issued", {"voucher_code": "NOBODY", "force_value": "9"})
    assert (refused.code, "voucher_code" in refused.message) == ("007", True)


def test_an_event_counts_once_for_each_occasion(till: Till) -> None:
    for event, points in (("first_login", "7"), ("quickscan", "3"), ("6", "0")):
        till.call(
            "add_non_transactional_promotion", {"points_to_award": points, "auto_allocate_on_event": event}
        )
    till.call("add_voucher", {"name": "Hello", "auto_allocate_on_event": "first_login"})
    told = {"member": "M000001", "event": "first_login"}
    row = till.one("record_event", told)
    assert (row["points"], [one["voucher"] for one in row["vouchers_issued"]]) == (7, ["V000001"])
    assert till.one("record_event", told) == {"points": 0, "vouchers_issued": []}
    scan = {"member": "M000001", "event": "quickscan"}
    assert till.refusal("record_event", scan).message == "occasion is required"
    for occasion, given_now in (("one", 3), ("one", 0), ("two", 3)):
        assert till.one("record_event", scan | {"occasion": occasion})["points"] == given_now
    assert balance(till) == 113
    refused = till.refusal("record_event", {"member": "M000001", "event": "birthday", "occasion": "x"})
    assert (refused.code, "event" in refused.message) == ("006", True)


def test_thresholds_issue_by_themselves_when_points_come(till: Till) -> None:
    five = {"name": "Five", "points_required": "500", "value": "5", "auto_allocate_on_event": "4"}
    assert till.one("add_voucher", five)["auto_allocate_on_event"] == "points_reach_required"
    till.call("add_promotion", {"percent_of_spend": "100"})
    row = till.one("add_transaction", {"member": "M000001", "total_value": "950.99"})
    assert (row["points"], row["points_balance"]) == (950, 50)
    (issued,) = till.call("get_vouchers_issued", {"member": "M000001"})
    assert (issued["qty"], issued["points_used"], len(issued["voucher_codes"])) == (2, 1000, 2)
    till.call("delete_voucher_issued", {"code": issued["code"]})
    assert balance(till) == 1050  # points given back are not earned, and buy nothing again
    till.call("delete_transaction", {"code": row["code"]})
    assert balance(till) == 100


def test_an_issue_is_edited_by_one_of_its_codes_or_by_its_own(till: Till) -> None:
    (code,) = issue(till, {"points_required": "5"}, code="MINE")
    other = till.one("add_voucher_issued", {"voucher": "V000001", "qty": "1", "code": "OTHER"})
    both = {"code": "MINE", "voucher_code": "", "force_value": "4"}
    assert till.one("edit_voucher_issued", both)["voucher_codes"][0]["value"] == "4.00"
    assert till.one("edit_voucher_issued", both | {"voucher_code": code})["code"] == "MINE"
    refused = till.refusal("edit_voucher_issued", both | {"voucher_code": code, "code": other["code"]})
    assert (refused.code, "code OTHER" in refused.message) == ("006", True)
    refused = till.refusal("edit_voucher_issued", {"force_value": "4"})
    assert (refused.code, refused.message) == ("005", "code or voucher_code is required")
    refused = till.refusal("edit_voucher_issued", {"code": "MINE", "transaction_date": ""})
    assert (refused.code, refused.message) == ("006", "transaction_date must not be empty")


def test_nought_says_that_there_is_no_limit(till: Till) -> None:
    none = {
        "trigger_on_total_points_earned": "0",
        "points_earned_in_months": "0",
        "limited_to_per_member": "0",
    }
    row = till.one("add_voucher", {"name": "Free"} | none)
    assert {name: row[name] for name in none} == dict.fromkeys(none)


def test_verify_api_takes_no_fields(till: Till) -> None:
    assert till.refusal("verify_api", {"code": "x"}).code == "011"


def test_points_of_a_bearer_voucher_go_to_whom_the_call_names(till: Till) -> None:
    till.call("add_member", {"first_name": "Ben", "last_name": "Lopes"})
    bearer, held = issue(till, {"can_be_redeemed_for_points": "40"}, member=""), issue(till)
    refused = till.refusal("redeem_voucher_code", {"voucher_code": bearer[0]})
    assert (refused.code, "member" in refused.message) == ("009", True), refused
    row = till.one("redeem_voucher_code", {"voucher_code": bearer[0], "member": "M000002"})
    assert (row["points_credited"], row["member"]) == (40, None)
    assert till.one("get_member", {"code": "M000002"})["points_balance"] == 40
    till.call("reset_voucher_code", {"voucher_code": bearer[0]})
    assert till.one("get_member", {"code": "M000002"})["points_balance"] == 0
    refused = till.refusal("redeem_voucher_code", {"voucher_code": held[0], "member": "M000002"})
    assert (refused.code, "member" in refused.message) == ("009", True), refused
    assert (
        till.one("redeem_voucher_code", {"voucher_code": held[0], "member": "M000001"})["points_credited"]
        == 0
    )


def test_what_a_sale_would_earn_is_told_and_nothing_recorded(till: Till) -> None:
    till.call("add_promotion", {"code": "TEN", "percent_of_spend": "10"})
    till.call("add_promotion", {"code": "GOLD", "percent_of_spend": "20", "group": "gold"})
    till.call("edit_member", {"code": "M000001", "group": "gold"})
    row = till.one("get_transaction_worth", {"total_value": "49.90"})
    assert (row["points"], row["promotions"]) == (4, [{"code": "TEN", "points": 4}])
    assert till.one("get_transaction_worth", {"total_value": "49.90", "member": "M000001"})["points"] == 14
    assert till.refusal("get_transaction_worth", {}).code == "005"
    assert till.refusal("get_transaction_worth", {"total_value": "1", "branch": "NONE"}).code == "007"
    assert till.call("get_transactions") == []
