"""From a query to the rows of an answer, page by page, so that any number of rows takes constant memory.

What is to be shown is found first, as ids. The columns of those records are then read by one statement for
each kind, which is made once: making it anew would cost more than running it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django_scopes import scope, scopes_disabled

from regulars import db
from regulars.api.rpc.answers import Row
from regulars.api.rpc.entity import Entity
from regulars.api.rpc.method import Caller
from regulars.api.rpc.types import Printed
from regulars.members import merged
from regulars.members.models import Member

# Records that are read at once.
PAGE = 500

_Found = list[tuple[int, Row]]


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
        ordered = query.order_by("pk").values_list("pk", flat=True)
        ids = list(ordered[offset : offset + most])
    first = _read(entity, caller, ids, fields)
    if len(ids) < PAGE:
        return [row for _, row in first]
    return _more(entity, caller, ordered, fields, offset=offset, limit=limit)


def with_code(entity: Entity, caller: Caller, code: str, fields: Mapping[str, str]) -> list[Row]:
    """The row of the record with a code, whatever its case; none when there is none.

    The code of a member's record that was merged is the code of the member who has everything of it.
    """
    condition = f"UPPER({_table(entity)}.code) = UPPER(%s)"
    found = [row for _, row in _select(entity, caller, condition, code, fields)]
    if found or entity.model is not Member:
        return found
    member_id = merged.by_code(business_id=caller.business_id, code=code)
    return [] if member_id is None else [one(entity, caller, member_id)]


def one(entity: Entity, caller: Caller, pk: int) -> Row:
    """The row of one record."""
    return _select(entity, caller, f"{_table(entity)}.id = %s", pk, {})[0][1]


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
    with db.snapshot():
        page_of = ordered[offset : offset + PAGE]
        while left is None or left > 0:
            with scope(business=caller.business_id):
                ids = list(page_of)[:left]
            for _, row in _read(entity, caller, ids, fields):
                yield row
            if len(ids) < PAGE:
                return
            left = None if left is None else left - PAGE
            page_of = ordered.filter(pk__gt=ids[-1])[:PAGE]


def _table(entity: Entity) -> str:
    return entity.model._meta.db_table  # noqa: SLF001 - Django documents it under this name


@cache
def _columns(entity: Entity) -> str:
    """The statement that reads all that is shown of a kind, up to its first condition or the next one.

    The manager of a kind may have one of its own: who left the team is no user.
    """
    table: Any = entity.model
    with scopes_disabled():  # no query is run: the condition on the business is in `_select`
        query = table.objects.values_list("pk", *(field.lives_in for field in entity.shown))
    sql, params = query.query.sql_with_params()
    if params:
        raise TypeError(f"the columns of a {entity.title} need parameters")
    return f"{sql} {'AND' if query.query.where else 'WHERE'}"


@cache
def _shown(entity: Entity) -> list[tuple[str, Callable[[Caller, Any], Printed]]]:
    return [(field.name, field.type.show) for field in entity.shown]


def _read(entity: Entity, caller: Caller, ids: Sequence[int], fields: Mapping[str, str]) -> _Found:
    if not ids:
        return []
    return _select(entity, caller, db.any_of(f"{_table(entity)}.id"), db.numbers(ids), fields)


def _select(entity: Entity, caller: Caller, condition: str, value: Any, fields: Mapping[str, str]) -> _Found:
    table = _table(entity)
    sql = f"{_columns(entity)} {table}.business_id = %s AND {condition} ORDER BY {table}.id"
    values = db.run(sql, (caller.business_id, value))
    ids = [pk for pk, *_ in values]
    loaded = [(extra.name, extra.load(caller, ids, fields)) for extra in entity.loaded] if ids else []
    shown = _shown(entity)
    rows: _Found = []
    for pk, *columns in values:
        row = [(name, show(caller, value)) for (name, show), value in zip(shown, columns, strict=True)]
        row += [(name, of.get(pk)) for name, of in loaded]
        rows.append((pk, row))
    return rows
