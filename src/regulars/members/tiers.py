"""Tiers: groups that members reach by themselves, by points or visits (docs/decisions/0027).

Members are sorted soon after an event that may move them, once a day where a window passes on, and all of
them when a rule was changed. Nobody is moved whom somebody put into their group, or who is in one that is no
tier.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.members.models import Member, MemberGroup
from regulars.outbox import emit
from regulars.outbox.consumers import Pending
from regulars.rules import tiers as rules
from regulars.rules.vouchers import window_start
from regulars.tenants.models import Business

BATCH: Final = 500
# After these a member may have more or fewer points or visits.
EVENTS: Final = frozenset(
    {"stamp.added", "stamp.undone", "points.earned", "points.reversed", "member.merged"}
)

_EVER: Final = "SELECT member_id, {column} FROM ledger_card WHERE {theirs}"
_WITHIN: Final = """
SELECT card_id, SUM({column}) FROM ledger_entry
WHERE {theirs} AND kind IN ({kinds}) AND day BETWEEN %s AND %s GROUP BY card_id"""


@dataclass(frozen=True, slots=True)
class _Measure:
    """Where a measure is read: the column of cards, that of entries, and the kinds of entries that count."""

    of_card: str
    of_entry: str
    kinds: tuple[str, ...]


_MEASURES: Final = {
    MemberGroup.Measure.POINTS.value: _Measure("points_earned", "points", ("points_earn", "points_reverse")),
    MemberGroup.Measure.VISITS.value: _Measure("total_visits", "visits", ("stamp_add", "stamp_undo")),
}


class _Tiers:
    """The tiers of a business at one moment. Within its scope."""

    def __init__(self, business_id: int, now: dt.datetime | None) -> None:
        self.business_id = business_id
        self.groups = {group.pk: group for group in MemberGroup.objects.exclude(measure="")}
        self.rules = {
            group.pk: rules.Tier(group.pk, group.threshold or 0, group.window_months, group.stays)
            for group in self.groups.values()
        }
        zone = Business.objects.values_list("timezone", flat=True).get(pk=business_id)
        self.today = (now or timezone.now()).astimezone(ZoneInfo(zone)).date()

    def movable(self) -> QuerySet[Member]:
        """Those whom tiers may move."""
        theirs = Q(group=None) | Q(group__in=list(self.groups))
        return Member.objects.filter(theirs, group_by_hand=False)

    def figures(self, member_ids: Sequence[int]) -> dict[int, dict[int | None, int]]:
        """How many points or visits each of these members has within each window of a tier."""
        found: dict[int, dict[int | None, int]] = {pk: {} for pk in member_ids}
        # All tiers go by the same measure.
        measure = _MEASURES[next(iter(self.groups.values())).measure]
        for months in {rule.window_months for rule in self.rules.values()}:
            for pk, number in self._sums(measure, months, member_ids):
                if pk in found:
                    found[pk][months] = int(number)
        return found

    def _sums(self, measure: _Measure, months: int | None, member_ids: Sequence[int]) -> list[db.Row]:
        whose = db.numbers(member_ids)
        start = window_start(self.today, months)
        if start is None:
            theirs = db.any_of("member_id")
            return db.run(_EVER.format(column=measure.of_card, theirs=theirs), [whose])
        kinds = ", ".join(f"'{kind}'" for kind in measure.kinds)
        sql = _WITHIN.format(column=measure.of_entry, theirs=db.any_of("card_id"), kinds=kinds)
        return db.run(sql, [whose, db.calendar_day(start), db.calendar_day(self.today)])

    def sort(self, members: QuerySet[Member]) -> int:
        """Move these members to where they belong; how many moved. Within a transaction."""
        now = dict(members.values_list("pk", "group_id"))
        if not now:
            return 0
        figures = self.figures(list(now))
        goals = {pk: self._goal(group_id, figures[pk]) for pk, group_id in now.items()}
        leaving = [pk for pk, group_id in now.items() if goals[pk] != group_id]
        if not leaving:
            return 0
        # Locked, and looked at once more: somebody may have put them into another group just now.
        locked = self.movable().select_for_update(of=("self",), no_key=True).filter(pk__in=leaving)
        moved = [
            (member, self.groups.get(goals[member.pk] or 0))
            for member in locked.order_by("pk")
            if member.group_id == now[member.pk]
        ]
        for goal in {group.pk if group else None for _, group in moved}:
            ids = [member.pk for member, group in moved if (group.pk if group else None) == goal]
            Member.objects.filter(pk__in=ids).update(group=goal, modified_at=timezone.now())
        tell_moved(business_id=self.business_id, moved=moved)
        return len(moved)

    def _goal(self, group_id: int | None, figures: dict[int | None, int]) -> int | None:
        current = self.rules.get(group_id) if group_id is not None else None
        goal = rules.place(current, self.rules.values(), figures)
        return goal.id if goal else None


def sort_members(*, business_id: int, member_ids: Collection[int], now: dt.datetime | None = None) -> int:
    """Move members into the tiers that they reach, and out of those that they do not; how many moved."""
    with transaction.atomic(), scope(business=business_id):
        tiers = _Tiers(business_id, now)
        if not tiers.groups:
            return 0
        ids, moved = sorted(member_ids), 0
        for start in range(0, len(ids), BATCH):
            moved += tiers.sort(tiers.movable().filter(pk__in=ids[start : start + BATCH]))
        return moved


def sort_business(
    *,
    business_id: int,
    only_lapsing: bool = False,
    now: dt.datetime | None = None,
    after: int = 0,
    each: Callable[[int, int], None] = lambda _done, _last: None,
) -> int:
    """Sort all members of a business, a batch in each transaction; how many moved.

    With `only_lapsing` those alone who may fall out of a tier because its window passes on. `each` is told
    after every batch how many were looked at and who was the last; whatever it raises ends the sorting, which
    goes on `after` that one.
    """
    last, done, moved = after, 0, 0
    while True:
        with transaction.atomic(), scope(business=business_id):
            tiers = _Tiers(business_id, now)
            if not tiers.groups:
                return moved
            rows = tiers.movable().filter(pk__gt=last)
            if only_lapsing:
                lapsing = [rule.id for rule in tiers.rules.values() if rule.window_months and not rule.stays]
                rows = rows.filter(group__in=lapsing)
            ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
            moved += tiers.sort(Member.objects.filter(pk__in=ids))
        done += len(ids)
        if len(ids) < BATCH:
            return moved
        last = ids[-1]
        each(done, last)


def handle(*, events: list[Pending]) -> None:
    """Sort the members whom these events are about. Within the transaction that passes them on."""
    with_tiers = {
        row[0]
        for row in db.run(
            f"SELECT DISTINCT business_id FROM members_membergroup WHERE {db.any_of('business_id')} "
            "AND measure <> ''",
            (db.numbers(sorted({event.business_id for event in events})),),
        )
    }
    for business_id in sorted(with_tiers):
        members = {
            event.member_id
            for event in events
            if event.business_id == business_id and event.member_id is not None
        }
        sort_members(business_id=business_id, member_ids=members)


def tell_moved(
    *, business_id: int, moved: Sequence[tuple[Member, MemberGroup | None]], by_hand: bool = False
) -> None:
    """Write the events that members have another group now; each still has the one of before in its fields.

    Within the caller's transaction and the business's scope.
    """
    before = dict(
        MemberGroup.objects.filter(pk__in={member.group_id for member, _ in moved}).values_list("pk", "code")
    )
    events = []
    for member, group in moved:
        events.append(emit.NewEvent("member.updated", member.pk, told(member, ["group"])))
        events.append(group_changed(member.pk, before.get(member.group_id or 0), group, by_hand=by_hand))
    for start in range(0, len(events), BATCH):
        emit.emit(business_id=business_id, events=events[start : start + BATCH])


def told(member: Member, changed: Sequence[str]) -> dict[str, Any]:
    """What `member.updated` says."""
    return {
        "customer_id": member.pk,
        "code": member.code,
        "name": member.name,
        "email": member.email,
        "phone": member.cell,
        "changed": sorted(changed),
    }


def group_changed(
    member_id: int, previous: str | None, group: MemberGroup | None, *, by_hand: bool
) -> emit.NewEvent:
    """The event that a member is in another group; `previous` is the code of the one before."""
    data = {
        "customer_id": member_id,
        "group": group.code if group else None,
        "previous": previous,
        "by_hand": by_hand,
    }
    return emit.NewEvent("member.group_changed", member_id, data)
