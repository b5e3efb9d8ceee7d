"""What promotions and vouchers have in common: their days, for whom they are, on which event, and fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.catalog.models import SkuCategory
from regulars.rules import occasions
from regulars.web.office.filters import Choice

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

Text = str | Promise

RUNNING: Final = "running"
PLANNED: Final = "planned"
ENDED: Final = "ended"
STATES: Final[dict[str, tuple[Text, str]]] = {
    RUNNING: (gettext_lazy("Running"), "green"),
    PLANNED: (gettext_lazy("Planned"), "azure"),
    ENDED: (gettext_lazy("Ended"), ""),
}
EVENTS: Final[dict[str, Text]] = {
    occasions.SIGNUP: gettext_lazy("Somebody joins"),
    occasions.BIRTHDAY: gettext_lazy("A birthday"),
    occasions.ANNIVERSARY: gettext_lazy("The anniversary of joining"),
    occasions.FIRST_LOGIN: gettext_lazy("The first visit to their own page"),
    occasions.MONTHLY: gettext_lazy("The first of each month"),
    occasions.QUICKSCAN: gettext_lazy("Each scan at the counter"),
    occasions.QUICKSCAN_BUTTON: gettext_lazy("A button at the counter"),
    occasions.POINTS_REACH_REQUIRED: gettext_lazy("Their points reach the price"),
    occasions.POINTS_REACH_VALUE: gettext_lazy("Their points reach the value"),
}


def event_choices(names: Sequence[str], none: Text) -> list[tuple[str, Text]]:
    """The events that a select offers, with none of them first."""
    return [("", none), *((name, EVENTS[name]) for name in names)]


def state(row: Any, today: dt.date) -> str:
    """Whether something with a first and a last day is running today."""
    if row.date_from is not None and row.date_from > today:
        return PLANNED
    return ENDED if row.date_to is not None and row.date_to < today else RUNNING


def badge(row: Any, today: dt.date) -> tuple[Text, str]:
    """The same as a badge: a word and a colour."""
    return STATES[state(row, today)]


def state_filter(today: dt.date) -> Choice:
    """A filter by whether something is running today."""
    begun = Q(date_from=None) | Q(date_from__lte=today)
    wanted = {
        RUNNING: begun & (Q(date_to=None) | Q(date_to__gte=today)),
        PLANNED: Q(date_from__gt=today),
        ENDED: begun & Q(date_to__lt=today),
    }

    def apply(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(wanted[value])

    return Choice("state", _("State"), [(key, label) for key, (label, _c) in STATES.items()], apply)


def days(row: Any) -> str:
    """The first and the last day, for people; empty for always."""
    first, last = (
        date_format(day, "SHORT_DATE_FORMAT") if day else "" for day in (row.date_from, row.date_to)
    )
    if first and last:
        return f"{first} \N{EN DASH} {last}"
    if first:
        return _("from %(day)s") % {"day": first}
    return _("until %(day)s") % {"day": last} if last else ""


def only_for(row: Any) -> str:
    """To whom, where and on what it is limited, for people; empty for everybody and everything."""
    found = [getattr(row, name, None) for name in ("group", "branch", "sku", "category")]
    return ", ".join(str(one) for one in found if one is not None)


def last_day(row: Any, today: dt.date) -> dt.date:
    """The last day of something that shall end now: yesterday, or today when it began only today."""
    yesterday = today - dt.timedelta(days=1)
    return today if row.date_from is not None and row.date_from > yesterday else yesterday


class CategoryField(forms.TypedChoiceField):
    """A category of products by its id, or none."""

    def __init__(self, **more: Any) -> None:
        more.setdefault("label", gettext_lazy("Category"))

        def choices() -> list[tuple[Any, Any]]:
            rows = SkuCategory.objects.order_by("name", "pk").values_list("pk", "name")
            return [("", gettext_lazy("Any category")), *((str(key), name) for key, name in rows)]

        super().__init__(choices=choices, coerce=int, empty_value=None, required=False, **more)


def tabs(desk: Desk, section: str, page: str) -> dict[str, Any]:
    """The context by which a page without a tab of its own shows the one that it belongs to."""
    from regulars.web.office import navigation  # noqa: PLC0415 - which names desks

    return {"here": section, "tabs": navigation.tabs(desk, section, page)}
