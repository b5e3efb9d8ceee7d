"""Campaigns to saved segments."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scope

from regulars.campaigns import actions, queries, scheduled
from regulars.campaigns.models import Campaign
from regulars.ledger import points
from regulars.members.models import SavedSegment
from regulars.members.segments import add_segment, delete_segment
from regulars.messages.models import Message
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.tenants.queries import business_by_id
from tests.campaigns.mail import again, draft
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def rich(shop: Shop) -> SavedSegment:
    return add_segment(
        business_id=shop.id, name="Rich", given={"points_from": 50, "name": "r*", "joined_within": 2}
    )


def enrol(shop: Shop, name: str, number: int, **more: object) -> int:
    card = shop.enrol(name, email=f"{name.lower()}@customers.example", **more)
    if number:
        points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=number, suspended_too=True)
    return int(card.pk)


def test_it_goes_to_those_who_are_in_it_then_and_can_be_reached(shop: Shop, rich: SavedSegment) -> None:
    campaign = draft(shop, segment_id=rich.pk)
    assert (campaign.segment_filter, campaign.segment_id) == ("saved", rich.pk)
    wanted = enrol(shop, "Rita", 50)
    enrol(shop, "Rolf", 49)
    enrol(shop, "Anna", 50)
    enrol(shop, "Rosa", 50, optout_email=True)
    enrol(shop, "Rudi", 50, suspended=True)
    reached = queries.reached_now(
        business_by_id(shop.id), segment_filter="saved", segment_id=rich.pk, channel="email"
    )
    assert actions.send_campaign(business_id=shop.id, pk=campaign.pk) == reached == 1
    with scope(business=shop.business):
        assert [message.member_id for message in Message.objects.filter(campaign_id=campaign.pk)] == [wanted]


def test_a_segment_is_chosen_by_one_of_two_fields(shop: Shop, rich: SavedSegment) -> None:
    campaign = draft(shop)

    def edited(**changes: object) -> tuple[str, int | None]:
        found = actions.edit_campaign(business_id=shop.id, pk=campaign.pk, **changes)
        return found.segment_filter, found.segment_id

    assert edited(segment_id=rich.pk) == ("saved", rich.pk)
    assert edited(name="Another name") == ("saved", rich.pk)
    assert edited(segment_filter="saved") == ("saved", rich.pk)
    assert edited(segment_filter="all") == ("all", None)
    assert edited(segment_filter="saved", segment_id=rich.pk) == ("saved", rich.pk)
    for changes in (
        {"segment_filter": "near_reward", "segment_id": rich.pk},
        {"segment_id": None},
    ):
        with pytest.raises(InvalidInput) as refused:
            edited(**changes)
        assert list(refused.value.fields) == ["segment_id"]
    assert edited(segment_filter="all", segment_id=None) == ("all", None)
    with pytest.raises(InvalidInput):
        edited(segment_filter="saved")
    theirs = add_segment(business_id=make_shop("Charlie's").id, name="Rich", given={"points_from": 1})
    with pytest.raises(NotFound) as unknown:
        edited(segment_id=theirs.pk)
    assert list(unknown.value.fields) == ["segment_id"]
    with pytest.raises(NotFound):
        queries.reached_now(
            business_by_id(shop.id), segment_filter="saved", segment_id=theirs.pk, channel="email"
        )


def test_it_goes_to_nobody_once_its_segment_is_deleted(shop: Shop, rich: SavedSegment) -> None:
    enrol(shop, "Rita", 50)
    campaign = draft(shop, segment_id=rich.pk)
    soon = draft(shop, segment_id=rich.pk, scheduled_at=timezone.now() + dt.timedelta(hours=1))
    delete_segment(business_id=shop.id, pk=rich.pk)
    with pytest.raises(Conflict, match="deleted"):
        actions.send_campaign(business_id=shop.id, pk=campaign.pk)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2), tick=False):
        scheduled.step(lambda: False)
    for one in (campaign, soon):
        assert again(shop, one).status == Campaign.Status.DRAFT
    with scope(business=shop.business):
        assert not Message.objects.filter(kind="campaign").exists()
