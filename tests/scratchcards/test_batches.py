"""Cards for many members: each gets one, however often a worker dies, and the batch says why it ended."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.jobs import running
from regulars.jobs.outcomes import Again
from regulars.members.actions import edit_member
from regulars.rules.errors import Conflict, NotFound
from regulars.scratchcards import actions, batches
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.models import ScratchBatch, ScratchCampaign, ScratchCard
from tests.factories import Shop, make_shop
from tests.scratchcards.given import campaign, issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def start(shop: Shop, of: ScratchCampaign, **more: Any) -> ScratchBatch:
    given: dict[str, Any] = {"filters": {}, "audience": "Everybody", **more}
    return batches.start_batch(business_id=shop.id, campaign_id=of.pk, **given)


def after(batch: ScratchBatch) -> ScratchBatch:
    with scopes_disabled():
        return ScratchBatch.objects.get(pk=batch.pk)


def holders(of: ScratchCampaign) -> list[int | None]:
    with scopes_disabled():
        rows = ScratchCard.objects.filter(campaign=of).order_by("pk")
        return list(rows.values_list("member_id", flat=True))


def test_each_member_gets_one_and_the_suspended_none(shop: Shop) -> None:
    first, second, out = (shop.enrol(name) for name in ("A", "B", "C"))
    edit_member(business_id=shop.id, pk=out.pk, suspended=True)
    of = campaign(shop)
    batch = start(shop, of, expires_days=3)
    assert (batch.total, batch.state, holders(of)) == (2, "running", [])
    running.run_due()
    done = after(batch)
    assert (done.state, done.issued, done.skipped, done.reason) == ("done", 2, 0, "")
    assert done.finished_at is not None
    assert holders(of) == [first.pk, second.pk]
    batches.issue_rest(business_id=shop.id, batch_id=batch.pk)
    assert holders(of) == [first.pk, second.pk]


def test_it_goes_on_where_a_worker_stopped(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [shop.enrol(name) for name in "ABC"]
    of = campaign(shop)
    batch = start(shop, of)
    answers = iter([False, True])
    monkeypatch.setattr("regulars.jobs.progress.stopping", lambda: next(answers, False))
    with pytest.raises(Again):
        batches.issue_rest(business_id=shop.id, batch_id=batch.pk)
    assert (after(batch).reached, holders(of)) == (members[0].pk, [members[0].pk])
    batches.issue_rest(business_id=shop.id, batch_id=batch.pk)
    assert holders(of) == [member.pk for member in members]


def test_filters_choose_and_who_has_enough_is_left_out(shop: Shop) -> None:
    has, wants, _other = shop.enrol("Priya"), shop.enrol("Priya"), shop.enrol("Rahul")
    of = campaign(shop, max_per_member=1)
    issue(shop, of, has)
    batch = start(shop, of, filters={"name": "Priya"}, audience="All called Priya")
    running.run_due()
    done = after(batch)
    assert (done.total, done.issued, done.skipped, done.state) == (2, 1, 1, "done")
    assert holders(of) == [has.pk, wants.pk]
    assert done.filters == {}  # whom they name is nobody's business any more


@pytest.mark.parametrize("how", ["paused", "used up", "full", "stopped"])
def test_it_ends_early_and_says_why(how: str, shop: Shop) -> None:
    for name in "ABC":
        shop.enrol(name)
    prize = NewPrize("Cake", Decimal(1), max_cards=1 if how == "used up" else None)
    of = campaign(shop, prize, max_cards=1 if how == "full" else None)
    batch = start(shop, of)
    if how == "paused":
        actions.toggle_campaign(business_id=shop.id, pk=of.pk)
    elif how == "stopped":
        batches.stop_batch(business_id=shop.id, batch_id=batch.pk)
    running.run_due()
    done = after(batch)
    assert done.state == "stopped"
    assert done.reason
    assert done.filters == {}
    assert done.issued == len(holders(of)) == (1 if how in {"used up", "full"} else 0)
    with pytest.raises(Conflict):
        batches.stop_batch(business_id=shop.id, batch_id=batch.pk)


def test_one_at_a_time_and_of_an_open_campaign(shop: Shop) -> None:
    of = campaign(shop)
    assert start(shop, of).total == 0
    running.run_due()
    shop.enrol()
    start(shop, of)
    with pytest.raises(Conflict):
        start(shop, of)
    stranger = make_shop("Other")
    with pytest.raises(NotFound):
        start(stranger, of)
    with pytest.raises(NotFound):
        batches.batches(business_id=stranger.id, campaign_id=of.pk)
