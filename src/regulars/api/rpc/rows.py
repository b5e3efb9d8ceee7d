"""From a query to the rows of an answer, page by page, so that any number of rows takes constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django_scopes import scope

from regulars import db
from regulars.api.rpc.answers import Row
from regulars.api.rpc.entity import Entity
from regulars.api.rpc.method import Caller

# Records that are read at once.
PAGE = 500


def found(
    entity: Entity,
    caller: Caller,
    query: QuerySet[Any],
    fields: Mapping[str, str],
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Iterable[Row]:
    """The rows of an answer, oldest record first; at most `limit` of them after the first `offset`.

    `fields` are the filters, for the computed fields that depend on them.
    """
    with scope(business=caller.business_id):
        most = PAGE if limit is None else min(limit, PAGE)
        ordered = query.order_by("pk")
        first = _page(entity, caller, ordered[offset : offset + most], fields)
    if len(first) < PAGE:
        return [row for _, row in first]
    return _more(entity, caller, ordered, fields, offset=offset, limit=limit)


def one(entity: Entity, caller: Caller, pk: int) -> Row:
    """The row of one record."""
    table: Any = entity.model
    with scope(business=caller.business_id):
        return _page(entity, caller, table.objects.filter(pk=pk), {})[0][1]


def _more(
    entity: Entity,
    caller: Caller,
    ordered: QuerySet[Any],
    fields: Mapping[str, str],
    *,
    offset: int,
    limit: int | None,
) -> Iterator[Row]:
    """A long answer: all pages as of one moment, each found by the last id of the page before."""
    left = limit
    table: Any = entity.model
    with db.snapshot():
        page_of = ordered[offset : offset + PAGE]
        while left is None or left > 0:
            with scope(business=caller.business_id):
                # The ids first: whatever a database thinks of the sizes of its tables, joining a page of them
                # to the rest stays cheap.
                ids = list(page_of.values_list("pk", flat=True))[:left]
                page = _page(entity, caller, table.objects.filter(pk__in=ids).order_by("pk"), fields)
            for _, row in page:
                yield row
            if len(ids) < PAGE:
                return
            left = None if left is None else left - PAGE
            page_of = ordered.filter(pk__gt=ids[-1])[:PAGE]


def _page(
    entity: Entity, caller: Caller, query: QuerySet[Any], fields: Mapping[str, str]
) -> list[tuple[int, Row]]:
    shown = entity.shown
    values = list(query.values_list("pk", *(field.lives_in for field in shown)))
    ids = [pk for pk, *_ in values]
    loaded = [(extra.name, extra.load(caller, ids, fields)) for extra in entity.loaded] if ids else []
    rows: list[tuple[int, Row]] = []
    for pk, *columns in values:
        row = [
            (field.name, field.type.show(caller, value)) for field, value in zip(shown, columns, strict=True)
        ]
        row += [(name, of.get(pk)) for name, of in loaded]
        rows.append((pk, row))
    return rows
