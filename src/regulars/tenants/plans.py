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
        Plan("trial", "Trial", False, 60, 1, 25, team=False, campaigns=False, scratch_cards=False),
        Plan("basic", "Basic", False, 60, 1, None, team=True, campaigns=True, scratch_cards=True),
        Plan("growth", "Growth", True, 60, 3, None, team=True, campaigns=True, scratch_cards=True),
        Plan("professional", "Professional", True, 300, None, None, team=True, campaigns=True, scratch_cards=True),
        Plan("self_hosted", "Self-hosted", True, None, None, None, team=True, campaigns=True, scratch_cards=True),
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
