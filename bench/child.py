"""Runs a function in a process of its own, so that it shares no time and no modules with anything else."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def call(function: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """The function's result, or what it raised. The process ends with the call, however that ends.

    Raises:
        RuntimeError: the process died.
    """
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sending, function, args, more), daemon=True)
    process.start()
    sending.close()
    try:
        result, error = receiving.recv()
    except EOFError:
        raise RuntimeError(f"the process of {function.__qualname__} died") from None
    finally:
        process.terminate()
        process.join()
        receiving.close()
    if error is not None:
        raise error
    outcome: T = result
    return outcome


def _run(
    sending: Connection, function: Callable[..., Any], args: tuple[Any, ...], more: dict[str, Any]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    try:
        outcome: tuple[Any, BaseException | None] = (function(*args, **more), None)
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        error.add_note(traceback.format_exc())
        outcome = (None, error)
    sending.send(outcome)
