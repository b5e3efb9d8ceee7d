"""The one table that says what each plan allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Protocol

from regulars.rules.errors import InvalidInput, PlanLimit, PlanRequired

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


# What an operator may allow one business beyond its plan, or forbid it.
LIMITS: Final = tuple(field.name for field in fields(Plan) if field.name not in {"name", "label"})
NUMBERS: Final = ("requests_per_minute", "max_branches", "max_members")
_MOST: Final = 1_000_000_000


class OnPlan(Protocol):
    """A business, as far as this table asks."""

    plan: Any
    plan_limits: Any


def plan_of(business: OnPlan) -> Plan:
    """What a business may use: its plan, but for what the operator decided about it alone.

    Whoever asks for a limit or a feature asks here.
    """
    plan = PLANS[business.plan]
    return replace(plan, **business.plan_limits) if business.plan_limits else plan


def check_limits(values: Mapping[str, Any]) -> dict[str, Any]:
    """What an operator decided about one business, fit to be stored. What it does not name is the plan's.

    Numbers are whole, 1 or more, or None for no limit; features are true or false.

    Raises:
        InvalidInput: there is no such limit, or its value is unusable; the field is named.
    """
    unknown = values.keys() - set(LIMITS)
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a limit of a plan")
    for name, value in values.items():
        if name not in NUMBERS:
            if not isinstance(value, bool):
                raise InvalidInput.at(name, "must be true or false")
        elif value is not None and (type(value) is not int or not 1 <= value <= _MOST):
            raise InvalidInput.at(name, f"must be a whole number from 1 to {_MOST}, or null for no limit")
    return dict(values)


def check_room(business: OnPlan, limit: str, there_are: Callable[[], int]) -> None:
    """Refuse one more of what `limit` counts, "max_members" or "max_branches", when there are as many.

    `there_are` counts them, and is asked only where there is a limit. The message says whose limit it is.

    Raises:
        PlanLimit: there is no room for another one.
    """
    most = getattr(plan_of(business), limit)
    if most is None or there_are() < most:
        return
    whose = "Your operator" if limit in (business.plan_limits or {}) else f"The {business.plan} plan"
    raise PlanLimit(f"{whose} allows {most} {limit.removeprefix('max_')}, and there are as many.")


def plans_with(feature: str) -> list[str]:
    """Names of the plans that have a feature, in the order of the table."""
    return [plan.name for plan in PLANS.values() if getattr(plan, feature)]


# How a sentence about a feature begins.
_SAID: Final = {
    "rest_access": "API access is",
    "campaigns": "Campaigns are",
    "scratch_cards": "Scratch cards are",
    "team": "A team is",
}


def check_feature(plan: Plan, feature: str) -> None:
    """Refuse a feature that a business's plan (`plan_of`) lacks, naming the plans that have it.

    Raises:
        PlanRequired: the business may not use the feature.
    """
    if getattr(plan, feature):
        return
    names = plans_with(feature)
    if plan.name in names:
        raise PlanRequired(f"{_SAID[feature]} switched off for this business by its operator.", plans=[])
    listed = ", ".join(names[:-1]) + " and " + names[-1]
    raise PlanRequired(
        f"{_SAID[feature]} not part of the {plan.name} plan. Plans that have it: {listed}.", plans=names
    )
