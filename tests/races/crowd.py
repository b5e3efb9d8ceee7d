"""Callers at the same moment, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from django.db import connection, connections, transaction

T = TypeVar("T")

PATIENCE = 60  # seconds; nothing here takes a tenth of it


def together(callers: int, call: Callable[[int], T], *, connected: bool = True) -> list[T | Exception]:
    """What `call(0)` to `call(callers - 1)` gave or raised when all of them started at once.

    Each has a database connection of its own, unless they are not `connected`.
    """
    start = threading.Barrier(callers)

    def caller(number: int) -> T | Exception:
        try:
            if connected:
                connection.ensure_connection()
            start.wait(PATIENCE)
            return call(number)
        except Exception as error:  # noqa: BLE001 - the test looks at what was raised
            return error
        finally:
            if connected:
                connections.close_all()

    with ThreadPoolExecutor(callers) as pool:
        return [future.result(PATIENCE) for future in [pool.submit(caller, n) for n in range(callers)]]


def split(results: list[T | Exception]) -> tuple[list[T], list[Exception]]:
    """Those that succeeded, and those that raised."""
    good = [result for result in results if not isinstance(result, Exception)]
    return good, [result for result in results if isinstance(result, Exception)]


class Elsewhere:
    """Somebody else at work: one thread with one connection, who does what they are told, step by step."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._open: transaction.Atomic | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            self.rollback()
        self(connections.close_all)
        self._pool.shutdown()

    def begin(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        """Let them do it, without waiting for the end."""
        return self._pool.submit(call, *args, **kwargs)

    def __call__(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Let them do it, and wait for the end."""
        return self.begin(call, *args, **kwargs).result(PATIENCE)

    def open_transaction(self) -> None:
        """What follows is seen by others only after `commit`."""
        self._open = transaction.atomic()
        self(self._open.__enter__)

    def commit(self) -> None:
        """End the transaction: everybody sees it."""
        opened, self._open = self._open, None
        assert opened is not None
        self(opened.__exit__, None, None, None)

    def rollback(self) -> None:
        """End the transaction: nobody ever sees it."""
        opened, self._open = self._open, None
        assert opened is not None
        self(lambda: transaction.set_rollback(True))
        self(opened.__exit__, None, None, None)

    def abandon(self) -> None:
        """Forget the transaction: its connection was cut."""
        self._open = None
        self(_forget_connection)


def _forget_connection() -> None:
    connection.in_atomic_block = False
    connection.savepoint_ids.clear()
    connection.needs_rollback = False
    connection.close()
