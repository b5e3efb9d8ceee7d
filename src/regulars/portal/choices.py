"""What members decide themselves: vouchers for their points, which messages they want, their language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_scopes import scope

from regulars.ledger.post import business_day
from regulars.members import actions as members
from regulars.members import consents
from regulars.members.models import Member
from regulars.portal import links
from regulars.rules.errors import InvalidInput, NotFound, Refusal
from regulars.tenants.microsites import microsite
from regulars.vouchers import issuing
from regulars.vouchers.lookups import lock_cards, place_of
from regulars.vouchers.models import Voucher, VoucherIssue
from regulars.vouchers.orders import spendable_points

_MOST_TOKEN: Final = 64


@dataclass(frozen=True, slots=True)
class Chosen:
    """The voucher that a member chose: its code, and how many points it took."""

    name: str
    code: str
    points_used: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A member after a change; `asked_first` when a yes waits for a link that was sent to them."""

    member: Member
    asked_first: bool = False


class SumChanged(Exception):  # noqa: N818 - an outcome, not an error
    """The points of a member, or the price, are no longer those of the sum to which they said yes."""


def choose(
    *, business_id: int, member_id: int, voucher_id: int, token: str, seen: tuple[int, int] | None = None
) -> Chosen:
    """Issue a voucher that members may choose themselves, for its price in points.

    `token` is the form's own name: sent again, it gets the same voucher and nothing is taken twice. `seen`
    is the sum on it: the points that the member could spend, and the price.

    Raises:
        SumChanged: either is another one by now; nothing was taken.
        InvalidInput: the token is unusable.
        NotFound: the business has no such member, or no such voucher to choose.
        Suspended, NotEligible, LimitReached, NotEnoughPoints: the member may not have it now.
    """
    if not (0 < len(token) <= _MOST_TOKEN and token.isascii() and token.isalnum()):
        raise InvalidInput.at("token", "must be the one of the form")
    with scope(business=business_id):
        voucher = Voucher.objects.filter(pk=voucher_id, available_for_self_selection=True).first()
    if voucher is None:
        raise NotFound(f"There is no voucher {voucher_id} to choose.", fields={"voucher_id": "is unknown"})
    occasion = f"chosen:{token}"
    try:
        with transaction.atomic():
            if seen is not None and _chosen(business_id, member_id, voucher, occasion) is None:
                _check_sum(business_id, member_id, voucher, seen)
            issuing.issue_voucher(
                business_id=business_id, voucher_id=voucher_id, member_id=member_id, occasion=occasion
            )
    except Refusal:
        # The same form may have got it a moment ago, and with it the last points or the last voucher.
        if (chosen := _chosen(business_id, member_id, voucher, occasion)) is None:
            raise
        return chosen
    found = _chosen(business_id, member_id, voucher, occasion)
    if found is None:
        raise NotFound("This voucher was taken back.", fields={"voucher_id": "was taken back"})
    return found


def _check_sum(business_id: int, member_id: int, voucher: Voucher, seen: tuple[int, int]) -> None:
    with scope(business=business_id):
        lock_cards(business_id, [member_id])
        # What costs nothing shows no sum.
        if voucher.points_required or seen[1]:
            today = business_day(place_of(business_id).timezone, timezone.now())
            if (spendable_points(member_id, today), voucher.points_required) != seen:
                raise SumChanged


def _chosen(business_id: int, member_id: int, voucher: Voucher, occasion: str) -> Chosen | None:
    with scope(business=business_id):
        issue = VoucherIssue.objects.filter(voucher=voucher, member_id=member_id, occasion=occasion).first()
        if issue is None:
            return None
        return Chosen(voucher.name or voucher.code, issue.codes.earliest("pk").code, issue.points_used)


def channels(member: Member) -> tuple[str, ...]:
    """The channels by which a member can be reached: of "email", "text" and "post"."""
    there = {"email": member.email, "text": member.cell, "post": member.street_address}
    return tuple(channel for channel, address in there.items() if address)


def change_messages(*, business_id: int, member_id: int, source: str, **wanted: bool) -> Changed:
    """Say by which channels a member wants offers: `email`, `text`, `post`; what is not named stays.

    Each change is kept as a consent, given or taken back at `source`, in the words of the language that is
    spoken. Where the shop wants addresses to be confirmed first (`Microsite.double_opt_in`), a yes to mail
    waits: a link is sent, and the member stays opted out until its button is pressed.

    Raises:
        NotFound: the business has no such member.
    """
    with transaction.atomic():
        member = members.edit_member(business_id=business_id, pk=member_id)
        changed = {
            purpose: yes
            for purpose, yes in wanted.items()
            if getattr(member, consents.OPT_OUTS[purpose]) is yes
        }
        if not changed:
            return Changed(member)
        words = {"email": _("By e-mail"), "text": _("By text message"), "post": _("By post")}
        for purpose, yes in changed.items():
            consents.record(
                business_id=business_id,
                member_id=member_id,
                purpose=purpose,
                given=yes,
                text=f"{_('Offers and news')}: {words[purpose]}",
                source=source,
            )
        waits = (
            changed.get("email", False)
            and member.email_confirmed_at is None
            and microsite(business_id).double_opt_in
        )
        columns = {
            consents.OPT_OUTS[purpose]: not yes
            for purpose, yes in changed.items()
            if not (purpose == "email" and waits)
        }
        member = members.edit_member(business_id=business_id, pk=member_id, **columns)
        return Changed(member, asked_first=waits and _ask_first(member))


def _ask_first(member: Member) -> bool:
    """Send the link that confirms an address, unless enough were sent lately; False when there is none."""
    if not member.email:
        return False
    ids: dict[str, Any] = {"business_id": member.business_id, "member_id": member.pk}
    ids["purpose"] = links.Purpose.CONFIRM_EMAIL
    if not links.has_enough(**ids):
        url = links.make_link(**ids, address=member.email, lasts=links.CONFIRM_LASTS)
        links.send(member=member, kind="confirm_email", links={"confirm_url": url}, email=member.email)
    return True


def change_language(*, business_id: int, member_id: int, language: str) -> Member:
    """Choose what a member's pages and messages speak; empty: whatever the business does.

    Raises:
        InvalidInput: there is no such language here.
        NotFound: the business has no such member.
    """
    return members.edit_member(business_id=business_id, pk=member_id, language=language)
