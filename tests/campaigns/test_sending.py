"""From a draft to everybody's letter box: queued once, sent by the job, counted exactly."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone
from django_scopes import scope
from pytest_django import Settings

from regulars.campaigns import actions, job, queries
from regulars.jobs import progress
from regulars.ledger.queries import customer
from regulars.members import actions as members
from regulars.messages import pace, sending
from regulars.messages.actions import TESTS_A_MINUTE
from regulars.messages.actions import send_test as send_sample
from regulars.messages.models import Message
from regulars.rules.errors import Conflict, InvalidInput, TooManyRequests
from regulars.tenants import ratelimit
from tests.campaigns.mail import (
    WORDS,
    again,
    counts,
    customers,
    draft,
    events,
    jobs,
    messages,
    send,
    work,
)
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Limits begin anew."""
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    pace.shared.cache_clear()
    yield
    ratelimit._store.cache_clear()
    pace.shared.cache_clear()


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


def test_sending_queues_one_message_for_each_and_one_job(shop: Shop) -> None:
    other = make_shop("Charlie's Tea House")
    customers(other, 2)
    ids = customers(shop, 3)
    shop.enrol("No Address")
    campaign = draft(shop)
    assert send(shop, campaign) == 3
    stored = again(shop, campaign)
    assert (stored.status, counts(stored), stored.finished_at) == ("sending", (3, 0, 0, 0), None)
    assert stored.sent_at is not None
    queued = messages(shop, campaign)
    assert [(one.member_id, one.key) for one in queued] == [
        (pk, f"campaign:{campaign.pk}:{pk}") for pk in ids
    ]
    assert {(one.status, one.kind, one.channel, one.to) for one in queued} == {
        ("queued", "campaign", "email", "")
    }
    assert all(one.context == {} and one.next_at <= timezone.now() for one in queued)
    (one,) = jobs(campaign)
    assert (one.kwargs, one.business_id) == ({"business_id": shop.id, "campaign_id": campaign.pk}, shop.id)
    told = {"campaign_id": campaign.pk, "name": WORDS["name"], "channel": "email"}
    assert events(shop, "campaign.started") == [told | {"segment_filter": "all", "recipients": 3}]
    with pytest.raises(Conflict, match="is being sent"):
        send(shop, campaign)
    assert len(messages(shop, campaign)) == 3


def test_a_segment_gets_it_and_nobody_else(shop: Shop) -> None:
    near, _, opted_out, suspended = customers(shop, 4)
    for pk in (near, opted_out, suspended):
        shop.stamp(customer(business_id=shop.id, member_id=pk), 7)
    members.edit_member(business_id=shop.id, pk=opted_out, optout_email=True)
    members.edit_member(business_id=shop.id, pk=suspended, suspended=True)
    campaign = draft(shop, segment_filter="near_reward")
    assert send(shop, campaign) == 1
    assert [one.member_id for one in messages(shop, campaign)] == [near]


def test_the_job_sends_to_each_in_their_own_words_and_finishes(shop: Shop) -> None:
    customers(shop, 3)
    campaign = draft(shop)
    send(shop, campaign)
    assert work(shop, campaign) is None
    assert sorted(letter.to[0] for letter in mail.outbox) == [f"guest{n}@customers.example" for n in range(3)]
    first = next(letter for letter in mail.outbox if letter.to == ["guest1@customers.example"])
    assert first.subject == "Double stamps for Guest"
    assert "Hello Guest 1, come by." in str(first.body)
    for letter in mail.outbox:
        assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert letter.extra_headers["List-Unsubscribe"].startswith("<https://shop.example/u/")
    stored = again(shop, campaign)
    assert (stored.status, counts(stored)) == ("sent", (3, 3, 0, 0))
    assert stored.finished_at is not None
    told = {"campaign_id": campaign.pk, "name": WORDS["name"], "recipients": 3}
    assert events(shop, "campaign.finished") == [told | {"sent": 3, "failed": 0, "skipped": 0}]
    assert work(shop, campaign) is None  # again: nothing happens
    assert (len(mail.outbox), len(events(shop, "campaign.finished"))) == (3, 1)


def test_a_campaign_to_nobody_finishes(shop: Shop) -> None:
    campaign = draft(shop)
    assert send(shop, campaign) == 0
    assert work(shop, campaign) is None
    assert (again(shop, campaign).status, counts(again(shop, campaign))) == ("sent", (0, 0, 0, 0))


