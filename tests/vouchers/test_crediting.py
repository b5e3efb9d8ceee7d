"""Codes that credit points and belong to nobody in particular: somebody must be named."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger.models import Card, PointsAdjustment
from regulars.members.models import Member
from regulars.rules.errors import Conflict, NotFound, Suspended
from regulars.rules.vouchers import AlreadyRedeemed
from regulars.vouchers import redeeming
from regulars.vouchers.models import VoucherCode
from tests.factories import Shop, make_shop
from tests.vouchers.given import balance, codes, events, issue, log, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def one(shop: Shop, card: Card | None = None, **fields: Any) -> str:
    return codes(issue(shop, voucher(shop, **fields), card))[0]


def redeem(shop: Shop, code: str, **said: Any) -> redeeming.Redeemed:
    return redeeming.redeem(business_id=shop.id, code=code, **said)


def test_a_bearer_who_is_named_gets_the_points(shop: Shop) -> None:
    card, other = shop.enrol(), shop.enrol()
    code = one(shop, can_be_redeemed_for_points=40)
    done = redeem(shop, code, member_id=card.pk)
    assert done.points_credited == 40
    assert done.member is not None
    assert (done.member.id, done.member.name) == (card.pk, card.member.name)
    assert (balance(card), balance(other)) == (40, 0)
    (told,) = events(shop, "redeemed")
    assert (told["customer_id"], told["points_credited"]) == (card.pk, 40)
    with pytest.raises(AlreadyRedeemed):
        redeem(shop, code, member_id=other.pk)
    assert audit().ok
    redeeming.reset(business_id=shop.id, code=code)
    assert balance(card) == 0
    with scopes_disabled():
        assert not PointsAdjustment.objects.exists()
        assert VoucherCode.objects.get().member_id is None
    redeem(shop, code, member_id=other.pk)
    assert (balance(card), balance(other)) == (0, 40)
    assert audit().ok


def test_without_a_name_nobody_could_get_the_points(shop: Shop) -> None:
    code = one(shop, can_be_redeemed_for_points=40)
    with pytest.raises(Conflict) as refusal:
        redeem(shop, code)
    assert refusal.value.fields == {
        "member_id": "is needed: this voucher credits points, and belongs to nobody in particular"
    }
    assert log(code) == ["issue"]
    held = redeeming.reserve(business_id=shop.id, code=code)
    with pytest.raises(Conflict):
        redeem(shop, code, reservation=held.reservation)
    card = shop.enrol()
    assert redeem(shop, code, reservation=held.reservation, member_id=card.pk).points_credited == 40
    assert balance(card) == 40
    with pytest.raises(AlreadyRedeemed):
        redeem(shop, code)


def test_somebody_elses_code(shop: Shop) -> None:
    mine, theirs = shop.enrol(), shop.enrol()
    for points in (0, 7):
        code = one(shop, mine, can_be_redeemed_for_points=points)
        with pytest.raises(Conflict) as refusal:
            redeem(shop, code, member_id=theirs.pk)
        assert refusal.value.fields == {"member_id": "is not the member whom this voucher code belongs to"}
        assert log(code) == ["issue"]
        assert redeem(shop, code, member_id=mine.pk).points_credited == points
    assert (balance(mine), balance(theirs)) == (7, 0)


def test_a_suspended_or_unknown_bearer(shop: Shop) -> None:
    card, elsewhere = shop.enrol(), make_shop("Charlie's").enrol()
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    for points in (0, 40):
        code = one(shop, can_be_redeemed_for_points=points)
        with pytest.raises(Suspended):
            redeem(shop, code, member_id=card.pk)
        with pytest.raises(NotFound) as refusal:
            redeem(shop, code, member_id=elsewhere.pk)
        assert list(refusal.value.fields) == ["member_id"]
        assert log(code) == ["issue"]


def test_a_bearer_may_be_named_where_nothing_is_credited(shop: Shop) -> None:
    done = redeem(shop, one(shop), member_id=shop.enrol().pk)
    assert (done.member, done.points_credited) == (None, 0)
    (told,) = events(shop, "redeemed")
    assert told["customer_id"] is None
