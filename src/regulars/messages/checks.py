"""Whether a message may go out, and where to: asked when it is about to be sent, not when it was queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django_scopes import scope, scopes_disabled

from regulars.members.models import Member
from regulars.messages.actions import TEST_PREFIX
from regulars.messages.kinds import AUTOMATIC
from regulars.messages.models import Message, MessageText, Suppression
from regulars.messages.outcomes import Skipped
from regulars.tenants.models import Business
from regulars.tenants.plans import plan_of

_CHANNELS = {
    # channel: (the member's address, what says that they do not want it, what is missing without an address)
    "email": ("email", "optout_email", "They have no e-mail address."),
    "sms": ("cell", "optout_text", "They have no mobile number."),
    "post": ("street_address", "optout_post", "They have no postal address."),
}


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that may go out now. Staff have an address, but are no member."""

    message: Message
    business: Business
    member: Member | None
    to: str


Checked = dict[int, Ready | Skipped]


def check(claimed: Sequence[tuple[int, int]]) -> Checked:
    """Look at messages, given by their numbers and businesses. Those that are gone are not in the answer."""
    by_business: dict[int, list[int]] = {}
    for message, business in claimed:
        by_business.setdefault(business, []).append(message)
    checked: Checked = {}
    for business_id, messages in by_business.items():
        with scope(business=business_id):
            checked |= _check_business(business_id, messages)
    return checked


def _check_business(business_id: int, messages: list[int]) -> Checked:
    business = Business.objects.select_related("program").get(pk=business_id)
    # By their numbers alone, as they were claimed: PostgreSQL would rather read all that the business ever
    # sent, as long as it has not noticed how much a campaign has just made of it.
    with scopes_disabled():
        rows = [
            row
            for row in Message.objects.filter(pk__in=messages)
            .select_related("member", "member__card", "member__group", "member__branch")
            .order_by("pk")
            if row.business_id == business_id
        ]
    off = set(MessageText.objects.filter(name="", enabled=False).values_list("kind", flat=True))
    wanted = {_address(row).lower() for row in rows}
    suppressed = set(
        Suppression.objects.filter(address__in=wanted).values_list("channel", "address", named=False)
    )
    return {row.pk: _check_one(row, business, off, suppressed) for row in rows}


def _address(row: Message) -> str:
    if row.member is None:
        return row.to
    address: str = getattr(row.member, _CHANNELS[row.channel][0])
    return address


def _check_one(
    row: Message, business: Business, off: set[str], suppressed: set[tuple[str, str]]
) -> Ready | Skipped:
    to = _address(row)
    reason = ""
    if row.campaign_id is not None and not plan_of(business).campaigns:
        reason = "The plan no longer has campaigns."
    elif business.suspended_at is not None and row.member_id is not None:
        reason = "The business is closed by its operator."
    elif row.campaign_id is None and row.kind in off and not row.key.startswith(TEST_PREFIX):
        reason = "Messages of this kind are switched off."
    elif row.member is not None:
        reason = _against(row.member, row, to, suppressed)
    elif not to:
        reason = "Nobody is left to send it to."
    return Skipped(reason) if reason else Ready(row, business, row.member, to)


def _against(member: Member, row: Message, to: str, suppressed: set[tuple[str, str]]) -> str:
    _, optout, missing = _CHANNELS[row.channel]
    service = row.kind in AUTOMATIC and AUTOMATIC[row.kind].service
    if member.suspended and not service:
        return "The customer is suspended."
    if getattr(member, optout) and not service:
        return "The customer does not want these messages."
    if not to:
        return missing
    if (row.channel, to.lower()) in suppressed:
        return "The address was reported as unreachable, or its owner complained."
    return ""
