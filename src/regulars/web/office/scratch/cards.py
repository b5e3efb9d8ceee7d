"""Cards of a campaign: the list, issuing them to one member or many, and handing in."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.members import filters, segments
from regulars.members.models import Member, MemberGroup
from regulars.members.queries import of_found
from regulars.rules import scratch
from regulars.rules.errors import InvalidInput, NotFound
from regulars.scratchcards import batches, queries
from regulars.scratchcards import cards as actions
from regulars.scratchcards.models import ScratchBatch, ScratchCampaign, ScratchCard
from regulars.web.member.picture import qr_code
from regulars.web.office import offers, tags
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice, moments
from regulars.web.office.forms import answer
from regulars.web.office.lists import Column, Empty, Listing, Rows, is_id
from regulars.web.office.scratch import told
from regulars.web.office.scratch.forms import (
    ANYBODY,
    EVERYBODY,
    MOST_FOR_ANYBODY,
    ONE,
    IssueForm,
    RedeemForm,
)


def cards(desk: Desk, scratch_id: int) -> HttpResponseBase:
    """The cards of a campaign. What a card holds is told when its customer has seen it."""
    campaign = told.campaign_of(desk, scratch_id)
    today = desk.today
    is_open = campaign.is_active and not scratch.has_passed(campaign.expires_at, today)
    may = desk.may("vouchers.issue") and is_open
    issue_url = desk.url("scratch-card-issue", scratch_id=scratch_id) if may else ""
    return Listing(
        desk,
        title=_("Cards of %(name)s") % {"name": campaign.name},
        rows=ScratchCard.objects.select_related("member", "prize").filter(campaign=campaign),
        columns=(
            Column(
                "code",
                _("Card"),
                lambda row: scratch.short_code(row.token),
                # Whoever opens a member's card has opened it for them.
                link=lambda row: "" if row.member_id else queries.card_url(row.token),
            ),
            Column("member", _("Member"), lambda row: row.member.name if row.member is not None else ""),
            Column("issued", _("Issued"), lambda row: row.issued_at, kind="moment"),
            Column("prize", _("Holds"), lambda row: row.prize.label if row.revealed_at else ""),
            Column("ends", _("Last day"), lambda row: row.expires_at, kind="day"),
            Column("redeemed", _("Handed in"), lambda row: row.redeemed_at, kind="moment", narrow=False),
            Column("state", _("State"), lambda row: told.STATES[queries.status_of(row, today)], kind="badge"),
            Column("address", _("Address"), lambda row: queries.card_url(row.token), only_exported=True),
        ),
        search=_search,
        search_label=_("Member, or the characters on the card"),
        filters=(
            Choice(
                "state",
                _("State"),
                [(key, label) for key, (label, _colour) in told.STATES.items()],
                lambda rows, value: rows.filter(queries.having(value, today)),
            ),
            moments("issued", _("Issued"), "issued_at", desk.zone),
        ),
        empty=Empty(_("No card was issued yet."), _("Issue cards") if may else "", issue_url),
        export="scratch-cards",
        template="vouchers/list",
        context={
            **offers.tabs(desk, "vouchers", "scratch-cards"),
            "back": {"url": desk.url("scratch-card", scratch_id=scratch_id), "label": campaign.name},
        },
    ).answer()


def _search(rows: Rows, q: str) -> Rows:
    """The characters on a card, which have an index; else a member, or the beginning of the characters."""
    on_card = rows.filter(queries.beginning(q))
    whole = scratch.read_code(q) is not None and on_card.exists()
    return on_card if whole else rows.filter(queries.beginning(q) | of_found(q))


def sheet(desk: Desk, scratch_id: int) -> HttpResponse:
    """The latest cards that are nobody's in particular and not scratched yet, to print, cut and hand out."""
    campaign = told.campaign_of(desk, scratch_id)
    rows = ScratchCard.objects.filter(campaign=campaign, member=None)
    rows = rows.filter(queries.having(queries.COVERED, desk.today))
    context = {
        "title": _("Print cards of %(name)s") % {"name": campaign.name},
        **offers.tabs(desk, "vouchers", "scratch-cards"),
        "back": {"url": desk.url("scratch-card", scratch_id=scratch_id), "label": campaign.name},
        "campaign": campaign,
        "tickets": [
            (card, scratch.short_code(card.token), qr_code(queries.card_url(card.token)))
            for card in rows.order_by("-pk")[:MOST_FOR_ANYBODY]
        ],
    }
    return desk.page("scratch/sheet", context)


def issue(desk: Desk, scratch_id: int) -> HttpResponse:
    """Issue a card to one member, cards for whoever gets them, or a card to each of many."""
    campaign = told.campaign_of(desk, scratch_id)

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        if cleaned["whom"] == ONE:
            return _to_one(desk, campaign, cleaned)
        if cleaned["whom"] == ANYBODY:
            return _to_anybody(desk, campaign, cleaned)
        return _to_many(desk, campaign, cleaned)

    back = {"url": desk.url("scratch-card", scratch_id=scratch_id), "label": campaign.name}
    return answer(
        desk,
        IssueForm,
        title=_("Issue cards"),
        save=save,
        button=_("Issue"),
        names={"customer_id": "member", "segment_id": "whom", "group_id": "whom"},
        initial={"whom": ONE, "qty": 1, "expires_days": scratch.USUAL_DAYS, "member": desk.get.get("member")},
        template="scratch/issue",
        here="vouchers",
        context={**offers.tabs(desk, "vouchers", "scratch-cards"), "back": back, "cancel": back["url"]},
        at=desk,
        many=desk.branch_id is None and desk.may("members.manage"),
    )


