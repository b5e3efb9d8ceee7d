"""Many at once: a link counts once, a birthday is one message, a name is one text."""

from __future__ import annotations

import datetime as dt

import pytest
from django_scopes import scope

from regulars.messages import actions, daily
from regulars.messages.models import Message, MessageText
from regulars.rules.errors import NotFound
from regulars.tenants import passwords
from tests.factories import Shop, make_shop
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db(transaction=True)

MORNING = dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC)
CALLERS = 8


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_a_password_link_is_used_once(shop: Shop) -> None:
    uid, token = passwords._link(shop.owner.user).rsplit("/", 2)[1:]
    used, refused = split(
        together(
            CALLERS,
            lambda number: passwords.set_password(uid=uid, token=token, password=f"the {number}th password"),
        )
    )
    assert (len(used), {type(error) for error in refused}) == (1, {NotFound})
    assert len(refused) == CALLERS - 1


def test_workers_that_all_wish_a_happy_birthday_wish_it_once(shop: Shop) -> None:
    cards = [
        shop.enrol(f"Guest {number}", email=f"guest{number}@mail.example", birthday=dt.date(1990, 6, 1))
        for number in range(20)
    ]
    queued, failed = split(together(CALLERS, lambda _: daily.run_all(now=MORNING)))
    assert failed == []
    assert sum(queued) == len(cards)
    with scope(business=shop.id):
        keys = list(Message.objects.order_by("id").values_list("key", flat=True))
    assert sorted(keys) == sorted(f"birthday:{card.pk}:2026" for card in cards)


def test_one_name_is_one_text(shop: Shop) -> None:
    names = ("Summer", "SUMMER", "summer")
    made, failed = split(
        together(
            CALLERS,
            lambda number: actions.set_text(
                business_id=shop.id, kind="voucher_issued", name=names[number % 3], subject=f"Deal {number}"
            ),
        )
    )
    assert failed == []
    with scope(business=shop.id):
        (row,) = MessageText.objects.all()
    assert row.subject in {text.subject for text in made}
