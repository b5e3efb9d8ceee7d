"""What was sent, is to be sent, or was not sent."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars.members.models import Member
from regulars.members.queries import find_member
from regulars.messages.kinds import AUTOMATIC, CAMPAIGN, KINDS
from regulars.messages.models import Message
from regulars.messages.render import render_message
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.web.office import framed
from regulars.web.office.campaigns.listed import OUTCOMES, member_url, outcome_filter
from regulars.web.office.campaigns.told import CHANNELS
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice, moments
from regulars.web.office.lists import Action, Column, Empty, Listing, Rows


def messages(desk: Desk) -> HttpResponseBase:
    """The log, newest first."""
    kinds = [(kind.name, kind.label) for kind in (*AUTOMATIC.values(), CAMPAIGN)]
    return Listing(
        desk,
        title=_("Sent messages"),
        here="campaigns",
        rows=Message.objects.select_related("member"),
        columns=(
            Column("to", _("To"), _to, link=lambda row: desk.url("message-sent", message_id=row.pk)),
            Column("kind", _("Kind"), _label),
            Column("channel", _("By"), lambda row: CHANNELS[row.channel], narrow=False),
            Column("status", _("State"), lambda row: OUTCOMES[row.status], kind="badge"),
            Column("reason", _("Why"), lambda row: row.reason, narrow=False),
            Column("created_at", _("Written"), lambda row: row.created_at, kind="moment", narrow=False),
            Column("sent_at", _("Sent"), lambda row: row.sent_at, kind="moment"),
        ),
        search=lambda rows, q: _found(desk, rows, q),
        search_label=_("Code, e-mail or phone"),
        filters=(
            Choice("kind", _("Kind"), kinds, lambda rows, value: rows.filter(kind=value)),
            outcome_filter(),
            Choice(
                "channel", _("By"), list(CHANNELS.items()), lambda rows, value: rows.filter(channel=value)
            ),
            moments("created", _("Written"), "created_at", desk.zone),
        ),
        empty=Empty(
            _("Nothing was sent yet. The first member who joins gets a welcome."),
            _("Look at the automatic messages"),
            desk.url("messages"),
        ),
        actions=(Action(_("Addresses that take none"), desk.url("messages-suppressed"), primary=False),),
        export="messages",
    ).answer()


def _found(desk: Desk, rows: Rows, q: str) -> Rows:
    """Those to a member, or to an address."""
    try:
        return rows.filter(member_id=find_member(business_id=desk.business.pk, reference=q))
    except (NotFound, Conflict, InvalidInput):
        return rows.filter(to__iexact=q)


def _to(row: Message) -> str:
    if row.member is not None:
        return row.member.name or row.member.code
    return row.to or _("(erased)")


def _label(row: Message) -> str:
    kind = KINDS.get(row.kind)
    return kind.label if kind is not None else row.kind


def _message(message_id: int) -> Message:
    row = Message.objects.select_related("member").filter(pk=message_id).first()
    if row is None:
        raise NotFound(f"There is no message {message_id}.")
    return row


def record(desk: Desk, message_id: int) -> HttpResponse:
    """What became of one message, and what it says."""
    row = _message(message_id)
    context: dict[str, Any] = {
        "title": _label(row),
        "here": "campaigns",
        "row": row,
        "to": _to(row),
        "member_url": member_url(desk, row),
        "state": OUTCOMES[row.status],
        "channel": CHANNELS[row.channel],
        "campaign_url": desk.url("campaign", campaign_id=row.campaign_id) if row.campaign_id else "",
        "back": {"url": desk.url("messages-sent"), "label": _("Sent messages")},
        "letter_url": desk.url("message-letter", message_id=row.pk),
    }
    return framed.around(desk.page("messages/record", context))


def letter(desk: Desk, message_id: int) -> HttpResponse:
    """What is in the frame: the message in the words of today."""
    row = _message(message_id)
    if row.sealed or (row.kind in AUTOMATIC and AUTOMATIC[row.kind].to != "member"):
        return framed.problem(_("It holds something that only its reader may see."))
    member = None
    if row.member_id is not None:
        member = Member.objects.select_related("card").filter(pk=row.member_id).first()
    if member is None and not row.context:
        return framed.problem(_("Whoever got it was erased, and what it said with them."))
    try:
        rendered = render_message(message=row, business=desk.business, member=member)
    except (InvalidInput, NotFound) as refusal:
        return framed.problem(refusal.message)
    return framed.letter(rendered, channel=row.channel)
