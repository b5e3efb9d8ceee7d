"""A member's month on paper: what they had, what came and went, what they have."""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import io
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars import db
from regulars.ledger.post import business_day
from regulars.members.models import Member
from regulars.portal import money
from regulars.portal.history import HistoryRow, history
from regulars.rules.cells import harmless

# Nobody visits a shop so often in a month; what is more is left out, and said.
MOST_ROWS: Final = 2_000
# So many months are offered, the latest first.
MOST_MONTHS: Final = 120

_TOTALS = """
SELECT COALESCE(SUM(points), 0), COALESCE(SUM(stamps - stamps_spent), 0), COALESCE(SUM(rewards), 0)
FROM ledger_entry WHERE card_id = %s AND business_id = %s AND day <= %s"""


@dataclass(frozen=True, slots=True)
class Balance:
    """What was on a card at the end of a day."""

    points: int
    stamps: int
    rewards: int


@dataclass(frozen=True, slots=True)
class Line:
    """What happened, and the points that there were after it."""

    row: HistoryRow
    points_after: int

    @property
    def stamps(self) -> str:
        """How many stamps came or went, with its sign."""
        return _signed(self.row.stamps)

    @property
    def points(self) -> str:
        """How many points came or went, with its sign."""
        return _signed(self.row.points)

    @property
    def stamps_in_words(self) -> str:
        """The same as "+1 stamp", in the language that is spoken."""
        number = abs(self.row.stamps)
        return ngettext("%(number)s stamp", "%(number)s stamps", number) % {"number": self.stamps}

    @property
    def points_in_words(self) -> str:
        """The same as "+20 points", in the language that is spoken."""
        number = abs(self.row.points)
        return ngettext("%(number)s point", "%(number)s points", number) % {"number": self.points}


def _signed(number: int) -> str:
    return ("+" if number > 0 else "\N{MINUS SIGN}") + money.whole(abs(number))


@dataclass(frozen=True, slots=True)
class Statement:
    """One month of a card, oldest line first. `is_cut` when there were more than `MOST_ROWS` lines."""

    first_day: dt.date
    last_day: dt.date
    opening: Balance
    closing: Balance
    lines: list[Line]
    is_cut: bool


def months(member: Member) -> list[dt.date]:
    """The months of a membership by their first days, the latest first. Their business is at hand."""
    zone = member.business.timezone
    month = business_day(zone, timezone.now()).replace(day=1)
    began = business_day(zone, member.joined_at).replace(day=1)
    found = [month]
    while month > began and len(found) < MOST_MONTHS:
        month = (month - dt.timedelta(days=1)).replace(day=1)
        found.append(month)
    return found


def statement(*, business_id: int, member_id: int, month: dt.date) -> Statement:
    """One month of a member's card; `month` is any day of it."""
    first = month.replace(day=1)
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    with db.snapshot():
        rows = history(
            business_id=business_id, member_id=member_id, most=MOST_ROWS + 1, first_day=first, last_day=last
        )
        opening = _balance(business_id, member_id, first - dt.timedelta(days=1))
        closing = _balance(business_id, member_id, last)
    points, lines = opening.points, []
    for row in sorted(rows[:MOST_ROWS], key=lambda one: (one.day, one.id)):
        points += row.points
        lines.append(Line(row, points))
    return Statement(first, last, opening, closing, lines, is_cut=len(rows) > MOST_ROWS)


def _balance(business_id: int, member_id: int, day: dt.date) -> Balance:
    ((points, stamps, rewards),) = db.run(_TOTALS, (member_id, business_id, db.calendar_day(day)))
    return Balance(int(points), int(stamps), int(rewards))


def as_csv(found: Statement) -> str:
    """A statement as CSV (RFC 4180), whose cells no spreadsheet takes for formulas.

    Columns: date, what happened, branch, stamps, points, points after it.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    heads = (_("Date"), _("What happened"), _("Branch"), _("Stamps"), _("Points"), _("Points after it"))
    writer.writerow(map(harmless, heads))
    for line in found.lines:
        row = line.row
        texts = (row.day.isoformat(), harmless(row.text), harmless(row.branch))
        writer.writerow((*texts, row.stamps, row.points, line.points_after))
    return file.getvalue()
