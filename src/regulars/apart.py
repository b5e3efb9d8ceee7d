"""Work whose result is small and whose traces in memory are not: it is done in a process of its own.

What is serving for months carries along what it ever needed: memory that is free again lies in pieces between
memory that is not. So a server does apart what it does once, before it serves.
"""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


def apart(work: Callable[[], T]) -> T:
    """What `work()` returns, or raises, done in a forked process; in this one where forks are not safe.

    The result must be picklable. Nothing that a fork breaks, such as a database connection, may be open.

    Raises:
        ChildProcessError: the process was killed.
    """
    if sys.platform != "linux":
        return work()
    context = multiprocessing.get_context("fork")
    reading, writing = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(work, reading, writing), name="apart", daemon=True)
    process.start()
    writing.close()  # so that the end of the process is seen
    try:
        told = reading.recv_bytes()
        process.join()
    except EOFError:
        process.join()
        raise ChildProcessError(f"ended with status {process.exitcode} before it was done") from None
    except BaseException:
        process.terminate()  # this process is interrupted
        process.join()
        raise
    finally:
        reading.close()
    returned, found = pickle.loads(told)  # noqa: S301 - from our own process
    if returned:
        return found  # type: ignore[no-any-return]
    raise found


def _do(work: Callable[[], T], reading: Connection, writing: Connection) -> None:
    reading.close()  # so that the end of who waits is seen
    try:
        told = pickle.dumps((True, work()))
    except BaseException as error:  # noqa: BLE001 - it is raised on the other side
        told = _packed(error)
    with suppress(BrokenPipeError):  # nobody waits any more
        writing.send_bytes(told)


def _packed(error: BaseException) -> bytes:
    where = "".join(traceback.format_exception(error))
    try:
        error.add_note(where)  # an exception travels without its traceback and without its cause
        told = pickle.dumps((False, error))
        pickle.loads(told)  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever it holds
        return pickle.dumps((False, RuntimeError(where)))
    return told
