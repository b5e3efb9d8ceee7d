"""A card is scanned: who it is, and what the scan itself gives."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_scopes import scope

from regulars.counter import buttons, limits, withheld
from regulars.counter.finding import Found, find
from regulars.counter.models import Action, Scan
from regulars.counter.operators import Operator
from regulars.counter.refusals import CardUnconfirmed, ClientIdReused, SeveralMembers
from regulars.counter.showing import Shown, show
from regulars.ledger import adjustments
from regulars.ledger.models import Entry, PointsAdjustment
from regulars.ledger.post import business_day
from regulars.members import aliases
from regulars.members.models import Member
from regulars.promotions.occasions import happened
from regulars.rules import occasions
from regulars.rules.errors import NotFound
from regulars.tenants.models import Staff

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """When, where and on which device something happens at the counter.

    `operator` is who asks for it, `done_by` who did it, when that was somebody else: what waited for the
    network (`offline`) is sent by whoever is signed in then.
    """

    operator: Operator
    at: dt.datetime
    branch_id: int | None
    done_by: Staff | None = None
    offline: bool = False

    @property
    def staff(self) -> Staff:
        """On whom it is booked."""
        return self.done_by or self.operator.staff

    @property
    def day(self) -> dt.date:
        """The business's own day of it."""
        return business_day(self.operator.business.timezone, self.at)

    @cached_property
    def live(self) -> buttons.Live:
        """The promotions of that day, read once."""
        return buttons.live_on(business_id=self.operator.business_id, day=self.day)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan showed. With a member `shown` and `scan`; `given` is what the scan itself gave, `live` the
    promotions of the day.

    Without: what was `found`, and `members` to choose from, or the one who has yet to be confirmed.
    """

    found: Found
    scan: Scan | None = None
    shown: Shown | None = None
    given: Action | None = None
    members: tuple[Member, ...] = ()
    live: buttons.Live | None = None


def scan(
    *,
    operator: Operator,
    client_id: uuid.UUID,
    text: str = "",
    member_id: int | None = None,
    gives: bool = True,
) -> Scanned:
    """See what was scanned or typed, or look at a member who was chosen (`member_id`).

    When it names one member the scan is recorded once under `client_id`, and gives what the counter's
    settings and promotions give for it; a repeat shows the member as they are now. Without `gives`, for what
    no operator scanned or typed, it gives nothing by itself: what it would give is a button.

    Raises:
        InvalidInput: the text is empty or too long.
        NotFound: it names nothing of this business, or there is no such member.
        ClientIdReused: another member was scanned under this id.
        BranchClosed: the branch was closed meanwhile.
    """
    operator.check_branch()
    found = Found((member_id,)) if member_id is not None else find(business=operator.business, text=text)
    if len(found.member_ids) != 1 or found.alias is not None or not found.certain:
        return Scanned(found, members=_people(operator, found))
    return _of_member(operator, client_id, found, gives=gives)


def confirm(*, operator: Operator, client_id: uuid.UUID, qr_code: str, gives: bool = True) -> Scanned:
    """The operator knows that whoever has this card is the member it says: it is their card from now on.
    `gives` as for `scan`.

    Raises:
        NotFound: there is no such card.
        ClientIdReused, BranchClosed: as for `scan`.
    """
    operator.check_branch()
    alias = aliases.confirm_alias(business_id=operator.business_id, qr_code=qr_code.strip().lower())
    return _of_member(operator, client_id, Found((alias.member_id,)), gives=gives)


def _people(operator: Operator, found: Found) -> tuple[Member, ...]:
    with scope(business=operator.business):
        rows = Member.objects.in_bulk(found.member_ids)
    return tuple(rows[pk] for pk in found.member_ids if pk in rows)


def _of_member(operator: Operator, client_id: uuid.UUID, found: Found, *, gives: bool = True) -> Scanned:
    member_id = found.member_ids[0]
    place = Place(operator, timezone.now(), operator.branch_id)
    row = once_more(lambda: _recorded(place, client_id, member_id, gives=gives))
    return Scanned(
        found,
        scan=row,
        shown=show(operator=operator, member_id=member_id, scan=row, live=place.live),
        given=given_by(operator, row),
        live=place.live,
    )


def once_more(do: Callable[[], T]) -> T:
    """Do something, and again when a record that it refers to went, or came, at this very moment."""
    try:
        return do()
    except IntegrityError:
        if connection.in_atomic_block:
            raise
        return do()


def _recorded(place: Place, client_id: uuid.UUID, member_id: int, *, gives: bool) -> Scan:
    with transaction.atomic(), scope(business=place.operator.business):
        return record(place, client_id=client_id, member_id=member_id, gives=gives)


def record(place: Place, *, client_id: uuid.UUID, member_id: int, gives: bool = True) -> Scan:
    """The scan of a member under a client id; when it is new, what it gives is given, unless it `gives`
    nothing by itself. Holds the member.

    Within the caller's transaction and scope.

    Raises:
        NotFound: the business has no such member.
        ClientIdReused: another member was scanned under this id.
    """
    limits.hold(member_id)
    known = Scan.objects.filter(client_id=client_id).first()
    if known is not None:
        check_same(known, member_id)
        return known
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
    operator = place.operator
    row = Scan.objects.create(
        business_id=operator.business_id,
        member=member,
        client_id=client_id,
        staff=place.staff,
        device=operator.device,
        branch_id=place.branch_id,
        occurred_at=place.at,
        day=place.day,
    )
    if gives:
        _give(place, row, member)
    return row


def check_same(known: Scan, member_id: int | None) -> None:
    """Refuse a scan of somebody under the id of another's, with ClientIdReused."""
    if known.member_id != member_id:
        raise ClientIdReused(
            "Another customer was scanned under this id.", fields={"client_id": "belongs to another scan"}
        )


