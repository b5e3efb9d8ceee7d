"""The statements of one `POST /api/stamps/add`, recorded from the product itself.

The product's own action runs against a stand-in for `regulars.db.run` that writes down what it is given and
answers with marked values. Wherever such a value comes back as a parameter, it is known where it came from.
So what the limits execute cannot drift apart from what the product executes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

GOAL = 8
TIMEZONE = "UTC"
REWARD_TEXT = "Free coffee"
# Larger than any id that the product sends along, so that it cannot be taken for something else.
_FIRST_MARK = 700_000_000_000


@dataclass(frozen=True, slots=True)
class Ref:
    """A parameter that was chosen ("qr_code") or that a statement returned ("state.version", "0.id")."""

    name: str


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `%s` placeholders, a parameter for each, and the names of the columns it returns."""

    sql: str
    params: tuple[Any, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one request executes: the state of the card, then one of two postings."""

    state: Statement
    plain: tuple[Statement, ...]
    rewarded: tuple[Statement, ...]


@dataclass(slots=True)
class _Recorder:
    """Stands in for `regulars.db.run`."""

    stamps: int
    given: dict[Any, str]
    statements: list[Statement] = field(default_factory=list)
    marks: dict[Any, str] = field(default_factory=dict)

    def run(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        columns = returned_columns(sql)
        name = "state" if not self.statements else str(len(self.statements) - 1)
        self.statements.append(Statement(sql, tuple(self._refer(value) for value in params), columns))
        if not columns:
            return []
        return [tuple(self._answer(name, column) for column in columns)]

    def _answer(self, statement: str, column: str) -> Any:
        known = {"stamps": self.stamps, "stamps_required": GOAL, "timezone": TIMEZONE, "is_active": True}
        known |= {"pending_rewards": 0, "rewards_redeemed": 0, "points": 0, "suspended": False}
        if statement == "state" and column in known:
            return known[column]
        mark: Any = _FIRST_MARK + len(self.marks)
        if column == "reward_description":
            mark = f"marked {mark}"
        self.marks[mark] = f"{statement}.{column}"
        return mark

    def _refer(self, value: Any) -> Any:
        if isinstance(value, (int, str)) and (source := self.given.get(value) or self.marks.get(value)):
            return Ref(source)
        if isinstance(value, (list, tuple)):
            return [self._plain(one) for one in value]
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        """Values made of marked ones, such as a payload, stay as they would be for some other card."""
        if isinstance(value, str):
            return re.sub(rf"{_FIRST_MARK // 1000}\d{{3}}", "54321", value)
        return 54321 if value in self.marks else value


def returned_columns(sql: str) -> tuple[str, ...]:
    """The names of the columns that a statement returns, in their order."""
    found = (
        re.search(r"\bRETURNING ([\w, .]+)$", sql)
        or re.search(r"^\s*SELECT (.+?)\s+FROM\b", sql, re.DOTALL)
        or re.search(r"\)\s*SELECT (\w+) FROM entry$", sql)
    )
    if found is None:
        return ()
    names = tuple(name.strip().rpartition(".")[2] for name in found[1].split(","))
    if len(set(names)) != len(names) or not all(name.isidentifier() for name in names):
        raise ValueError(f"columns that the benchmark cannot tell apart: {names}")
    return names


@contextmanager
def _recording(recorder: _Recorder, vendor: str) -> Iterator[None]:
    with (
        patch("regulars.db.run", recorder.run),
        patch("regulars.db.connection", SimpleNamespace(vendor=vendor)),
        patch("django.db.transaction.atomic", lambda *_args, **_more: nullcontext()),
    ):
        yield


def _record(*, vendor: str, business_id: int, branch_id: int, stamps: int) -> list[Statement]:
    from regulars.ledger import actions  # noqa: PLC0415 - models need Django's settings first

    qr_code = "the card's code"
    recorder = _Recorder(stamps=stamps, given={qr_code: "qr_code"})
    with _recording(recorder, vendor):
        actions.add_stamps(
            business_id=business_id,
            qr_code=qr_code,
            count=1,
            branch_id=branch_id,
            occurred_at=dt.datetime.now(dt.UTC),
        )
    return recorder.statements


def record(*, vendor: str, business_id: int, branch_id: int) -> Recorded:
    """What adding a stamp executes on "postgresql" or "sqlite". Executes nothing; needs Django's settings."""
    plain_state, *plain = _record(vendor=vendor, business_id=business_id, branch_id=branch_id, stamps=3)
    state, *rewarded = _record(vendor=vendor, business_id=business_id, branch_id=branch_id, stamps=GOAL - 1)
    if plain_state != state or plain == rewarded:
        raise ValueError("adding a stamp is no longer one read and then one of two postings")
    return Recorded(state, tuple(plain), tuple(rewarded))
