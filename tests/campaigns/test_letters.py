"""What a campaign says to whom."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars.campaigns import letters
from regulars.messages.letter import Rendered
from regulars.messages.models import Message
from regulars.messages.render import render_message
from regulars.rules.errors import NotFound
from regulars.tenants.queries import business_by_id
from tests.campaigns.mail import customers, draft, send
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

TELLING = "Hello {first_name|there}, {stamps_missing} more for: {program_reward}\n\nYours, {business_name} <3"


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(reward_description="Free <b>coffee</b>")


def rendered(shop: Shop, message: Message) -> Rendered:
    with scope(business=shop.business):
        return render_message(message=message, business=business_by_id(shop.id), member=message.member)


def queued(shop: Shop) -> list[Message]:
    with scope(business=shop.business):
        rows = Message.objects.select_related("member__card").exclude(campaign_id=None)
        return list(rows.order_by("id"))


def test_values_are_the_customers_own_and_never_markup(shop: Shop) -> None:
    shop.stamp(shop.enrol("<i>{name}</i> Sharma", email="a@customers.example"), 3)
    campaign = draft(shop, message=TELLING)
    send(shop, campaign)
    letter = rendered(shop, queued(shop)[0])
    assert "Hello <i>{name}</i>, 5 more for: Free <b>coffee</b>" in letter.text
    assert "<i>" not in letter.html
    assert "Free &lt;b&gt;coffee" in letter.html
    assert "Yours, Alice's Café <3" in letter.text
    assert letter.headers["List-Unsubscribe"].startswith("<https://shop.example/u/")


def test_words_at_hand_are_not_read_again(shop: Shop) -> None:
    customers(shop, 2)
    campaign = draft(shop)
    send(shop, campaign)
    first, second = queued(shop)
    found = rendered(shop, first).subject
    business = business_by_id(shop.id)
    with letters.at_hand(campaign), CaptureQueriesContext(connection) as captured:
        assert letters.render(message=second, business=business, member=second.member).subject == found
    assert captured.captured_queries == []
    with CaptureQueriesContext(connection) as captured:
        letters.render(message=second, business=business, member=second.member)
    assert len(captured.captured_queries) == 1


def test_a_sample_is_of_the_shop_with_somebody_made_up(shop: Shop) -> None:
    business = business_by_id(shop.id)
    found = letters.sample(business=business, subject="For {first_name}", body=TELLING, channel="email")
    assert found.subject == "For Nora"
    assert "more for: Free <b>coffee</b>" in found.text
    assert "Yours, Alice&#x27;s Café &lt;3" in found.html
    assert found.headers == {}


def test_a_campaign_that_is_gone_cannot_be_told(shop: Shop) -> None:
    customers(shop, 1)
    campaign = draft(shop)
    send(shop, campaign)
    message = queued(shop)[0]
    message.campaign_id = 77_777
    with pytest.raises(NotFound):
        rendered(shop, message)
