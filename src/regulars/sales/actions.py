"""Writes about sales. A sale and what it does to the card are one transaction."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone
from django_scopes import scope

from regulars.ledger import corrections, points
from regulars.ledger.post import business_day
from regulars.outbox.emit import NewEvent, emit
from regulars.rules import codes, occasions, promotions
from regulars.rules.errors import Conflict, InvalidInput, NotFound, Suspended
from regulars.sales import fields, store
from regulars.sales.models import Sale, SalePromotion
from regulars.tenants import numbers
from regulars.tenants.queries import same_code

# What a sale earns depends on these; a change of anything else moves no points.
_PRICED_BY = ("member_id", "total_value", "occurred_at", "sku_id", "branch_id")
_LETTER = "T"


def add_sale(
    *,
    business_id: int,
    member_id: int,
    total_value: Decimal,
    code: str = "",
    occurred_at: dt.datetime | None = None,
    transaction_ref: str = "",
    sku_id: int | None = None,
    notes: str = "",
    qty: Decimal | None = None,
    ex_tax_amount: Decimal | None = None,
    tax_amount: Decimal | None = None,
    tax_type: str = "",
    grand_total: Decimal | None = None,
    unit_price: Decimal | None = None,
    branch_id: int | None = None,
    staff_id: int | None = None,
) -> Sale:
    """Record a sale and credit what the promotions of its day make it worth.

    `total_value` is in the business's currency, two places at most; below zero it is a refund, whose points
    are taken back by the business's refund policy. An empty code is made: T000001.

    Raises:
        InvalidInput: a value is unusable; the message names the field.
        NotFound: the business has no such member, branch, SKU or staff, or the branch is closed.
        Suspended: the member is suspended.
        Conflict: the code is taken, or the SKU is archived.
    """
    columns: dict[str, Any] = {name: value for name, value in locals().items() if name not in _NOT_COLUMNS}
    columns = fields.check(columns)
    code = fields.check_code(code)
    with transaction.atomic(), scope(business=business_id):
        context = store.read_context(
            business_id=business_id,
            member_id=columns["member_id"],
            branch_id=columns["branch_id"],
            sku_id=columns["sku_id"],
            letter="" if code else _LETTER,
        )
        _check_open(context, columns)
        store.check_staff(business_id=business_id, staff_id=columns["staff_id"])
        if context.suspended:
            raise Suspended("This customer is suspended and can neither collect nor redeem.")
        earned = _price(business_id, context, columns)
        columns |= {"business_id": business_id, "points": earned.points}
        sale = _insert(columns, code, context, earned.shares)
        emit(business_id=business_id, events=[_event("sale.recorded", sale)])
        _credit(sale)
        return sale


_NOT_COLUMNS = {"business_id", "code"}


def _check_open(context: store.Context, columns: dict[str, Any]) -> None:
    """Refuse a closed branch and an archived SKU: they take no new sales."""
    if columns.get("branch_id") is not None and not context.branch_active:
        raise NotFound(
            f"There is no active branch {columns['branch_id']}.",
            fields={"branch_id": "is not an active branch"},
        )
    if columns.get("sku_id") is not None and context.archived:
        raise Conflict(f"The SKU {columns['sku_id']} is archived.", fields={"sku_id": "is archived"})


def _price(business_id: int, context: store.Context, columns: dict[str, Any]) -> promotions.Earned:
    """What the promotions of its day make a sale worth."""
    day = business_day(context.timezone, columns["occurred_at"])
    purchase = promotions.Purchase(
        total_value=columns["total_value"],
        day=day,
        group_id=context.group_id,
        branch_id=columns["branch_id"],
        sku_id=columns["sku_id"],
        category_id=context.category_id,
    )
    live = store.live_promotions(business_id=business_id, day=day)
    earned = promotions.earn(purchase, live, cap=context.cap)
    if abs(earned.points) > points.MAX_POINTS:
        raise InvalidInput.at(
            "total_value", f"is worth {earned.points} points, and a sale may be worth {points.MAX_POINTS}"
        )
    return earned


def _insert(
    columns: dict[str, Any], code: str, context: store.Context, shares: tuple[promotions.Share, ...]
) -> Sale:
    """Store a new sale with what each promotion gave it, under its code or one that is made."""
    business_id = columns["business_id"]
    made = "" if code or context.number is None else codes.numbered_code(_LETTER, context.number)
    while True:
        made = made or code or numbers.draw_code(business_id=business_id, letter=_LETTER, table="sales_sale")
        row = columns | {"id": context.next_id, "code": made}
        stamps = store.insert_sale(row, shares)
        if stamps is not None:
            break
        if code:
            raise store.code_taken(code)
        made = ""  # somebody gave this code by hand
    values = [*(row[name] for name in store.COLUMNS), *stamps]
    sale = Sale.from_db(DEFAULT_DB_ALIAS, (*store.COLUMNS, *store.STAMPS), values)
    sale.sale_promotions = [
        SalePromotion(
            business_id=sale.business_id,
            sale_id=sale.pk,
            promotion_id=share.promotion_id,
            code=share.code,
            points=share.points,
        )
        for share in shares
    ]
    return sale


def _credit(sale: Sale) -> None:
    """Give a new sale's points, or take back those of a refund."""
    if sale.points > 0:
        points.add_points(
            business_id=sale.business_id,
            member_id=sale.member_id,
            points_to_add=sale.points,
            branch_id=sale.branch_id,
            staff_id=sale.staff_id,
            occurred_at=sale.occurred_at,
            source=_source(sale),
        )
    elif sale.points < 0:
        _correct(sale, sale.member_id, 0, sale.points, at=sale.occurred_at)


