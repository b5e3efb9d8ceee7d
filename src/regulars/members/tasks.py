"""What the room does in the background: it sorts members into tiers."""

from __future__ import annotations

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
def sort_business(*, business_id: int) -> int:
    """Sort all members of a business after a rule was changed; how many moved."""
    with scope(business=business_id):
        total = Member.objects.count()

    def told(done: int) -> bool:
        progress.report(done=done, total=total)
        return progress.stopping()

    moved = tiers.sort_business(business_id=business_id, each=told)
    if progress.stopping():
        raise Again
    return moved


@task()
def sort_lapsing() -> int:
    """Sort those who may fall out of a tier because its window passed on; how many moved."""
    with scopes_disabled():
        lapsing = MemberGroup.objects.filter(window_months__isnull=False, stays=False)
        businesses = sorted(set(lapsing.values_list("business_id", flat=True)))
    moved = 0
    for business_id in businesses:
        moved += tiers.sort_business(
            business_id=business_id, only_lapsing=True, each=lambda _done: progress.stopping()
        )
        if progress.stopping():
            raise Again
    return moved
