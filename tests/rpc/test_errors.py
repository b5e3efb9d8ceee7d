"""Every refusal has one code of the table, and speaks of fields as the dialect calls them."""

from __future__ import annotations

import re

import pytest

from regulars.api.rpc import errors
from regulars.api.rpc.errors import RpcError, code_of, to_error
from regulars.rules import errors as rules
from regulars.tenants.idempotency import KeyReused, StillRunning

pytestmark = pytest.mark.once


def test_the_table_has_every_code_once_and_says_what_to_do() -> None:
    assert list(errors.CODES) == [f"{number:03d}" for number in range(13)]
    named = {value for name, value in vars(errors).items() if name.isupper() and isinstance(value, str)}
    assert named == set(errors.CODES)
    for meaning, mending in errors.CODES.values():
        assert re.search(r"[.]$", meaning)
        assert re.search(r"[.]$", mending)


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (rules.InvalidInput.at("points", "must be a whole number"), "006: points must be a whole number"),
        (
            rules.InvalidInput("x is bad.", fields={"a": "is bad", "b": "is worse"}),
            "006: a is bad; b is worse",
        ),
        (rules.NotFound("There is no member 7."), "007: There is no member 7."),
        (rules.NotFound("x", fields={"branch_id": "is unknown"}), "007: branch is unknown"),
        (rules.Conflict("x", fields={"code": "is taken"}), "008: code is taken"),
        (rules.Conflict("x", fields={"email": "is on the team"}), "008: email is on the team"),
        (rules.AlreadyEnrolled("x", fields={"phone": "is known"}, customer_id=5), "008: cell is known"),
        (rules.AlreadyEnrolled("There is such a customer.", customer_id=5), "008: There is such a customer."),
        (rules.Conflict("It is archived.", fields={"sku_id": "is archived"}), "009: sku_code is archived"),
        (rules.Conflict("It was redeemed."), "009: It was redeemed."),
        (rules.HasHistory("x", fields={"code": "is in use"}), "009: code is in use"),
        (rules.LastOwner("There must be an owner."), "009: There must be an owner."),
        (rules.NotEnoughPoints("There are 5 points.", points=7, available=5), "009: There are 5 points."),
        (rules.Suspended("The member is suspended."), "009: The member is suspended."),
        (rules.PlanLimit("25 members and no more."), "009: 25 members and no more."),
        (rules.PlanRequired("Not on this plan.", plans=[]), "009: Not on this plan."),
        (
            KeyReused("x", fields={"Idempotency-Key": "was used for a different request"}),
            "008: global[idempotency_key] was used for a different request",
        ),
    ],
)
def test_every_refusal_has_its_code(refusal: rules.Refusal, text: str) -> None:
    rename = {"branch_id": "branch", "sku_id": "sku_code", "phone": "cell"}
    error = to_error(refusal, rename)
    assert str(error) == text
    assert (error.code, error.retry_after) == (text[:3], None)


def test_a_call_that_still_runs_says_when_to_come_back() -> None:
    error = to_error(StillRunning("The first request with this Idempotency-Key is still running."))
    assert (error.code, error.retry_after) == ("009", 1)
    assert "global[idempotency_key]" in error.message


def kinds(of: type[rules.Refusal]) -> list[type[rules.Refusal]]:
    return [of, *(one for kind in of.__subclasses__() for one in kinds(kind))]


def test_no_refusal_is_without_a_code() -> None:
    for kind in kinds(rules.Refusal):
        assert code_of(kind("x")) in errors.CODES


def test_short_ways_of_raising() -> None:
    assert str(errors.missing("member")) == "005: member is required"
    assert str(errors.bad_value("qty", "must be 1 or more")) == "006: qty must be 1 or more"
    assert str(errors.unknown_field("colour")) == "011: colour is not a field of this call"
    assert str(RpcError(errors.NOT_NOW, "no")) == "009: no"
