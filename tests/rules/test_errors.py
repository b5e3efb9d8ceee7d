"""The refusals: their codes are promises to programs, so they are written down here a second time."""

import pytest

from regulars.rules import errors
from regulars.rules.errors import Conflict, InvalidInput, Refusal

CODES = {
    "Refusal": "refused",
    "InvalidInput": "invalid_input",
    "NotFound": "not_found",
    "Merged": "merged",
    "Conflict": "conflict",
    "TooManyRequests": "rate_limited",
    "AlreadyEnrolled": "already_enrolled",
    "AlreadyUndone": "already_undone",
    "NotUndoable": "not_undoable",
    "StampsSpent": "stamps_spent",
    "StampsTakenSince": "stamps_taken",
    "NothingToRedeem": "no_pending_reward",
    "AlreadyGiven": "conflict",
    "HasHistory": "has_history",
    "LastOwner": "last_owner",
    "NotEnoughPoints": "not_enough_points",
    "NotEnoughStamps": "not_enough_stamps",
    "Suspended": "suspended",
    "Closed": "business_closed",
    "PlanRequired": "plan_required",
    "PlanLimit": "plan_limit",
    "ScopeRequired": "scope_required",
}
CONFLICTS = {
    "AlreadyEnrolled",
    "AlreadyUndone",
    "NotUndoable",
    "StampsSpent",
    "StampsTakenSince",
    "AlreadyGiven",
    "NothingToRedeem",
    "HasHistory",
    "LastOwner",
    "NotEnoughPoints",
    "NotEnoughStamps",
}


def refusals() -> dict[str, type[Refusal]]:
    found = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Refusal))
    return {kind.__name__: kind for kind in found}


def test_codes_stay_what_they_were() -> None:
    assert {name: kind.code for name, kind in refusals().items()} == CODES


def test_whoever_catches_a_conflict_catches_its_kinds() -> None:
    assert {name for name, kind in refusals().items() if issubclass(kind, Conflict)} == CONFLICTS | {
        "Conflict"
    }


@pytest.mark.parametrize("kind", refusals().values())
def test_a_refusal_says_what_why_and_where(kind: type[Refusal]) -> None:
    fields = {"phone": "is in use"}
    refusal = kind("Somebody has this phone.", fields=fields, customer_id=12)
    fields.clear()
    assert str(refusal) == refusal.message == "Somebody has this phone."
    assert refusal.fields == {"phone": "is in use"}
    assert refusal.details == {"customer_id": 12}


def test_fields_and_details_may_be_left_out() -> None:
    refusal = Refusal("No.")
    assert (refusal.fields, refusal.details) == ({}, {})


def test_one_field_can_be_named_in_one_word() -> None:
    refusal = InvalidInput.at("count", "must be from 1 to 10")
    assert isinstance(refusal, InvalidInput)
    assert refusal.message == "count must be from 1 to 10"
    assert refusal.fields == {"count": "must be from 1 to 10"}
