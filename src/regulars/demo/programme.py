"""The points programme of a demo business: set up, and used through the same actions that tills use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django_scopes import scope

from regulars.catalog import actions as catalog
from regulars.demo.offers import Deal, Item, Offer, Perk
from regulars.ledger import adjustments
from regulars.ledger.models import Card
from regulars.promotions import actions as promotions
from regulars.promotions.occasions import happened
from regulars.rules import occasions
from regulars.rules.errors import Refusal
from regulars.sales import actions as sales
from regulars.tenants import actions as tenants
from regulars.vouchers import actions as vouchers
from regulars.vouchers import issuing, redeeming
from regulars.vouchers.models import VoucherCode

_CENT = Decimal("0.01")
# Which of the last purchases come back or were typed wrongly, counted from the last one.
_RETURNED = (9, 23, 41)
_MISTYPED = (5, 14)
_TYPED_TWICE = (30,)
_WAITED = (2, 17)


@dataclass(frozen=True, slots=True)
class Till:
    """Where, by whom and when something is rung up."""

    branch_id: int | None
    staff_id: int | None
    occurred_at: dt.datetime

    def as_arguments(self) -> dict[str, Any]:
        """The same as the actions want it."""
        return {"branch_id": self.branch_id, "staff_id": self.staff_id, "occurred_at": self.occurred_at}


@dataclass(frozen=True, slots=True)
class _Sold:
    """A purchase that was rung up."""

    sale_id: int
    member_id: int
    item: Item
    qty: int
    branch_id: int | None


class Programme:
    """The points programme of one business, open for its customers."""

    def __init__(
        self, business_id: int, offer: Offer, *, branches: list[int], groups: dict[str | None, int | None]
    ) -> None:
        self._id = business_id
        self._offer = offer
        self._branches = branches
        self._groups = groups
        self._items = {item.code: item for item in offer.items}
        self._sold: list[_Sold] = []

    def open(self, today: dt.date) -> None:
        """Enter all that the offer says. Promotions for single days are those around `today`."""
        offer = self._offer
        tenants.update_points_programme(
            business_id=self._id,
            points_expire_months=offer.expire_months,
            refund_policy=offer.refund_policy,
            points_per_sale_cap=offer.sale_cap,
            point_value=offer.point_value,
        )
        self._categories = {
            code: catalog.add_category(business_id=self._id, code=code, name=name).pk
            for code, name in offer.categories.items()
        }
        self._skus = {
            item.code: catalog.add_sku(
                business_id=self._id,
                code=item.code,
                name=item.name,
                barcode=_barcode(number),
                category_id=self._categories[item.category],
                sales_price=item.price,
                purchase_price=item.cost,
            ).pk
            for number, item in enumerate(offer.items, start=1)
        }
        for deal in offer.deals:
            for code, day in _days(deal, today):
                self._add_deal(deal, code, day)
        for gift in offer.gifts:
            promotions.add_event_promotion(
                business_id=self._id,
                code=gift.code,
                name=gift.name,
                points_to_award=gift.points,
                auto_allocate_on_event=gift.event,
                quickscan_function=gift.quickscan,
                group_id=self._groups[gift.group],
                date_from=gift.since_days and today - dt.timedelta(days=gift.since_days),
            )
        self._vouchers = {perk.code: self._add_perk(perk) for perk in offer.perks}

    def _add_deal(self, deal: Deal, code: str, day: dt.date | None) -> None:
        promotions.add_promotion(
            business_id=self._id,
            code=code,
            name=deal.name,
            percent_of_spend=deal.percent,
            fixed_points_value=deal.fixed,
            group_id=self._groups[deal.group],
            date_from=day,
            date_to=day,
            sku_id=self._skus[deal.item] if deal.item else None,
            category_id=self._categories[deal.category] if deal.category else None,
            branch_id=None if deal.place is None else self._branches[deal.place],
        )

    def _add_perk(self, perk: Perk) -> int:
        voucher = vouchers.add_voucher(
            business_id=self._id,
            code=perk.code,
            name=perk.name,
            group_id=self._groups[perk.group],
            sku_id=self._skus[perk.item] if perk.item else None,
            **perk.terms,
        )
        for number in range(1, perk.precodes + 1):
            code = f"{perk.code}-{number:03d}"
            vouchers.add_precode(business_id=self._id, code=code, voucher_id=voucher.pk)
        return voucher.pk

    def retire(self, code: str) -> None:
        """Sell an item no more."""
        catalog.edit_sku(business_id=self._id, pk=self._skus[code], archived=True)

    def buy(self, member_id: int, code: str, qty: int, till: Till) -> None:
        """Ring up so many of an item."""
        item = self._items[code]
        sale = sales.add_sale(
            business_id=self._id,
            member_id=member_id,
            sku_id=self._skus[code],
            transaction_ref=f"{till.occurred_at:%y%m%d-%H%M%S}",
            **self._amounts(item, qty),
            **till.as_arguments(),
        )
        self._sold.append(_Sold(sale.pk, member_id, item, qty, till.branch_id))

    def _amounts(self, item: Item, qty: int) -> dict[str, Any]:
        tax, percent = self._offer.tax
        total = item.price * qty
        ex_tax = (total / (1 + percent / 100)).quantize(_CENT)
        return {
            "total_value": total,
            "grand_total": total,
            "ex_tax_amount": ex_tax,
            "tax_amount": total - ex_tax,
            "tax_type": tax,
            "unit_price": item.price,
            "qty": Decimal(qty),
        }

    def use_voucher(self, member_id: int, code: str, qty: int, till: Till, day: dt.date) -> None:
        """Redeem the member's oldest voucher that fits a purchase, if they have one."""
        total, sku = self._items[code].price * qty, self._skus[code]
        fits = Q(voucher__sku=None) | Q(voucher__sku=sku)
        large_enough = Q(voucher__min_value=None) | Q(voucher__min_value__lte=total)
        with scope(business=self._id):
            theirs = self._at_hand(day).filter(fits, large_enough, member_id=member_id).first()
        if theirs is not None:
            self._redeem(theirs, till, sale_value=total, sku_id=sku)

    def take_gift_card(self, code: str, till: Till, day: dt.date) -> None:
        """Redeem the oldest gift card that is about, if there is one."""
        with scope(business=self._id):
            oldest = self._at_hand(day).filter(voucher_id=self._vouchers[code], member=None).first()
        if oldest is not None:
            self._redeem(oldest, till)

    def _at_hand(self, day: dt.date) -> Any:
        active = VoucherCode.objects.filter(status=VoucherCode.Status.ACTIVE)
        good = active.filter(Q(expires_on=None) | Q(expires_on__gte=day))
        return good.order_by("id").values_list("code", flat=True)

    def _redeem(self, code: str, till: Till, **sale: Any) -> None:
        with suppress(Refusal):
            redeeming.redeem(business_id=self._id, code=code, **sale, **till.as_arguments())

    def choose_voucher(self, member_id: int, code: str, till: Till) -> None:
        """Give a member a voucher for their points, if these are enough."""
        with scope(business=self._id):
            balance = Card.objects.values_list("points", flat=True).get(pk=member_id)
        perk = next(perk for perk in self._offer.perks if perk.code == code)
        if balance < perk.terms["points_required"]:
            return
        with suppress(Refusal):  # such as one too many, or points that lapse tonight
            issuing.issue_voucher(
                business_id=self._id,
                voucher_id=self._vouchers[code],
                member_id=member_id,
                **till.as_arguments(),
            )

    def sell_gift_card(self, code: str, till: Till) -> None:
        """Give a voucher to whoever bears it."""
        issuing.issue_voucher(business_id=self._id, voucher_id=self._vouchers[code], **till.as_arguments())

    def begin_month(self, members: Iterable[tuple[int, str | None]], day: dt.date, at: dt.datetime) -> None:
        """Give what the 1st gives to the groups that get something; `members` are (id, group)."""
        groups = {gift.group for gift in self._offer.gifts if gift.event == occasions.MONTHLY}
        for member_id, group in members:
            if group in groups:
                happened(
                    business_id=self._id,
                    member_id=member_id,
                    event=occasions.MONTHLY,
                    occasion=occasions.month_occasion(day),
                    at=at,
                )

    def keep_birthday(self, member_id: int, year: int, at: dt.datetime) -> None:
        """Give what a birthday gives."""
        happened(
            business_id=self._id,
            member_id=member_id,
            event=occasions.BIRTHDAY,
            occasion=occasions.birthday_occasion(year),
            at=at,
        )

    def put_right(self, today: dt.date) -> None:
        """What the owner does last, now: goods come back, mistakes are mended, a voucher is on hold."""
        for one in self._last(_RETURNED):
            self._take_back(one)
        for one, more in zip(self._last(_MISTYPED), (1, -1), strict=False):
            amounts = self._amounts(one.item, max(1, one.qty + more))
            sales.edit_sale(business_id=self._id, pk=one.sale_id, **amounts)
        for one in self._last(_TYPED_TWICE):
            sales.delete_sale(business_id=self._id, pk=one.sale_id)
        for one in self._last(_WAITED):
            adjustments.add_adjustment(
                business_id=self._id,
                member_id=one.member_id,
                points=20,
                internal_notes="Had to wait for the machine",
                branch_id=one.branch_id,
            )
        self._mend_vouchers(today)

    def _take_back(self, one: _Sold) -> None:
        amounts = self._amounts(one.item, 1)
        for name in ("total_value", "grand_total", "ex_tax_amount", "tax_amount", "qty"):
            amounts[name] = -amounts[name]
        sales.add_sale(
            business_id=self._id,
            member_id=one.member_id,
            sku_id=self._skus[one.item.code],
            branch_id=one.branch_id,
            notes=f"Returned: {one.item.name}",
            **amounts,
        )

    def _mend_vouchers(self, today: dt.date) -> None:
        """Undo a redemption and an issue, and hold a code at a till."""
        with scope(business=self._id):
            codes = VoucherCode.objects.exclude(member=None)
            redeemed = codes.filter(status=VoucherCode.Status.REDEEMED).order_by("-redeemed_at", "-id")
            wrong = redeemed.values_list("code", flat=True).first()
            paid_for = codes.filter(status=VoucherCode.Status.ACTIVE, issue__points_used__gt=0)
            on_hold, unwanted = [*paid_for.order_by("-id").values_list("code", "issue_id")[:2], None, None][
                :2
            ]
        if wrong is not None:
            redeeming.reset(business_id=self._id, code=wrong, reason="Scanned instead of the next one")
        if on_hold is not None:
            redeeming.reserve(business_id=self._id, code=on_hold[0], minutes=redeeming.MAX_MINUTES)
        if unwanted is not None:
            issuing.delete_issue(business_id=self._id, pk=unwanted[1])

    def _last(self, places: tuple[int, ...]) -> Iterator[_Sold]:
        return (self._sold[-place] for place in places if place <= len(self._sold))


def _days(deal: Deal, today: dt.date) -> Iterator[tuple[str, dt.date | None]]:
    """Under which code a deal is entered, and for which day; None for every day."""
    if deal.first_weekday is None:
        yield deal.code, None
        return
    for months in range(-2, 2):
        years, month = divmod(today.month - 1 + months, 12)
        first = dt.date(today.year + years, month + 1, 1)
        day = first + dt.timedelta(days=(deal.first_weekday - first.weekday()) % 7)
        yield f"{deal.code}-{day:%Y-%m}", day


def _barcode(number: int) -> str:
    """An EAN-13 of the numbers that a shop gives to its own goods, which begin with 20."""
    digits = f"20{number:010d}"
    odd, even = (sum(map(int, digits[start::2])) for start in (0, 1))
    return f"{digits}{-(odd + 3 * even) % 10}"
