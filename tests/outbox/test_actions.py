"""Endpoints are made, changed and deleted; events are sent again."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import WebhookVerificationError

from regulars.outbox import actions, catalogue, cleaning, deliver, fanout, queries, resending
from regulars.outbox.models import Event
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from tests.factories import make_shop
from tests.outbox.receiver import Receiver, Reply
from tests.outbox.support import START, attempts, deliveries, fresh, listen, settle, statuses, tell

pytestmark = pytest.mark.django_db

GOOD = "https://till.example/hooks"


def test_a_secret_is_shown_once_and_kept_sealed() -> None:
    shop = make_shop()
    endpoint, secret = listen(shop, GOOD)
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    kept = fresh(endpoint)
    assert secret not in str(vars(kept))
    assert secret.removeprefix("whsec_") not in str(vars(kept))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("url", {"url": "http://till.example/"}), ("url", {"url": "https://10.0.0.1/"}),
        ("url", {"url": "https://a:b@till.example/"}), ("url", {"url": ""}),
        ("event_types", {"url": GOOD, "event_types": []}),
        ("event_types", {"url": GOOD, "event_types": ["stamp"]}),
        ("event_types", {"url": GOOD, "event_types": ["stamp.added", "stamp.lost"]}),
        ("event_types", {"url": GOOD, "event_types": ["s*"]}),
        ("description", {"url": GOOD, "description": "x" * 201}),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(
    field: str, values: dict[str, object], settings: Settings
) -> None:
    settings.REGULARS_WEBHOOK_NETWORKS = []
    shop = make_shop()
    with pytest.raises(InvalidInput) as caught:
        actions.create_endpoint(business_id=shop.id, **values)  # type: ignore[arg-type]
    assert set(caught.value.fields) == {field}
    assert queries.endpoints(business_id=shop.id) == []


def test_a_business_has_twenty_endpoints_at_most() -> None:
    shop = make_shop()
    for number in range(20):
        listen(shop, f"{GOOD}/{number}")
    with pytest.raises(Conflict, match="20 endpoints"):
        listen(shop, GOOD)
    listen(make_shop(), GOOD)


def test_another_business_finds_nothing() -> None:
    shop, stranger = make_shop(), make_shop()
    endpoint, _ = listen(shop, GOOD)
    tell(shop)
    fanout.pass_on_all()
    whose: dict[str, Any] = {"business_id": stranger.id, "endpoint_id": endpoint.pk}
    for call in (actions.delete_endpoint, actions.rotate_secret, actions.send_test, queries.endpoint):
        with pytest.raises(NotFound):
            call(**whose)
    with pytest.raises(NotFound):
        actions.edit_endpoint(**whose, description="Mine now")
    with pytest.raises(NotFound):
        resending.resend_since(**whose, since=START)
    with pytest.raises(NotFound):
        resending.resend(business_id=stranger.id, delivery_id=deliveries()[0].pk)
    with pytest.raises(NotFound):
        queries.deliveries(**whose)


def test_while_a_secret_is_rotated_both_sign(receiver: Receiver) -> None:
    shop = make_shop()
    endpoint, former = listen(shop, receiver.url)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        _, present = actions.rotate_secret(business_id=shop.id, endpoint_id=endpoint.pk)
        for hours, former_works in ((23, True), (2, False)):
            clock.shift(dt.timedelta(hours=hours))
            tell(shop)
            settle()
            last = receiver.received[-1]
            last.verify(present)
            if former_works:
                last.verify(former)
            else:
                with pytest.raises(WebhookVerificationError):
                    last.verify(former)
    assert present != former
    _, now = actions.rotate_secret(business_id=shop.id, endpoint_id=endpoint.pk, overlap_hours=0)
    tell(shop)
    settle()
    receiver.received[-1].verify(now)
    assert len(receiver.received[-1].headers["webhook-signature"].split()) == 1
    for hours in (-1, 169):
        with pytest.raises(InvalidInput, match="overlap_hours"):
            actions.rotate_secret(business_id=shop.id, endpoint_id=endpoint.pk, overlap_hours=hours)


def test_a_test_goes_to_one_endpoint_whatever_it_wants(receiver: Receiver) -> None:
    shop = make_shop()
    listen(shop, f"{receiver.url}/other")
    endpoint, secret = listen(shop, f"{receiver.url}/mine", "sale.recorded")
    uid = actions.send_test(business_id=shop.id, endpoint_id=endpoint.pk)
    settle()
    (one,) = receiver.received
    one.verify(secret)
    assert (one.path, one.uid, one.body["type"]) == ("/hook/mine", uid, "webhook.test")
    assert one.body["data"].keys() == catalogue.TYPES["webhook.test"].example.keys()


def test_one_delivery_is_sent_again(receiver: Receiver) -> None:
    shop = make_shop()
    listen(shop, receiver.url)
    tell(shop)
    settle()
    resending.resend(business_id=shop.id, delivery_id=deliveries()[0].pk)
    settle()
    assert len(receiver.received) == 2
    assert len(set(receiver.uids)) == 1
    assert len(attempts()) == 2
    assert statuses() == ["delivered"]


def test_everything_since_a_time_is_sent_again(receiver: Receiver) -> None:
    shop, other = make_shop(), make_shop()
    early, late = f"{receiver.url}/early", f"{receiver.url}/late"
    listen(shop, early)
    for at in range(3):
        tell(shop, n=at)
        tell(shop, "sale.recorded", None)
        tell(other)
    settle()
    endpoint, _ = listen(shop, late, "stamp.*")
    with time_machine.travel(timezone.now(), tick=False):
        stored = Event._base_manager
        first = stored.filter(business_id=shop.id, type="stamp.added").order_by("id")[0]
        stored.filter(pk=first.pk).update(created_at=timezone.now() - dt.timedelta(days=2))
        since = timezone.now() - dt.timedelta(days=1)
        assert resending.resend_since(business_id=shop.id, endpoint_id=endpoint.pk, since=since) == 2
        settle()
        got = [one.body["data"]["n"] for one in receiver.received if one.path == "/hook/late"]
        assert got == [1, 2]
        assert resending.resend_since(business_id=shop.id, endpoint_id=endpoint.pk, since=since) == 2
    settle()
    assert len([one for one in receiver.received if one.path == "/hook/late"]) == 4
    assert statuses(endpoint) == ["delivered"] * 2


def test_too_much_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resending, "MAX_RESENT", 3)
    shop = make_shop()
    endpoint, _ = listen(shop, GOOD)
    tell(shop, number=4)
    fanout.pass_on_all()
    before = [one.pk for one in deliveries()]
    with pytest.raises(InvalidInput, match="more than 3 events"):
        resending.resend_since(business_id=shop.id, endpoint_id=endpoint.pk, since=START)
    assert [one.pk for one in deliveries()] == before


def test_what_is_switched_off_is_kept_and_goes_on_when_switched_on(receiver: Receiver) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url)
    receiver.answering = lambda _: Reply(500)
    tell(shop)
    settle()
    actions.edit_endpoint(business_id=shop.id, endpoint_id=endpoint.pk, is_active=False)
    settle()
    assert statuses() == ["pending"]
    for refused in (actions.send_test, lambda **whose: resending.resend_since(**whose, since=START)):
        with pytest.raises(Conflict, match="disabled"):
            refused(business_id=shop.id, endpoint_id=endpoint.pk)
    receiver.answering = lambda _: Reply()
    actions.edit_endpoint(business_id=shop.id, endpoint_id=endpoint.pk, is_active=True)
    settle()
    assert statuses() == ["delivered"]


def test_another_secret_key_disables_until_the_secret_is_rotated(
    receiver: Receiver, settings: Settings
) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url)
    tell(shop)
    fanout.pass_on_all()
    settings.SECRET_KEY = "another key of more than fifty letters, as after a move"
    deliver.deliver_all()
    assert "REGULARS_SECRET_KEY" in fresh(endpoint).disabled_reason
    _, secret = actions.rotate_secret(business_id=shop.id, endpoint_id=endpoint.pk)
    actions.edit_endpoint(business_id=shop.id, endpoint_id=endpoint.pk, is_active=True)
    settle()
    receiver.received[0].verify(secret)


def test_deleting_an_endpoint_leaves_nothing_of_it(receiver: Receiver) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, receiver.url)
    tell(shop)
    settle()
    tell(shop)
    fanout.pass_on_all()
    actions.delete_endpoint(business_id=shop.id, endpoint_id=endpoint.pk)
    assert (deliveries(), attempts()) == ([], [])
    settle()
    assert len(receiver.received) == 1


def test_old_deliveries_and_events_are_forgotten(receiver: Receiver) -> None:
    shop = make_shop()
    dead, _ = listen(shop, f"{receiver.url}/dead", "sale.*")
    listen(shop, receiver.url, "stamp.*")
    with time_machine.travel(START, tick=False) as clock:
        tell(shop, "stamp.added")
        tell(shop, "sale.recorded")
        Event._base_manager.update(created_at=START)
        fanout.pass_on_all()
        actions.edit_endpoint(business_id=shop.id, endpoint_id=dead.pk, is_active=False)
        deliver.deliver_all()
        actions.edit_endpoint(business_id=shop.id, endpoint_id=dead.pk, is_active=True)
        stored = Event._base_manager
        for row in deliveries():
            type(row)._base_manager.filter(pk=row.pk).update(created_at=START)
        clock.shift(dt.timedelta(days=31))
        cleaning.forget_old(now=timezone.now())
        assert (statuses(), attempts(), stored.count()) == (["pending"], [], 2)
        clock.shift(dt.timedelta(days=60))
        cleaning.forget_old(now=timezone.now())
        assert (statuses(), [one.type for one in stored.all()]) == (["pending"], ["sale.recorded"])
        actions.edit_endpoint(business_id=shop.id, endpoint_id=dead.pk, is_active=False)
        clock.shift(dt.timedelta(days=31))
        cleaning.forget_old(now=timezone.now())
        assert (statuses(), stored.count()) == ([], 0)
