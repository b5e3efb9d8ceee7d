"""Retries: the stored answer, the other request, and how long both are kept."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scopes_disabled
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from regulars import seal
from regulars.rules.errors import Conflict, InvalidInput
from regulars.tenants import idempotency
from regulars.tenants.idempotency import KEEP, KeyReused, StoredAnswer, check_key, claim, keep, request_hash
from regulars.tenants.models import IdempotencyRecord
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def store(shop: Shop, key: str = "k", hashed: str = "h") -> None:
    keep(business_id=shop.id, key=key, hashed=hashed, status=201, body='{"data": 1}')


def ask(shop: Shop, key: str = "k", hashed: str = "h") -> StoredAnswer | None:
    return claim(business_id=shop.id, key=key, hashed=hashed)


def test_a_new_key_has_no_answer_and_a_known_one_always_the_first(shop: Shop) -> None:
    assert ask(shop) is None
    store(shop)
    for _ in range(2):
        assert ask(shop) == StoredAnswer(status=201, body='{"data": 1}')


def test_an_answer_is_kept_sealed_and_one_from_before_is_still_read(shop: Shop) -> None:
    keep(business_id=shop.id, key="k", hashed="h", status=201, body='{"data": "ssosec_very"}')
    with scopes_disabled():
        rows = IdempotencyRecord.objects.all()
        assert "ssosec" not in rows.get().answer
        rows.update(answer='{"data": "as it was"}')
    assert ask(shop) == StoredAnswer(status=201, body='{"data": "as it was"}')


def test_an_answer_that_was_sealed_twice_is_still_read(shop: Shop) -> None:
    """Those with a new API key were, once."""
    keep(business_id=shop.id, key="k", hashed="h", status=201, body=seal.seal('{"data": 1}'))
    assert ask(shop) == StoredAnswer(status=201, body='{"data": 1}')


def test_an_answer_under_another_secret_key_is_not_given_and_nothing_is_done_again(
    shop: Shop, settings: Settings
) -> None:
    store(shop)
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(Conflict, match="took effect"):
        ask(shop)


def test_another_request_with_the_same_key_is_refused(shop: Shop) -> None:
    store(shop)
    with pytest.raises(KeyReused) as refused:
        ask(shop, hashed="other")
    assert list(refused.value.fields) == ["Idempotency-Key"]


def test_keys_of_two_businesses_have_nothing_to_do_with_each_other(shop: Shop) -> None:
    store(shop)
    assert ask(make_shop("Charlie's"), hashed="other") is None


def test_a_key_is_stored_once_whatever_happens(shop: Shop) -> None:
    store(shop)
    with pytest.raises(IntegrityError), transaction.atomic():
        store(shop)


def test_an_answer_goes_with_its_effect(shop: Shop) -> None:
    with transaction.atomic():
        assert ask(shop) is None
        store(shop)
        transaction.set_rollback(True)
    assert ask(shop) is None


def test_answers_are_kept_long_enough_and_then_forgotten(shop: Shop) -> None:
    assert dt.timedelta(hours=48) <= KEEP  # the promise to callers
    other = make_shop("Charlie's")
    for one, key in ((shop, "a"), (shop, "b"), (other, "c")):
        store(one, key)
    now = timezone.now()
    with scopes_disabled():
        IdempotencyRecord.objects.filter(key__in="ac").update(created_at=now - KEEP - dt.timedelta(seconds=1))
        IdempotencyRecord.objects.filter(key="b").update(created_at=now - KEEP + dt.timedelta(seconds=1))
    with time_machine.travel(now, tick=False):
        assert idempotency.forget_old() == 2
        assert idempotency.forget_old() == 0
    assert ask(shop, "b") is not None
    assert ask(shop, "a", "other") is None


@pytest.mark.parametrize("key", ["a", "x" * 255, "550e8400-e29b-41d4-a716-446655440000", "with blanks !~"])
def test_usable_keys(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "tab\t", "line\n", "\x7f", "\0"])
def test_unusable_keys(key: str) -> None:
    with pytest.raises(InvalidInput, match="Idempotency-Key"):
        check_key(key)


parts = st.lists(st.binary(max_size=6), max_size=4)


@given(parts, parts)
def test_requests_have_one_hash_only_if_they_are_the_same(one: list[bytes], other: list[bytes]) -> None:
    assert (request_hash(*one) == request_hash(*other)) == (one == other)


def test_moving_a_byte_from_path_to_body_makes_another_request() -> None:
    assert request_hash(b"POST", b"/a", b"b") != request_hash(b"POST", b"/", b"ab")
