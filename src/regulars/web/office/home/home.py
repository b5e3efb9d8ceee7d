"""Home: today, the days before it beside those before them, and what to do now."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.analytics import queries, reports
from regulars.analytics.reports import Day, Figures
from regulars.web.office.desk import Desk
from regulars.web.office.home import attention
from regulars.web.office.reports import Chart, Heading, Range, Report, Series
from regulars.web.office.reports_pages import shared
from regulars.web.office.reports_pages.shared import BY_KEY, Compared, Measure
from regulars.web.office.tags import number as shown

_SHOWN: Final = ("stamps", "points", "members", "returning", "rewards", "amount")
_WEEK: Final = dt.timedelta(days=7)


def page(desk: Desk) -> HttpResponseBase:
    """How today is, whether it is better than before, what should be done now."""
    chosen, branch_id = Range.of(desk.get, desk.today), shared.branch_of(desk)
    both = Compared.of(desk, chosen, branch_id)
    today, week_ago = _two_days(desk, both, branch_id)
    measures = [BY_KEY[key] for key in _SHOWN if key != "points" or desk.business.points_active]
    stats = queries.stats(desk.business)
    charts = _charts(desk, both, chosen)
    table = desk.get.get("table", "")
    if "export" in desk.get:
        return charts[table if table in charts else "stamps"].answer()
    return desk.page(
        "reports/home",
        {
            **shared.context(desk),
            "here": "home",
            "title": _("Today"),
            "day": _("%(weekday)s, %(day)s")
            % {"weekday": WEEKDAYS[desk.today.weekday()], "day": date_format(desk.today, "MONTH_DAY_FORMAT")},
            "finding": _finding(today, week_ago, desk.today),
            "today": [_tile(desk, measure, today, week_ago) for measure in measures],
            "weekday": WEEKDAYS[(desk.today - _WEEK).weekday()],
            "matters": attention.matters(desk, stats.total_customers),
            "range": chosen,
            "trend": _trend(desk, measures, both),
            "charts": charts.values(),
            "stats": stats,
            "has_members": stats.total_customers > 0,
        },
    )


def _two_days(desk: Desk, both: Compared, branch_id: int | None) -> tuple[Figures, Figures]:
    """Today, and the same weekday a week ago."""
    known = {one.day: one.figures for one in (*both.before, *both.now)}
    wanted = (desk.today, desk.today - _WEEK)
    if all(day in known for day in wanted):
        return known[wanted[0]], known[wanted[1]]
    days: list[Day] = reports.by_day(desk.business, (wanted[1], wanted[0]), branch_id)
    return days[-1].figures, days[0].figures


def _finding(today: Figures, week_ago: Figures, day: dt.date) -> str:
    weekday = WEEKDAYS[day.weekday()]
    if not today.stamps and not today.members and not today.sales:
        if not week_ago.stamps:
            return _("Nothing has happened yet today.")
        return ngettext(
            "Nothing has happened yet today. Last %(weekday)s had %(count)s stamp.",
            "Nothing has happened yet today. Last %(weekday)s had %(count)s stamps.",
            week_ago.stamps,
        ) % {"weekday": weekday, "count": shown(week_ago.stamps)}
    said = ngettext("%(count)s stamp so far", "%(count)s stamps so far", today.stamps) % {
        "count": shown(today.stamps)
    }
    if today.members:
        said = _("%(stamps)s, %(members)s") % {
            "stamps": said,
            "members": ngettext("%(count)s new member", "%(count)s new members", today.members)
            % {"count": shown(today.members)},
        }
    if today.stamps > week_ago.stamps > 0:
        return _("%(so_far)s: more than on the whole of last %(weekday)s.") % {
            "so_far": said,
            "weekday": weekday,
        }
    return _("%(so_far)s.") % {"so_far": said}


def _tile(desk: Desk, measure: Measure, today: Figures, week_ago: Figures) -> dict[str, Any]:
    currency = desk.business.currency
    return {
        "label": measure.label_of(measure.of(today)),
        "value": measure.told(measure.of(today), currency),
        "before": measure.told(measure.of(week_ago), currency),
        "ahead": measure.of(today) > measure.of(week_ago) > 0,
    }


def _trend(desk: Desk, measures: list[Measure], both: Compared) -> list[dict[str, Any]]:
    now, before = reports.total(both.now), reports.total(both.before)
    found = []
    for measure in measures:
        grown = shared.change(measure.of(now), measure.of(before)) or 0
        found.append(
            {
                "label": measure.label_of(measure.of(now)),
                "value": measure.told(measure.of(now), desk.business.currency),
                "change": shared.told_change(measure.of(now), measure.of(before)),
                "grown": grown > 0,
                "shrunk": grown < 0,
                "url": f"{desk.url('reports')}?{_query(desk, measure)}" if desk.may("reports.view") else "",
            }
        )
    return found


def _joined(total: Figures) -> str:
    said = ngettext("%(count)s member joined.", "%(count)s members joined.", total.members)
    again = ngettext("%(count)s visit was a return.", "%(count)s visits were returns.", total.came_back)
    return f"{said % {'count': shown(total.members)}} {again % {'count': shown(total.came_back)}}"


def _query(desk: Desk, measure: Measure) -> str:
    query = desk.get.copy()
    query["measure"] = measure.key
    return query.urlencode()


def _charts(desk: Desk, both: Compared, chosen: Range) -> dict[str, Report]:
    """Three charts with a message each, and the tables behind them."""
    now, before = shared.steps(both.now), shared.steps(both.before)
    labels, then = [one.label for one in now], str(shared.in_words(chosen.before)).capitalize()
    total, total_before = reports.total(both.now), reports.total(both.before)
    findings = {
        "stamps": shared.finding(desk, BY_KEY["stamps"], total, total_before, chosen),
        "members": _joined(total),
        "sales": shared.finding(desk, BY_KEY["amount"], total, total_before, chosen),
    }
    first = Heading(shared.step_name(chosen.days), "day")

    def report(
        key: str, title: str, kind: str, named: list[tuple[str, Measure, bool]], **more: Any
    ) -> Report:
        """One chart: (heading, what, of the days before)."""
        columns = [
            (label, [measure.of(one.figures) for one in (before if quiet else now)][: len(now)], quiet)
            for label, measure, quiet in named
        ]
        for _label, values, _quiet in columns:
            values.extend([None] * (len(now) - len(values)))
        return Report(
            desk,
            title=title,
            finding=findings[key],
            chart=Chart(
                kind, labels, [Series(label, values, quiet) for label, values, quiet in columns], **more
            ),
            headings=(first, *(Heading(label, measure.kind) for label, measure, _quiet in named)),
            rows=[
                [one.first, *(values[number] for _label, values, _quiet in columns)]
                for number, one in enumerate(now)
            ],
            export=f"home-{key}",
            context={"key": key, "files": shared.files(desk, key)},
        )

    stamps, sales = BY_KEY["stamps"], BY_KEY["amount"]
    line = "line" if len(now) > shared.FEW_STEPS else "bar"
    found = {
        "stamps": report(
            "stamps", _("Stamps"), line, [(str(stamps.label), stamps, False), (then, stamps, True)]
        ),
        "members": report(
            "members", _("New and returning"), "stacked",
            [(str(BY_KEY[key].label), BY_KEY[key], False) for key in ("returning", "members")],
        ),
    }  # fmt: skip
    if any(one.figures.sales for one in (*now, *before)):
        found["sales"] = report(
            "sales", _("Sales"), "bar", [(str(sales.label), sales, False), (then, sales, True)],
            money=desk.business.currency,
        )  # fmt: skip
    return found
