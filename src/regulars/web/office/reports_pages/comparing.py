"""Branches beside each other, and the people of the team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.analytics import reports
from regulars.analytics.reports import AtBranch, ByStaff
from regulars.web.office import names
from regulars.web.office.desk import Desk
from regulars.web.office.reports import Chart, Heading, Range, Report, Series
from regulars.web.office.reports_pages import shared
from regulars.web.office.reports_pages.shared import BY_KEY, Measure

_AT_BRANCH: Final = tuple(
    BY_KEY[key]
    for key in ("stamps", "visits", "returning", "points", "rewards", "sales", "amount", "vouchers")
)
_BY_STAFF: Final = tuple(BY_KEY[key] for key in ("stamps", "visits", "points", "rewards", "sales", "amount"))
_MOST_BARS: Final = 20
# Characters of a name beneath a bar.
_LONGEST: Final = 16
_SOMEBODY: Final = gettext_lazy("Somebody who left")


def _measure(desk: Desk, among: tuple[Measure, ...]) -> Measure:
    wanted = BY_KEY.get(desk.get.get("measure", ""), among[0])
    return wanted if wanted in among else among[0]


def _choices(desk: Desk, among: tuple[Measure, ...], chosen: Measure) -> list[dict[str, Any]]:
    query = desk.get.copy()
    found: list[dict[str, Any]] = []
    query.pop("export", None)
    for measure in among:
        query["measure"] = measure.key
        url = f"{desk.request.path}?{query.urlencode()}"
        found.append({"label": measure.label, "url": url, "current": measure is chosen})
    return found


def branches(desk: Desk) -> HttpResponseBase:
    """What happened at each branch in the days, beside the days before."""
    chosen, measure = Range.of(desk.get, desk.today), _measure(desk, _AT_BRANCH)
    now = reports.by_branch(desk.business, (chosen.first, chosen.last))
    then = {
        one.branch_id: one.figures
        for one in reports.by_branch(desk.business, (chosen.before.first, chosen.before.last))
    }
    nothing = reports.Figures()
    ranked = sorted(now, key=lambda one: (one.branch_id is None, -measure.of(one.figures), one.name))
    rows = [
        [
            _at(one),
            *(each.of(one.figures) for each in _AT_BRANCH),
            shared.change(measure.of(one.figures), measure.of(then.get(one.branch_id, nothing))),
        ]
        for one in ranked
    ]
    return Report(
        desk,
        title=_("Branches"),
        finding=_best(desk, measure, [(_at(one), measure.of(one.figures)) for one in ranked], chosen),
        hint=_(
            "A branch's visits are those that were stamped there. What named no branch is in the last row."
        ),
        chart=_bars(
            desk,
            measure,
            [
                (_at(one), measure.of(one.figures), measure.of(then.get(one.branch_id, nothing)))
                for one in ranked
            ],
            shared.in_words(chosen.before).capitalize(),
        ),
        headings=(
            Heading(_("Branch"), "text"),
            *(Heading(each.label, each.kind) for each in _AT_BRANCH),
            Heading(_("Change of %(measure)s") % {"measure": str(measure.label).lower()}, "percent"),
        ),
        rows=rows if now else [],
        range=chosen,
        export="branches",
        template="reports/compare",
        empty=_("You have no branch yet."),
        context={
            "kept_query": shared.kept_query(desk),
            "measures": _choices(desk, _AT_BRANCH, measure),
        },
    ).answer()


def _at(one: AtBranch) -> str:
    return one.name if one.branch_id is not None else _("No branch named")


def _by(one: ByStaff) -> str:
    if one.staff_id is None:
        return _("Nobody named (programs, tills)")
    return names.named(one.name, one.left_at) or str(_SOMEBODY)


def team(desk: Desk) -> HttpResponseBase:
    """What each person of the team did in the days, beside the days before."""
    chosen, branch_id = Range.of(desk.get, desk.today), shared.branch_of(desk)
    measure = _measure(desk, _BY_STAFF)
    now = reports.by_staff(desk.business, (chosen.first, chosen.last), branch_id)
    then = {
        one.staff_id: one.figures
        for one in reports.by_staff(desk.business, (chosen.before.first, chosen.before.last), branch_id)
    }
    nothing = reports.Figures()
    ranked = sorted(now, key=lambda one: (one.staff_id is None, -measure.of(one.figures), one.name))
    shown = [one for one in ranked if one.staff_id is not None]
    return Report(
        desk,
        title=_("Team"),
        finding=_best(
            desk,
            measure,
            [(_by(one), measure.of(one.figures)) for one in shown],
            chosen,
            rest=sum(measure.of(one.figures) for one in ranked if one.staff_id is None),
        ),
        hint=_(
            "What somebody undid is taken from whoever had done it, also when they have left the team since."
        ),
        chart=_bars(
            desk,
            measure,
            [  # beneath a bar is room for the name alone
                (one.name or _by(one), measure.of(one.figures), measure.of(then.get(one.staff_id, nothing)))
                for one in shown
            ],
            shared.in_words(chosen.before).capitalize(),
        ),
        headings=(
            Heading(_("Person"), "text"),
            *(Heading(each.label, each.kind) for each in _BY_STAFF),
            Heading(_("Change of %(measure)s") % {"measure": str(measure.label).lower()}, "percent"),
        ),
        rows=[
            [
                _by(one),
                *(each.of(one.figures) for each in _BY_STAFF),
                shared.change(measure.of(one.figures), measure.of(then.get(one.staff_id, nothing))),
            ]
            for one in ranked
        ],
        range=chosen,
        export="team",
        template="reports/compare",
        empty=_("Nobody of the team gave a stamp or entered a sale in these days."),
        context={**shared.context(desk), "measures": _choices(desk, _BY_STAFF, measure)},
    ).answer()


def _bars(desk: Desk, measure: Measure, bars: Sequence[tuple[str, Any, Any]], before: str) -> Chart:
    """The first of some (name, now, before) as bars."""
    shown = bars[:_MOST_BARS]
    return Chart(
        kind="bar",
        labels=[Truncator(name).chars(_LONGEST) for name, _now, _then in shown],
        series=(
            Series(measure.label, [now for _name, now, _then in shown]),
            Series(before, [then for _name, _now, then in shown], quiet=True),
        ),
        money=desk.business.currency if measure.kind == "money" else "",
    )


def _best(
    desk: Desk, measure: Measure, ranked: list[tuple[str, Any]], chosen: Range, *, rest: Any = 0
) -> str:
    """Who had the most, and of how many. `rest` is what nobody had who can be named: it counts as well."""
    whole = sum(value for _name, value in ranked) + rest
    if not ranked or not whole:
        return _("%(measure)s: none in these days.") % {"measure": measure.label}
    name, most = max(ranked, key=lambda one: one[1])
    words = {
        "name": name,
        "measure": measure.label,
        "most": measure.told(most, desk.business.currency),
        "all": measure.told(whole, desk.business.currency),
        "days": chosen.told_days,
    }
    if len(ranked) == 1 and not rest:
        return _("%(measure)s in %(days)s: %(all)s, all of %(name)s.") % words
    return _("%(measure)s in %(days)s: %(name)s has the most, %(most)s of %(all)s.") % words
