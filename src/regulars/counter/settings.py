"""What the counter of a business offers and allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from django_scopes import scope

from regulars.counter.models import CounterSettings
from regulars.rules import quickscan, values
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_line, clean_text
from regulars.tenants.models import Business

MAX_SCANS: Final = 100
# A week.
MAX_MINUTES: Final = 7 * 24 * 60
MAX_STAMPS: Final = 10
MAX_REASONS: Final = 20
REASON_LENGTH: Final = 100
# A day: for longer than that nobody remembers what happened.
MAX_UNDO: Final = 24 * 60
CHANGERS: Final = tuple(CounterSettings.CodeChangers.values)


# What the amount field is while points are collected and nobody has said anything else.
USUAL: Final = "calc"


def counter_settings(business_id: int, *, points_active: bool | None = None) -> CounterSettings:
    """The settings of a business's counter; the usual ones, not stored, when nobody has changed any.

    Where nobody has said how points are given, that is by the amount of the purchase while the business
    collects points, and not at all otherwise. Whoever knows that already says it as `points_active`.
    """
    with scope(business=business_id):
        found = CounterSettings.objects.filter(business_id=business_id).first()
    found = found or CounterSettings(business_id=business_id)
    if found.quickscan_function is None:
        points = _collects_points(business_id) if points_active is None else points_active
        found.quickscan_function = USUAL if points else ""
    return found


def _collects_points(business_id: int) -> bool:
    return Business.objects.filter(pk=business_id, points_active=True).exists()


def update_settings(*, business_id: int, **changes: Any) -> CounterSettings:
    """Change what the counter offers and allows; what is not named stays.

    `quickscan_function` is a text in the grammar of `rules.quickscan`, empty for stamps only, None for what
    is usual; while the business collects no points, empty says no more than None does;
    `scans_per_day` (1 to 100) and `minutes_between` (1 to 10080) are None for no limit; `stamps_at_once` is
    1 to 10; `reasons` a list of up to 20 lines; `code_changers` nobody, owner or staff; `undo_minutes` 0 to
    1440; `reason_required` (which needs reasons), `chooses_vouchers` and `enrols` are true or false.

    Raises:
        InvalidInput: a value is unusable, or there is no such setting; the message names it.
    """
    unknown = changes.keys() - _CHECKS.keys()
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a setting of the counter")
    stored = {name: _CHECKS[name](name, value) for name, value in changes.items()}
    with transaction.atomic(), scope(business=business_id):
        if stored.get("quickscan_function") == "" and not _collects_points(business_id):
            stored["quickscan_function"] = None
        if stored:
            _check_reasons(counter_settings(business_id), stored)
            CounterSettings.objects.update_or_create(business_id=business_id, defaults=stored)
        return counter_settings(business_id)


def _check_reasons(now: CounterSettings, stored: dict[str, Any]) -> None:
    """What must be given must be there to choose from; only a change of either asks."""
    if not {"reasons", "reason_required"} & stored.keys():
        return
    reasons = stored.get("reasons", now.reasons)
    if stored.get("reason_required", now.reason_required) and not reasons:
        field = "reason_required" if "reason_required" in stored else "reasons"
        raise InvalidInput.at(field, "needs at least one of the reasons while one is required")


def _function(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput.at(name, "must be text")
    text = clean_text(value, field=name, max_length=len(value))  # how long it may be says the grammar
    return quickscan.to_text(quickscan.parse(text)) if text else ""


def _limit(most: int) -> Callable[[str, Any], int | None]:
    def check(name: str, value: Any) -> int | None:
        return None if value is None else values.whole_number(value, field=name, least=1, most=most)

    return check


def _number(least: int, most: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        return values.whole_number(value, field=name, least=least, most=most)

    return check


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput.at(name, "must be true or false")
    return value


def _reasons(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidInput.at(name, "must be a list of texts")
    if len(value) > MAX_REASONS:
        raise InvalidInput.at(name, f"must have at most {MAX_REASONS} lines")
    lines = [clean_line(one, field=name, max_length=REASON_LENGTH, required=True) for one in value]
    if len({line.casefold() for line in lines}) < len(lines):
        raise InvalidInput.at(name, "must not say the same twice")
    return lines


def _changers(name: str, value: Any) -> str:
    if value not in CHANGERS:
        raise InvalidInput.at(name, f"must be one of {', '.join(CHANGERS)}")
    return str(value)


_CHECKS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "quickscan_function": _function,
    "scans_per_day": _limit(MAX_SCANS),
    "minutes_between": _limit(MAX_MINUTES),
    "stamps_at_once": _number(1, MAX_STAMPS),
    "reasons": _reasons,
    "reason_required": _flag,
    "code_changers": _changers,
    "chooses_vouchers": _flag,
    "enrols": _flag,
    "undo_minutes": _number(0, MAX_UNDO),
}
