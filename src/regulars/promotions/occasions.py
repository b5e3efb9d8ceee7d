"""Something happened in a member's life with the business: what promotions and vouchers give for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils import timezone as clock
from django_scopes import scope

from regulars import db
from regulars.ledger import adjustments
from regulars.ledger.models import Entry, PointsAdjustment
from regulars.ledger.post import business_day
from regulars.members.models import Member
from regulars.promotions.models import EventPromotion
from regulars.rules import occasions
from regulars.rules.errors import AlreadyGiven, InvalidInput, NotFound, Suspended
from regulars.rules.text import clean_text
from regulars.tenants.models import Branch
from regulars.vouchers import issuing
from regulars.vouchers.models import VoucherIssue

MAX_OCCASION = 50

_GIVEN_HERE = frozenset(occasions.PROMOTION_EVENTS.values())
# Points that reach a number are noticed where points are posted, not here.
_ISSUED_HERE = frozenset(occasions.VOUCHER_EVENTS.values()) - {
    occasions.POINTS_REACH_REQUIRED,
    occasions.POINTS_REACH_VALUE,
}


@dataclass(frozen=True, slots=True)
class Given:
    """What was given for an occasion: points, the promotions that gave them, and vouchers."""

    points: int = 0
    promotions: list[EventPromotion] = field(default_factory=list)
    vouchers: list[VoucherIssue] = field(default_factory=list)


_ANYTHING = """
SELECT 1 FROM promotions_eventpromotion
WHERE business_id = %s AND auto_allocate_on_event = %s AND auto_allocate_on_event <> ''
UNION ALL
SELECT 1 FROM vouchers_voucher WHERE business_id = %s AND auto_allocate_on_event = %s
LIMIT 1"""


def anything_on(business_id: int, event: str) -> bool:
    """Whether a business has a promotion or a voucher for an event at all. One cheap statement."""
    return bool(db.run(_ANYTHING, (business_id, event, business_id, event)))


def happened(
    *,
    business_id: int,
    member_id: int,
    event: str,
    occasion: str,
    at: dt.datetime | None = None,
    branch_id: int | None = None,
    staff_id: int | None = None,
) -> Given:
    """Give a member what promotions and vouchers of the business give on `event`.

    `occasion` says which time it is, such as "birthday:2026". For one occasion each promotion and each
    voucher gives once to a member, however often and by how many this is called. A promotion gives when
    `at` falls on its days, the member is in its group, and its branch is that of the event or the member's
    own. A suspended member gets nothing.

    Raises:
        InvalidInput: there is no such event, or the occasion is empty or longer than 50 characters.
        NotFound: the business has no such member, or no such active branch.
    """
    if event not in _GIVEN_HERE | _ISSUED_HERE:
        raise InvalidInput.at("event", f"must be one of {', '.join(sorted(_GIVEN_HERE | _ISSUED_HERE))}")
    occasion = clean_text(occasion, field="occasion", max_length=MAX_OCCASION, required=True)
    now = at or clock.now()
    with scope(business=business_id):
        member = Member.objects.select_related("business").filter(pk=member_id).first()
        if member is None:
            raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
        if branch_id is not None and not Branch.objects.filter(pk=branch_id, is_active=True).exists():
            raise NotFound(
                f"There is no active branch {branch_id}.", fields={"branch_id": "is not an active branch"}
            )
        if member.suspended or not anything_on(business_id, event):
            return Given()
        due = _due(member, event, occasion, business_day(member.business.timezone, now), branch_id)
    try:
        with transaction.atomic():
            promotions = [
                promotion
                for promotion in due
                if _give(promotion, occasion, member_id=member_id, at=now, branch_id=branch_id, by=staff_id)
            ]
            vouchers = _issue(business_id, member_id, event, occasion, now)
    except Suspended:  # only just
        return Given()
    return Given(sum(promotion.points_to_award for promotion in promotions), promotions, vouchers)


def due(
    *, member: Member, event: str, occasion: str, day: dt.date, branch_id: int | None
) -> list[EventPromotion]:
    """The promotions that would give on an event. Nothing is written. Within the business's scope."""
    if member.suspended or not anything_on(member.business_id, event):
        return []
    return _due(member, event, occasion, day, branch_id)


def _due(
    member: Member, event: str, occasion: str, day: dt.date, branch_id: int | None
) -> list[EventPromotion]:
    """The live promotions that match and have not given for this occasion yet, oldest first."""
    branches = {branch_id, member.branch_id} - {None}
    live = EventPromotion.objects.filter(
        Q(date_from=None) | Q(date_from__lte=day),
        Q(date_to=None) | Q(date_to__gte=day),
        Q(group=None) | Q(group_id=member.group_id),
        Q(branch=None) | Q(branch_id__in=branches),
        auto_allocate_on_event=event,
        points_to_award__gt=0,
    )
    by_occasion = {_occasion(promotion, occasion): promotion for promotion in live.order_by("id")}
    if not by_occasion:
        return []
    of_card = Entry.objects.filter(card_id=member.pk, occasion__in=by_occasion)
    given = set(of_card.values_list("occasion", flat=True))
    return [promotion for name, promotion in by_occasion.items() if name not in given]


def _occasion(promotion: EventPromotion, occasion: str) -> str:
    return f"promotion:{promotion.pk}:{occasion}"


def _give(
    promotion: EventPromotion,
    occasion: str,
    *,
    member_id: int,
    at: dt.datetime,
    branch_id: int | None,
    by: int | None,
) -> bool:
    try:
        adjustments.add_adjustment(
            business_id=promotion.business_id,
            member_id=member_id,
            points=promotion.points_to_award,
            occurred_at=at,
            internal_notes=promotion.name or promotion.code,
            branch_id=branch_id,
            staff_id=by,
            origin=PointsAdjustment.Origin.PROMOTION.value,
            occasion=_occasion(promotion, occasion),
        )
    except AlreadyGiven:  # somebody else was first
        return False
    return True


def _issue(
    business_id: int, member_id: int, event: str, occasion: str, at: dt.datetime
) -> list[VoucherIssue]:
    if event not in _ISSUED_HERE:
        return []
    return issuing.issue_on_event(
        business_id=business_id, member_id=member_id, event=event, occasion=occasion, at=at
    )


def signed_up(*, business_id: int, member_id: int, at: dt.datetime) -> None:
    """Give what signing up gives. Within the transaction that enrols the member."""
    if anything_on(business_id, occasions.SIGNUP):
        happened(
            business_id=business_id,
            member_id=member_id,
            event=occasions.SIGNUP,
            occasion=occasions.SIGNUP_OCCASION,
            at=at,
        )
