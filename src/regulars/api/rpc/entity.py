"""What the table of entities is made of: a kind of record, its fields, and where each of them lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from regulars.api.rpc.method import Caller
from regulars.api.rpc.types import FieldType

# For the records of one page, by their ids: what a computed field shows of each.
Loader = Callable[[Caller, Sequence[int], Mapping[str, str]], Mapping[int, Any]]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the seed: what it holds, the column it lives in, and the argument that writes it.

    Without a `column` it is the name; without an `argument`, the column. `required` is about adding.
    A field without `filters` cannot be searched for, one without `writes` cannot be set, and one that is
    not `erasable` cannot be sent empty in an edit.
    """

    name: str
    type: FieldType
    column: str = ""
    argument: str = ""
    required: bool = False
    filters: bool = True
    writes: bool = True
    erasable: bool = True
    note: str = ""

    @property
    def lives_in(self) -> str:
        """The column, from the entity's table."""
        return self.column or self.name

    @property
    def passed_as(self) -> str:
        """The name of the action's argument."""
        return self.argument or self.lives_in


@dataclass(frozen=True, slots=True)
class Loaded:
    """A computed field that needs more than one column: read for a whole page of records at once."""

    name: str
    load: Loader
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """A kind of record of the RPC dialect.

    `computed` fields are shown beside the seed's own. `added` and `dated` are the columns of the day on
    which a record was added and of the business's own date, if the kind has one.
    """

    title: str
    model: type[Model]
    gets: tuple[str, ...]
    edits: tuple[str, ...]
    fields: tuple[Field, ...]
    add: Callable[..., Any]
    edit: Callable[..., Any]
    delete: Callable[..., Any]
    computed: tuple[Field | Loaded, ...] = ()
    added: str = "created_at"
    modified: str = "modified_at"
    dated: str = ""
    searched: tuple[str, ...] = ()
    code_editable: bool = False
    # Further names by which rooms call an argument in a refusal.
    also_called: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[Field, ...]:
        """The fields that live in a column, in the order in which they are shown."""
        return self.fields + tuple(one for one in self.computed if isinstance(one, Field))

    @property
    def loaded(self) -> tuple[Loaded, ...]:
        """The computed fields that are read page by page."""
        return tuple(one for one in self.computed if isinstance(one, Loaded))

    def by_name(self) -> dict[str, Field]:
        """The seed's fields by their names."""
        return {one.name: one for one in self.fields}

    def renames(self) -> dict[str, str]:
        """What the dialect calls the arguments of the actions."""
        return {one.passed_as: one.name for one in self.fields} | dict(self.also_called)
