"""One idempotency key, many callers: one effect, one answer; the guard, and what would happen without it."""

from concurrent.futures import Future

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scopes_disabled

from regulars import db
from regulars.analytics.audit import audit
from regulars.ledger.models import Card
from regulars.tenants import idempotency
from regulars.tenants.idempotency import KeyReused, StillRunning
from regulars.tenants.models import IdempotencyRecord
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.races.crowd import PATIENCE, Elsewhere, split, together

pytestmark = pytest.mark.django_db(transaction=True)

postgresql_only = pytest.mark.skipif(
    "config.getoption('--database') == 'sqlite'", reason="SQLite runs one such transaction at a time"
)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def stamp_once(shop: Shop, card: Card, key: str = "key", count: int = 3) -> str:
    """What a write of the API does: claim the key, act, keep the answer; all in one transaction."""
    hashed = idempotency.request_hash(str(count).encode())
    with transaction.atomic():
        stored = idempotency.claim(business_id=shop.id, key=key, hashed=hashed)
        if stored is not None:
            return f"again: {stored.body}"
        body = f"{{{shop.stamp(card, count).current_stamps}}}"
        idempotency.keep(business_id=shop.id, key=key, hashed=hashed, status=200, body=body)
        return body


def stamps(card: Card) -> int:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk).total_stamps


def test_50_callers_with_one_key_have_one_effect_and_one_answer(shop: Shop) -> None:
    card = shop.enrol()
    answers, refused = split(together(50, lambda _: stamp_once(shop, card)))
    assert {type(error) for error in refused} <= {StillRunning}
    assert answers.count("{3}") == 1
    assert set(answers) <= {"{3}", "again: {3}"}
    assert stamp_once(shop, card) == "again: {3}"
    with pytest.raises(KeyReused):
        stamp_once(shop, card, count=4)
    assert stamps(card) == 3
    with scopes_disabled():
        assert IdempotencyRecord.objects.count() == 1
    assert audit().ok


def test_callers_with_keys_of_their_own_do_not_wait_for_one_another(shop: Shop) -> None:
    cards = [shop.enrol(f"Customer {number}") for number in range(16)]
    answers, refused = split(
        together(16, lambda number: stamp_once(shop, cards[number], key=f"key {number}"))
    )
    assert (answers, refused) == (["{3}"] * 16, [])


def while_the_first_is_running(shop: Shop, card: Card) -> Future[str]:
    with Elsewhere() as first, Elsewhere() as second:
        first.open_transaction()
        assert first(stamp_once, shop, card) == "{3}"
        pending = second.begin(stamp_once, shop, card)
        try:
            pending.exception(1)
        except TimeoutError:
            first.commit()
        pending.exception(PATIENCE)
        return pending


@postgresql_only
def test_a_retry_while_the_first_is_running_is_told_so_at_once(shop: Shop) -> None:
    card = shop.enrol()
    assert isinstance(while_the_first_is_running(shop, card).exception(), StillRunning)
    # The first was taken back, so the key is free.
    assert stamps(card) == 0
    assert stamp_once(shop, card) == "{3}"


@postgresql_only
def test_without_the_lock_on_the_key_the_retry_acts_again_and_only_the_database_stops_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "try_serialise", lambda *_: True)
    card = shop.enrol()
    error = while_the_first_is_running(shop, card).exception()
    assert isinstance(error, IntegrityError)
    assert "idempotency_key_unique" in str(error)
    assert stamps(card) == 3


@postgresql_only
def test_a_key_is_free_again_when_its_first_caller_died(shop: Shop) -> None:
    card = shop.enrol()
    with Elsewhere() as first:
        first.open_transaction()
        first(stamp_once, shop, card)
        (pid,) = first(db.run, "SELECT pg_backend_pid()")[0]
        db.run("SELECT pg_terminate_backend(%s::int)", (pid,))
        first.abandon()
    for _ in range(200):
        try:
            assert stamp_once(shop, card) == "{3}"
            break
        except StillRunning:
            continue
    assert stamps(card) == 3


def test_a_form_of_the_office_that_is_sent_twice_at_once_is_done_once(shop: Shop) -> None:
    card = shop.enrol("Asha Rao")
    given = {"way": "give", "count": "2", "reason": "Kind", "once": "0" * 32}
    seats = [Seat(shop) for _ in range(4)]
    got, refused = split(
        together(4, lambda number: seats[number].post("member-stamps", given, member_id=card.pk))
    )
    assert refused == []
    assert {answer.status_code for answer in got} == {303}
    assert stamps(card) == 2
