"""Records that people define by hand and programs name by code: added, edited and deleted in one way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError, QuerySet
from django_scopes import scope

from regulars.rules import codes, values
from regulars.rules.errors import Conflict, Gathered, HasHistory, InvalidInput, NotFound
from regulars.rules.text import clean_line, clean_text
from regulars.tenants.queries import next_number, same_code

MAX_CODE = 50

M = TypeVar("M", bound=models.Model)
# From the field's name and what was given to what is stored; it refuses by raising.
Check = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Records(Generic[M]):
    """One kind of record of a business.

    `noun` is what messages call it; `rows` reads it with what it refers to; `checks` has one entry for each
    field that may be given, by the name under which it is given. Without a `letter` codes cannot be made
    and have to be given. `check` refuses values that do not fit together.
    """

    model: type[M]
    noun: str
    rows: Callable[[], QuerySet[M]]
    checks: Mapping[str, Check]
    required: frozenset[str] = field(default_factory=frozenset)
    letter: str = ""
    counter: str = ""
    check: Callable[[M], None] = lambda _: None

    def add(self, *, business_id: int, code: str, given: Mapping[str, Any]) -> M:
        """Store a new record and read it back. An empty `code` is made.

        Raises:
            InvalidInput, NotFound, Conflict: as the actions that call this say.
        """
        code = clean_text(code, field="code", max_length=MAX_CODE, required=not self.letter)
        with transaction.atomic(), scope(business=business_id):
            cleaned = self._clean(dict.fromkeys(self.required) | dict(given))
            record: Any = self.model(business_id=business_id, **cleaned)
            self.check(record)
            record.code = self._unused(code) if code else self._new_code(business_id)
            self._save(record, force_insert=True)
            return self.rows().get(pk=record.pk)

    def edit(self, *, business_id: int, pk: int, changes: Mapping[str, Any]) -> M:
        """Change what `changes` names and read the record back.

        Raises:
            InvalidInput, NotFound, Conflict: as the actions that call this say.
        """
        with transaction.atomic(), scope(business=business_id):
            record: Any = self._locked(pk)
            given = dict(changes)
            cleaned = {}
            if "code" in given:
                code = clean_text(given.pop("code") or "", field="code", max_length=MAX_CODE, required=True)
                cleaned["code"] = self._unused(code, but=pk)
            cleaned |= self._clean(given)
            if not cleaned:
                return self.rows().get(pk=pk)
            for name, value in cleaned.items():
                setattr(record, name, value)
            self.check(record)
            self._save(record, update_fields=[*cleaned, "modified_at"])
            return self.rows().get(pk=pk)

    def delete(self, *, business_id: int, pk: int) -> None:
        """Delete a record that nothing depends on.

        Raises:
            NotFound: the business has no such record.
            HasHistory: other records refer to it.
        """
        with transaction.atomic(), scope(business=business_id):
            record: Any = self._locked(pk)
            try:
                record.delete()
            except ProtectedError as error:
                raise HasHistory(
                    f"The {self.noun} {record.code} cannot be deleted, because other records refer to it."
                ) from error

    def _locked(self, pk: int) -> M:
        record = self.rows().select_for_update(of=("self",)).filter(pk=pk).first()
        if record is None:
            raise NotFound(f"There is no {self.noun} {pk}.", fields={"code": "is unknown"})
        return record

    def _clean(self, given: Mapping[str, Any]) -> dict[str, Any]:
        unknown = given.keys() - self.checks.keys()
        if unknown:
            raise InvalidInput.at(min(unknown), f"is not a field of a {self.noun}")
        cleaned, gathered = {}, Gathered()
        for name, value in given.items():
            with gathered:
                if value in (None, "") and name in self.required:
                    raise InvalidInput.at(name, "must not be empty")
                cleaned[name] = self.checks[name](name, value)
        gathered.refuse()
        return cleaned

    def _with_code(self, code: str) -> QuerySet[M]:
        return self.rows().filter(same_code(code))

    def _unused(self, code: str, *, but: int | None = None) -> str:
        if self._with_code(code).exclude(pk=but).exists():
            raise self._taken(code)
        return code

    def _taken(self, code: str) -> Conflict:
        return Conflict(
            f"There is a {self.noun} with code {code} already.",
            fields={"code": f"belongs to another {self.noun}"},
        )

    def _new_code(self, business_id: int) -> str:
        # A code may have been given by hand that the counter reaches only now.
        while True:
            code = codes.numbered_code(self.letter, next_number(business_id, self.counter))
            if not self._with_code(code).exists():
                return code

    def _save(self, record: Any, **how: Any) -> None:
        try:
            with transaction.atomic():
                record.save(**how)
        except IntegrityError as error:
            if self._with_code(record.code).exclude(pk=record.pk).exists():  # somebody else was quicker
                raise self._taken(record.code) from error
            raise


def line(max_length: int) -> Check:
    """A text of one line, such as a name; what is empty is erased."""
    return lambda name, value: clean_line(value or "", field=name, max_length=max_length)


def text(max_length: int) -> Check:
    """A text; what is empty is erased."""
    return lambda name, value: clean_text(value or "", field=name, max_length=max_length)


def money(name: str, value: Any) -> Decimal | None:
    """An amount of at most 14 digits, two of them after the point, or nothing."""
    return None if value in (None, "") else values.amount(value, field=name, digits=14, places=2)


def points(name: str, value: Any) -> int:
    """A number of points, 0 when empty."""
    return values.whole_number(0 if value in (None, "") else value, field=name)


def flag(_name: str, value: bool | None) -> bool:  # noqa: FBT001 - it is the value itself
    """Yes or no; empty is no."""
    return bool(value)


def day(_name: str, value: dt.date | None) -> dt.date | None:
    """A date, or nothing."""
    return value or None


def reference(model: Any) -> Check:
    """The id of another record of the business, or nothing.

    It is locked until the transaction ends, so that nobody deletes it in between.
    """

    def check(name: str, value: Any) -> int | None:
        if value in (None, ""):
            return None
        rows = model.objects.select_for_update(no_key=True)
        found = rows.filter(pk=value).values_list("pk", flat=True).first()
        if found is None:
            said = name.removesuffix("_id")
            raise NotFound(f"There is no {said} {value}.", fields={name: "is unknown"})
        return int(found)

    return check