def of_action(
    place: Place, *, scan_id: uuid.UUID | None, client_id: uuid.UUID, member_id: int, gives: bool = True
) -> Scan:
    """The scan to which something belongs that is done for a member: `scan_id`, as long as it lasts.

    Else it is a scan of its own, under the action's own id. Within the caller's transaction and scope.

    Raises:
        NotFound, ClientIdReused: as for `record`.
    """
    row = record(place, client_id=scan_id or client_id, member_id=member_id, gives=gives)
    if limits.lasts(row, place.at):
        return row
    return record(place, client_id=client_id, member_id=member_id, gives=gives)


def _auto_id(scan: Scan) -> uuid.UUID:
    return uuid.uuid5(scan.client_id, "given by the scan")


def given_by(operator: Operator, scan: Scan) -> Action | None:
    """What a scan itself gave, unless it was taken back; None for nothing."""
    with scope(business=operator.business):
        rows = Action.objects.select_related("staff", "branch", "member")
        return rows.filter(client_id=_auto_id(scan), undone_at=None).first()


def _give(place: Place, scan: Scan, member: Member) -> None:
    """Give what the scan itself gives, if the limits allow the member to earn."""
    operator = place.operator
    offered = _offered(place, scan, member)
    if member.suspended or not (offered.auto or place.live.at_scan):
        return
    free = limits.room(
        operator.settings,
        member_id=member.pk,
        timezone=operator.business.timezone,
        at=place.at,
        but_scan=scan.pk,
    )
    if not free.may_earn:
        return
    given = give_itself(place, scan, member)
    if given is None:
        return
    limits.count(scan)
    Action.objects.create(
        business_id=operator.business_id,
        client_id=_auto_id(scan),
        kind=Action.Kind.BUTTON.value,
        member=member,
        scan=scan,
        staff=place.staff,
        device=operator.device,
        branch_id=place.branch_id,
        said={"points": given.points, "label": given.label, "auto": True},
        done={"adjustments": given.adjustments},
        occurred_at=place.at,
    )


@dataclass(frozen=True, slots=True)
class GivenItself:
    """What a scan gave by itself, and the adjustments by which."""

    points: int
    label: str
    adjustments: list[int]


def give_itself(place: Place, scan: Scan, member: Member) -> GivenItself | None:
    """Give what a scan gives by itself; None for nothing. The member is held, and may earn.

    Within the caller's transaction and scope.
    """
    made, points, labels = _by_promotions(place, scan)
    for button in _offered(place, scan, member).auto:
        made.append(add_points(place, member.pk, button, note=button.label))
        points += button.points
        labels.append(button.label)
    return GivenItself(points, withheld.label(labels), made) if points else None


def _offered(place: Place, scan: Scan, member: Member) -> buttons.Offered:
    live = place.live
    if live.day != scan.day:  # what was withheld before midnight, and is asked for after it
        live = buttons.live_on(business_id=place.operator.business_id, day=scan.day)
    return buttons.offered(place.operator.settings, live, member=member, branch_id=place.branch_id)


def _by_promotions(place: Place, scan: Scan) -> tuple[list[int], int, list[str]]:
    """What promotions give on the event of a scan: the adjustments, their points, the promotions' names."""
    if not place.live.at_scan:
        return [], 0, []
    occasion = withheld.occasion(scan)
    given = happened(
        business_id=scan.business_id,
        member_id=scan.member_id,
        event=occasions.QUICKSCAN,
        occasion=occasion,
        at=place.at,
        branch_id=place.branch_id,
        staff_id=place.staff.pk,
    )
    named = [f"promotion:{promotion.pk}:{occasion}" for promotion in given.promotions]
    entries = Entry.objects.filter(card_id=scan.member_id, occasion__in=named) if named else []
    made = [int((entry.source or "").rpartition(":")[2]) for entry in entries]
    return made, given.points, [buttons.name_of(promotion) for promotion in given.promotions]


def add_points(place: Place, member_id: int, button: buttons.Button, *, note: str = "") -> int:
    """Give the points of a button; the id of the adjustment. Within the caller's transaction and scope."""
    by_promotion = button.promotion_id is not None
    origin = PointsAdjustment.Origin.PROMOTION if by_promotion else PointsAdjustment.Origin.MANUAL
    made = adjustments.add_adjustment(
        business_id=place.operator.business_id,
        member_id=member_id,
        points=button.points,
        occurred_at=place.at,
        internal_notes=note or button.label,
        branch_id=place.branch_id,
        staff_id=place.staff.pk,
        origin=origin.value,
    )
    return made.pk


def known_member(found: Found) -> int:
    """The one member that a text names for certain.

    Raises:
        SeveralMembers: it names several.
        CardUnconfirmed: somebody has to confirm first that it is them.
    """
    if found.alias is not None:
        raise CardUnconfirmed("Scan this card with the network, and confirm whose it is.")
    if len(found.member_ids) > 1:
        raise SeveralMembers("Several customers have this. Choose one with the network.")
    return found.member_ids[0]
