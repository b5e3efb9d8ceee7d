"""The page of the programme, with the card as members would see it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.rules import colours, stamps
from regulars.tenants import actions
from regulars.tenants.microsites import update_microsite
from regulars.web.office.desk import Desk
from regulars.web.office.forms import answer
from regulars.web.office.programme.forms import POINTS, STAMPS, ProgrammeForm

# Of a card that is shown as an example, so many stamps are missing.
_MISSING: Final = 2
_IN_A_ROW: Final = 10
_SIDE: Final = 40
# So many points are shown as an example.
_POINTS: Final = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the card as a circle: where its middle is."""

    x: int
    y: int
    filled: bool
    last: bool


def programme(desk: Desk) -> HttpResponse:
    """What members collect, and how points work."""
    business = desk.business
    program = business.program
    initial: dict[str, Any] = {
        "stamps_active": program.is_active,
        "points_active": business.points_active,
        **{name: getattr(program, name) for name in STAMPS},
        **{name: getattr(business, name) for name in POINTS},
    }
    initial["point_value"] = _plainly(business.point_value)

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        with desk.changing("programme.edit", program):
            actions.update_program(
                business_id=business.pk,
                is_active=cleaned["stamps_active"],
                **{name: cleaned[name] for name in STAMPS if name != "birthday_bonus_stamps"},
                birthday_bonus_stamps=cleaned["birthday_bonus_stamps"] or None,
            )
            _save_points(desk, cleaned)
        return desk.done(_("The programme was saved."), "programme")

    return answer(
        desk,
        ProgrammeForm,
        title=_("Stamps and points"),
        save=save,
        initial=initial,
        edits=True,
        template="programme/form",
        here="programme",
        context={"preview": _card(desk, initial)},
        currency=business.currency,
    )


def _save_points(desk: Desk, cleaned: dict[str, Any]) -> None:
    """How points work is the business's own row: it is written, and noted, when something of it differs."""
    business = desk.business
    points = {name: cleaned[name] for name in POINTS}
    if cleaned["points_active"] == business.points_active and all(
        getattr(business, name) == value for name, value in points.items()
    ):
        return
    with desk.changing("points.edit", business):
        actions.update_points_programme(business_id=business.pk, **points)
        update_microsite(business_id=business.pk, points_active=cleaned["points_active"])


def preview(desk: Desk) -> HttpResponse:
    """The card as what is typed would make it."""
    return desk.page("programme/_card", {"preview": _card(desk, desk.post.dict())})


def _card(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """What the example shows; what cannot be used yet stands for what the business has."""
    business = desk.business
    goal = _whole(given.get("stamps_required"), stamps.MIN_GOAL, stamps.MAX_GOAL)
    goal = goal or business.program.stamps_required
    reached = max(goal - _MISSING, 1)
    accent = business.accent_color
    return {
        "name": str(given.get("program_name") or "").strip() or business.program.program_name,
        "reward": str(given.get("reward_description") or "").strip() or business.program.reward_description,
        "stamps": bool(given.get("stamps_active")),
        "points": bool(given.get("points_active")),
        "goal": goal,
        "missing": goal - reached,
        "places": _places(reached, goal),
        "width": _SIDE * min(_per_row(goal), goal),
        "height": _SIDE * -(-goal // _per_row(goal)),
        "accent": accent,
        "on_accent": colours.text_on(accent),
        "example": _POINTS,
        "worth": _worth(given.get("point_value")),
        "months": _whole(given.get("points_expire_months"), 1, 1200),
        "birthday": _whole(given.get("birthday_bonus_stamps"), 1, stamps.MAX_BIRTHDAY_BONUS),
    }


def _per_row(goal: int) -> int:
    rows = -(-goal // _IN_A_ROW)
    return max(-(-goal // rows), min(goal, 5)) if goal > 5 else goal  # noqa: PLR2004 - one row of few


def _places(reached: int, goal: int) -> list[Place]:
    columns = _per_row(goal)
    return [
        Place(
            x=number % columns * _SIDE + _SIDE // 2,
            y=number // columns * _SIDE + _SIDE // 2,
            filled=number < reached,
            last=number == goal - 1,
        )
        for number in range(goal)
    ]


def _whole(value: Any, least: int, most: int) -> int | None:
    text = str(value or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - no number has more here
        return None
    return int(text) if least <= int(text) <= most else None


def _worth(value: Any) -> Decimal | None:
    try:
        one = Decimal(str(value))
    except InvalidOperation:
        return None
    if not (one.is_finite() and 0 < one < Decimal(10) ** 8):
        return None
    return (one * _POINTS).quantize(Decimal("0.01"), ROUND_DOWN)


def _plainly(value: Decimal) -> Decimal:
    """An amount without the noughts behind it, but with hundredths."""
    short = value.normalize()
    places = -int(short.as_tuple().exponent)
    return short if places > len("00") else value.quantize(Decimal("0.01"))
