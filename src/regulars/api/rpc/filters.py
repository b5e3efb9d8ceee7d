"""From the fields of a `get_` call to a query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from regulars.api.rpc.entity import Entity
from regulars.api.rpc.errors import bad_value, unknown_field
from regulars.api.rpc.method import Caller
from regulars.api.rpc.types import Text, Whole, read_moment

# What may be said about when a record was added, beside its own fields.
SPAN = ("from_date", "to_date")
# So many digits look like part of a phone number.
_LEAST_DIGITS = 3
_MOST_ROWS = Whole(least=1, most=1_000_000_000)
_MOST_SKIPPED = Whole(least=0, most=1_000_000_000)


def query(
    entity: Entity, caller: Caller, fields: Mapping[str, str], options: Mapping[str, str]
) -> QuerySet[Any]:
    """The records of an entity that match all filters. An empty filter is none.

    Raises:
        RpcError: 011 for a field that cannot be searched for, 006 for a value that it cannot have.
        InvalidInput: the same as 006.
    """
    table: Any = entity.model
    by_name = entity.by_name()
    wanted = Q()
    for name, text in fields.items():
        if name in SPAN:
            continue
        field = by_name.get(name)
        if field is None or not field.filters:
            raise unknown_field(name)
        if text.strip():
            wanted &= field.type.where(caller, name, field.lives_in, text)
    wanted &= _span(entity, caller, fields, options.get("date_field", ""))
    if options.get("member_search", "").strip():
        wanted &= _search(entity, caller, options["member_search"])
    found: QuerySet[Any] = table.objects.filter(wanted)
    return found


def _span(entity: Entity, caller: Caller, fields: Mapping[str, str], date_field: str) -> Q:
    columns = {"": entity.added, "date_added": entity.added, "date_modified": entity.modified}
    if entity.dated:
        columns["transaction_date"] = entity.dated
    column = columns.get(date_field.strip())
    if column is None:
        known = ", ".join(name for name in columns if name)
        raise bad_value("date_field", f"must be one of {known}")
    wanted = Q()
    for name in SPAN:
        if text := fields.get(name, "").strip():
            begins, lasts = read_moment(caller, name, text)
            bound: dt.datetime = begins if name == "from_date" else begins + lasts
            wanted &= Q(**{f"{column}__gte" if name == "from_date" else f"{column}__lt": bound})
    return wanted


def _search(entity: Entity, caller: Caller, text: str) -> Q:
    if not entity.searched:
        raise unknown_field("global[member_search]")
    pattern = f"*{text.strip().strip('*')}*"
    either = Q()
    for column in entity.searched:
        either |= Text().where(caller, "member_search", column, pattern)
    digits = "".join(filter(str.isdigit, text))
    if len(digits) >= _LEAST_DIGITS and not any(map(str.isalpha, text)):
        # A phone as people write it: with blanks, dashes, or the zero that its international form drops.
        either |= Q(cell__contains=digits.lstrip("0") or digits)
    return either


def page(caller: Caller, options: Mapping[str, str]) -> tuple[int | None, int]:
    """`global[limit]` (None: all rows) and `global[offset]`.

    Raises:
        InvalidInput: one of them is no whole number, or out of range.
    """
    limit, offset = options.get("limit", "").strip(), options.get("offset", "").strip()
    return (
        _MOST_ROWS.read(caller, "limit", limit) if limit else None,
        (_MOST_SKIPPED.read(caller, "offset", offset) or 0) if offset else 0,
    )