def test_who_said_no_meanwhile_is_skipped_and_who_was_erased_is_counted(shop: Shop) -> None:
    first, second, third, _ = customers(shop, 4)
    campaign = draft(shop)
    assert send(shop, campaign) == 4
    members.edit_member(business_id=shop.id, pk=first, optout_email=True)
    members.edit_member(business_id=shop.id, pk=second, email="")
    members.delete_member(business_id=shop.id, member_id=third)
    assert work(shop, campaign) is None
    assert [letter.to for letter in mail.outbox] == [["guest3@customers.example"]]
    assert counts(again(shop, campaign)) == (4, 1, 0, 3)
    page = queries.recipients(business_id=shop.id, pk=campaign.pk, page=1, per_page=10)
    assert [(row.member_id, row.status) for row in page.rows] == [
        (first, "skipped"),
        (second, "skipped"),
        (messages(shop, campaign)[2].member_id, "sent"),
    ]
    skipped = queries.recipients(business_id=shop.id, pk=campaign.pk, page=1, per_page=1, status="skipped")
    assert (skipped.total, len(skipped.rows)) == (2, 1)
    assert all(row.reason for row in skipped.rows)


def test_the_outcome_knows_bounces_and_who_said_no_to_more(shop: Shop) -> None:
    customers(shop, 3)
    campaign = draft(shop)
    send(shop, campaign)
    assert queries.outcome(again(shop, campaign)) == queries.Outcome(waiting=3, bounced=0, unsubscribed=0)
    work(shop, campaign)
    first, second, _ = messages(shop, campaign)
    with scope(business=shop.business):
        Message.objects.filter(pk=first.pk).update(status="bounced")
        Message.objects.filter(pk=second.pk).update(unsubscribed_at=timezone.now())
    assert queries.outcome(again(shop, campaign)) == queries.Outcome(waiting=0, bounced=1, unsubscribed=1)


