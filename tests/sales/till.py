"""A shop with promotions, for the tests of sales."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django_scopes import scopes_disabled

from regulars.catalog.models import Sku, SkuCategory
from regulars.ledger import points
from regulars.ledger.models import Card, Entry
from regulars.members.models import Member, MemberGroup
from regulars.outbox.models import Event
from regulars.promotions.models import Promotion
from regulars.sales import actions
from regulars.sales.models import Sale
from regulars.tenants.models import Branch, Business
from tests.factories import Shop, make_shop

NOON = dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 6, 15)


@dataclass(frozen=True)
class Till:
    """One place where Alice's customers buy."""

    shop: Shop

    @property
    def id(self) -> int:
        return self.shop.id

    def set(self, **fields: Any) -> None:
        """Change the points programme."""
        Business.objects.filter(pk=self.id).update(**fields)

    def promotion(self, percent: str = "10", code: str = "P1", **fields: Any) -> Promotion:
        with scopes_disabled():
            return Promotion.objects.create(
                business_id=self.id, code=code, percent_of_spend=Decimal(percent), **fields
            )

    def sku(self, code: str = "BEANS", category: SkuCategory | None = None, **fields: Any) -> Sku:
        with scopes_disabled():
            return Sku.objects.create(
                business_id=self.id, code=code, name=code.title(), category=category, **fields
            )

    def category(self, code: str = "COFFEE") -> SkuCategory:
        with scopes_disabled():
            return SkuCategory.objects.create(business_id=self.id, code=code, name=code.title())

    def group(self, card: Card, code: str = "Gold") -> MemberGroup:
        """A group with this member in it."""
        with scopes_disabled():
            group = MemberGroup.objects.create(business_id=self.id, code=code, name=code)
            Member.objects.filter(pk=card.pk).update(group=group)
            return group

    def closed_branch(self) -> Branch:
        branch = self.shop.branch("Closed")
        with scopes_disabled():
            Branch.objects.filter(pk=branch.pk).update(is_active=False)
        return branch

    def suspend(self, card: Card) -> None:
        with scopes_disabled():
            Member.objects.filter(pk=card.pk).update(suspended=True)

    def sell(self, card: Card, value: str = "100", **fields: Any) -> Sale:
        given: dict[str, Any] = {"occurred_at": NOON} | fields
        return actions.add_sale(business_id=self.id, member_id=card.pk, total_value=Decimal(value), **given)

    def edit(self, sale: Sale, **changes: Any) -> Sale:
        return actions.edit_sale(business_id=self.id, pk=sale.pk, **changes)

    def delete(self, sale: Sale) -> None:
        actions.delete_sale(business_id=self.id, pk=sale.pk)

    def spend(self, card: Card, number: int) -> None:
        points.spend_points(business_id=self.id, member_id=card.pk, points_to_spend=number, occurred_at=NOON)


def make_till(name: str = "Alice's Café", **fields: Any) -> Till:
    return Till(make_shop(name, **fields))


def balance(card: Card) -> int:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk).points


def entries(card: Card) -> list[tuple[str, int, int]]:
    """Kind, points and shortfall of what happened to a card after its opening."""
    with scopes_disabled():
        rows = Entry.objects.filter(card=card).exclude(kind="enrol").order_by("id")
        return list(rows.values_list("kind", "points", "shortfall"))


def stored(sale: Sale) -> Sale | None:
    with scopes_disabled():
        return Sale.objects.filter(pk=sale.pk).first()


def shares(sale: Sale) -> list[tuple[str, int]]:
    """Code and points of each promotion, as they are stored."""
    with scopes_disabled():
        return list(sale.promotions.order_by("promotion_id").values_list("code", "points"))


def told(kind: str) -> list[dict[str, Any]]:
    """The payloads of all events of one type."""
    with scopes_disabled():
        return list(Event.objects.filter(type=kind).order_by("id").values_list("payload", flat=True))
