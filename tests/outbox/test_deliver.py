"""Events reach the endpoints that want them: signed, in order, again until they are taken."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone
from structlog.testing import capture_logs

from regulars.outbox import deliver, fanout, results
from regulars.rules import retries
from tests.factories import make_shop
from tests.outbox.receiver import Received, Receiver, Reply
from tests.outbox.support import (
    START,
    attempts,
    deliveries,
    fresh,
    listen,
    settle,
    statuses,
    tell,
)

pytestmark = pytest.mark.django_db

REFUSED = Reply(503, body=b"later")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as made:
        yield made


def test_a_stamp_arrives_signed(receiver: Receiver) -> None:
    shop = make_shop()
    endpoint, secret = listen(shop, receiver.url, "stamp.*")
    shop.stamp(shop.enrol())
    settle()
    (one,) = receiver.received
    one.verify(secret)
    event = deliveries()[0].event
    assert one.body == {
        "id": event.uid,
        "type": "stamp.added",
        "version": 1,
        "timestamp": event.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": event.payload,
    }
    assert one.headers["webhook-id"] == event.uid
    assert abs(int(one.headers["webhook-timestamp"]) - time.time()) < 60
    assert one.headers["content-type"] == "application/json"
    assert one.headers["user-agent"].startswith("Regulars/")
    assert statuses() == ["delivered"]
    (attempt,) = attempts()
    assert (attempt.status, attempt.error, attempt.response) == (200, "", "thanks")
    assert fresh(endpoint).last_success_at is not None
    settle()
    assert len(receiver.received) == 1


def test_each_endpoint_gets_what_it_wants(receiver: Receiver) -> None:
    shop, other = make_shop(), make_shop()
    for name, wanted in (("all", ["*"]), ("kinds", ["stamp.*", "reward.earned"]), ("none", ["sale.changed"])):
        listen(shop, f"{receiver.url}/{name}", *wanted)
    listen(other, f"{receiver.url}/other")
    for kind in ("stamp.added", "reward.earned", "reward.redeemed"):
        tell(shop, kind)
    settle()
    got = {(one.path.rpartition("/")[2], one.body["type"]) for one in receiver.received}
    assert got == {
        ("all", "stamp.added"),
        ("all", "reward.earned"),
        ("all", "reward.redeemed"),
        ("kinds", "stamp.added"),
        ("kinds", "reward.earned"),
    }


def test_a_receiver_down_for_half_an_hour_gets_everything_in_order(
    receiver: Receiver, clock: time_machine.Traveller
) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url)
    receiver.answering = lambda _: REFUSED
    for minute in range(30):
        for member in (1, 2):
            tell(shop, member_id=member, minute=minute)
        settle()
        clock.shift(dt.timedelta(minutes=1))
    refused = len(receiver.received)
    assert refused < 30  # left alone, mostly
    receiver.answering = lambda _: Reply()
    for _ in range(40):
        clock.shift(dt.timedelta(minutes=1))
        settle()
        if set(statuses()) == {"delivered"}:
            break
    assert statuses() == ["delivered"] * 60
    taken = receiver.received[refused:]
    assert len(taken) == 60
    for member in (1, 2):
        uids = {one.event.uid for one in deliveries() if one.member_id == member}
        assert [one.body["data"]["minute"] for one in taken if one.uid in uids] == list(range(30))
    assert (fresh(endpoint).failures, fresh(endpoint).closed_until) == (0, None)


def test_a_later_event_of_a_member_waits_for_an_earlier_one(
    receiver: Receiver, clock: time_machine.Traveller
) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    for number in range(3):
        tell(shop, member_id=7, number=1, n=number)
        tell(shop, member_id=8, number=1, n=number)
    first = {"refuse": True}
    receiver.answering = lambda one: REFUSED if one.body["data"]["n"] == 1 and first["refuse"] else Reply()
    settle()
    assert statuses() == ["delivered", "delivered", "pending", "pending", "pending", "pending"]
    assert len(receiver.received) == 4  # 0 and 1 of each
    first["refuse"] = False
    settle()
    assert len(receiver.received) == 4
    clock.shift(dt.timedelta(seconds=6))
    settle()
    assert statuses() == ["delivered"] * 6


def test_a_receiver_that_starts_late_gets_all_at_the_next_event_of_the_customer(
    receiver: Receiver, clock: time_machine.Traveller
) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    receiver.answering = lambda _: Reply(500)
    tell(shop, n=0)
    for _ in range(2):  # at once and after five seconds; then there is a pause of five minutes
        settle()
        clock.shift(dt.timedelta(seconds=6))
    receiver.answering = lambda _: Reply()
    settle()
    assert statuses() == ["pending"]
    tell(shop, n=1)
    settle()
    assert statuses() == ["delivered", "delivered"]
    assert [one.body["data"]["n"] for one in receiver.received] == [0, 0, 0, 1]


def test_what_another_event_shows_to_work_is_tried_early_a_few_times_only(
    receiver: Receiver, clock: time_machine.Traveller
) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    receiver.answering = lambda one: Reply(500) if one.body["data"].get("bad") else Reply()
    tell(shop, member_id=1, bad=True)
    for member in range(2, 20):
        tell(shop, member_id=member)
        settle()
        clock.shift(dt.timedelta(seconds=6))
    tried = [one for one in receiver.received if one.body["data"].get("bad")]
    assert 2 < len(tried) <= 4  # the table alone has two in this time


@pytest.mark.parametrize("status", [404, 429, 503])
def test_what_a_receiver_refused_or_put_off_is_not_tried_early(
    receiver: Receiver, clock: time_machine.Traveller, status: int
) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    receiver.answering = lambda one: Reply(status) if one.body["data"]["n"] == 0 else Reply()
    tell(shop, n=0)
    for n in range(1, 8):
        tell(shop, n=n)
        tell(shop, member_id=2, n=n)
        settle()
        clock.shift(dt.timedelta(seconds=6))
    assert [one.body["data"]["n"] for one in receiver.received].count(0) == 2


def test_attempts_follow_the_table_and_end(receiver: Receiver, clock: time_machine.Traveller) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url)
    receiver.answering = lambda _: Reply(302, {"location": receiver.url + "/elsewhere"})
    tell(shop)
    for number, pause in enumerate([dt.timedelta(), *retries.PAUSES]):
        clock.shift(pause * 1.2 + dt.timedelta(seconds=1))
        settle()
        assert len(receiver.received) == number + 1
    assert statuses() == ["failed"]
    assert len(attempts()) == retries.ATTEMPTS == 10
    assert {one.path for one in receiver.received} == {"/hook"}  # redirects are not followed
    assert len(set(receiver.uids)) == 1
    now = fresh(endpoint)
    assert not now.is_active
    assert "accepted nothing for days" in now.disabled_reason
    assert "302" in now.disabled_reason


def test_one_bad_event_does_not_disable_an_endpoint(
    receiver: Receiver, clock: time_machine.Traveller
) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url)
    receiver.answering = lambda one: REFUSED if one.body["data"].get("bad") else Reply()
    tell(shop, member_id=1, bad=True)
    for pause in (dt.timedelta(), *retries.PAUSES):
        clock.shift(pause * 1.2 + dt.timedelta(seconds=1))
        tell(shop, member_id=2)
        settle()
    assert Counter(statuses()) == {"failed": 1, "delivered": 10}
    assert fresh(endpoint).is_active


def test_410_disables_at_once(receiver: Receiver) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url)
    receiver.answering = lambda _: Reply(410)
    tell(shop, member_id=None)
    settle()
    now = fresh(endpoint)
    assert not now.is_active
    assert now.disabled_at is not None
    assert now.disabled_reason == results.GONE
    assert statuses() == ["failed"]
    tell(shop, member_id=None)
    settle()
    assert len(receiver.received) == 1
    assert len(deliveries()) == 1  # what happens while it is off is not kept for it


def test_retry_after_is_honoured(receiver: Receiver, clock: time_machine.Traveller) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    receiver.answering = lambda _: Reply(429, {"retry-after": "3600"})
    tell(shop)
    settle()
    assert deliveries()[0].next_at == timezone.now() + dt.timedelta(hours=1)
    clock.shift(dt.timedelta(minutes=59))
    settle()
    assert len(receiver.received) == 1
    clock.shift(dt.timedelta(minutes=1))
    settle()
    assert len(receiver.received) == 2


def test_a_dead_endpoint_does_not_delay_a_live_one(receiver: Receiver) -> None:
    shop = make_shop()
    held = threading.Event()
    with Receiver(lambda _: Reply(hold=held)) as dead:
        for number in range(12):
            listen(shop, f"{dead.url}/{number}")
        listen(shop, receiver.url)
        tell(shop, member_id=None, number=20)
        fanout.pass_on_all()

        def answering(_: Received) -> Reply:
            if len(receiver.received) == 20:
                held.set()  # lets the dead ones go when the live one has all
            return Reply()

        receiver.answering = answering
        deliver.deliver_all()
        assert held.is_set()
        assert len(receiver.received) == 20
        assert dead.most_in_flight < deliver.IN_FLIGHT


def test_few_requests_at_once_to_one_endpoint(receiver: Receiver) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    ready = threading.Event()

    def answering(one: Received) -> Reply:
        if len(receiver.received) >= deliver.IN_FLIGHT_EACH:
            ready.set()
        return Reply(hold=ready)

    receiver.answering = answering
    tell(shop, member_id=None, number=30)
    settle()
    assert receiver.most_in_flight == deliver.IN_FLIGHT_EACH
    assert statuses() == ["delivered"] * 30


def test_after_failures_it_is_asked_with_one_event_at_a_time(
    receiver: Receiver, clock: time_machine.Traveller
) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url)
    receiver.answering = lambda _: REFUSED
    tell(shop, member_id=None, number=100)
    settle()
    opened = len(receiver.received)
    assert retries.CIRCUIT_OPENS_AFTER <= opened <= retries.CIRCUIT_OPENS_AFTER + deliver.IN_FLIGHT_EACH
    pause = 5
    for probes in range(1, 4):
        clock.shift(dt.timedelta(seconds=pause - 1))
        settle()
        assert len(receiver.received) == opened + probes - 1
        clock.shift(dt.timedelta(seconds=1))
        settle()
        assert len(receiver.received) == opened + probes
        pause *= 2
    assert sum(one.attempts == 0 for one in deliveries()) >= 100 - opened - 3
    receiver.answering = lambda _: Reply()
    clock.shift(dt.timedelta(seconds=pause))
    settle()
    assert statuses() == ["delivered"] * 100  # also those whose next attempt was in five minutes
    assert fresh(endpoint).failures == 0


def test_the_log_says_when_an_endpoint_begins_to_fail_and_when_it_is_back(
    receiver: Receiver, clock: time_machine.Traveller
) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url + "?token=secret")
    whose = {"endpoint": endpoint.pk, "business": shop.id}
    receiver.answering = lambda _: REFUSED
    tell(shop, member_id=None, number=20)
    with capture_logs() as lines:
        for turn in range(3):
            if turn == 2:
                receiver.answering = lambda _: Reply()
            settle()
            clock.shift(dt.timedelta(seconds=12))
    assert lines == [
        {"event": "webhook_endpoint_failing", "log_level": "warning", **whose},
        {"event": "webhook_endpoint_back", "log_level": "info", **whose},
    ]


def test_told_to_stop_it_ends_what_is_under_way_and_gives_back_the_rest(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, close = threading.Event(), deliver._Sender.close

    def closing(sender: deliver._Sender) -> None:
        sender._ending = True
        ended.set()
        close(sender)

    monkeypatch.setattr(deliver._Sender, "close", closing)
    receiver.answering = lambda _: Reply(hold=ended)
    shop = make_shop()
    listen(shop, receiver.url)
    tell(shop, member_id=None, number=60)
    fanout.pass_on_all()
    deliver.step(lambda: len(receiver.received) == deliver.IN_FLIGHT_EACH)
    assert len(receiver.received) == deliver.IN_FLIGHT_EACH == 8
    assert Counter(statuses()) == {"delivered": 8, "pending": 52}
    assert {one.lease for one in deliveries()} == {""}
    receiver.answering = lambda _: Reply()
    settle()
    assert len(set(receiver.uids)) == len(receiver.received) == 60


def test_idle_it_only_looks(django_assert_num_queries: object, receiver: Receiver) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    tell(shop)
    settle()
    with django_assert_num_queries(2) as seen:  # type: ignore[operator]
        fanout.step(lambda: False)
        deliver.step(lambda: False)
    assert all(one["sql"].lstrip().startswith(("SELECT", "WITH")) for one in seen.captured_queries)
