"""Campaigns that are sent by themselves."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.campaigns import actions, scheduled
from regulars.jobs import loops
from regulars.tenants.models import Business
from tests.campaigns.mail import again, customers, draft, jobs, send, work
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

LATER = dt.timedelta(hours=3)


@pytest.fixture
def shop(db: None) -> Shop:
    made = make_shop()
    customers(made, 2)
    return made


def look(after: dt.timedelta) -> bool:
    with time_machine.travel(timezone.now() + after, tick=False):
        return scheduled.step(lambda: False)


def test_it_is_sent_when_its_time_has_come_and_once(shop: Shop) -> None:
    campaign = draft(shop, scheduled_at=timezone.now() + LATER)
    with CaptureQueriesContext(connection) as captured:
        assert look(LATER - dt.timedelta(minutes=1)) is False
    assert [query["sql"][:6] for query in captured.captured_queries] == ["SELECT"]
    assert again(shop, campaign).status == "scheduled"
    for _ in range(2):
        look(LATER + dt.timedelta(seconds=1))
        assert (again(shop, campaign).status, len(jobs(campaign))) == ("sending", 1)
    assert work(shop, campaign) is None
    assert len(mail.outbox) == 2


def test_one_whose_time_passed_while_nobody_looked_is_sent_late(shop: Shop) -> None:
    campaign = draft(shop, scheduled_at=timezone.now() + LATER)
    look(LATER * 50)
    assert again(shop, campaign).status == "sending"


def test_it_may_be_sent_earlier_by_hand(shop: Shop) -> None:
    campaign = draft(shop, scheduled_at=timezone.now() + LATER)
    assert send(shop, campaign) == 2
    look(LATER * 2)
    assert len(jobs(campaign)) == 1


def test_a_cancelled_one_is_not_sent(shop: Shop) -> None:
    campaign = draft(shop, scheduled_at=timezone.now() + LATER)
    cancelled = actions.cancel_campaign(business_id=shop.id, pk=campaign.pk)
    assert (cancelled.status, cancelled.finished_at is not None) == ("cancelled", True)
    look(LATER * 2)
    assert (again(shop, campaign).status, jobs(campaign)) == ("cancelled", [])


def test_a_plan_that_lost_campaigns_makes_it_a_draft_and_others_are_sent(shop: Shop) -> None:
    other = make_shop("Charlie's Tea House")
    at = timezone.now() + LATER
    campaign, theirs = draft(shop, scheduled_at=at), draft(other, scheduled_at=at)
    Business.objects.filter(pk=shop.id).update(plan="trial")
    look(LATER * 2)
    stored = again(shop, campaign)
    assert (stored.status, stored.scheduled_at, jobs(campaign)) == ("draft", None, [])
    assert again(other, theirs).status == "sending"


def test_one_that_cannot_be_sent_is_a_draft_again(shop: Shop) -> None:
    campaign = draft(shop, channel="sms", scheduled_at=timezone.now() + LATER)
    look(LATER * 2)
    assert (again(shop, campaign).status, jobs(campaign)) == ("draft", [])


def test_a_stopping_worker_begins_no_more(shop: Shop) -> None:
    campaign = draft(shop, scheduled_at=timezone.now() + LATER)
    with time_machine.travel(timezone.now() + LATER * 2, tick=False):
        scheduled.step(lambda: True)
    assert again(shop, campaign).status == "scheduled"


def test_every_worker_looks() -> None:
    (loop,) = [one for one in loops.registered() if one.name == "campaigns"]
    assert (loop.step, loop.every) == (scheduled.step, scheduled.EVERY)
