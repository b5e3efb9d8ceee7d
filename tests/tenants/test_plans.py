"""The table of plans says what the product's pages promise."""

import pytest

from regulars.rules.errors import InvalidInput, PlanRequired
from regulars.tenants.models import Business
from regulars.tenants.plans import PLANS, check_feature, check_limits, plan_of, plans_with

pytestmark = pytest.mark.once


def test_the_table() -> None:
    rows = {
        plan.name: (
            plan.rest_access,
            plan.requests_per_minute,
            plan.max_branches,
            plan.max_members,
            plan.team,
        )
        for plan in PLANS.values()
    }
    assert rows == {
        "trial": (False, 60, 1, 25, False),
        "basic": (False, 60, 1, None, True),
        "growth": (True, 60, 3, None, True),
        "professional": (True, 300, None, None, True),
        "self_hosted": (True, None, None, None, True),
    }
    assert {name: plan.name for name, plan in PLANS.items()} == {name: name for name in PLANS}
    assert [plan.name for plan in PLANS.values() if plan.campaigns] == plans_with("scratch_cards")


def test_a_new_installation_has_no_limits() -> None:
    assert Business().plan == "self_hosted"
    plan = PLANS["self_hosted"]
    assert (plan.requests_per_minute, plan.max_branches, plan.max_members) == (None, None, None)
    assert plan.rest_access
    assert plan.campaigns


def test_a_missing_feature_names_the_plans_that_have_it() -> None:
    with pytest.raises(PlanRequired) as refused:
        check_feature(PLANS["trial"], "rest_access")
    assert refused.value.message == (
        "API access is not part of the trial plan. Plans that have it: growth, professional and self_hosted."
    )
    assert refused.value.details == {"plans": ["growth", "professional", "self_hosted"]}
    check_feature(PLANS["growth"], "rest_access")


def test_what_the_operator_decides_goes_before_the_plan() -> None:
    business = Business(plan="trial", plan_limits={"rest_access": True, "max_members": None})
    plan = plan_of(business)
    assert plan.rest_access
    assert plan.max_members is None
    assert plan.max_branches == PLANS["trial"].max_branches
    assert plan_of(Business(plan="growth")) is PLANS["growth"]


def test_what_the_operator_switched_off_is_said_so() -> None:
    plan = plan_of(Business(plan="growth", plan_limits={"team": False}))
    with pytest.raises(
        PlanRequired, match="A team is switched off for this business by its operator"
    ) as refused:
        check_feature(plan, "team")
    assert refused.value.details == {"plans": []}


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"name": "x"}, "name"),
        ({"max_members": 0}, "max_members"),
        ({"max_members": True}, "max_members"),
        ({"max_branches": "3"}, "max_branches"),
        ({"requests_per_minute": 1.5}, "requests_per_minute"),
        ({"team": 1}, "team"),
        ({"campaigns": None}, "campaigns"),
    ],
)
def test_limits_that_no_plan_has_are_refused(limits: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_limits(limits)
    assert list(refused.value.fields) == [field]


def test_limits_are_kept_as_they_are() -> None:
    limits = {"max_members": 50, "max_branches": None, "campaigns": False}
    assert check_limits(limits) == limits
    assert check_limits({}) == {}
