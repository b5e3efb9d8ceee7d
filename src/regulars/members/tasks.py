"""What the room does in the background: it sorts members into tiers."""

from __future__ import annotations

from functools import partial
from typing import Final

from django_scopes import scope, scopes_disabled
from django_tasks import task

from regulars.jobs import progress
from regulars.jobs.outcomes import Again
from regulars.members import tiers
from regulars.members.models import Member, MemberGroup

# In the small hours of Europe: everywhere the day of the window is one that has begun.
DAILY: Final = "23 3 * * *"


def key_of(business_id: int) -> str:
    """The key of the job that sorts all members of a business: there is one at a time."""
    return f"tiers:{business_id}"


@task()
def sort_business(*, business_id: int, after: int = 0) -> int:
    """Sort all members of a business after a rule was changed; how many moved.

    `after` is the last one who was looked at, when a worker was told to stop.
    """
    with scope(business=business_id):
        total = Member.objects.filter(pk__gt=after).count()

    def told(done: int, last: int) -> None:
        progress.report(done=done, total=total)
        _stop(business_id, last)

    return tiers.sort_business(business_id=business_id, after=after, each=told)


@task()
def sort_lapsing(*, business_id: int = 0, after: int = 0) -> int:
    """Sort those who may fall out of a tier because its window passed on; how many moved.

    `business_id` and `after` are where it goes on, when a worker was told to stop.
    """
    with scopes_disabled():
        lapsing = MemberGroup.objects.filter(
            window_months__isnull=False, stays=False, business_id__gte=business_id
        )
        businesses = sorted(set(lapsing.values_list("business_id", flat=True)))
    moved = 0
    for number in businesses:
        moved += tiers.sort_business(
            business_id=number,
            after=after if number == business_id else 0,
            only_lapsing=True,
            each=partial(_stop_after, number),
        )
        _stop(number + 1, 0)
    return moved


def _stop_after(business_id: int, _done: int, last: int) -> None:
    _stop(business_id, last)


def _stop(business_id: int, after: int) -> None:
    """Let another worker go on there, if this one is to stop."""
    if progress.stopping():
        raise Again(kwargs={"business_id": business_id, "after": after})
