"""What came of a campaign: how many of those who got it came afterwards, beside how many came before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Q, Sum
from django.utils import timezone
from django_scopes import scope

from regulars.campaigns.models import Campaign
from regulars.ledger.models import Entry
from regulars.ledger.undoing import undone_by
from regulars.messages.models import Message
from regulars.sales.models import Sale

DAYS: Final = 14
# Of so many recipients, the first, it is counted: what they did is read for each page that tells it.
MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class Window:
    """How many members came, by a visit or a purchase, and what their sales came to, less refunds."""

    came: int
    sales: Decimal


@dataclass(frozen=True, slots=True)
class Came:
    """The days after a campaign was sent, up to `until`, and as many days before it.

    `looked_at` are the recipients of whom it is; `over` says that all the days have passed.
    """

    looked_at: int
    after: Window
    before: Window
    until: dt.datetime
    over: bool


def came_of(campaign: Campaign, *, now: dt.datetime | None = None) -> Came | None:
    """What those did who got a campaign; None while nobody did.

    It says nothing about causes. Both times are equally long: while less than 14 days have passed, so many
    as have. Of more than 5,000 recipients it is about the first.
    """
    if campaign.sent_at is None:
        return None
    sent, whole = campaign.sent_at, dt.timedelta(days=DAYS)
    until = min(now or timezone.now(), sent + whole)
    since = sent - (until - sent)
    with scope(business=campaign.business_id):
        rows = Message.objects.filter(
            campaign_id=campaign.pk, status=Message.Status.SENT, member__isnull=False
        )
        got = rows.order_by("id").values("member_id")[:MOST]
        looked_at = got.count()
        if not looked_at or until <= sent:
            return None
        within = {"occurred_at__gte": since, "occurred_at__lt": until}
        visited = Entry.objects.filter(~undone_by(), card_id__in=got, visits__gt=0, **within)
        visits = _by_member(visited, "card_id", sent, "visits")
        sales = _by_member(Sale.objects.filter(member_id__in=got, **within), "member_id", sent, "total_value")
    after, before = (_window(visits, sales, place) for place in (0, 1))
    return Came(looked_at, after, before, until, over=until == sent + whole)


# What a member did after the campaign and before it: the sum, and how often it was above 0.
_Two = tuple[Any, Any]
_Done = dict[int, tuple[_Two, _Two]]


def _by_member(rows: Any, member: str, sent: dt.datetime, column: str) -> _Done:
    after, some = Q(occurred_at__gte=sent), Q((f"{column}__gt", 0))
    found = rows.values_list(member).annotate(
        after=Sum(column, filter=after, default=0),
        before=Sum(column, filter=~after, default=0),
        times_after=Count("pk", filter=after & some),
        times_before=Count("pk", filter=~after & some),
    )
    return {pk: ((one, other), (times, earlier)) for pk, one, other, times, earlier in found}


def _window(visits: _Done, sales: _Done, place: int) -> Window:
    came = {pk for done in (visits, sales) for pk, (_total, times) in done.items() if times[place]}
    return Window(len(came), sum((Decimal(total[place]) for total, _times in sales.values()), Decimal(0)))
