"""What a scan gives by itself, and did not, because nobody at the counter had asked for the scan.

The address of a card may come from anywhere, such as a link on another site. Who opens it sees the member,
and what the scan would have given is a button.
"""

from __future__ import annotations

from regulars.counter.buttons import Button, Live, Offered, name_of
from regulars.counter.models import Action, Scan
from regulars.members.models import Member
from regulars.promotions.models import EventPromotion
from regulars.promotions.occasions import due
from regulars.rules import occasions

_LABEL_LENGTH = 300


def label(names: list[str]) -> str:
    """What the points of a scan are called: the names of what gives them."""
    return ", ".join(filter(None, names))[:_LABEL_LENGTH].strip()


def occasion(scan: Scan) -> str:
    """Which time it is, for the promotions that give at each scan."""
    return f"scan:{scan.pk}"


def button(scan: Scan, member: Member, offered: Offered, live: Live) -> Button | None:
    """The button for what a scan would have given, None when it gave it, or for nothing. `live` are the
    promotions of the day on which it is shown.

    Within the business's scope.
    """
    promotions = [] if live.day == scan.day and not live.at_scan else _promotions(scan, member)
    points = sum(one.points for one in offered.auto) + sum(one.points_to_award for one in promotions)
    if not points or Action.objects.filter(scan=scan, said__auto=True).exists():
        return None
    names = [name_of(promotion) for promotion in promotions] + [one.label for one in offered.auto]
    return Button(None, label(names), points)


def _promotions(scan: Scan, member: Member) -> list[EventPromotion]:
    return due(
        member=member,
        event=occasions.QUICKSCAN,
        occasion=occasion(scan),
        day=scan.day,
        branch_id=scan.branch_id,
    )
