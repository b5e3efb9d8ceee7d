"""A key with scopes does what they say and nothing else: every operation, from the route table."""

from __future__ import annotations

import re

import pytest
from django.urls import Resolver404, get_resolver

from regulars.api.rest import scopes as table
from regulars.tenants import api_keys, identity
from regulars.tenants.scopes import READ, SCOPES, SETTINGS
from tests.api.routes import NOBODY, operations, own, send
from tests.api.support import Rest, dump, ok, refused
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

CALLS = own(NOBODY)


def needed(operation: str) -> str:
    """The scope of an operation, by the address that Django resolves."""
    method, address = operation.split()
    found = get_resolver().resolve(re.sub(r"{kind}", "birthday", re.sub(r"{\w+_id}", "7", address)))
    return table._needed[method, found.route]


def limited(shop: Shop, *scopes: str) -> Rest:
    """A till whose key has these scopes."""
    _, key = api_keys.create_api_key(business=shop.business, name="Till", may=scopes)
    return Rest(Authorization=f"Bearer {key}")


@pytest.mark.once
@pytest.mark.parametrize("operation", sorted(operations()))
def test_every_operation_has_its_scope(operation: str) -> None:
    try:
        scope = needed(operation)
    except Resolver404:
        pytest.fail(f"{operation} leads nowhere")
    assert scope in SCOPES
    assert operations()[operation]["description"].endswith(f"Needs the scope `{scope}`.")
    if not operation.startswith("GET "):
        assert scope != READ


@pytest.mark.once
def test_the_table_names_operations_and_tags_that_there_are() -> None:
    assert table.OF_OPERATION.keys() <= operations().keys()
    assert table.OF_TAG.keys() == {one["tags"][0] for one in operations().values()}


@pytest.mark.parametrize("operation", sorted(operations()))
def test_an_operation_is_for_keys_with_its_scope(operation: str, shop: Shop) -> None:
    scope = needed(operation)
    rest = limited(shop, *(one for one in SCOPES if one != scope))
    writes = not operation.startswith("GET ")
    before = dump(business_id=shop.id) if writes else {}
    error = refused(send(rest, operation, CALLS[operation]), 403, "scope_required")
    assert error["scope"] == scope
    assert scope in error["message"]
    assert not writes or dump(business_id=shop.id) == before
    response = send(limited(shop, scope), operation, CALLS[operation])
    assert response.status_code not in {401, 403, 500}, response.content  # type: ignore[attr-defined]


def test_a_key_without_scopes_may_do_everything_and_a_change_is_noticed(shop: Shop) -> None:
    row, key = api_keys.create_api_key(business=shop.business, name="Till")
    rest = Rest(Authorization=f"Bearer {key}")
    ok(rest.get("/api/stats"))
    api_keys.edit_api_key(business_id=shop.id, pk=row.pk, scopes=["counter"])
    refused(rest.get("/api/stats"), 403, "scope_required")
    api_keys.edit_api_key(business_id=shop.id, pk=row.pk, scopes=[])
    ok(rest.get("/api/stats"))


def test_what_nobody_decided_about_needs_the_most(rf: pytest.FixtureRequest) -> None:
    request = rf.get("/api/unheard-of")  # type: ignore[attr-defined]
    request.resolver_match = None
    assert table.needed(request) == SETTINGS


def test_a_retry_with_a_key_of_less_gets_nothing(shop: Shop) -> None:
    same = {"Idempotency-Key": "once"}
    body = {"name": "Indiranagar"}
    ok(Rest(shop).post("/api/branches", body, headers=same), 201)
    refused(limited(shop, "read").post("/api/branches", body, headers=same), 403, "scope_required")


def test_scopes_of_one_key_are_not_those_of_another(shop: Shop) -> None:
    identity.forget()
    other = make_shop("Charlie's Tea House", owner_name="Charlie")
    ok(limited(shop, "read").get("/api/stats"))
    refused(limited(other, "counter").get("/api/stats"), 403, "scope_required")
    ok(Rest(other).get("/api/stats"))
