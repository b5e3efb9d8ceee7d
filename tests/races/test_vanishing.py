"""What a request refers to is deleted while it runs: the answer is the one of a moment later."""

import json

import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django_scopes import scope

from regulars.analytics.audit import audit
from regulars.ledger.models import Card, Entry
from regulars.members import actions as members
from regulars.tenants import actions as tenants
from tests.api.support import Rest
from tests.factories import Shop, make_shop
from tests.races.crowd import PATIENCE, Elsewhere

pytestmark = pytest.mark.django_db(transaction=True)

KEYS: tuple[dict[str, str], ...] = ({}, {"Idempotency-Key": "one"})


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def stamp(shop: Shop, card: Card, headers: dict[str, str], **more: int) -> tuple[int, str]:
    body = {"qr_code": card.qr_code, "count": 1, **more}
    return status_and_code(Rest(shop).send("POST", "/api/stamps/add", body, headers=headers))


def status_and_code(answer: HttpResponseBase) -> tuple[int, str]:
    assert isinstance(answer, HttpResponse)
    return answer.status_code, json.loads(answer.content).get("error", {}).get("code", "")


@pytest.mark.parametrize("headers", KEYS, ids=["without a key", "with a key"])
def test_a_branch_that_is_deleted_while_its_first_stamp_is_given_is_not_found(
    shop: Shop, headers: dict[str, str]
) -> None:
    card, branch = shop.enrol(), shop.branch()
    with Elsewhere() as owner, Elsewhere() as till:
        owner.open_transaction()
        owner(tenants.delete_branch, business_id=shop.id, branch_id=branch.pk)
        pending = till.begin(stamp, shop, card, headers, branch_id=branch.pk)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        owner.commit()
        answer = pending.result(PATIENCE)
    assert answer == (404, "not_found")
    with scope(business=shop.business):
        assert Entry.objects.filter(kind="stamp_add").count() == 0
    assert audit().ok


@pytest.mark.parametrize("headers", KEYS, ids=["without a key", "with a key"])
def test_a_member_who_is_erased_while_they_get_a_stamp_is_not_found(
    shop: Shop, headers: dict[str, str]
) -> None:
    card = shop.enrol()
    with Elsewhere() as owner, Elsewhere() as till:
        owner.open_transaction()
        owner(members.delete_member, business_id=shop.id, member_id=card.pk)
        pending = till.begin(stamp, shop, card, headers)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        owner.commit()
        answer = pending.result(PATIENCE)
    assert answer == (404, "not_found")
    assert audit().ok
