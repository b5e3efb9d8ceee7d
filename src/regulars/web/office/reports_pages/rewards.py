"""What the programme gives away: rewards, vouchers and points, how many are used, and what that costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.analytics import actions, people, reports
from regulars.analytics.models import RewardCost
from regulars.analytics.reports import Figures
from regulars.portal import money as money_of
from regulars.web.office import forms
from regulars.web.office.desk import Desk
from regulars.web.office.reports import Chart, Heading, Range, Report, Series
from regulars.web.office.reports_pages import shared
from regulars.web.office.reports_pages.shared import Compared


class CostForm(forms.OfficeForm):
    """What one reward costs."""

    cost = forms.MoneyField(
        places=2,
        required=False,
        label=gettext_lazy("What one reward costs you"),
        help_text=gettext_lazy("For example what the ingredients of a free coffee cost. Empty: not known."),
    )


def _cost_of(desk: Desk) -> Decimal | None:
    found: Decimal | None = RewardCost.objects.values_list("cost", flat=True).first()
    return found


def worth(desk: Desk, points: int) -> Decimal:
    """What points are worth in the business's currency, to the cent."""
    return (points * desk.business.point_value).quantize(Decimal("0.01"))


def page(desk: Desk) -> HttpResponseBase:
    """Rewards earned and redeemed over the days, vouchers and points used, and their cost."""
    chosen, branch_id = Range.of(desk.get, desk.today), shared.branch_of(desk)
    both, cost = Compared.of(desk, chosen, branch_id), _cost_of(desk)
    rows, total, before = shared.steps(both.now), reports.total(both.now), reports.total(both.before)
    headings = (
        Heading(shared.step_name(chosen.days), "day"),
        Heading(_("Rewards earned")),
        Heading(_("Redeemed")),
        *([] if chosen.days <= shared.MOST_DAYS else [Heading(_("Redeemed of earned"), "percent")]),
        Heading(_("Cost of rewards"), "money"),
        Heading(_("Vouchers issued")),
        Heading(_("Vouchers redeemed")),
        Heading(_("Taken off by vouchers"), "money"),
        Heading(_("Points spent")),
        Heading(_("Worth"), "money"),
    )
    return Report(
        desk,
        title=_("Rewards and what they cost"),
        finding=_finding(desk, total, before, cost),
        hint=_("Points are often spent on vouchers: what vouchers take off and what spent points are worth "
               "may be the same money, so the two are not added up."),
        chart=Chart(
            kind="bar",
            labels=[row.label for row in rows],
            series=(
                Series(_("Redeemed"), [row.figures.rewards_redeemed for row in rows]),
                Series(_("Earned"), [row.figures.rewards_earned for row in rows], quiet=True),
            ),
        ),
        headings=headings,
        rows=[[row.first, *_values(desk, row.figures, cost, chosen)] for row in rows],
        total=(_("Together"), *_values(desk, total, cost, chosen)),
        range=chosen,
        export="rewards",
        template="reports/rewards",
        context={
            **shared.context(desk),
            "figures": _tiles(desk, total, cost),
            "cost": cost,
            "may_say": desk.may("programme.edit") and desk.branch_id is None,
        },
    ).answer()  # fmt: skip


def _values(desk: Desk, one: Figures, cost: Decimal | None, chosen: Range) -> list[Any]:
    """A row. The rate of a single day would say nothing: what is earned on it is redeemed on another."""
    spent = one.points_used - one.points_expired
    rate = [] if chosen.days <= shared.MOST_DAYS else [one.redemption_rate]
    return [
        one.rewards_earned, one.rewards_redeemed, *rate,
        None if cost is None else cost * one.rewards_redeemed, one.vouchers_issued, one.vouchers_redeemed,
        one.vouchers_value, spent, worth(desk, spent),
    ]  # fmt: skip


