"""Where a message went stays known, whoever tells of it, and a report about nowhere is about nobody."""

from collections.abc import Iterator

import pytest
from django_scopes import scope
from pytest_django import Settings

from regulars.members.actions import edit_member
from regulars.messages import bounces, claims
from regulars.messages.actions import queue_message
from regulars.messages.bounces import Report
from regulars.messages.claims import Counts
from regulars.messages.message_ids import message_id
from regulars.messages.models import Message, Suppression
from regulars.messages.sending import Batch, Sender, send_some
from tests.factories import Shop, make_shop
from tests.messages import postbox
from tests.messages.postbox import Postbox

pytestmark = pytest.mark.django_db

CAMPAIGN = 5


@pytest.fixture
def box(settings: Settings) -> Iterator[Postbox]:
    with postbox.opened() as made:
        settings.EMAIL_BACKEND = "regulars.messages.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
        yield made


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def queue(shop: Shop) -> Message:
    card = shop.enrol("Ann Lee", email="ann@shop.example")
    message = queue_message(business_id=shop.id, kind="welcome", key="test-1", member_id=card.pk)
    assert message is not None
    with scope(business=shop.business):
        Message.objects.filter(pk=message.pk).update(campaign_id=CAMPAIGN)
    return message


def move(message: Message, email: str) -> None:
    edit_member(business_id=message.business_id, pk=message.member_id or 0, email=email)


def die_after_sending() -> None:
    """Send what is queued, and never tell the database."""

    def broken(_counts: Counts) -> None:
        raise RuntimeError

    other = Sender()
    with pytest.raises(RuntimeError):
        send_some(sender=other, campaign_id=CAMPAIGN, counted=broken)
    other.abandon()


def settled(message: Message) -> Message:
    with Sender() as sender:
        assert send_some(sender=sender, campaign_id=CAMPAIGN) == Batch(sent=1)
    with scope(business=message.business_id):
        return Message.objects.get(pk=message.pk)


def suppressed(shop: Shop) -> list[str]:
    with scope(business=shop.business):
        return list(Suppression.objects.values_list("address", flat=True))


def test_a_dead_senders_message_says_where_it_went(box: Postbox, shop: Shop) -> None:
    message = queue(shop)
    die_after_sending()
    move(message, "new@shop.example")
    assert (settled(message).to, box.reached) == ("ann@shop.example", ["ann@shop.example"])
    assert bounces.record(Report("bounce", message_id=message_id(message.pk))) == 1
    assert suppressed(shop) == ["ann@shop.example"]


def test_an_address_that_changes_after_the_claim_is_noted_before_sending(
    box: Postbox, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = queue(shop)
    claim = claims.claim

    def claimed(**given: object) -> list[tuple[int, int]]:
        found = claim(**given)  # type: ignore[arg-type]
        if found:
            move(message, "new@shop.example")
        return found

    monkeypatch.setattr(claims, "claim", claimed)
    die_after_sending()
    assert (settled(message).to, box.reached) == ("new@shop.example", ["new@shop.example"])


def test_what_was_not_sent_says_no_address(box: Postbox, shop: Shop) -> None:
    message = queue(shop)
    edit_member(business_id=shop.id, pk=message.member_id or 0, optout_email=True)
    with Sender() as sender:
        assert send_some(sender=sender, campaign_id=CAMPAIGN) == Batch(skipped=1)
    with scope(business=shop.business):
        assert Message.objects.get().to == ""


@pytest.mark.parametrize("email", ["", " ", "\x00", "\ud800", "\u200b", "\u202e \t"])
def test_a_report_about_nobody_is_about_no_message(email: str, shop: Shop) -> None:
    message = queue(shop)
    with scope(business=shop.business):
        Message.objects.update(status="sent")
    assert bounces.record(Report("bounce", email=email)) == 0
    assert (
        bounces.record(Report("complaint", message_id=message_id(message.pk), detail="\x00\ud800 spam")) == 1
    )
    assert suppressed(shop) == []  # where it went is not known
    with scope(business=shop.business):
        row = Message.objects.get()
    assert row.status == "sent"
    assert row.unsubscribed_at is not None
