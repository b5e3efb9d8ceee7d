"""The job that sorts members into tiers: rules that change meanwhile, and workers that are told to stop."""

from __future__ import annotations

import pytest
from django_scopes import scope

from regulars.jobs import leases, progress
from regulars.jobs.models import Job
from regulars.jobs.running import run_due, run_job
from regulars.ledger import points
from regulars.ledger.models import Card
from regulars.members import tasks, tiers
from regulars.members.groups import add_group, edit_group
from regulars.members.models import Member
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(tiers, "BATCH", 1)
    return make_shop()


def earned(shop: Shop) -> list[Card]:
    cards = [shop.enrol() for _ in range(3)]
    for card in cards:
        points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=100)
    return cards


def in_a_group(shop: Shop) -> int:
    with scope(business=shop.business):
        return Member.objects.filter(group__isnull=False).count()


def job_of(shop: Shop) -> Job:
    return Job.objects.get(key=tasks.key_of(shop.id))


def test_a_rule_that_changes_while_its_job_is_at_work_counts_for_all(shop: Shop) -> None:
    earned(shop)
    silver = add_group(business=shop.business, code="silver", measure="points", threshold=200)
    claimed = leases.claim(worker="one")
    assert claimed is not None
    changed: list[int] = []

    def stop() -> bool:  # asked after each batch
        if not changed:
            changed.append(1)
            edit_group(business_id=shop.id, pk=silver.pk, threshold=100)
        return False

    run_job(claimed, progress.Run(stop))
    assert in_a_group(shop) == 2  # the first was looked at before
    assert (job_of(shop).status, job_of(shop).attempts) == ("ready", 0)
    assert run_due() == 1
    assert in_a_group(shop) == 3
    assert job_of(shop).status == "succeeded"


def test_a_job_that_was_stopped_goes_on_where_it_was(shop: Shop) -> None:
    cards = earned(shop)
    silver = add_group(business=shop.business, code="silver", measure="points", threshold=100)
    claimed = leases.claim(worker="one")
    assert claimed is not None
    run_job(claimed, progress.Run(lambda: True))
    assert in_a_group(shop) == 1
    assert job_of(shop).kwargs == {"business_id": shop.id, "after": cards[0].pk}
    # Another rule is for those, too, who were looked at.
    edit_group(business_id=shop.id, pk=silver.pk, threshold=90)
    assert job_of(shop).kwargs == {"business_id": shop.id}
    run_due()
    assert in_a_group(shop) == 3


def test_a_rule_that_changes_before_a_job_stops_begins_with_the_first(shop: Shop) -> None:
    earned(shop)
    silver = add_group(business=shop.business, code="silver", measure="points", threshold=200)
    claimed = leases.claim(worker="one")
    assert claimed is not None

    def stop() -> bool:
        edit_group(business_id=shop.id, pk=silver.pk, threshold=100)
        return True

    run_job(claimed, progress.Run(stop))
    assert job_of(shop).kwargs == {"business_id": shop.id}
    run_due()
    assert in_a_group(shop) == 3


def test_the_nightly_round_goes_on_where_it_was(shop: Shop) -> None:
    other = make_shop("Charlie's")
    for one in (shop, other):
        cards = earned(one)
        add_group(business=one.business, code="gold", measure="points", threshold=100, window_months=1)
        tiers.sort_business(business_id=one.id)
        with scope(business=one.business):
            assert Member.objects.filter(group__isnull=False).count() == len(cards)
    Job.objects.all().delete()
    job = tasks.sort_lapsing.enqueue()
    for _ in range(12):
        claimed = leases.claim(worker="one")
        if claimed is None:
            break
        run_job(claimed, progress.Run(lambda: True))
    now = Job.objects.get(uid=job.id)
    assert (now.status, now.kwargs) == ("succeeded", {"business_id": other.id + 1, "after": 0})