def test_a_stopping_worker_gives_the_job_back_between_batches(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers(shop, 5)
    campaign = draft(shop)
    send(shop, campaign)
    monkeypatch.setattr(job, "BATCH", 2)
    run = progress.Run(stop=lambda: len(mail.outbox) >= 2)
    with progress.inside(run):
        stopped = work(shop, campaign)
    assert stopped is not None
    assert stopped.at is None or stopped.at <= timezone.now()
    assert counts(again(shop, campaign)) == (5, 2, 0, 0)
    told = run.untold()
    assert told is not None
    assert (told.done, told.total, told.text) == (2, 5, WORDS["name"])
    assert work(shop, campaign) is None
    assert counts(again(shop, campaign)) == (5, 5, 0, 0)
    assert len({letter.to[0] for letter in mail.outbox}) == len(mail.outbox) == 5


def test_a_large_campaign_lets_other_jobs_have_a_turn(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "BATCH", 2)
    monkeypatch.setattr(job, "TURN", 0.0)
    customers(shop, 5)
    campaign = draft(shop)
    send(shop, campaign)
    for done in (2, 4):
        given_back = work(shop, campaign)
        assert given_back is not None
        assert given_back.at is not None
        assert given_back.at <= timezone.now()
        assert again(shop, campaign).sent_count == done
    assert work(shop, campaign) is None
    assert again(shop, campaign).status == "sent"


def test_what_is_due_later_brings_the_job_back_later(shop: Shop) -> None:
    customers(shop, 2)
    campaign = draft(shop)
    send(shop, campaign)
    later = timezone.now() + dt.timedelta(minutes=7)
    with scope(business=shop.business):
        Message.objects.filter(pk=messages(shop, campaign)[0].pk).update(next_at=later)
    stopped = work(shop, campaign)
    assert stopped is not None
    assert stopped.at == later
    assert (again(shop, campaign).status, counts(again(shop, campaign))) == ("sending", (2, 1, 0, 0))


def test_a_rate_is_kept(shop: Shop) -> None:
    customers(shop, 4)
    campaign = draft(shop, rate_per_minute=10)
    send(shop, campaign)
    stopped = work(shop, campaign)
    assert stopped is not None
    assert stopped.at is not None
    assert stopped.at > timezone.now()
    assert len(mail.outbox) == again(shop, campaign).sent_count == 1


def test_a_cancelled_campaign_sends_no_more(shop: Shop) -> None:
    customers(shop, 4)
    campaign = draft(shop, rate_per_minute=10)
    send(shop, campaign)
    work(shop, campaign)
    cancelled = actions.cancel_campaign(business_id=shop.id, pk=campaign.pk)
    assert (cancelled.status, counts(cancelled), cancelled.finished_at) == ("cancelled", (4, 1, 0, 3), None)
    assert queries.outcome(cancelled).waiting == 0
    assert work(shop, campaign) is None
    stored = again(shop, campaign)
    assert (stored.status, counts(stored), len(mail.outbox)) == ("cancelled", (4, 1, 0, 3), 1)
    assert stored.finished_at is not None
    assert {one.reason for one in messages(shop, campaign) if one.status == "skipped"} == {job.CANCELLED}
    (finished,) = events(shop, "campaign.finished")
    assert (finished["sent"], finished["skipped"]) == (1, 3)
    with pytest.raises(Conflict, match="is cancelled"):
        actions.cancel_campaign(business_id=shop.id, pk=campaign.pk)


def test_what_comes_back_to_the_queue_after_a_cancellation_is_skipped(shop: Shop) -> None:
    customers(shop, 1)
    campaign = draft(shop)
    send(shop, campaign)
    with scope(business=shop.business):
        Message.objects.filter(campaign_id=campaign.pk).update(
            status="sending", lease="somebody", leased_until=timezone.now() + dt.timedelta(minutes=5)
        )
    actions.cancel_campaign(business_id=shop.id, pk=campaign.pk)
    stopped = work(shop, campaign)
    assert stopped is not None  # somebody still holds it
    held = again(shop, campaign)
    assert held.finished_at is None
    with scope(business=shop.business):
        Message.objects.filter(campaign_id=campaign.pk).update(status="queued", lease="", leased_until=None)
    assert work(shop, campaign) is None
    assert (counts(again(shop, campaign)), mail.outbox) == ((1, 0, 0, 1), [])
    # What was read a moment ago still adds up, though the messages have moved on since.
    assert (queries.outcome(held).waiting, queries.outcome(again(shop, campaign)).waiting) == (1, 0)


@pytest.mark.parametrize("status", ["draft", "sent"])
def test_there_is_nothing_to_cancel(shop: Shop, status: str) -> None:
    campaign = draft(shop)
    if status == "sent":
        send(shop, campaign)
        work(shop, campaign)
    with pytest.raises(Conflict, match=f"is {status}"):
        actions.cancel_campaign(business_id=shop.id, pk=campaign.pk)
    assert again(shop, campaign).status == status


def test_by_post_is_done_at_once_as_a_list(shop: Shop) -> None:
    pk = shop.enrol("Nora Whitfield", street_address="4 Pier Road", street_city="Whitby").pk
    customers(shop, 1)
    campaign = draft(shop, channel="post", subject="")
    assert send(shop, campaign) == 1
    stored = again(shop, campaign)
    assert (stored.status, counts(stored), jobs(campaign)) == ("sent", (1, 1, 0, 0), [])
    (message,) = messages(shop, campaign)
    assert (message.member_id, message.status, message.sent_at) == (pk, "sent", stored.sent_at)
    assert len(events(shop, "campaign.started")) == len(events(shop, "campaign.finished")) == 1


def test_text_messages_need_a_way_out(shop: Shop, settings: Settings, tmp_path: Path) -> None:
    customers(shop, 2)
    campaign = draft(shop, channel="sms", subject="", message="Hello {first_name}")
    for call in (
        send,
        lambda shop, one: actions.send_test(business_id=shop.id, pk=one.pk, to="+919876500001"),
    ):
        with pytest.raises(Conflict, match="REGULARS_SMS_URL"):
            call(shop, campaign)
    assert (again(shop, campaign).status, messages(shop, campaign)) == ("draft", [])
    settings.TEXT_MESSAGES = dataclasses.replace(settings.TEXT_MESSAGES, folder=str(tmp_path / "sms"))
    assert send(shop, campaign) == 2
    assert work(shop, campaign) is None
    (file,) = (tmp_path / "sms").iterdir()
    sent = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted((one["to"], one["text"]) for one in sent) == [
        ("+919876500000", "Hello Guest"),
        ("+919876500001", "Hello Guest"),
    ]
    assert counts(again(shop, campaign)) == (2, 2, 0, 0)


def test_a_test_goes_to_one_address_with_made_up_values(shop: Shop) -> None:
    campaign = draft(shop)
    assert actions.send_test(business_id=shop.id, pk=campaign.pk, to=" Maeve@Harbour.example ") == (
        "maeve@harbour.example"
    )
    sending.step(lambda: False)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["maeve@harbour.example"], "Double stamps for Nora")
    assert again(shop, campaign).status == "draft"
    for bad in ("", "nobody", "a@b@c"):
        with pytest.raises(InvalidInput) as refusal:
            actions.send_test(business_id=shop.id, pk=campaign.pk, to=bad)
        assert refusal.value.fields.keys() == {"to"}
    by_post = draft(shop, channel="post")
    with pytest.raises(Conflict, match="by post"):
        actions.send_test(business_id=shop.id, pk=by_post.pk, to="a@shop.example")


def test_tests_are_few(shop: Shop) -> None:
    campaign = draft(shop)

    def ask() -> None:
        actions.send_test(business_id=shop.id, pk=campaign.pk, to="a@shop.example")

    for place in range(TESTS_A_MINUTE):
        if place % 2:
            ask()
        else:
            send_sample(business_id=shop.id, kind="welcome", to="a@shop.example")
    for asked in (ask, lambda: send_sample(business_id=shop.id, kind="welcome", to="a@shop.example")):
        with pytest.raises(TooManyRequests, match="10 tests a minute") as refusal:
            asked()
        assert 1 <= (refusal.value.retry_after or 0) <= 60
    with scope(business=shop.business):
        assert Message.objects.count() == TESTS_A_MINUTE
