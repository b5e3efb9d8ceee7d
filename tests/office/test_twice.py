"""A form that is sent twice is done once, also without scripts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.sales.models import Sale
from regulars.tenants.models import Branch
from regulars.vouchers import actions as vouchers
from regulars.vouchers.models import VoucherIssue
from tests.factories import Shop
from tests.office.seat import Seat, records
from tests.office.test_held import as_drawn

pytestmark = pytest.mark.django_db

_ONCE = re.compile(r'name="once" value="([0-9a-f]{32})"')


def twice(seat: Seat, name: str, given: dict[str, Any], **ids: Any) -> None:
    """Send a form twice as it was drawn, with what is typed; both lead to the same place."""
    drawn = as_drawn(seat.text(name, **ids))
    answers = [seat.post(name, {**drawn, **given}, **ids) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303], answers[0].content.decode()
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert (
        "This was sent twice, and done once."
        in seat.client.get(answers[1].headers["Location"], secure=True).content.decode()
    )


def card_of(card: Card) -> Card:
    with scope(business=card.member.business):
        return Card.objects.get(pk=card.pk)


def test_what_is_given_sold_or_issued_twice_is_once(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha Rao")
    ids = {"member_id": card.pk}
    voucher = vouchers.add_voucher(business_id=shop.id, name="Five off", value=Decimal(5))
    twice(owner, "member-stamps", {"way": "give", "count": "2", "reason": "Kind"}, **ids)
    twice(owner, "member-points", {"way": "give", "points": "7", "reason": "Kind"}, **ids)
    twice(owner, "sale-new", {"member": card.member.code, "total_value": "9"})
    twice(owner, "voucher-give", {"member": card.member.code, "qty": "2"}, voucher_id=voucher.pk)
    twice(owner, "branch-new", {"name": "Main"})
    now = card_of(card)
    assert (now.stamps, now.points) == (2, 7)
    with scope(business=shop.business):
        assert (Sale.objects.count(), VoucherIssue.objects.count(), Branch.objects.count()) == (1, 1, 1)
    assert len(records(shop)) == 5


def test_a_reward_is_handed_out_once_by_one_press(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha Rao")
    for _ in range(2):
        shop.stamp(card, 8)
    found = _ONCE.findall(owner.text("member", member_id=card.pk).split('href="#main"')[-1])
    assert len(set(found)) == 1
    for _ in range(2):
        assert owner.post("member-redeem", {"once": found[0]}, member_id=card.pk).status_code == 303
    assert card_of(card).pending_rewards == 1


def test_another_sending_of_the_same_form_is_done(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha Rao")
    ids = {"member_id": card.pk}
    drawn = as_drawn(owner.text("member-points", **ids))
    given = {**drawn, "way": "give", "reason": "Kind"}
    assert owner.post("member-points", {**given, "points": ""}, **ids).status_code == 400
    for points in ("5", "6"):
        assert owner.post("member-points", {**given, "points": points}, **ids).status_code == 303
    anew = as_drawn(owner.text("member-points", **ids))["once"]
    assert owner.post("member-points", {**given, "points": "6", "once": anew}, **ids).status_code == 303
    assert card_of(card).points == 17


def test_what_was_refused_may_be_sent_again(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha Rao")
    ids = {"member_id": card.pk}
    given = {**as_drawn(owner.text("member-points", **ids)), "way": "give", "points": "5", "reason": "Kind"}
    owner.post("member-suspend", **ids)
    owner.post("member-points", given, **ids)
    owner.post("member-suspend", **ids)
    owner.post("member-points", given, **ids)
    assert card_of(card).points == 5