def _to_one(desk: Desk, campaign: ScratchCampaign, cleaned: dict[str, Any]) -> HttpResponse:
    member: Member = cleaned["member"]
    with desk.changing("scratch-card.issue", member_id=member.pk) as change:
        card = actions.issue_card(
            business_id=desk.business.pk,
            campaign_id=campaign.pk,
            member_id=member.pk,
            expires_days=cleaned["expires_days"],
        )
        change.note(campaign=campaign.name, member=member.code, card=scratch.short_code(card.token))
    text = _("%(name)s has a new card.") % {"name": member.name}
    return desk.done(text, "scratch-card-cards", scratch_id=campaign.pk)


def _to_anybody(desk: Desk, campaign: ScratchCampaign, cleaned: dict[str, Any]) -> HttpResponse:
    number = cleaned["qty"] or 1
    with desk.changing("scratch-card.issue", campaign) as change:
        actions.issue_bearer_cards(
            business_id=desk.business.pk,
            campaign_id=campaign.pk,
            number=number,
            expires_days=cleaned["expires_days"],
        )
        change.note(cards=number)
    text = ngettext("%(count)s card was issued.", "%(count)s cards were issued.", number)
    return desk.done(text % {"count": tags.number(number)}, "scratch-card-print", scratch_id=campaign.pk)


def _to_many(desk: Desk, campaign: ScratchCampaign, cleaned: dict[str, Any]) -> HttpResponse:
    wanted, audience = _audience(desk, cleaned["whom"])
    members = batches.found(desk.business, wanted).count()
    if not members:
        raise InvalidInput.at("group_id", "finds nobody who could get a card")
    with desk.changing("scratch-card.issue-many", campaign) as change:
        batch = batches.start_batch(
            business_id=desk.business.pk,
            campaign_id=campaign.pk,
            filters=wanted,
            audience=audience,
            expires_days=cleaned["expires_days"],
            members=members,
        )
        change.note(audience=audience, members=batch.total)
    text = ngettext(
        "A card for %(count)s member is on its way.",
        "Cards for %(count)s members are on their way.",
        batch.total,
    )
    return desk.done(text % {"count": tags.number(batch.total)}, "scratch-card", scratch_id=campaign.pk)


def _audience(desk: Desk, whom: str) -> tuple[dict[str, Any], str]:
    """The filters by which members are found, and what people call them."""
    business_id = desk.business.pk
    kind, _dash, key = whom.partition("-")
    if whom == EVERYBODY:
        return {}, _("All members")
    if kind == "segment":
        segment = segments.segment_by_id(business_id=business_id, pk=int(key))
        return dict(segment.filters), segment.name
    name = MemberGroup.objects.values_list("name", flat=True).filter(pk=int(key)).first() or key
    return dict(filters.clean({"group_id": int(key)}, business_id=business_id)), name


def _batch_of(pk: int) -> ScratchBatch:
    found = ScratchBatch.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no batch {pk}.")
    return found


def batch_now(desk: Desk, batch_id: int) -> HttpResponse:
    """How far cards for many are, for the script of the page."""
    batch = _batch_of(batch_id)
    running = batch.state == ScratchBatch.State.RUNNING
    text = _("%(done)s of %(total)s") % {"done": tags.number(batch.done), "total": tags.number(batch.total)}
    return JsonResponse(
        {
            "done": batch.done,
            "total": max(batch.total, batch.done),
            "state": "running" if running else "ready",
            "text": text,
            "url": "",
        }
    )


def batch_stop(desk: Desk, batch_id: int) -> HttpResponse:
    """Issue no further cards."""
    batch = _batch_of(batch_id)
    with desk.changing("scratch-batch.stop", batch):
        batches.stop_batch(business_id=desk.business.pk, batch_id=batch_id)
    return desk.done(_("No further cards are issued."), "scratch-card", scratch_id=batch.campaign_id)


def _handed_in(desk: Desk) -> dict[str, Any] | None:
    """The card that was handed in just before, as the address names it: what it holds stays on the page."""
    asked = desk.get.get("card", "")
    if desk.is_post or not is_id(asked):
        return None
    rows = ScratchCard.objects.select_related("prize", "campaign").exclude(redeemed_at=None)
    card = rows.filter(pk=int(asked)).first()
    if card is None:
        return None
    text = _("Hand out: %(prize)s") if card.prize.is_winner else _("This card holds: %(prize)s")
    return {
        "text": text % {"prize": card.prize.label},
        "code": scratch.short_code(card.token),
        "campaign": card.campaign.name,
        "at": card.redeemed_at,
    }


def redeem(desk: Desk) -> HttpResponse:
    """A card is handed in at the counter."""
    told.allowed(desk)

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        with desk.changing("scratch-card.redeem") as change:
            card = actions.redeem(
                business_id=desk.business.pk,
                token=cleaned["token"],
                branch_id=cleaned["branch"],
                staff_id=desk.staff_id,
            )
            change.note(
                campaign=card.campaign.name, prize=card.prize.label, card=scratch.short_code(card.token)
            )
        return desk.on(f"{desk.url('scratch-card-redeem')}?card={card.pk}")

    back = {"url": desk.url("scratch-cards"), "label": _("Scratch cards")}
    return answer(
        desk,
        RedeemForm,
        title=_("Redeem a scratch card"),
        save=save,
        button=_("Redeem"),
        names={"branch_id": "branch"},
        initial={"branch": desk.branch_id},
        here="vouchers",
        template="scratch/redeem",
        context={
            **offers.tabs(desk, "vouchers", "scratch-cards"),
            "back": back,
            "cancel": back["url"],
            "handed_in": _handed_in(desk),
        },
        at=desk,
    )
