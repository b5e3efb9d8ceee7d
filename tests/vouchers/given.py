"""What the tests of vouchers begin with."""

from __future__ import annotations

from typing import Any

from django_scopes import scopes_disabled

from regulars.ledger import points
from regulars.ledger.models import Card
from regulars.outbox.models import Event
from regulars.vouchers import actions, issuing
from regulars.vouchers.models import Voucher, VoucherCode, VoucherIssue, VoucherLog
from tests.factories import Shop


def voucher(shop: Shop, name: str = "Free muffin", **fields: Any) -> Voucher:
    """A new voucher, worth 5.00 unless said otherwise."""
    return actions.add_voucher(business_id=shop.id, name=name, **({"value": "5.00"} | fields))


def issue(shop: Shop, of: Voucher, card: Card | None = None, qty: int = 1, **fields: Any) -> VoucherIssue:
    """Issue a voucher to a card's member, or to nobody in particular."""
    return issuing.issue_voucher(
        business_id=shop.id, voucher_id=of.pk, member_id=card.pk if card else None, qty=qty, **fields
    )


def earn(shop: Shop, card: Card, number: int, **fields: Any) -> None:
    """Give a member points."""
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=number, **fields)


def balance(card: Card) -> int:
    """The points on a card."""
    with scopes_disabled():
        return Card.objects.values_list("points", flat=True).get(pk=card.pk)


def codes(of: VoucherIssue) -> list[str]:
    """The codes of an issue, in the order in which they were made."""
    return [code.code for code in rows(of)]


def rows(of: VoucherIssue) -> list[VoucherCode]:
    """The code rows of an issue, as they are now."""
    with scopes_disabled():
        return list(VoucherCode.objects.filter(issue_id=of.pk).order_by("pk"))


def issues(shop: Shop, card: Card | None = None) -> list[VoucherIssue]:
    """All that was issued, or all that a member got."""
    with scopes_disabled():
        found = VoucherIssue.objects.filter(business=shop.business).order_by("pk")
        return list(found.filter(member_id=card.pk) if card else found)


def log(code: str) -> list[str]:
    """What happened to a code."""
    with scopes_disabled():
        return list(
            VoucherLog.objects.filter(voucher_code__code=code).order_by("pk").values_list("action", flat=True)
        )


def events(shop: Shop, kind: str) -> list[dict[str, Any]]:
    """What was told to the world outside."""
    with scopes_disabled():
        found = Event.objects.filter(business=shop.business, type=f"voucher.{kind}").order_by("pk")
        return list(found.values_list("payload", flat=True))
