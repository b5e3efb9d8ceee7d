"""What tests of points look at: a card's totals, its lots, and what was written for a document."""

from __future__ import annotations

import datetime as dt

from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger.models import Card, Entry, Lot
from regulars.tenants.models import Business
from tests.factories import Shop

Line = tuple[str, int, int]


def balance(card: Card) -> int:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk).points


def totals(card: Card) -> tuple[int, int, int, int]:
    """Balance, earned, spent, expired."""
    with scopes_disabled():
        now = Card.objects.get(pk=card.pk)
    return now.points, now.points_earned, now.points_spent, now.points_expired


def left(card: Card) -> list[int]:
    """What is left in each lot, in the order of earning."""
    with scopes_disabled():
        return list(Lot.objects.filter(card=card).order_by("id").values_list("remaining", flat=True))


def written(card: Card, source: str | None = None) -> list[Line]:
    """Kind, points and shortfall of the entries of points; only those of one document when it is named."""
    with scopes_disabled():
        rows = Entry.objects.filter(card=card, kind__startswith="points")
        if source is not None:
            rows = rows.filter(source=source)
        lines = rows.order_by("id").values_list("kind", "points", "shortfall")
        return [(kind.removeprefix("points_"), points, shortfall) for kind, points, shortfall in lines]


def set_policy(shop: Shop, policy: str) -> None:
    Business.objects.filter(pk=shop.id).update(refund_policy=policy)


def set_expiry(shop: Shop, months: int | None) -> None:
    Business.objects.filter(pk=shop.id).update(points_expire_months=months)


def agree() -> None:
    """The product's own audit finds nothing."""
    report = audit()
    assert report.ok, report.differences


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
