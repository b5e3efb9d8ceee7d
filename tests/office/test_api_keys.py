"""Settings → API keys and request log, as far as requests go."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope

from regulars.requestlog.models import Call
from regulars.tenants import api_keys, identity, legacy_sso
from regulars.tenants.models import ApiKey
from tests.api.support import Rest, ok, refused
from tests.factories import Shop, make_shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    identity.forget()


def keys(shop: Shop) -> list[ApiKey]:
    with scope(business=shop.business):
        return list(ApiKey.objects.order_by("pk"))


def make(owner: Seat, **fields: Any) -> str:
    """Make a key as the form does; the page that shows it."""
    given = {"name": "Till", "reach": "till", "rpc_format": "json"} | fields
    response = owner.post("api-key-new", given)
    assert response.status_code == 303, response.content.decode()
    row = keys(owner.shop)[-1]
    assert response.headers["Location"] == owner.url("api-key-made", key_id=row.pk)
    return owner.text("api-key-made", key_id=row.pk)


def test_a_key_is_made_and_shown_once(shop: Shop, owner: Seat) -> None:
    page = make(owner)
    row = keys(shop)[-1]
    assert (row.name, row.scopes, row.rpc_format) == ("Till", ["read", "counter"], "json")
    (key,) = set(re.findall(r"rk_[0-9A-Za-z]{40}", page))
    ok(Rest(Authorization=f"Bearer {key}").get("/api/program"))
    again = owner.text("api-key-made", key_id=row.pk)
    assert key not in again
    assert "shown before" in again
    assert records(shop)[0].action == "api-key.add"
    assert key not in str(vars(records(shop)[0]))


def test_a_key_is_shown_to_whoever_made_it_alone(shop: Shop, owner: Seat) -> None:
    other = Seat.of(shop, "owner")
    owner.post("api-key-new", {"name": "Till", "reach": "all", "rpc_format": "xml"})
    row = keys(shop)[-1]
    hidden = other.text("api-key-made", key_id=row.pk)
    assert not re.search(r"rk_[0-9A-Za-z]{40}", hidden)
    first = owner.text("api-key-made", key_id=keys(shop)[0].pk)
    assert not re.search(r"rk_[0-9A-Za-z]{40}", first)
    assert re.search(r"rk_[0-9A-Za-z]{40}", owner.text("api-key-made", key_id=row.pk))


@pytest.mark.parametrize(
    ("fields", "scopes"),
    [
        ({"reach": "all"}, []),
        ({"reach": "all", "scopes": ["read"]}, []),
        ({"reach": "own", "scopes": ["campaigns", "read"]}, ["read", "campaigns"]),
    ],
)
def test_it_may_do_what_was_chosen(
    shop: Shop, owner: Seat, fields: dict[str, Any], scopes: list[str]
) -> None:
    make(owner, **fields)
    assert keys(shop)[-1].scopes == scopes


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"reach": ""},
        {"reach": "own"},
        {"reach": "own", "scopes": ["power"]},
        {"rpc_format": "csv"},
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    shop: Shop, owner: Seat, fields: dict[str, Any]
) -> None:
    given = {"name": "Harbour till", "reach": "till", "rpc_format": "json"} | fields
    response = owner.post("api-key-new", given)
    assert response.status_code == 400
    assert given["name"] in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert len(keys(shop)) == 1


def test_an_example_of_the_rest_api_is_for_keys_that_may_read(owner: Seat) -> None:
    assert "/api/program" in make(owner, reach="till")
    page = make(owner, reach="own", scopes=["counter"])
    assert "/api/program" not in page
    assert "verify_api" in page


def reach_of(owner: Seat, pk: int) -> str:
    """The part of the form that says how much a key may do."""
    return owner.text("api-key-edit", key_id=pk).partition('name="scopes"')[0]


def test_a_key_is_changed_and_holds_at_once(shop: Shop, owner: Seat) -> None:
    row, key = api_keys.create_api_key(business=shop.business, name="Till", may=["read", "members"])
    (chosen,) = re.findall(r'<input[^>]*value="(\w+)"[^>]*checked', reach_of(owner, row.pk))
    assert chosen == "own"
    response = owner.post(
        "api-key-edit",
        {"name": "Kiosk", "reach": "own", "scopes": ["counter"], "rpc_format": "json"},
        key_id=row.pk,
    )
    assert response.status_code == 303
    changed = keys(shop)[-1]
    assert (changed.name, changed.scopes, changed.rpc_format) == ("Kiosk", ["counter"], "json")
    refused(Rest(Authorization=f"Bearer {key}").get("/api/stats"), 403, "scope_required")
    entry = records(shop)[0]
    assert (entry.action, entry.before["scopes"], entry.after["scopes"]) == (
        "api-key.edit",
        ["read", "members"],
        ["counter"],
    )


def test_signing_in_by_md5_is_switched_on_with_the_key_and_off_without(shop: Shop, owner: Seat) -> None:
    row, key = api_keys.create_api_key(business=shop.business, name="Website")
    for wrong in ("rk_wrong", shop.api_key):
        assert owner.post("api-key-sso", {"api_key": wrong}, key_id=row.pk).status_code == 400
    assert legacy_sso.keys(shop.id) == []
    assert owner.post("api-key-sso", {"api_key": f" {key} "}, key_id=row.pk).status_code == 303
    assert legacy_sso.keys(shop.id) == [(row.pk, key)]
    assert key not in str(vars(records(shop)[0]))
    assert "id_legacy_sso" in owner.text("api-key-edit", key_id=row.pk)
    same = {"name": "Website", "reach": "all", "rpc_format": "xml"}
    owner.post("api-key-edit", same | {"legacy_sso": "on"}, key_id=row.pk)
    assert legacy_sso.keys(shop.id) == [(row.pk, key)]
    owner.post("api-key-edit", same, key_id=row.pk)
    assert legacy_sso.keys(shop.id) == []
    assert "id_legacy_sso" not in owner.text("api-key-edit", key_id=row.pk)


def test_a_revoked_key_is_over_and_only_looked_at(shop: Shop, owner: Seat) -> None:
    row, key = api_keys.create_api_key(business=shop.business, name="Till")
    assert owner.post("api-key-revoke", key_id=row.pk).status_code == 303
    refused(Rest(Authorization=f"Bearer {key}").get("/api/stats"), 401, "unauthorized")
    assert records(shop)[0].action == "api-key.revoke"
    assert "Revoked" in owner.text("api-key", key_id=row.pk)
    assert owner.post("api-key-revoke", key_id=row.pk).status_code == 404
    for name in ("api-key-edit", "api-key-sso"):
        assert owner.get(name, key_id=row.pk).status_code == 404


def test_keys_in_use_come_first(shop: Shop, owner: Seat) -> None:
    row, _ = api_keys.create_api_key(business=shop.business, name="Over")
    api_keys.revoke_api_key(business=shop.business, pk=row.pk)
    page = owner.text("api-keys")
    assert page.index("First key") < page.index("Over")
    assert "First key" not in owner.text("api-keys", {"state": "revoked"})
    assert "Nothing fits" in owner.text("api-keys", {"q": "nobody"})


def call(shop: Shop, key: ApiKey, **more: Any) -> None:
    given = {
        "at": timezone.now(), "dialect": "rest", "method": "GET", "target": "/api/stats", "status": 200,
        "code": "", "milliseconds": 12, "address": "192.0.2.7",
    }  # fmt: skip
    with scope(business=shop.business):
        Call.objects.create(business=shop.business, key=key, **(given | more))


def test_the_log_shows_the_latest_calls_and_why_they_were_refused(shop: Shop, owner: Seat) -> None:
    assert "No call has come yet" in owner.text("request-log")
    second, _ = api_keys.create_api_key(business=shop.business, name="Kiosk")
    first = keys(shop)[0]
    call(shop, first, at=timezone.now() - dt.timedelta(hours=1))
    call(shop, second, dialect="rpc", method="POST", target="add_transaction", code="006")
    call(shop, second, target="/api/customers/7", status=404, code="not_found")
    page = owner.text("request-log")
    assert page.index("/api/customers/7") < page.index("RPC add_transaction") < page.index("/api/stats")
    assert "200 006 bad value" in page
    assert "404 not found" in page
    rest = owner.text("request-log", {"api": "rest", "outcome": "refused"})
    assert "/api/customers/7" in rest
    assert "add_transaction" not in rest
    assert "add_transaction" not in owner.text("request-log", {"key": str(first.pk)})
    assert "Kiosk" in owner.text("api-key", key_id=second.pk)
    assert "/api/stats" not in owner.text("api-key", key_id=second.pk)
    lines = owner.get("request-log", {"export": "csv"}).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 4


def test_another_business_sees_none_of_it(shop: Shop) -> None:
    call(shop, keys(shop)[0], target="/api/secret-path")
    assert "secret-path" not in Seat(make_shop("Charlie's")).text("request-log")
