"""API keys: shown once, stored as a hash, revoked for good, remembered for seconds."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from regulars.rules import codes
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import actions, identity, queries
from regulars.tenants.models import ApiKey, Business
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    identity.forget()
    yield
    identity.forget()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_only_a_beginning_and_a_hash_are_stored(shop: Shop) -> None:
    row, key = actions.create_api_key(business=shop.business, name=" Till 1 ")
    assert re.fullmatch(r"rk_[0-9A-Za-z]{40}", key)
    assert (row.name, row.prefix, row.key_hash) == ("Till 1", key[:11], codes.key_hash(key))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tenants_apikey")
        assert key not in repr(cursor.fetchall())


def test_a_business_has_several_keys_with_names(shop: Shop) -> None:
    keys = [actions.create_api_key(business=shop.business, name=f"Till {number}")[1] for number in (1, 2)]
    make_shop("Charlie's")
    assert [row.name for row in queries.api_keys(shop.business)] == ["First key", "Till 1", "Till 2"]
    assert {identity.identify(key).business_id for key in [shop.api_key, *keys]} == {shop.id}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\0"])
def test_a_key_needs_a_usable_name(shop: Shop, name: str) -> None:
    with pytest.raises(InvalidInput, match="name"):
        actions.create_api_key(business=shop.business, name=name)


def test_a_revoked_key_is_over_for_good(shop: Shop) -> None:
    row, key = actions.create_api_key(business=shop.business, name="Till")
    assert identity.identify(key) is not None
    revoked = actions.revoke_api_key(business=shop.business, prefix=row.prefix)
    assert revoked.revoked_at is not None
    assert identity.identify(key) is None
    assert identity.identify(shop.api_key) is not None
    with pytest.raises(NotFound):
        actions.revoke_api_key(business=shop.business, prefix=row.prefix)


def test_another_business_cannot_revoke_it(shop: Shop) -> None:
    prefix = shop.api_key[:11]
    with pytest.raises(NotFound):
        actions.revoke_api_key(business=make_shop("Charlie's").business, prefix=prefix)
    assert identity.identify(shop.api_key) is not None


@pytest.mark.parametrize("key", ["rk_" + "x" * 40, "", "\ud800", "rk_\0", "x" * 100_000])
def test_nonsense_is_merely_unknown(key: str) -> None:
    assert identity.identify(key) is None


def test_the_plan_comes_with_the_identity() -> None:
    shop = make_shop(plan="growth")
    found = identity.identify(shop.api_key)
    assert found is not None
    assert (found.business_id, found.plan.name, found.plan.requests_per_minute) == (shop.id, "growth", 60)


def test_a_key_is_looked_up_once_in_a_few_seconds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("regulars.tenants.identity.time.monotonic", lambda: now[0])
    identity.identify(shop.api_key)
    Business.objects.filter(pk=shop.id).update(plan="growth")
    with CaptureQueriesContext(connection) as asked:
        now[0] += identity.REMEMBER_SECONDS - 0.1
        remembered = identity.identify(shop.api_key)
    assert len(asked) == 0
    assert remembered is not None
    assert remembered.plan.name == "self_hosted"
    now[0] += 0.2
    anew = identity.identify(shop.api_key)
    assert anew is not None
    assert anew.plan.name == "growth"


def test_unknown_keys_do_not_fill_the_memory(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_MOST_REMEMBERED", 50)
    for number in range(120):
        assert identity.identify(f"rk_{number}") is None
    assert len(identity._remembered) <= 50
    assert identity.identify(shop.api_key) is not None


def last_used(shop: Shop) -> dt.datetime | None:
    with scopes_disabled():
        return ApiKey.objects.get(prefix=shop.api_key[:11]).last_used_at


def test_last_use_is_noted_to_the_minute(shop: Shop) -> None:
    assert last_used(shop) is None
    start = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        noted = []
        for seconds in (0, 30, 61):
            clock.move_to(start + dt.timedelta(seconds=seconds))
            identity.forget()
            identity.identify(shop.api_key)
            noted.append(last_used(shop))
    assert noted == [start, start, start + dt.timedelta(seconds=61)]


@pytest.mark.django_db(transaction=True)  # a request asks who it is before any transaction begins
def test_a_note_that_cannot_be_written_refuses_nobody(shop: Shop) -> None:
    def refuse(execute: object, sql: str, *rest: object) -> object:
        if sql.startswith("UPDATE"):
            raise DatabaseError("read only")
        return execute(sql, *rest)  # type: ignore[operator]

    with connection.execute_wrapper(refuse):
        assert identity.identify(shop.api_key) is not None
    assert last_used(shop) is None
