"""The registry of personal data: what each room holds about a member, how it is given out and how erased."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from django.db.models import Model, Q, QuerySet

if TYPE_CHECKING:
    from regulars.members.models import Member

# So many rows of a table are in memory at once.
_AT_ONCE: Final = 1000

Row = dict[str, Any]


class Erase(Protocol):
    """Deletes what a room holds about a member, within the caller's transaction."""

    def __call__(self, *, business_id: int, member_id: int) -> None:
        """Delete it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table with something about members, and how it is given out under the name `key`.

    `of` leads from a row to its member: a look-up, or a condition made of the member. `fields` are the names
    under which a row's values are given, which never change, and the look-ups behind them; `shown` makes what
    is given of the values that cannot be given as they are, from the whole row. `withheld` says why the other
    columns are not given out. A part that is `one` has one row or none.
    """

    key: str
    about: str
    model: type[Model]
    of: str | Callable[[Member], Q]
    fields: Mapping[str, str]
    withheld: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, Callable[[Row], Any]] = field(default_factory=dict)
    one: bool = False

    def rows(self, member: Member) -> Iterator[Row]:
        """What is kept about a member, oldest first, in one statement. Within the scope of their business."""
        found: QuerySet[Any] = self.model._default_manager.filter(  # noqa: SLF001 - Django's name for it
            self.of(member) if callable(self.of) else Q((self.of, member.pk))
        )
        values = found.order_by("pk").values_list(*self.fields.values())
        for row in values.iterator(chunk_size=_AT_ONCE):
            given = dict(zip(self.fields, row, strict=True))
            yield given | {name: show(given) for name, show in self.shown.items()} if self.shown else given


@dataclass(frozen=True, slots=True)
class Holding:
    """What one room holds, and when its turn to erase comes: lower `order` first.

    `apart` are tables that are erased and not given out, each with its reason.
    """

    room: str
    order: int
    erase: Erase
    parts: tuple[Part, ...]
    apart: Mapping[type[Model], str] = field(default_factory=dict)


_registry: dict[str, Holding] = {}


def register(
    room: str,
    *,
    order: int,
    erase: Erase,
    parts: tuple[Part, ...],
    apart: Mapping[type[Model], str] | None = None,
) -> None:
    """Enter a room with all its tables about members. Rooms that refer to others come before them."""
    _registry[room] = Holding(room, order, erase, parts, apart or {})


def holdings() -> list[Holding]:
    """All rooms that hold personal data, in the order of erasure."""
    return sorted(_registry.values(), key=lambda holding: holding.order)


def parts() -> list[Part]:
    """All that is given out, in an order that does not change: what others refer to comes first."""
    return [part for holding in reversed(holdings()) for part in holding.parts]


def named(*columns: str, **others: str) -> dict[str, str]:
    """Fields of a part: columns under their own names, then others under the names that they are given."""
    return {column: column for column in columns} | others


def without_keys(value: Any) -> Any:
    """What was told about a member, without the addresses and tokens in it that open something."""
    if not isinstance(value, dict):
        return value
    return {name: one for name, one in value.items() if name != "token" and not name.endswith("_url")}
