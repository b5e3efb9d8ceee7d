"""Events are passed on once, in order, to those who want them; one that nobody can take holds up no other."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django_scopes import scopes_disabled

from regulars.members.actions import delete_member
from regulars.outbox import consumers, fanout
from regulars.outbox.consumers import Pending
from regulars.outbox.models import Delivery, DeliveryAttempt, Event
from tests.factories import make_shop
from tests.outbox.receiver import Receiver
from tests.outbox.support import deliveries, listen, settle, tell

pytestmark = pytest.mark.django_db


class Listener:
    """A consumer that keeps what it hears, and fails at some of it."""

    def __init__(self) -> None:
        self.heard: list[Pending] = []
        self.batches = 0
        self.fails_at: set[str] = set()
        self.error: type[Exception] = ValueError

    def __call__(self, *, events: list[Pending]) -> None:
        self.batches += 1
        if self.fails_at & {event.type for event in events}:
            raise self.error("no")
        self.heard += events

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.heard]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    monkeypatch.setattr(consumers, "_registry", dict(consumers._registry))
    made = Listener()
    consumers.register("test", frozenset({"stamp.added", "sale.recorded", "reward.earned"}), made)
    return made


def waiting() -> int:
    with scopes_disabled():
        return Event.objects.filter(pending=True).count()


def test_events_are_passed_on_once_and_in_order(listener: Listener) -> None:
    shop, other = make_shop(), make_shop()
    tell(shop, "stamp.added", 5, n=1)
    tell(other, "sale.recorded", None, n=2)
    tell(shop, "member.updated", 5)
    fanout.pass_on_all()
    fanout.pass_on_all()
    assert listener.types == ["stamp.added", "sale.recorded"]
    first = listener.heard[0]
    with scopes_disabled():
        stored = Event.objects.get(pk=first.id)
    assert first == Pending(
        id=stored.pk, business_id=shop.id, uid=stored.uid, type="stamp.added", version=1, member_id=5,
        payload={"n": 1}, created_at=stored.created_at,
    )  # fmt: skip
    assert waiting() == 0


def test_an_event_at_which_a_consumer_fails_is_passed_over(listener: Listener) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, "https://till.example/")
    for kind in ("stamp.added", "sale.recorded", "reward.earned"):
        tell(shop, kind)
    listener.fails_at = {"sale.recorded"}
    fanout.pass_on_all()
    assert listener.types == ["stamp.added", "reward.earned"]
    assert waiting() == 0
    assert len(deliveries(endpoint)) == 3  # another consumer's fault is not theirs


def test_when_the_database_is_in_trouble_everything_is_tried_again(listener: Listener) -> None:
    shop = make_shop()
    tell(shop)
    listener.fails_at, listener.error = {"stamp.added"}, OperationalError
    with pytest.raises(OperationalError):
        fanout.pass_on_all()
    assert waiting() == 1
    listener.fails_at = set()
    fanout.pass_on_all()
    assert listener.types == ["stamp.added"]


def test_many_events_take_several_batches(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "BATCH", 10)
    shop = make_shop()
    tell(shop, number=25)
    assert fanout.pass_on_all() == 3
    assert listener.batches == 3
    assert len(listener.heard) == 25


def test_a_business_without_endpoints_gets_no_deliveries() -> None:
    shop, other = make_shop(), make_shop()
    listen(other, "https://till.example/")
    tell(shop)
    fanout.pass_on_all()
    assert deliveries() == []


def test_erasing_a_member_takes_their_deliveries_along(receiver: Receiver) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    card, other = shop.enrol(), shop.enrol()
    shop.stamp(card)
    settle()
    shop.stamp(card)
    fanout.pass_on_all()
    delete_member(business_id=shop.id, member_id=card.pk)
    with scopes_disabled():
        assert {one.member_id for one in Delivery.objects.all()} == {other.pk}
        assert DeliveryAttempt.objects.count() == 1
    settle()
    assert receiver.received[-1].body["type"] == "member.deleted"
    connection.check_constraints()
