"""`/api/keys`: making, changing and revoking API keys."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from regulars.rules import codes
from regulars.tenants import api_keys, legacy_sso
from regulars.tenants.models import ApiKey, IdempotencyRecord
from tests.api.support import Rest, invalid, ok, refused
from tests.factories import Shop

pytestmark = pytest.mark.django_db


def till(shop: Shop, *scopes: str) -> Rest:
    _, key = api_keys.create_api_key(business=shop.business, name="Till", may=scopes)
    return Rest(Authorization=f"Bearer {key}")


def test_a_key_is_made_shown_once_and_works(shop: Shop, rest: Rest) -> None:
    made = ok(rest.post("/api/keys", {"name": " Till ", "scopes": ["counter", "read"]}), 201)
    key = made.pop("key")
    assert key.startswith(made["prefix"])
    assert made["name"] == "Till"
    assert made["scopes"] == ["read", "counter"]
    assert (made["rpc_format"], made["legacy_sso"], made["revoked_at"]) == ("xml", False, None)
    first, second = ok(rest.get("/api/keys"))
    assert second == made
    assert first["scopes"] == []
    assert first["last_used_at"] is not None
    ok(Rest(Authorization=f"Bearer {key}").get("/api/stats"))
    with scopes_disabled():
        assert ApiKey.objects.get(pk=made["id"]).key_hash == codes.key_hash(key)


def test_its_retry_gets_the_same_key_which_nobody_can_read_meanwhile(rest: Rest) -> None:
    same = {"Idempotency-Key": "a till"}
    first = rest.post("/api/keys", {"name": "Till"}, headers=same)
    key = ok(first, 201)["key"]
    again = rest.post("/api/keys", {"name": "Till"}, headers=same)
    assert ok(again, 201)["key"] == key
    assert again.headers["Idempotency-Replayed"] == "true"
    with scopes_disabled():
        assert ApiKey.objects.filter(name="Till").count() == 1
        assert key not in IdempotencyRecord.objects.get(key="a till").answer


def test_a_key_that_signs_members_in(shop: Shop, rest: Rest) -> None:
    made = ok(rest.post("/api/keys", {"name": "Website", "legacy_sso": True, "rpc_format": "json"}), 201)
    assert made["legacy_sso"] is True
    assert legacy_sso.keys(shop.id) == [(made["id"], made["key"])]
    address = f"/api/keys/{made['id']}"
    invalid(rest.patch(address, {"legacy_sso": True}), "legacy_sso")
    assert ok(rest.patch(address, {"legacy_sso": False}))["legacy_sso"] is False
    assert legacy_sso.keys(shop.id) == []


def test_a_key_is_changed(shop: Shop, rest: Rest) -> None:
    row, key = api_keys.create_api_key(business=shop.business, name="Till")
    address = f"/api/keys/{row.pk}"
    changed = ok(rest.patch(address, {"name": "Web shop", "scopes": ["members"], "rpc_format": "json"}))
    assert (changed["name"], changed["scopes"], changed["rpc_format"]) == ("Web shop", ["members"], "json")
    assert ok(rest.patch(address, {})) == changed
    refused(Rest(Authorization=f"Bearer {key}").get("/api/stats"), 403, "scope_required")


def test_what_cannot_be_is_refused_by_name(shop: Shop, rest: Rest) -> None:
    row, _ = api_keys.create_api_key(business=shop.business, name="Till")
    for method, path, base in (("POST", "/api/keys", {"name": "x"}), ("PATCH", f"/api/keys/{row.pk}", {})):
        for bad in ({"name": ""}, {"name": "x" * 101}, {"rpc_format": "csv"}, {"legacy_sso": 1}):
            invalid(rest.send(method, path, base | bad), *bad)
        invalid(rest.send(method, path, base | {"scopes": "read"}), "scopes")
        assert rest.send(method, path, base | {"scopes": ["everything"]}).status_code == 400
    for field in ("name", "scopes", "rpc_format", "legacy_sso"):
        invalid(rest.patch(f"/api/keys/{row.pk}", {field: None}), field)
    with scopes_disabled():
        assert ApiKey.objects.filter(business=shop.business).count() == 2
        assert ApiKey.objects.get(pk=row.pk).name == "Till"


def test_a_revoked_key_is_over(shop: Shop, rest: Rest) -> None:
    row, key = api_keys.create_api_key(business=shop.business, name="Till")
    address = f"/api/keys/{row.pk}"
    assert ok(rest.delete(address))["revoked_at"] is not None
    refused(Rest(Authorization=f"Bearer {key}").get("/api/stats"), 401, "unauthorized")
    refused(rest.delete(address), 404, "not_found")
    refused(rest.patch(address, {"name": "Again"}), 404, "not_found")
    refused(rest.delete(f"/api/keys/{2**70}"), 404, "not_found")


def test_a_key_gives_no_more_than_it_has(shop: Shop) -> None:
    mine, _ = api_keys.create_api_key(business=shop.business, name="Other", may=["read"])
    rest = till(shop, "read", "settings")
    for scopes in ([], ["counter"], ["read", "members"]):
        refused(rest.post("/api/keys", {"name": "More", "scopes": scopes}), 403, "scope_required")
        refused(rest.patch(f"/api/keys/{mine.pk}", {"scopes": scopes}), 403, "scope_required")
    refused(rest.post("/api/keys", {"name": "More"}), 403, "scope_required")
    assert ok(rest.post("/api/keys", {"name": "As much", "scopes": ["settings"]}), 201)["scopes"] == [
        "settings"
    ]
    assert ok(rest.patch(f"/api/keys/{mine.pk}", {"scopes": ["settings"]}))["scopes"] == ["settings"]
    with scopes_disabled():
        assert not ApiKey.objects.filter(name="More").exists()
