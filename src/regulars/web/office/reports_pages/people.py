"""Who comes back, how often and when: retention, visits, peak hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils.dates import WEEKDAYS
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.analytics import people, reports
from regulars.analytics.people import Joined
from regulars.web.office.desk import Desk
from regulars.web.office.reports import Chart, Heading, Range, Report, Series
from regulars.web.office.reports_pages import shared

_SHADES: Final = 5
_SPANS: Final = (6, 12, 24)


def shade(value: float, most: float) -> str:
    """The class that shades a cell: heat-0 for nothing, heat-5 for the most."""
    if value <= 0 or most <= 0:
        return "heat-0"
    return f"heat-{max(1, min(_SHADES, -int(-value * _SHADES // most)))}"


def retention(desk: Desk) -> HttpResponseBase:
    """Of those who joined in a month, how many came in it and in each month after it."""
    wanted = desk.get.get("months", "")
    months = int(wanted) if wanted in {str(span) for span in _SPANS} else people.MONTHS
    cohorts = [
        one for one in people.retention(desk.business, desk.today, months) if one.members or any(one.came)
    ]
    most = max((len(one.came) for one in cohorts), default=0)
    average = [_average(cohorts, later) for later in range(most)]
    return Report(
        desk,
        title=_("Retention"),
        finding=_retained(average),
        hint=_("Each row is everybody who joined in one month. The columns say how many of them came in that "
               "month and in the months after it. This month is not over yet."),
        chart=Chart(
            kind="bar",
            labels=[_after(later) for later in range(most)],
            series=(Series(_("Of those who joined, came"), average),),
            percent=True,
        ),
        headings=(
            Heading(_("Joined in"), "text"),
            Heading(_("Members")),
            *(Heading(_after(later), "percent") for later in range(most)),
        ),
        rows=[
            [
                shared.month_name(one.month),
                one.members,
                *(_share(one, later) for later in range(len(one.came))),
                *([None] * (most - len(one.came))),
            ]
            for one in reversed(cohorts)
        ],
        export="retention",
        template="reports/retention",
        empty=_("As soon as members have joined and come, this shows who comes back."),
        context={
            "own_branch": None,
            "cohorts": [_drawn(one, most) for one in reversed(cohorts)],
            "months": [(f"+{later}" if later else "0", _after(later)) for later in range(most)],
            "spans": [(span, _("%(months)s months") % {"months": span}, span == months) for span in _SPANS],
        },
    ).answer()  # fmt: skip


def _after(later: int) -> str:
    if later == 0:
        return _("Same month")
    return ngettext("%(count)d month", "%(count)d months", later) % {"count": later}


def _share(one: Joined, later: int) -> float | None:
    return round(100 * one.came[later] / one.members, 1) if one.members else None


def _average(cohorts: Sequence[Joined], later: int) -> float | None:
    """Of all who joined so many months ago or more, how many percent came that long after."""
    some = [one for one in cohorts if len(one.came) > later]
    members = sum(one.members for one in some)
    return round(100 * sum(one.came[later] for one in some) / members, 1) if members else None


def _drawn(one: Joined, most: int) -> dict[str, Any]:
    shares = [_share(one, later) or 0 for later in range(len(one.came))]
    cells = [
        (round(share), shade(share, 100), number) for share, number in zip(shares, one.came, strict=True)
    ]
    return {"month": one.month, "members": one.members, "cells": cells, "rest": range(most - len(cells))}


def _retained(average: Sequence[float | None]) -> str:
    if len(average) < 2 or average[1] is None:  # noqa: PLR2004 - there is no month after yet
        return _("There is no month yet that members could have come back in.")
    told = {"share": number_format(round(average[1]), use_l10n=True)}
    if len(average) > 3 and average[3] is not None:  # noqa: PLR2004 - three months later
        told["later"] = number_format(round(average[3]), use_l10n=True)
        return _("%(share)s %% of new members come in the month after they joined, and %(later)s %% three "
                 "months after.") % told  # fmt: skip
    return _("%(share)s %% of new members come in the month after they joined.") % told


def visits(desk: Desk) -> HttpResponseBase:
    """How often members came in all, how long they have been away, and the hours in which they come."""
    chosen, branch_id = Range.of(desk.get, desk.today), shared.branch_of(desk)
    told = people.visits(desk.business)
    table = desk.get.get("table", "")
    recent = _recent(desk, told)
    if table == "recent":
        return recent.answer()
    if table == "hours" and "export" in desk.get:
        return _hours_report(
            desk, reports.by_hour(desk.business, (chosen.first, chosen.last), branch_id)
        ).answer()
    hours = reports.by_hour(desk.business, (chosen.first, chosen.last), branch_id)
    bands = [(_("Not yet"), told.never), *((_band(one.least, one.most), one.members) for one in told.spread)]
    came = told.members - told.never
    again = came - told.spread[0].members
    return Report(
        desk,
        title=_("Visits"),
        finding=_again(told.members, came, again),
        hint=_("How often your members have come in all, by the number of members."),
        chart=Chart(
            kind="bar",
            labels=[label for label, _number in bands],
            series=(Series(_("Members"), [number for _label, number in bands]),),
        ),
        headings=(Heading(_("Visits"), "text"), Heading(_("Members")), Heading(_("Share"), "percent")),
        rows=[[label, number, _percent(number, told.members)] for label, number in bands]
        if told.members
        else [],
        export="visits",
        template="reports/visits",
        empty=_("As soon as members collect stamps, this shows how often they come."),
        context={
            **shared.context(desk),
            "recent": recent,
            "recent_files": shared.files(desk, "recent"),
            "hours": _heat(hours),
            "peak": _peak(hours),
            "hour_names": _open_hours(hours),
            "hours_files": shared.files(desk, "hours"),
            "hours_range": chosen,
        },
    ).answer()


def _again(members: int, came: int, again: int) -> str:
    if not members:
        return _("You have no members yet.")
    if not came:
        return _("None of your members has collected a stamp yet.")
    share = round(100 * again / came)
    told = {"share": number_format(share, use_l10n=True), "came": number_format(came, use_l10n=True)}
    return _("%(share)s %% of the %(came)s members who came once came again.") % told


def _percent(number: int, whole: int) -> float | None:
    return round(100 * number / whole, 1) if whole else None


def _band(least: int, most: int | None) -> str:
    if least == most:
        return ngettext("%(count)d visit", "%(count)d visits", least) % {"count": least}
    if most is None:
        return _("%(least)d and more") % {"least": least}
    return _("%(least)d to %(most)d") % {"least": least, "most": most}


def _recent(desk: Desk, told: people.Visits) -> Report:
    rows: list[list[Any]] = []
    for one in told.recent:
        if one.most is None:
            label = _("More than a year ago")
        elif one.least == 0:
            label = _("In the last 7 days")
        else:
            label = _("%(least)d to %(most)d days ago") % {"least": one.least, "most": one.most}
        rows.append([label, one.members, _percent(one.members, told.members)])
    rows.append([_("Never"), max(told.members - sum(row[1] for row in rows), 0), None])
    rows[-1][2] = _percent(rows[-1][1], told.members)
    return Report(
        desk,
        title=_("Last visit"),
        finding="",
        headings=(Heading(_("Last there"), "text"), Heading(_("Members")), Heading(_("Share"), "percent")),
        rows=rows,
        export="last-visits",
    )


def _open_hours(hours: list[list[int]]) -> list[str]:
    first, last = _span(hours)
    return [f"{hour:02d}" for hour in range(first, last + 1)]


def _span(hours: list[list[int]]) -> tuple[int, int]:
    """From the first hour with a visit to the last."""
    busy = [hour for hour in range(24) if any(row[hour] for row in hours)]
    return (busy[0], busy[-1]) if busy else (0, -1)


def _heat(hours: list[list[int]]) -> list[dict[str, Any]]:
    first, last = _span(hours)
    most = max(map(max, hours))
    return [
        {"day": WEEKDAYS[number], "cells": [(value, shade(value, most)) for value in row[first : last + 1]]}
        for number, row in enumerate(hours)
    ] if most > 0 else []  # fmt: skip


def _peak(hours: list[list[int]]) -> str:
    most, day, hour = max(
        (value, -number, -hour) for number, row in enumerate(hours) for hour, value in enumerate(row)
    )
    if most <= 0:
        return _("No visits in these days.")
    told = {"day": WEEKDAYS[-day], "from": f"{-hour:02d}:00", "to": f"{(-hour + 1) % 24:02d}:00"}
    return _("Most visits come on %(day)s between %(from)s and %(to)s.") % told


def _hours_report(desk: Desk, hours: list[list[int]]) -> Report:
    return Report(
        desk,
        title=_("Peak hours"),
        finding="",
        headings=(Heading(_("Day"), "text"), *(Heading(f"{hour:02d}:00") for hour in range(24))),
        rows=[[str(WEEKDAYS[number]), *row] for number, row in enumerate(hours)],
        export="peak-hours",
    )
