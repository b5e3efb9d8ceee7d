"""What the counter's amount field offers: by the settings, and by the promotions that bring their own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Q
from django_scopes import scope

from regulars.counter.models import CounterSettings
from regulars.counter.refusals import ButtonChanged
from regulars.members.models import Member
from regulars.promotions.models import EventPromotion
from regulars.rules import occasions, quickscan
from regulars.rules.errors import InvalidInput

# The most points that an operator gives by typing a number.
MOST_FREE: Final = 10_000
# Events whose promotions an operator sees; what comes by itself (signup, birthday) has no place here.
_SHOWN: Final = ("", occasions.QUICKSCAN, occasions.QUICKSCAN_BUTTON)


@dataclass(frozen=True, slots=True)
class Button:
    """A button that gives points. `promotion_id` is None for those of the settings."""

    promotion_id: int | None
    label: str
    points: int


@dataclass(frozen=True, slots=True)
class Free:
    """A field for any number of points."""

    promotion_id: int | None
    label: str


@dataclass(frozen=True, slots=True)
class Offered:
    """All that the amount field offers.

    `auto` are given by the scan itself. `sale` says that amounts are turned into points, from `minimum` on.
    """

    buttons: tuple[Button, ...] = ()
    free: tuple[Free, ...] = ()
    auto: tuple[Button, ...] = ()
    sale: bool = False
    minimum: Decimal | None = None

    def check_button(self, wanted: Button) -> Button:
        """A button that is there as it was shown, or ButtonChanged."""
        if wanted not in self.buttons:
            raise ButtonChanged("This button is not there any more. Scan the card again.")
        return wanted

    def check_free(self, promotion_id: int | None) -> Free:
        """A field that is there, or ButtonChanged."""
        found = next((one for one in self.free if one.promotion_id == promotion_id), None)
        if found is None:
            raise ButtonChanged("Points cannot be typed any more. Scan the card again.")
        return found


@dataclass(frozen=True, slots=True)
class Live:
    """The promotions of a day that show something at the counter or give at a scan, of all groups and
    branches, oldest first.
    """

    day: dt.date
    promotions: tuple[EventPromotion, ...]

    @property
    def at_scan(self) -> bool:
        """Whether one gives at a scan by itself."""
        return any(one.auto_allocate_on_event == occasions.QUICKSCAN for one in self.promotions)


def live_on(*, business_id: int, day: dt.date) -> Live:
    """The promotions of a day for which the counter has a place. One statement."""
    with scope(business=business_id):
        rows = EventPromotion.objects.filter(
            Q(date_from=None) | Q(date_from__lte=day),
            Q(date_to=None) | Q(date_to__gte=day),
            ~Q(auto_allocate_on_event="") | ~Q(quickscan_function=""),
            auto_allocate_on_event__in=_SHOWN,
        )
        return Live(day, tuple(rows.order_by("pk")))


def offered(
    settings: CounterSettings, live: Live, *, member: Member | None = None, branch_id: int | None = None
) -> Offered:
    """What the counter offers on a day, to a member and at a branch.

    Without a member what is for a group is left out.
    """
    parts: list[tuple[EventPromotion | None, quickscan.QuickScan]] = []
    if settings.quickscan_function:
        parts += _read(None, settings.quickscan_function)
    buttons: list[Button] = []
    for promotion in live.promotions:
        if not _is_for(promotion, member, branch_id):
            continue
        if promotion.auto_allocate_on_event == occasions.QUICKSCAN_BUTTON and promotion.points_to_award:
            buttons.append(Button(promotion.pk, name_of(promotion), promotion.points_to_award))
        if promotion.quickscan_function:
            parts += _read(promotion, promotion.quickscan_function)
    return _together(parts, buttons)


def _together(
    parts: list[tuple[EventPromotion | None, quickscan.QuickScan]], own_buttons: list[Button]
) -> Offered:
    buttons: list[Button] = []
    free: list[Free] = []
    auto: list[Button] = []
    minimums: list[Decimal | None] = []
    for promotion, function in parts:
        pk, name = (promotion.pk, name_of(promotion)) if promotion else (None, "")
        if function.kind == "buttons":
            buttons += [Button(pk, _label(name, one.label), one.points) for one in function.buttons]
        elif function.kind == "free":
            free.append(Free(pk, name))
        elif function.kind == "auto":
            auto.append(Button(pk, name, function.points))
        else:
            minimums.append(function.minimum)
    return Offered(
        buttons=(*buttons, *own_buttons),
        free=tuple(free),
        auto=tuple(auto),
        sale=bool(minimums),
        # Any of them lets a sale be entered, so the smallest counts.
        minimum=None if None in minimums else min((one for one in minimums if one is not None), default=None),
    )


def _label(name: str, label: str) -> str:
    return f"{name}: {label}" if name and label else name or label


def name_of(promotion: EventPromotion) -> str:
    """What a promotion is called at the counter."""
    return promotion.name or promotion.code


def _read(
    promotion: EventPromotion | None, text: str
) -> list[tuple[EventPromotion | None, quickscan.QuickScan]]:
    try:
        return [(promotion, quickscan.parse(text))]
    except InvalidInput:  # stored before the grammar knew better
        return []


def _is_for(promotion: EventPromotion, member: Member | None, branch_id: int | None) -> bool:
    """Whether a promotion is for this member at this branch."""
    group_id, own_id = (member.group_id, member.branch_id) if member is not None else (None, None)
    return promotion.group_id in {None, group_id} and promotion.branch_id in {None, branch_id, own_id}
