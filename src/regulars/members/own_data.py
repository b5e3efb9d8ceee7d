"""Everything that is kept about a member, as one JSON text: what the registry of personal data lists."""

from __future__ import annotations

from decimal import Decimal
from typing import IO, Any, Final

import orjson
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.members import personal_data
from regulars.members.models import Member
from regulars.members.personal_data import Part
from regulars.rules.errors import NotFound

_TIMES: Final = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


def write_data(*, business_id: int, member_id: int, file: IO[bytes]) -> None:
    """Write all that a business keeps about a member: one object, a value for each part of it.

    `about` says in a sentence what each part is. Times are in UTC (ISO 8601), amounts exact decimal text,
    rows oldest first, all as of one moment. However much there is, little of it is in memory at once.

    Raises:
        NotFound: the business has no such member; nothing was written.
    """
    parts = personal_data.parts()
    with scope(business=business_id), db.snapshot():
        member = Member.objects.select_related("business").filter(pk=member_id).first()
        if member is None:
            raise NotFound(f"There is no customer {member_id}.")
        head = {
            "business": member.business.name,
            "customer_id": member.pk,
            "made_at": timezone.now(),
            "about": {part.key: part.about for part in parts},
        }
        file.write(_dump(head)[:-1])
        for part in parts:
            file.write(b",\n" + _dump(part.key) + b":")
            _write_part(part, member, file)
        file.write(b"}\n")


def _write_part(part: Part, member: Member, file: IO[bytes]) -> None:
    rows = part.rows(member)
    if part.one:
        file.write(_dump(next(rows, None)))
        return
    between = b""
    file.write(b"[")
    for row in rows:
        file.write(between + b"\n" + _dump(row))
        between = b","
    file.write(b"]")


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=_TIMES)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} cannot be given out")
