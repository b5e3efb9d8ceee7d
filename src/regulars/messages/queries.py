"""Reads about messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django_scopes import scope

from regulars.ledger.queries import Page
from regulars.messages import texts
from regulars.messages.kinds import AUTOMATIC, Kind
from regulars.messages.models import Message, MessageText, Suppression
from regulars.tenants.queries import business_by_id


@dataclass(frozen=True, slots=True)
class KindState:
    """A kind with its words in a business: the usual ones, and all that have names or are in a language.

    `named` tells for each of the latter exactly what the business wrote, filled up with what is sent
    where it wrote nothing.
    """

    kind: Kind
    usual: texts.Text
    named: list[texts.Text]


def kinds(*, business_id: int) -> list[KindState]:
    """All automatic kinds with the words of a business; those of the product in its language."""
    with scope(business=business_id):
        rows = list(MessageText.objects.order_by("name", "language"))
    language = business_by_id(business_id).language
    return [
        _state(kind, [row for row in rows if row.kind == kind.name], language) for kind in AUTOMATIC.values()
    ]


def kind_state(*, business_id: int, kind: Kind) -> KindState:
    """One kind with the words of a business."""
    with scope(business=business_id):
        rows = list(MessageText.objects.filter(kind=kind.name).order_by("name", "language"))
    return _state(kind, rows, business_by_id(business_id).language)


def _state(kind: Kind, rows: list[MessageText], language: str) -> KindState:
    usual = texts.text_among(rows, kind=kind, language=language)
    named = [_written(row, rows, kind, language) for row in rows if row.name or row.language]
    return KindState(kind, usual, named)


def _written(row: MessageText, rows: list[MessageText], kind: Kind, language: str) -> texts.Text:
    found = texts.text_among(rows, kind=kind, name=row.name, language=row.language or language)
    return replace(found, name=row.name, language=row.language)


def _page(rows: QuerySet[Any], page: int, per_page: int) -> Page[Any]:
    total, start = rows.count(), (page - 1) * per_page
    return Page(list(rows[start : start + per_page]) if start < total else [], total, page, per_page)


def messages(
    *,
    business_id: int,
    page: int,
    per_page: int,
    status: str | None = None,
    kind: str | None = None,
    member_id: int | None = None,
) -> Page[Message]:
    """Messages, newest first."""
    with scope(business=business_id):
        rows = Message.objects.select_related("member").order_by("-id")
        if status is not None:
            rows = rows.filter(status=status)
        if kind is not None:
            rows = rows.filter(kind=kind)
        if member_id is not None:
            rows = rows.filter(member_id=member_id)
        return _page(rows, page, per_page)


def suppressions(*, business_id: int, page: int, per_page: int) -> Page[Suppression]:
    """Addresses that the business writes to no more, newest first."""
    with scope(business=business_id):
        return _page(Suppression.objects.order_by("-id"), page, per_page)
