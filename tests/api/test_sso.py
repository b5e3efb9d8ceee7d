"""`/api/sso`: switching single sign-on, and its secrets."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from regulars.portal import sso_secrets
from regulars.portal.models import SsoSecret
from regulars.tenants import actions as tenants
from regulars.tenants import legacy_sso
from regulars.tenants.models import ApiKey
from tests.api.support import Rest, invalid, ok, refused
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_a_key_switches_itself_on_and_off(shop: Shop) -> None:
    row, second = tenants.create_api_key(business=shop.business, name="Second")
    first, other = Rest(shop), Rest(Authorization=f"Bearer {second}")
    assert ok(first.get("/api/sso")) == {
        "microsite_url": f"https://shop.example/m/{shop.business.slug}/",
        "embed_url": "https://shop.example/embed.js",
        "legacy_enabled": False,
        "secrets": 0,
    }
    assert ok(other.patch("/api/sso", {"legacy_enabled": True}))["legacy_enabled"] is True
    assert legacy_sso.keys(shop.id) == [(row.pk, second)]
    assert ok(first.get("/api/sso"))["legacy_enabled"] is False
    assert ok(first.patch("/api/sso", {"legacy_enabled": True}))["legacy_enabled"] is True
    assert ok(other.patch("/api/sso", {"legacy_enabled": False}))["legacy_enabled"] is False
    assert [key for _, key in legacy_sso.keys(shop.id)] == [shop.api_key]
    with scopes_disabled():
        assert ApiKey.objects.get(pk=row.pk).sso_key_sealed == ""
    for body in ({"legacy_enabled": "yes"}, {"legacy_enabled": 0}, {"legacy_enabled": None}, {}):
        invalid(first.patch("/api/sso", body), "legacy_enabled")


def test_a_call_without_fields_says_so_to_whoever_sends_some(shop: Shop) -> None:
    rest = Rest(shop)
    invalid(rest.post("/api/sso/secrets", {"name": "website"}), "name")
    assert sso_secrets.in_use(shop.id) == []
    ok(rest.post("/api/sso/secrets", {}), 201)


def test_secrets_are_made_shown_once_and_revoked(shop: Shop) -> None:
    rest = Rest(shop)
    made = ok(rest.post("/api/sso/secrets"), 201)
    secret = made.pop("secret")
    assert secret.startswith(made["prefix"])
    assert sso_secrets.in_use(shop.id) == [(made["id"], secret)]
    listed = rest.get("/api/sso/secrets")
    assert ok(listed) == [made]
    assert ok(rest.get("/api/sso"))["secrets"] == 1
    for _ in range(2):
        assert ok(rest.delete(f"/api/sso/secrets/{made['id']}"))["revoked_at"] is not None
    assert sso_secrets.in_use(shop.id) == []
    refused(rest.delete("/api/sso/secrets/999999"), 404, "not_found")
    refused(rest.delete(f"/api/sso/secrets/{2**70}"), 404, "not_found")


def test_so_many_secrets_and_no_more(shop: Shop) -> None:
    for _ in range(sso_secrets.MOST):
        sso_secrets.create_secret(business=shop.business)
    refused(Rest(shop).post("/api/sso/secrets"), 409, "conflict")
    with scopes_disabled():
        assert SsoSecret.objects.count() == sso_secrets.MOST