def _tiles(desk: Desk, one: Figures, cost: Decimal | None) -> list[tuple[str, str]]:
    def amount(value: Decimal | None) -> str:
        return "\N{EN DASH}" if value is None else money_of.money(value, desk.business.currency)

    rate = one.redemption_rate
    return [
        (_("Redeemed of earned"), "\N{EN DASH}" if rate is None else f"{number_format(rate, 1)} %"),
        (_("Cost of rewards"), amount(None if cost is None else cost * one.rewards_redeemed)),
        (_("Taken off by vouchers"), amount(one.vouchers_value)),
        (_("Spent points are worth"), amount(worth(desk, one.points_used - one.points_expired))),
    ]


def _finding(desk: Desk, total: Figures, before: Figures, cost: Decimal | None) -> str:
    if not total.rewards_earned and not total.rewards_redeemed:
        return _("No reward was earned or redeemed in these days.")
    words = {
        "redeemed": ngettext("%(count)s reward", "%(count)s rewards", total.rewards_redeemed)
        % {"count": number_format(total.rewards_redeemed, use_l10n=True, force_grouping=True)},
        "earned": number_format(total.rewards_earned, use_l10n=True, force_grouping=True),
        "change": shared.told_change(total.rewards_redeemed, before.rewards_redeemed),
    }
    if cost is not None:
        words["cost"] = money_of.money(cost * total.rewards_redeemed, desk.business.currency)
        return _("%(redeemed)s redeemed, which cost %(cost)s; %(earned)s were earned.") % words
    return _("%(redeemed)s redeemed; %(earned)s were earned.") % words


def set_cost(desk: Desk) -> HttpResponse:
    """Say what one reward costs."""
    rewards = desk.url("report-rewards")

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        cost = cleaned["cost"]
        with desk.changing("report.reward-cost", RewardCost.objects.first()) as change:
            made = actions.set_reward_cost(business_id=desk.business.pk, cost=cost)
            change.thing = made
            change.note(cost=None if cost is None else str(cost))
        return desk.done(_("Saved."), "report-rewards")

    return forms.answer(
        desk,
        CostForm,
        title=_("What one reward costs you"),
        save=save,
        initial={"cost": _cost_of(desk)},
        edits=True,
        here="reports",
        context={"back": {"url": rewards, "label": _("Rewards and what they cost")}, "cancel": rewards},
    )


def points(desk: Desk) -> HttpResponseBase:
    """Points that members can still spend, by the month in which they run out, and what they are worth."""
    due = people.points_due(desk.business)
    total, this_month = sum(one.points for one in due), desk.today.replace(day=1)
    soon = sum(one.points for one in due if one.month is not None and one.month <= this_month)
    names = [_("Never") if one.month is None else shared.month_name(one.month) for one in due]
    told = {
        "points": number_format(total, use_l10n=True, force_grouping=True),
        "worth": money_of.money(worth(desk, total), desk.business.currency),
        "soon": number_format(soon, use_l10n=True, force_grouping=True),
    }
    finding = _("Your members have no points to spend.")
    if total:
        finding = _("Your members can spend %(points)s points, worth %(worth)s.") % told
        if soon:
            finding += " " + _("%(soon)s of them run out this month.") % told
    return Report(
        desk,
        title=_("Points owed"),
        finding=finding,
        hint=_("One point is worth %(value)s. Debts of members below zero are not taken off.")
        % {"value": f"{number_format(desk.business.point_value.normalize())} {desk.business.currency}"},
        chart=Chart(
            kind="bar",
            labels=names,
            series=(Series(_("Points"), [one.points for one in due]),)),
        headings=(
            Heading(_("Run out in"), "text"),
            Heading(_("Points")),
            Heading(_("Worth"), "money"),
            Heading(_("Share"), "percent"),
        ),
        rows=[
            [name, one.points, worth(desk, one.points), round(100 * one.points / total, 1)]
            for name, one in zip(names, due, strict=True)
        ] if total else [],
        total=(_("Together"), total, worth(desk, total), None) if total else (),
        export="points-owed",
        template="reports/base",
        empty=_("As soon as members have points, this shows when they run out and what they are worth."),
    ).answer()  # fmt: skip
