"""Requests under way: fair to all, none costs another its place, and what changes meanwhile is seen."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from standardwebhooks import WebhookVerificationError

from regulars.outbox import actions, deliver, fanout
from regulars.rules import retries
from tests.factories import make_shop
from tests.outbox.receiver import Received, Receiver, Reply
from tests.outbox.support import attempts, listen, settle, statuses, tell

pytestmark = pytest.mark.django_db


def test_whatever_goes_wrong_with_a_request_costs_only_that_attempt(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop()
    listen(shop, receiver.url)

    def stumbling(headers: dict[str, str], now: dt.datetime) -> None:
        if "x-trap" in headers:
            raise ArithmeticError

    monkeypatch.setattr(retries, "wish_of", stumbling)
    trapped = {"x-trap": "1"}
    receiver.answering = lambda one: Reply(headers=trapped if one.body["data"].get("trap") else {})
    tell(shop, member_id=None, number=3, trap=True)
    tell(shop, member_id=None, number=20)
    settle()
    assert Counter(statuses()) == {"delivered": 20, "pending": 3}
    assert {one.error for one in attempts()} == {"", deliver.STUMBLED}


def test_many_slow_endpoints_of_one_business_do_not_delay_another(receiver: Receiver) -> None:
    shop, neighbour = make_shop(), make_shop()
    held, under_way = threading.Event(), list[int]()
    with Receiver(lambda _: Reply(hold=held)) as slow:
        for number in range(20):
            listen(shop, f"{slow.url}/{number}")
        listen(neighbour, receiver.url)
        tell(shop, member_id=None, number=70)
        tell(neighbour, member_id=None, number=40)
        fanout.pass_on_all()

        def answering(_: Received) -> Reply:
            if len(receiver.received) == 40:
                under_way.append(len(slow.received))  # more may follow once these are let go
                held.set()
            return Reply()

        receiver.answering = answering
        began = time.monotonic()
        deliver.step(held.is_set)
        assert receiver.received[-1].at - began < 10  # far from the 15 seconds of a request
        assert len(receiver.received) == 40
        assert under_way[0] < deliver.IN_FLIGHT


# What happens to an endpoint or its members, and how many of four events may still be sent.
CHANGES: dict[str, tuple[Callable[..., object], int]] = {
    "delete": (actions.delete_endpoint, 0),
    "disable": (partial(actions.edit_endpoint, is_active=False), 0),
    "move": (partial(actions.edit_endpoint, url="http://127.0.0.2:1/"), 0),
    "rotate": (partial(actions.rotate_secret, overlap_hours=0), 4),
    "erase": (lambda *, business_id, **_: actions.forget_member(business_id=business_id, member_id=2), 3),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_while_it_waits_is_not_sent_as_it_was(
    change: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "_CHECK_EVERY", 0)
    shop = make_shop()
    endpoint, secret = listen(shop, receiver.url)
    held, turns = threading.Event(), iter(range(1000))
    receiver.answering = lambda _: Reply(hold=held)
    tell(shop, member_id=None, number=8)
    for member in range(1, 5):
        tell(shop, member_id=member)
    fanout.pass_on_all()
    happens, number = CHANGES[change]

    def stop() -> bool:
        if len(receiver.received) >= 8:
            turn = next(turns)
            if turn == 0:
                happens(business_id=shop.id, endpoint_id=endpoint.pk)
            if turn == 1:  # it has looked since then
                held.set()
        return False

    deliver.step(stop)
    receiver.received[0].verify(secret)
    rest = receiver.received[8:]
    assert len(rest) == number
    for one in rest:
        if change == "rotate":
            with pytest.raises(WebhookVerificationError):
                one.verify(secret)
        else:
            one.verify(secret)
