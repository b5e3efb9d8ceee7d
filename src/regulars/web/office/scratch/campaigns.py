"""Campaigns of scratch cards: the list, a campaign's page, and how it is made, changed, paused, deleted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars.rules import scratch
from regulars.rules.errors import HasHistory, InvalidInput, Refusal
from regulars.scratchcards import actions, batches, queries
from regulars.scratchcards.models import Prize, ScratchCampaign
from regulars.web.office import offers
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.forms import told as told_refusal
from regulars.web.office.lists import Action, Column, Empty, Listing
from regulars.web.office.scratch import told
from regulars.web.office.scratch.forms import SPARE, CampaignForm, PrizeForm, PrizeRows

_COLUMNS: Final = ("name", "description", "expires_at", "max_cards", "max_per_member")
_FIRST_ROWS: Final = (
    {"label": "", "weight": 10, "is_winner": True},
    {"label": "", "weight": 90, "is_winner": False},
)
_PLACE = 1
_PREFIX: Final = "prizes"


def _state_filter(desk: Desk) -> Choice:
    over = Q(expires_at__lt=desk.today)
    open_now = Q(expires_at=None) | Q(expires_at__gte=desk.today)
    wanted = {
        "running": open_now & Q(is_active=True),
        "paused": open_now & Q(is_active=False),
        "over": over,
    }

    def apply(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(wanted[value])

    choices = (("running", _("Running")), ("paused", _("Paused")), ("over", _("Over")))
    return Choice("state", _("State"), choices, apply)


def campaigns(desk: Desk) -> HttpResponseBase:
    """All campaigns."""
    told.allowed(desk)
    today = desk.today
    may = desk.may("vouchers.edit") and desk.branch_id is None
    new = desk.url("scratch-card-new") if may else ""
    redeem = [Action(_("Redeem a card"), desk.url("scratch-card-redeem"), primary=False)]
    ordered = Prefetch("prizes", Prize.objects.order_by("position", "pk"))
    return Listing(
        desk,
        title=_("Scratch cards"),
        here="vouchers",
        rows=ScratchCampaign.objects.prefetch_related(ordered),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                link=lambda row: desk.url("scratch-card", scratch_id=row.pk),
                sort="name",
            ),
            Column("prizes", _("Prizes"), lambda row: len(row.prizes.all()), kind="number", narrow=False),
            Column(
                "wins",
                _("Wins"),
                lambda row: told.winning(told.lines(list(row.prizes.all()))),
                kind="percent",
            ),
            Column("issued", _("Cards"), lambda row: queries.totals(row.prizes.all()).issued, kind="number"),
            Column("won", _("Won"), lambda row: queries.totals(row.prizes.all()).won, kind="number"),
            Column("ends", _("Last day"), lambda row: row.expires_at, kind="day", sort="expires_at"),
            Column("state", _("State"), lambda row: told.badge(row, today), kind="badge"),
        ),
        search=lambda rows, q: rows.filter(name__icontains=q),
        search_label=_("Name"),
        filters=(_state_filter(desk),),
        empty=Empty(
            _("No scratch cards yet. A card that may win brings people back on a quiet day."),
            _("New campaign") if new else "",
            new,
        ),
        actions=[*redeem, *([Action(_("New campaign"), new)] if new else [])],
        export="scratch-campaigns",
        template="vouchers/list",
    ).answer()


def record(desk: Desk, scratch_id: int) -> HttpResponse:
    """A campaign: its prizes and chances, how its cards fare, and cards for many that are under way."""
    return desk.page("scratch/campaign", _context(desk, scratch_id, simulated=False))


def simulation(desk: Desk, scratch_id: int) -> HttpResponse:
    """The same with a thousand cards drawn that nobody gets."""
    context = _context(desk, scratch_id, simulated=True)
    return desk.page("scratch/_prizes" if desk.is_htmx else "scratch/campaign", context)


def _context(desk: Desk, scratch_id: int, *, simulated: bool) -> dict[str, Any]:
    campaign = told.campaign_of(desk, scratch_id)
    prizes = list(campaign.prizes.all())
    lines = told.lines(prizes, simulated=simulated)
    owned = desk.may("vouchers.edit") and desk.branch_id is None
    counted = queries.totals(prizes)
    is_open = campaign.is_active and not scratch.has_passed(campaign.expires_at, desk.today)
    found = batches.batches(business_id=desk.business.pk, campaign_id=scratch_id)
    return {
        "title": campaign.name,
        **offers.tabs(desk, "vouchers", "scratch-cards"),
        "back": {"url": desk.url("scratch-cards"), "label": _("Scratch cards")},
        "campaign": campaign,
        "badge": told.badge(campaign, desk.today),
        "lines": lines,
        "winning": told.winning(lines),
        "simulated": told.SIMULATED if simulated else None,
        "wins": sum(line.drawn or 0 for line in lines if line.is_winner),
        "totals": counted,
        "revealed": sum(prize.revealed for prize in prizes),
        "redeemed": sum(prize.redeemed for prize in prizes if prize.is_winner),
        "batches": [
            (
                one,
                desk.url("scratch-batch-now", batch_id=one.pk),
                desk.url("scratch-batch-stop", batch_id=one.pk),
            )
            for one in found
        ],
        "may_edit": owned,
        "may_issue": desk.may("vouchers.issue") and is_open,
        "may_print": desk.may("vouchers.issue"),
        "may_delete": owned and not counted.issued,
        "urls": {
            name: desk.url(f"scratch-card-{name}", scratch_id=scratch_id)
            for name in ("edit", "issue", "toggle", "delete", "cards", "simulation", "print")
        },
    }


def new(desk: Desk) -> HttpResponse:
    """A new campaign."""
    told.allowed(desk)
    return _edited(desk, None)


def edit(desk: Desk, scratch_id: int) -> HttpResponse:
    """Change a campaign; cards that were issued keep their prize and their last day."""
    return _edited(desk, told.campaign_of(desk, scratch_id))


def _rows_of(campaign: ScratchCampaign | None) -> list[dict[str, Any]]:
    if campaign is None:
        return [dict(row) for row in _FIRST_ROWS]
    return [
        {
            "pk": prize.pk,
            "label": prize.label,
            "weight": f"{prize.weight.normalize():f}",
            "is_winner": prize.is_winner,
            "max_cards": prize.max_cards,
        }
        for prize in campaign.prizes.all()
        if prize.weight or not prize.issued
    ]


def _edited(desk: Desk, campaign: ScratchCampaign | None) -> HttpResponse:
    initial = {name: getattr(campaign, name) for name in _COLUMNS} if campaign is not None else {}
    status = HTTPStatus.OK
    if desk.is_post:
        form = CampaignForm(desk.post, initial=initial)
        if campaign is not None:
            form.remember()
        rows = PrizeRows(_more_rows(desk.post), prefix=_PREFIX)
        more = desk.post.get("do") == "more"
        if not more and form.is_valid() and rows.is_valid():
            try:
                return _saved(desk, campaign, form.cleaned_data, rows)
            except Refusal as refusal:
                _refuse(form, rows, refusal)
        status = HTTPStatus.OK if more else HTTPStatus.BAD_REQUEST
    else:
        form = CampaignForm(initial=initial)
        if campaign is not None:
            form.remember()
        rows = PrizeRows(initial=_rows_of(campaign), prefix=_PREFIX)
    lines = _typed(rows) if desk.is_post else told.lines(list(campaign.prizes.all()) if campaign else [])
    return _drawn(desk, campaign, form, rows, lines, status)


def _drawn(  # noqa: PLR0917 - the parts of one page
    desk: Desk,
    campaign: ScratchCampaign | None,
    form: CampaignForm,
    rows: PrizeRows,
    lines: list[told.Line],
    status: int,
) -> HttpResponse:
    back = {"url": desk.url("scratch-cards"), "label": _("Scratch cards")}
    if campaign is not None:
        back = {"url": desk.url("scratch-card", scratch_id=campaign.pk), "label": campaign.name}
    context = {
        "title": _("New campaign") if campaign is None else _("Change campaign"),
        **offers.tabs(desk, "vouchers", "scratch-cards"),
        "back": back,
        "cancel": back["url"],
        "button": _("Start campaign") if campaign is None else _("Save"),
        "form": form,
        "rows": rows,
        "campaign": campaign,
        "preview": True,
        "lines": lines,
        "winning": told.winning(lines),
    }
    return desk.page("scratch/form", context, status)


def _more_rows(post: QueryDict) -> QueryDict:
    """What was sent, with more open rows when they were asked for."""
    if post.get("do") != "more":
        return post
    given = post.copy()
    name = f"{_PREFIX}-TOTAL_FORMS"
    number = post.get(name, "0")
    known = int(number) if number.isascii() and number.isdigit() and len(number) < len("1000") else 0
    given[name] = str(min(known + SPARE, scratch.MAX_PRIZES))
    return given


def _saved(
    desk: Desk, campaign: ScratchCampaign | None, cleaned: dict[str, Any], rows: PrizeRows
) -> HttpResponse:
    given = {name: cleaned[name] for name in _COLUMNS}
    prizes = [prize for _row, prize in rows.prizes()]
    noted = ", ".join(f"{prize.label}: {prize.weight.normalize():f}" for prize in prizes)
    if campaign is None:
        with desk.changing("scratch-campaign.add") as change:
            made = actions.create_campaign(business_id=desk.business.pk, prizes=prizes, **given)
            change.made(made)
            change.note(prizes=noted)
        return desk.done(_("The campaign was started."), "scratch-card", scratch_id=made.pk)
    with desk.changing("scratch-campaign.edit", campaign) as change:
        actions.edit_campaign(business_id=desk.business.pk, pk=campaign.pk, prizes=prizes, **given)
        change.note(prizes=noted)
    return desk.done(_("The campaign was saved."), "scratch-card", scratch_id=campaign.pk)


def _refuse(form: CampaignForm, rows: PrizeRows, refusal: Refusal) -> None:
    """Put what was refused at its row, or at the form."""
    places = [place for place, _prize in rows.prizes()]
    columns = {"probability": "weight"}
    placed = False
    for name, problem in refusal.fields.items():
        parts = name.split(".")
        if parts[0] != _PREFIX or len(parts) == 1 or not parts[1].isdigit():
            continue
        row: PrizeForm = rows.forms[places[int(parts[_PLACE])]]
        column = columns.get(parts[-1], parts[-1])
        text = f"{problem[:1].upper()}{problem[1:]}."
        row.add_error(column if column in row.fields else "label", text)
        placed = True
    if placed:
        return
    if isinstance(refusal, HasHistory) or _PREFIX in refusal.fields:
        form.add_error(None, told_refusal(refusal))
    else:
        form.refuse(refusal)


def preview(desk: Desk) -> HttpResponse:
    """The chances of what is typed, and a thousand cards drawn of it."""
    lines = _typed(PrizeRows(desk.post, prefix=_PREFIX), simulated=True)
    context = {"lines": lines, "winning": told.winning(lines), "simulated": told.SIMULATED}
    return desk.page("scratch/_chances", context)


def _typed(rows: PrizeRows, *, simulated: bool = False) -> list[told.Line]:
    found = rows.weights()
    odds = [scratch.Odds(weight, 0, most) for _label, weight, most in found]
    chances = scratch.chances(odds)
    drawn = scratch.simulate(odds, told.SIMULATED) if simulated else [None] * len(odds)
    winners = [
        bool(form.cleaned_data.get("is_winner"))
        for form in rows.forms
        if getattr(form, "cleaned_data", {}).get("label") and form.cleaned_data.get("weight") is not None
    ]
    return [
        told.Line(label, wins, chance, number)
        for (label, _weight, _most), wins, chance, number in zip(found, winners, chances, drawn, strict=True)
    ]


def toggle(desk: Desk, scratch_id: int) -> HttpResponse:
    """Pause a campaign, or let it go on: as the page said that was sent, however old it is."""
    campaign = told.campaign_of(desk, scratch_id)
    wanted = {"1": True, "0": False}.get(desk.post.get("active", ""))
    if wanted is None:
        raise InvalidInput.at("active", "must be 0 or 1")
    with desk.changing("scratch-campaign.go-on" if wanted else "scratch-campaign.pause", campaign):
        actions.set_active(business_id=desk.business.pk, pk=scratch_id, is_active=wanted)
    text = _("The campaign goes on.") if wanted else _("The campaign is paused.")
    return desk.done(text, "scratch-card", scratch_id=scratch_id)


def delete(desk: Desk, scratch_id: int) -> HttpResponse:
    """Delete a campaign of which no card was issued."""
    campaign = told.campaign_of(desk, scratch_id)
    with desk.changing("scratch-campaign.delete", campaign):
        actions.delete_campaign(business_id=desk.business.pk, pk=scratch_id)
    return desk.done(_("The campaign was deleted."), "scratch-cards")
