"""A key with scopes calls the methods that they allow and no others: every method, from the table."""

from __future__ import annotations

import pytest

from regulars.api.rpc.methods import METHODS
from regulars.api.rpc.scopes import NEEDED, OF_WRITES
from regulars.tenants import api_keys
from regulars.tenants.scopes import READ, SCOPES
from tests.api.support import dump
from tests.factories import Shop
from tests.rpc.support import Rpc

pytestmark = pytest.mark.django_db


def limited(shop: Shop, *scopes: str) -> Rpc:
    """A till whose key has these scopes."""
    return Rpc(api_keys.create_api_key(business=shop.business, name="Till", may=scopes)[1])


@pytest.mark.once
def test_every_method_has_its_scope() -> None:
    assert NEEDED.keys() == METHODS.keys()
    assert {name for name, scope in NEEDED.items() if not scope} == {"verify_api"}
    assert all((NEEDED[name] == READ) == name.startswith("get_") for name in NEEDED)
    assert set(OF_WRITES.values()) <= SCOPES.keys()


@pytest.mark.parametrize("method", sorted(name for name, scope in NEEDED.items() if scope))
def test_with_all_scopes_but_its_own_a_method_is_refused(method: str, shop: Shop) -> None:
    rpc = limited(shop, *(scope for scope in SCOPES if scope != NEEDED[method]))
    before = dump(business_id=shop.id)
    rpc(method, {"code": "X1"}).refused("012", NEEDED[method])
    assert dump(business_id=shop.id) == before
    # What it says then depends on the fields, not on the key.
    assert limited(shop, NEEDED[method])(method, {"code": "X1"}).code not in {"012", "002", "000"}


def test_any_key_may_ask_whether_it_is_right(shop: Shop) -> None:
    for scope in SCOPES:
        assert limited(shop, scope)("verify_api").error is None
