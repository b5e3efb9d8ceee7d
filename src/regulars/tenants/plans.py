"""The one table that says what each plan allows."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.rules.errors import PlanRequired

# What the rate-limit headers say where a plan sets no limit: a number, because clients parse one.
UNLIMITED_REQUESTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a business on this plan may use. `None` means: no limit."""

    name: str
    label: str
    rest_access: bool
    requests_per_minute: int | None
    max_branches: int | None
    max_members: int | None
    team: bool
    campaigns: bool
    scratch_cards: bool


PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan(
            name="trial",
            label="Trial",
            rest_access=False,
            requests_per_minute=60,
            max_branches=1,
            max_members=25,
            team=False,
            campaigns=False,
            scratch_cards=False,
        ),
        Plan(
            name="basic",
            label="Basic",
            rest_access=False,
            requests_per_minute=60,
            max_branches=1,
            max_members=None,
            team=True,
            campaigns=True,
            scratch_cards=True,
        ),
        Plan(
            name="growth",
            label="Growth",
            rest_access=True,
            requests_per_minute=60,
            max_branches=3,
            max_members=None,
            team=True,
            campaigns=True,
            scratch_cards=True,
        ),
        Plan(
            name="professional",
            label="Professional",
            rest_access=True,
            requests_per_minute=300,
            max_branches=None,
            max_members=None,
            team=True,
            campaigns=True,
            scratch_cards=True,
        ),
        Plan(
            name="self_hosted",
            label="Self-hosted",
            rest_access=True,
            requests_per_minute=None,
            max_branches=None,
            max_members=None,
            team=True,
            campaigns=True,
            scratch_cards=True,
        ),
    )
}


def plans_with(feature: str) -> list[str]:
    """Names of the plans that have a feature, in the order of the table."""
    return [plan.name for plan in PLANS.values() if getattr(plan, feature)]


def check_feature(plan_name: str, feature: str, title: str) -> None:
    """Refuse a feature that the plan lacks, naming the plans that have it.

    Raises:
        PlanRequired: the business's plan does not include the feature.
    """
    if getattr(PLANS[plan_name], feature):
        return
    names = plans_with(feature)
    listed = ", ".join(names[:-1]) + " and " + names[-1]
    raise PlanRequired(
        f"{title} is not part of the {plan_name} plan. Plans that have it: {listed}.", plans=names
    )
