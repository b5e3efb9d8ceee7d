"""What other rooms ask of this one: erasure and the audit."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from regulars import db
from regulars.analytics.audit import audit
from regulars.members.actions import delete_member
from regulars.vouchers import actions, redeeming
from regulars.vouchers.models import Precode, VoucherCode, VoucherIssue, VoucherLog
from tests.factories import Shop, make_shop
from tests.vouchers.given import codes, earn, issue, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_an_erased_member_leaves_no_vouchers_and_takes_nobody_elses(shop: Shop) -> None:
    gone, stays = shop.enrol(), shop.enrol()
    of = voucher(shop, points_required=5, can_be_redeemed_for_points=50)
    actions.add_precode(business_id=shop.id, code="TEA-1", voucher_id=of.pk)
    for card in (gone, stays):
        earn(shop, card, 100)
        first, second, _ = codes(issue(shop, of, card, 3))
        redeeming.redeem(business_id=shop.id, code=first)
        redeeming.reserve(business_id=shop.id, code=second)
    issue(shop, of)
    delete_member(business_id=shop.id, member_id=gone.pk)
    with scopes_disabled():
        assert list(VoucherIssue.objects.order_by("pk").values_list("member_id", "qty")) == [
            (stays.pk, 3),
            (None, 1),
        ]
        assert VoucherCode.objects.count() == 4
        assert VoucherLog.objects.count() == 6
        assert Precode.objects.get().used_at is not None
    assert audit().ok


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        ("UPDATE vouchers_voucherissue SET points_used = 9", "points of each issue"),
        ("UPDATE vouchers_voucherissue SET qty = 3", "codes of each issue"),
        ("DELETE FROM vouchers_voucherlog WHERE action = 'redeem'", "redemptions of each voucher code"),
        (
            "UPDATE vouchers_vouchercode SET status = 'active', redeemed_at = NULL",
            "redemptions of each voucher code",
        ),
    ],
)
def test_the_audit_sees_what_does_not_agree(shop: Shop, spoil: str, check: str) -> None:
    card = shop.enrol()
    earn(shop, card, 100)
    (code, _) = codes(issue(shop, voucher(shop, points_required=5), card, 2))
    redeeming.redeem(business_id=shop.id, code=code)
    assert audit().ok
    db.run(spoil)
    report = audit()
    assert {found["check"] for found in report.differences} == {check}
    assert {found["customer_id"] for found in report.differences} == {card.pk}
