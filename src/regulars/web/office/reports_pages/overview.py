"""How the days of a range went, beside as many days before them."""

from __future__ import annotations

from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars.analytics import reports
from regulars.analytics.reports import Figures
from regulars.web.office.desk import Desk
from regulars.web.office.reports import Chart, Heading, Range, Report, Series
from regulars.web.office.reports_pages import shared
from regulars.web.office.reports_pages.shared import BY_KEY, MEASURES, Compared, Measure

# The columns of the table: all measures.
_COLUMNS: Final = tuple((Heading(measure.label, measure.kind), measure.of) for measure in MEASURES)
_USUAL: Final = "stamps"


def page(desk: Desk) -> HttpResponseBase:
    """One measure over the days as a chart, and all of them as a table."""
    chosen, branch_id = Range.of(desk.get, desk.today), shared.branch_of(desk)
    both = Compared.of(desk, chosen, branch_id)
    measure = BY_KEY.get(desk.get.get("measure", ""), BY_KEY[_USUAL])
    rows = shared.steps(both.now)
    total, before = reports.total(both.now), reports.total(both.before)
    return Report(
        desk,
        title=_("Overview"),
        finding=shared.finding(desk, measure, total, before, chosen),
        hint=_("New members are counted for the whole business.") if branch_id is not None else "",
        chart=Chart(
            kind="line" if len(rows) > shared.FEW_STEPS else "bar",
            labels=[row.label for row in rows],
            series=(
                Series(measure.label, [measure.of(row.figures) for row in rows]),
                Series(
                    shared.in_words(chosen.before).capitalize(),
                    [measure.of(row.figures) for row in shared.steps(both.before)][: len(rows)],
                    quiet=True,
                ),
            ),
            money=desk.business.currency if measure.kind == "money" else "",
        ),
        headings=(Heading(shared.step_name(chosen.days), "day"), *(heading for heading, _of in _COLUMNS)),
        rows=[[row.first, *(of(row.figures) for _heading, of in _COLUMNS)] for row in rows],
        total=(_("Together"), *(of(total) for _heading, of in _COLUMNS)),
        range=chosen,
        export="overview",
        template="reports/overview",
        context={**shared.context(desk), "measures": _measures(desk, measure, total, before)},
    ).answer()


def _measures(desk: Desk, chosen: Measure, total: Figures, before: Figures) -> list[dict[str, Any]]:
    """What can be drawn, with its sum and what became of it."""
    query, found = desk.get.copy(), []
    query.pop("export", None)
    for measure in MEASURES:
        query["measure"] = measure.key
        now, then = measure.of(total), measure.of(before)
        found.append(
            {
                "label": measure.label,
                "value": measure.told(now, desk.business.currency),
                "change": shared.told_change(now, then),
                "grown": (shared.change(now, then) or 0) > 0,
                "shrunk": (shared.change(now, then) or 0) < 0,
                "url": f"{desk.request.path}?{query.urlencode()}",
                "current": measure is chosen,
            }
        )
    return found
