"""Drafts: made, changed, scheduled, deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope

from regulars.campaigns import actions, queries
from regulars.campaigns.models import Campaign
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from tests.campaigns.mail import WORDS, again, draft, send
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

LATER = dt.timedelta(hours=3)


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


def test_a_campaign_begins_as_a_draft_to_everybody_by_mail(shop: Shop) -> None:
    campaign = again(shop, draft(shop))
    assert (campaign.status, campaign.segment_filter, campaign.channel) == ("draft", "all", "email")
    assert (campaign.name, campaign.subject, campaign.message) == tuple(WORDS.values())
    assert (campaign.total_recipients, campaign.sent_at, campaign.rate_per_minute) == (0, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 201),
        ("subject", ""),
        ("subject", "x" * 201),
        ("subject", "Two\nlines"),
        ("subject", "Hello {firstname}"),
        ("message", ""),
        ("message", "x" * 20_001),
        ("message", "Hello {first_name"),
        ("message", "Yours {password}"),
        ("segment_filter", "vip"),
        ("channel", "pigeon"),
        ("rate_per_minute", 0),
        ("rate_per_minute", 100_001),
        ("scheduled_at", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        ("scheduled_at", dt.datetime(2120, 1, 1, tzinfo=dt.UTC)),
        ("scheduled_at", dt.datetime(2120, 1, 1)),  # noqa: DTZ001 - without a zone, which is the point
        ("colour", "red"),
    ],
)
def test_an_unusable_value_is_refused_by_name(shop: Shop, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        draft(shop, **{field: value})
    assert refusal.value.fields.keys() == {field}
    campaign = draft(shop)
    with pytest.raises(InvalidInput) as refusal:
        actions.edit_campaign(business_id=shop.id, pk=campaign.pk, **{field: value})
    assert refusal.value.fields.keys() == {field}
    assert again(shop, campaign).name == WORDS["name"]


def test_only_mail_needs_a_subject_and_a_text_message_is_short(shop: Shop) -> None:
    assert draft(shop, channel="sms", subject="").subject == ""
    assert draft(shop, channel="post", subject="", message="x" * 20_000).subject == ""
    with pytest.raises(InvalidInput, match="message must have at most 1000 characters"):
        draft(shop, channel="sms", message="x" * 1_001)
    text = draft(shop, channel="sms", subject="")
    with pytest.raises(InvalidInput, match="subject must not be empty"):
        actions.edit_campaign(business_id=shop.id, pk=text.pk, channel="email")


def test_an_edit_changes_what_it_names(shop: Shop) -> None:
    campaign = draft(shop, rate_per_minute=60)
    changed = actions.edit_campaign(
        business_id=shop.id, pk=campaign.pk, subject="Triple stamps", segment_filter="near_reward"
    )
    stored = again(shop, campaign)
    assert stored.subject == changed.subject == "Triple stamps"
    assert (stored.segment_filter, stored.name, stored.rate_per_minute) == ("near_reward", WORDS["name"], 60)
    assert stored.modified_at > campaign.modified_at


def test_a_time_makes_it_scheduled_and_without_one_it_is_a_draft_again(shop: Shop) -> None:
    at = timezone.now() + LATER
    campaign = draft(shop, scheduled_at=at)
    assert (campaign.status, again(shop, campaign).scheduled_at) == ("scheduled", at)
    assert actions.edit_campaign(business_id=shop.id, pk=campaign.pk, name="Other").status == "scheduled"
    back = actions.edit_campaign(business_id=shop.id, pk=campaign.pk, scheduled_at=None)
    assert (back.status, back.scheduled_at) == ("draft", None)


@pytest.mark.parametrize("scheduled", [None, LATER])
def test_what_was_not_sent_can_be_deleted(shop: Shop, scheduled: dt.timedelta | None) -> None:
    campaign = draft(shop, scheduled_at=scheduled and timezone.now() + scheduled)
    actions.delete_campaign(business_id=shop.id, pk=campaign.pk)
    with scope(business=shop.business):
        assert not Campaign.objects.exists()


def test_what_was_sent_stays_as_it_is(shop: Shop) -> None:
    campaign = draft(shop)
    send(shop, campaign)
    for state in ("sending", "sent", "cancelled"):
        with scope(business=shop.business):
            Campaign.objects.filter(pk=campaign.pk).update(status=state)
        for call in (actions.delete_campaign, actions.edit_campaign, actions.send_campaign):
            with pytest.raises(Conflict, match="only a draft can be"):
                call(business_id=shop.id, pk=campaign.pk)
        assert again(shop, campaign).status == state


def test_nobody_elses_campaign_is_found(shop: Shop) -> None:
    theirs = draft(make_shop("Charlie's Tea House"))
    for call in (
        actions.delete_campaign,
        actions.edit_campaign,
        actions.send_campaign,
        actions.cancel_campaign,
        queries.campaign_by_id,
    ):
        with pytest.raises(NotFound):
            call(business_id=shop.id, pk=theirs.pk)
    with pytest.raises(NotFound):
        actions.send_test(business_id=shop.id, pk=theirs.pk, to="a@shop.example")
    with pytest.raises(NotFound):
        queries.recipients(business_id=shop.id, pk=theirs.pk, page=1, per_page=10)
    assert queries.campaigns(business_id=shop.id) == []
