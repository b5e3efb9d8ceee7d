"""Who is in a segment and can be reached by a channel, in SQL: exact at every moment, in one pass.

When a member was last active is known from the figures up to their watermark, and from the entries past it
(docs/decisions/0003). The watermark may move between reading it and reading the rest: then some entries are
looked at twice, which does not change a last day. Those of whom something was undone past the watermark are
looked at entry by entry (docs/decisions/0015).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import EmptyResultSet
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.analytics.rollup import read_watermark
from regulars.analytics.tail import ACTIVE_KINDS, members_undone
from regulars.members.models import SavedSegment
from regulars.members.segments import members_of
from regulars.rules import segments
from regulars.tenants.models import Business

CHANNELS = ("email", "sms", "post")

_CARD = "\nJOIN ledger_card c ON c.member_id = m.id"
_SEEN = "\nLEFT JOIN analytics_lastseen s ON s.member_id = m.id AND s.branch_key = 0"
# By the index on a card's entries: a few of each member are looked at, however long the tail is.
_IN_TAIL = (
    "EXISTS (SELECT 1 FROM ledger_entry e WHERE e.card_id = m.id AND ({ids}) AND e.kind IN ({kinds}) "
    "AND e.day >= %s)"
)

# Their whole history, without what was undone.
_LEFT = (
    "EXISTS (SELECT 1 FROM ledger_entry e WHERE e.card_id = m.id AND e.kind IN ({kinds}) AND e.day >= %s "
    "AND NOT EXISTS (SELECT 1 FROM ledger_entry u WHERE u.reverses_id = e.id))"
)

# An address that was reported is written to no more.
_NOT_SUPPRESSED = (
    "m.{column} NOT IN "
    "(SELECT address FROM messages_suppression WHERE business_id = %s AND channel = '{channel}')"
)
_REACHED = {
    "email": "NOT m.optout_email AND m.email <> '' AND "
    + _NOT_SUPPRESSED.format(column="email", channel="email"),
    "sms": "NOT m.optout_text AND m.cell <> '' AND " + _NOT_SUPPRESSED.format(column="cell", channel="sms"),
    "post": "NOT m.optout_post AND m.street_address <> ''",
}
_REACHED_PARAMS = {"email": 1, "sms": 1, "post": 0}  # how often the business is asked for


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a statement after its columns: `m` is a member. With its parameters, in order."""

    sql: str
    params: list[Any]


class Reading:
    """The segments of one business at one moment. `business` comes with its programme."""

    def __init__(self, business: Business, now: dt.datetime | None = None) -> None:
        self.business = business
        self._zone = ZoneInfo(business.timezone)
        self.now = now or timezone.now()
        self.today = self.now.astimezone(self._zone).date()
        self._watermark = watermark, gaps = read_watermark()
        # Of whom something was undone that the figures do not know yet. They are few.
        self._undone = members_undone(business_id=business.pk, watermark=watermark, gaps=gaps)

    def _active_since(self, day: dt.date) -> Selection:
        watermark, gaps = self._watermark
        ids, params = ["e.id > %s"], [watermark]
        for first, last, _ in gaps:
            ids.append("e.id BETWEEN %s AND %s")
            params += [first, last]
        kinds = ", ".join(f"'{kind}'" for kind in sorted(ACTIVE_KINDS))
        in_tail = _IN_TAIL.format(ids=" OR ".join(ids), kinds=kinds)
        since = db.calendar_day(day)
        active = Selection(f"(COALESCE(s.day >= %s, 1 = 0) OR {in_tail})", [since, *params, since])
        left = _LEFT.format(kinds=kinds)
        undone, whose = self._undone
        return Selection(
            f"CASE WHEN m.id IN ({undone}) THEN {left} ELSE {active.sql} END", [*whose, since, *active.params]
        )

    def _condition(self, segment: str) -> Selection:
        if segment == "active_30d":
            return self._active_since(segments.first_day(self.today, segments.ACTIVE_DAYS))
        if segment == "near_reward":
            least = segments.stamps_near(self.business.program.stamps_required)
            return Selection("c.stamps >= %s", [least])
        if segment == "inactive_60d":
            seen = self._active_since(segments.first_day(self.today, segments.INACTIVE_DAYS))
            midnight = dt.datetime.combine(segments.joined_before(self.today), dt.time(), self._zone)
            return Selection(f"m.joined_at < %s AND NOT {seen.sql}", [db.moment(midnight), *seen.params])
        return Selection("1 = 1", [])

    def _saved(self, segment: SavedSegment) -> Selection:
        """The condition that a member is in a saved segment at this moment."""
        with scope(business=self.business):
            found = members_of(segment, business=self.business, now=self.now).order_by().values("pk")
            try:
                sql, params = found.query.sql_with_params()
            except EmptyResultSet:
                return Selection("1 = 0", [])
        return Selection(f"m.id IN ({sql})", list(params))

    def _reached(self, channel: str) -> Selection:
        return Selection(_REACHED[channel], [self.business.pk] * _REACHED_PARAMS[channel])

    def audience(self, *, segment: str, channel: str, saved: SavedSegment | None = None) -> Selection:
        """Those of a segment whom a channel reaches: who did not opt out, are not suspended, have an address
        for it, and whose address was not reported. A `saved` one goes before the segment's name.
        """
        chosen = self._condition(segment) if saved is None else self._saved(saved)
        parts = [chosen, self._reached(channel)]
        joins = "" if saved else {"all": "", "near_reward": _CARD}.get(segment, _SEEN)
        return Selection(
            f"FROM members_member m{joins}\nWHERE m.business_id = %s AND NOT m.suspended AND "
            + " AND ".join(part.sql for part in parts),
            [self.business.pk, *_flat(parts)],
        )

    def number(self, *, segment: str, channel: str, saved: SavedSegment | None = None) -> int:
        """How many members a segment has now whom a channel reaches."""
        chosen = self.audience(segment=segment, channel=channel, saved=saved)
        return int(db.run(f"SELECT COUNT(*) {chosen.sql}", chosen.params)[0][0])

    def numbers(self) -> dict[str, dict[str, int]]:
        """How many members each segment has now, by channel. One pass over the members."""
        reached = [self._reached(channel) for channel in CHANNELS]
        chosen = [self._condition(segment) for segment in segments.SEGMENTS]
        columns = [
            f"({part.sql}) AS {name}"
            for name, part in zip((*CHANNELS, *_ALIASES.values()), [*reached, *chosen], strict=True)
        ]
        sums = [
            f"COALESCE(SUM(CASE WHEN {alias} AND {channel} THEN 1 ELSE 0 END), 0)"
            for alias in _ALIASES.values()
            for channel in CHANNELS
        ]
        sql = (
            f"SELECT {', '.join(sums)} FROM (SELECT {', '.join(columns)}\n"
            f"FROM members_member m{_CARD}{_SEEN}\nWHERE m.business_id = %s AND NOT m.suspended) found"
        )
        params = [*_flat([*reached, *chosen]), self.business.pk]
        row = iter(db.run(sql, params)[0])
        return {segment: {channel: int(next(row)) for channel in CHANNELS} for segment in segments.SEGMENTS}


_ALIASES = {name: f"in_{name}" for name in segments.SEGMENTS}


def _flat(parts: Sequence[Selection]) -> list[Any]:
    return [param for part in parts for param in part.params]
