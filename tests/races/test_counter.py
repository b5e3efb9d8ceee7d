"""Crowds at the counter: one client id does one thing, limits and PINs hold, undoing happens once."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial

import pytest
from django.contrib.auth.hashers import check_password
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.counter import devices, doing, limits, pins, scanning, undoing
from regulars.counter.doing import Done, Wish
from regulars.counter.models import Action, Scan
from regulars.counter.operators import Operator
from regulars.ledger.models import Card
from regulars.members.actions import delete_member
from regulars.members.models import Member
from regulars.promotions import actions as promotions
from regulars.rules.errors import NotFound
from tests.counter.given import actions, at_work, card_of, do, new_id, rules, scans
from tests.factories import Shop, make_shop
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 20
ROUNDS = 20 if os.environ.get("SOAK") else 1


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma")


def act(operator: Operator, wish: Wish, _: int) -> Done:
    return doing.act(operator=operator, wish=wish)


def undo(operator: Operator, pk: int, _: int) -> Action:
    return undoing.undo(operator=operator, action_id=pk)


def kinds(errors: list[Exception]) -> dict[str, int]:
    return dict(Counter(type(error).__name__ for error in errors))


def test_one_client_id_sent_20_times_at_once_does_one_thing(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7")
    operator = at_work(shop)
    for number in range(1, ROUNDS + 1):
        wish = Wish("stamps", new_id(), {"count": 1}, member_id=card.pk)
        got, refused = split(together(CALLERS, partial(act, operator, wish)))
        assert refused == []
        assert len({done.action.pk for done in got if done.action}) == 1
        assert sum(not done.repeated for done in got) == 1
        assert (card_of(card).total_stamps, card_of(card).points, len(scans(shop))) == (
            number, 7 * number, number,
        )  # fmt: skip
    assert audit().ok


def test_one_enrolment_sent_20_times_at_once_makes_one_member(shop: Shop) -> None:
    operator = at_work(shop)
    wish = Wish("enrol", new_id(), {"name": "Neha", "phone": "9876500002"})
    got, refused = split(together(CALLERS, lambda _: doing.act(operator=operator, wish=wish)))
    assert (refused, len({done.member_id for done in got})) == ([], 1)
    with scopes_disabled():
        assert Member.objects.count() == 1


def test_one_scan_sent_20_times_at_once_gives_once(shop: Shop, card: Card) -> None:
    promotions.add_event_promotion(
        business_id=shop.id, name="Hello", points_to_award=5, auto_allocate_on_event="quickscan"
    )
    operator, client_id = at_work(shop), new_id()
    got, refused = split(
        together(CALLERS, lambda _: scanning.scan(operator=operator, client_id=client_id, text=card.qr_code))
    )
    assert (len(got), refused, len(scans(shop)), card_of(card).points) == (CALLERS, [], 1, 5)


def test_of_20_scans_at_once_as_many_earn_as_the_limit_allows(shop: Shop, card: Card) -> None:
    rules(shop, scans_per_day=3)
    operator = at_work(shop)
    got, refused = split(together(CALLERS, lambda _: do(operator, "stamps", card)))
    assert (len(got), kinds(refused)) == (3, {"LimitReached": CALLERS - 3})
    assert (card_of(card).total_stamps, len(scans(shop)), len(actions(shop))) == (3, 3, 3)
    assert audit().ok


def test_without_holding_the_member_more_of_them_earn(
    shop: Shop, card: Card, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    if database == "sqlite":
        pytest.skip("SQLite has one writer at a time, whom nobody else comes before")
    monkeypatch.setattr(limits, "hold", lambda _: None)
    rules(shop, scans_per_day=1)
    operator = at_work(shop)
    got, _ = split(together(CALLERS, lambda _: do(operator, "stamps", card)))
    assert len(got) > 1


def test_of_20_wrong_pins_at_once_five_are_looked_at(shop: Shop) -> None:
    staff = pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin="7391")
    asked: list[str] = []

    def counted(pin: str, hashed: str) -> bool:
        asked.append(pin)
        return check_password(pin, hashed)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pins, "check_password", counted)
        _, refused = split(
            together(CALLERS, lambda n: pins.prove(business_id=shop.id, staff_id=staff.pk, pin=f"82{n:02}"))
        )
    assert kinds(refused) == {"WrongPin": 5, "PinClosed": CALLERS - 5}
    assert len(asked) == 5


def test_one_code_pairs_one_device(shop: Shop) -> None:
    _, code = devices.create_pairing(business_id=shop.id)
    got, refused = split(together(CALLERS, lambda _: devices.pair(code=code)))
    assert (len(got), kinds(refused)) == (1, {"NotFound": CALLERS - 1})


def test_what_20_undo_at_once_is_undone_once(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="free")
    operator = at_work(shop)
    done = [do(operator, "stamps", card, count=9), do(operator, "points", card, points=20)]
    for one in done:
        assert one.action is not None
        got, refused = split(together(CALLERS, partial(undo, operator, one.action.pk)))
        assert (refused, len({row.undone_at for row in got})) == ([], 1)
    now = card_of(card)
    assert (now.stamps, now.pending_rewards, now.points, now.total_visits) == (0, 0, 0, 0)
    assert audit().ok


def test_doing_and_undoing_at_once_leaves_a_true_card(shop: Shop, card: Card) -> None:
    """Actions of one scan come and go at the same time; nobody waits for somebody who waits for them."""
    operator, scan_id = at_work(shop), new_id()
    made = [do(operator, "stamps", card, scan_id=scan_id).action for _ in range(6)]

    def call(number: int) -> object:
        action = made[number // 2]
        if number % 2 and action is not None:
            return undoing.undo(operator=operator, action_id=action.pk)
        return do(operator, "stamps", card, scan_id=scan_id)

    _, refused = split(together(12, call))
    assert refused == []
    assert (card_of(card).total_stamps, [row.earned for row in scans(shop)]) == (6, [True])
    assert audit().ok


def test_somebody_is_erased_while_they_are_served(shop: Shop, card: Card) -> None:
    operator = at_work(shop)

    def call(number: int) -> Done | None:
        if number == 3:
            delete_member(business_id=shop.id, member_id=card.pk)
            return None
        return do(operator, "stamps", card)

    _, refused = split(together(8, call))
    assert all(isinstance(error, NotFound) for error in refused), refused
    with scopes_disabled():
        assert not Scan.objects.exists()
        assert not Card.objects.exists()
    assert audit().ok
