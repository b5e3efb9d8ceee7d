"""Writing the audit log: who did what, and what differs."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Field, Model
from django_scopes import scope

from regulars.auditlog.models import Record
from regulars.tenants.models import Staff

# Columns that open something, or that only repeat others: they are told as changed, never shown.
SECRETS: Final = frozenset(
    {
        "pin", "password", "temp_password", "key_hash", "sso_key_sealed", "secret_sealed", "token_hash",
        "sealed", "png", "secret", "previous_secret",
    }
)  # fmt: skip
_LEFT_OUT: Final = frozenset({"search_text", "modified_at", "pin_failures", "pin_closed_until", "version"})
_LONGEST: Final = 2000

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: somebody of a team, or an operator who is signed in as the business."""

    user_id: int | None
    name: str
    role: str
    by_operator: bool = False
    address: str = ""
    staff_id: int | None = None

    @classmethod
    def of(cls, staff: Staff, *, address: str = "") -> Actor:
        """Somebody of a team."""
        return cls(staff.user_id, staff.name, staff.role, address=address, staff_id=staff.pk)

    @classmethod
    def of_operator(cls, user: Any, *, address: str = "") -> Actor:
        """Somebody who operates the installation, at whosever place they sit."""
        return cls(user.pk, user.name or user.email, "operator", by_operator=True, address=address)


def facts(thing: Model) -> Facts:
    """What a row holds, fit for JSON: dates and numbers as text, secrets only as there or not."""
    found: Facts = {}
    for column in thing._meta.concrete_fields:  # noqa: SLF001 - Django's name for it
        name = column.name
        if name in _LEFT_OUT or column.primary_key:
            continue
        value = getattr(thing, column.attname)
        found[name] = bool(value) if name in SECRETS else _plain(value)
    return found


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | dict() | list():
            return value
        case str():
            return value[:_LONGEST]
        case dt.datetime() | dt.date():
            return value.isoformat()
        case Decimal() | uuid.UUID() | float():
            return str(value)
        case _:
            return None


def difference(before: Facts, after: Facts) -> tuple[Facts, Facts]:
    """Of two states what is not the same in both. A secret that was replaced is known by who replaced it."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def columns_of(model: type[Model]) -> list[Field[Any, Any]]:
    """Those columns of a table that the log tells of."""
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's name for it
    return [field for field in fields if field.name not in _LEFT_OUT and not field.primary_key]


def record(
    *,
    business_id: int,
    actor: Actor,
    action: str,
    kind: str = "",
    object_id: int | None = None,
    label: str = "",
    member_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Record:
    """Add to the log, in the transaction of what it tells about.

    `action` is a name such as "member.edit"; `member_id` is the member whose personal data may stand in
    `before`, `after` or `label`, so that an erasure blanks them.
    """
    with scope(business=business_id):
        return Record.objects.create(
            business_id=business_id,
            user_id=actor.user_id,
            staff_id=actor.staff_id,
            actor=actor.name[:254],
            role=actor.role,
            by_operator=actor.by_operator,
            address=actor.address[:45],
            action=action,
            kind=kind,
            object_id=object_id,
            label=label[:200],
            member_id=member_id,
            before=dict(before or {}),
            after=dict(after or {}),
            reason=reason[:300],
        )


def blank(*, business_id: int, member_id: int) -> None:
    """Take a member's personal data out of the log; that something was done, and by whom, stays."""
    with scope(business=business_id):
        Record.objects.filter(member_id=member_id).update(
            before={}, after={}, label="", reason="", member_id=None
        )


def blank_staff(*, business_id: int, staff_id: int) -> None:
    """Take the name of somebody who left out of the log: of what they did, and what was noted about them.

    That it was done, when, from where and in which role stays, as that of one and the same person.
    """
    with scope(business=business_id):
        Record.objects.filter(staff_id=staff_id).update(actor="")
        Record.objects.filter(kind="staff", object_id=staff_id).update(before={}, after={}, label="")
