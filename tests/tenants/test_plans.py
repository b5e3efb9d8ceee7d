"""The table of plans says what the product's pages promise."""

import pytest

from regulars.rules.errors import PlanRequired
from regulars.tenants.models import Business
from regulars.tenants.plans import PLANS, check_feature, plans_with

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
        check_feature("trial", "rest_access", "API access")
    assert refused.value.message == (
        "API access is not part of the trial plan. Plans that have it: growth, professional and self_hosted."
    )
    assert refused.value.details == {"plans": ["growth", "professional", "self_hosted"]}
    check_feature("growth", "rest_access", "API access")