def _source(sale: Sale) -> str:
    return f"sale:{sale.pk}"


def _correct(
    sale: Sale,
    member_id: int,
    before: int,
    after: int,
    *,
    at: dt.datetime | None = None,
    occasion: str | None = None,
) -> None:
    """Make a member's card follow a sale whose worth changed, `at` its own date or now.

    A refund's worth is below zero. It is no spending, which could be refused for want of points: it takes
    back what purchases earned.
    """
    if before != after:
        corrections.change_points(
            business_id=sale.business_id,
            member_id=member_id,
            source=_source(sale),
            before=before,
            after=after,
            takes_back=True,
            occurred_at=at,
            occasion=occasion,
            branch_id=sale.branch_id,
            staff_id=sale.staff_id,
        )


def edit_sale(*, business_id: int, pk: int, **changes: Any) -> Sale:
    """Change a sale; what is not named stays, what is empty is erased.

    When value, date, SKU, branch or member change, the promotions as they are now are applied anew, and the
    points of the old worth are exchanged for those of the new one, by the business's refund policy.

    Raises:
        InvalidInput: a value is unusable; the message names the field.
        NotFound: the business has no such sale, member, branch, SKU or staff, or the new branch is closed.
        Suspended: points would go to a member who is suspended.
        Conflict: the code is taken, or the new SKU is archived.
    """
    code = fields.check_code(changes.pop("code"), required=True) if "code" in changes else None
    changes = fields.check(changes, new=False)
    with transaction.atomic(), scope(business=business_id):
        if "member_id" in changes:  # before the sale, in the order in which an erasure locks them
            store.keep_member(business_id=business_id, member_id=changes["member_id"])
        sale = _locked(pk)
        old_member, old_points = sale.member_id, sale.points
        moved = {name: value for name, value in changes.items() if getattr(sale, name) != value}
        if code is not None and code != sale.code:
            moved["code"] = _free_code(sale, code)
        if not moved:
            return _loaded(sale.pk)
        store.check_staff(business_id=business_id, staff_id=moved.get("staff_id"))
        for name, value in moved.items():
            setattr(sale, name, value)
        if moved.keys() & set(_PRICED_BY):
            _price_anew(sale, moved)
            moved |= {"points": sale.points}
        sale.modified_at = timezone.now()
        sale.save(update_fields=[*moved, "modified_at"])
        emit(business_id=business_id, events=[_event("sale.changed", sale)])
        _follow(sale, old_member, old_points)
        return _loaded(sale.pk)


def _locked(pk: int) -> Sale:
    sale = Sale.objects.select_for_update().filter(pk=pk).first()
    if sale is None:
        raise NotFound(f"There is no sale {pk}.", fields={"code": "is unknown"})
    return sale


def _loaded(pk: int) -> Sale:
    sale = Sale.objects.select_related("member", "sku", "branch").get(pk=pk)
    sale.sale_promotions = list(sale.promotions.order_by("promotion_id", "id"))
    return sale


def _free_code(sale: Sale, code: str) -> str:
    others = Sale.objects.filter(same_code(code)).exclude(pk=sale.pk)
    if others.exists():
        raise store.code_taken(code)
    return code


def _price_anew(sale: Sale, moved: dict[str, Any]) -> None:
    """Set what a changed sale is worth now, and write which promotions make it so."""
    context = store.read_context(
        business_id=sale.business_id,
        member_id=sale.member_id,
        branch_id=sale.branch_id,
        sku_id=sale.sku_id,
        new=False,
    )
    _check_open(context, moved)
    columns = {name: getattr(sale, name) for name in _PRICED_BY}
    earned = _price(sale.business_id, context, columns)
    sale.points = earned.points
    SalePromotion.objects.filter(sale_id=sale.pk).delete()
    if earned.shares:
        store.insert_shares(business_id=sale.business_id, sale_id=sale.pk, shares=earned.shares)


def _follow(sale: Sale, old_member: int, old_points: int) -> None:
    """Make the cards follow a changed sale: one card, or two when it went to another member."""
    if sale.member_id == old_member:
        _correct(sale, old_member, old_points, sale.points)
        return
    # In the order of the members, so that two such edits cannot lock each other.
    steps = sorted([(old_member, old_points, 0), (sale.member_id, 0, sale.points)])
    for member_id, before, after in steps:
        _correct(sale, member_id, before, after)


def delete_sale(*, business_id: int, pk: int) -> None:
    """Delete a sale. What it earned is taken back by the business's refund policy.

    Raises:
        NotFound: the business has no such sale.
        Suspended: it is a refund, whose points would go back to a member who is suspended.
    """
    with transaction.atomic(), scope(business=business_id):
        sale = _locked(pk)
        SalePromotion.objects.filter(sale_id=pk).delete()
        Sale.objects.filter(pk=pk).delete()
        emit(business_id=business_id, events=[_event("sale.deleted", sale)])
        gone = occasions.deleted_occasion(_source(sale))
        _correct(sale, sale.member_id, sale.points, 0, occasion=gone)


def _event(kind: str, sale: Sale) -> NewEvent:
    data = {
        "customer_id": sale.member_id,
        "sale_id": sale.pk,
        "code": sale.code,
        "total_value": f"{sale.total_value:.2f}",
        "points": sale.points,
        "branch_id": sale.branch_id,
    }
    return NewEvent(kind, sale.member_id, data)
