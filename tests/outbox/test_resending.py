"""Sending many events again, while new ones happen and are passed on."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from regulars import db
from regulars.outbox import fanout, resending
from regulars.outbox.models import Event
from regulars.rules.errors import InvalidInput
from tests.factories import make_shop
from tests.outbox.support import START, deliveries, listen, statuses, tell

TILL, OFFICE = "https://till.example/", "https://office.example/"
DAY = dt.timedelta(days=1)


@pytest.mark.django_db
def test_many_are_sent_again_a_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resending, "BATCH", 4)
    sizes: list[int] = []
    real = resending._resend

    def counting(endpoint_id: int, ids: list[int]) -> int:
        sizes.append(len(ids))
        return real(endpoint_id, ids)

    monkeypatch.setattr(resending, "_resend", counting)
    shop = make_shop()
    tell(shop, number=10)
    fanout.pass_on_all()
    endpoint, _ = listen(shop, TILL)
    assert resending.resend_since(business_id=shop.id, endpoint_id=endpoint.pk, since=START - DAY) == 10
    assert sizes == [4, 4, 2]
    assert statuses(endpoint) == ["pending"] * 10


@pytest.mark.django_db
def test_what_is_gone_meanwhile_is_not_counted() -> None:
    shop = make_shop()
    tell(shop, number=2)
    fanout.pass_on_all()
    endpoint, _ = listen(shop, TILL)
    with scopes_disabled():
        ids = list(Event.objects.order_by("id").values_list("id", flat=True))
        Event.objects.filter(pk=ids[0]).delete()
    assert resending._resend(endpoint.pk, ids) == 1
    with scopes_disabled():
        type(endpoint).objects.update(is_active=False)
    assert resending._resend(endpoint.pk, ids) == 0


@pytest.mark.django_db
def test_what_waits_to_be_passed_on_arrives_once() -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, TILL)
    tell(shop)
    assert resending.resend_since(business_id=shop.id, endpoint_id=endpoint.pk, since=START - DAY) == 0
    fanout.pass_on_all()
    assert statuses(endpoint) == ["pending"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-23:59"])
def test_a_time_far_outside_is_refused(text: str) -> None:
    shop = make_shop()
    endpoint, _ = listen(shop, TILL)
    since = dt.datetime.fromisoformat(text)
    with pytest.raises(InvalidInput) as caught:
        resending.resend_since(business_id=shop.id, endpoint_id=endpoint.pk, since=since)
    assert set(caught.value.fields) == {"since"}


@pytest.mark.django_db(transaction=True)
def test_no_event_is_passed_over_while_others_are_sent_again(database: str) -> None:
    if database != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    shop = make_shop()
    till, office = (listen(shop, url)[0] for url in (TILL, OFFICE))
    tell(shop, n=0)
    fanout.pass_on_all()
    tell(shop, n=1)
    holding, let_go = threading.Event(), threading.Event()

    def resend() -> None:
        with transaction.atomic():
            resending.resend_since(business_id=shop.id, endpoint_id=till.pk, since=timezone.now() - DAY)
            # As a row does that refers to an event.
            db.run("SELECT 1 FROM outbox_event FOR KEY SHARE")
            holding.set()
            let_go.wait(30)
        connection.close()

    thread = threading.Thread(target=resend)
    thread.start()
    assert holding.wait(30)
    tell(shop, n=2)
    fanout.pass_on_all()
    passed_on = [one.event.payload["n"] for one in deliveries(office)]
    let_go.set()
    thread.join(30)
    assert passed_on == [0, 1, 2]
