"""Work in a process of its own: what it returns, what it raises, and that it leaves nothing behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from regulars.apart import apart
from regulars.commands import serve
from regulars.commands.console import Stop

pytestmark = pytest.mark.once


def test_it_is_another_process() -> None:
    here: list[int] = []

    def work() -> int:
        here.append(1)
        return os.getpid()

    assert apart(work) != os.getpid()
    assert not here


def test_a_large_result_comes_whole() -> None:
    assert len(apart(lambda: b"x" * 5_000_000)) == 5_000_000


def test_what_it_raises_is_raised_here() -> None:
    def work() -> None:
        raise Stop("Not like this.", status=2)

    with pytest.raises(Stop, match="Not like this") as caught:
        apart(work)
    assert (str(caught.value), caught.value.status) == ("Not like this.", 2)
    assert "in work" in caught.value.__notes__[0]  # where it happened


def test_what_cannot_travel_is_told_all_the_same() -> None:
    class Strange(Exception):  # noqa: N818 - of this function alone
        pass

    def work() -> None:
        raise Strange("Oh.")

    with pytest.raises(RuntimeError, match=r"in work\n(?s:.*)Strange: Oh\."):
        apart(work)
    with pytest.raises(TypeError, match="pickle"):
        apart(threading.Lock)


def test_one_that_is_killed_is_no_result() -> None:
    with pytest.raises(ChildProcessError, match="status -9"):
        apart(lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_a_server_that_cannot_be_prepared_says_so_in_one_line() -> None:
    with pytest.raises(Stop, match=r"ended with status -9 before it was done\.$"):
        serve._apart(lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_one_that_is_interrupted_takes_the_other_process_along() -> None:
    def interrupt() -> None:
        # What is raised while Python tidies up after the fork reaches nobody: who forked waits by then.
        while Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.01)
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(60)

    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells switch it off in the background
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            apart(interrupt)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert time.monotonic() - began < 30
    assert not [process for process in multiprocessing.active_children() if process.name == "apart"]


def test_nothing_is_left_of_it_when_who_waits_is_killed() -> None:
    code = (
        "import os; from regulars.apart import apart; "
        "apart(lambda: (os.kill(os.getppid(), 9), bytes(1_000_000))[1])"
    )
    # This waits for the other process, too: it has the same standard output.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-9, b"", b"")
