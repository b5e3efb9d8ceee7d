"""`regulars worker`: a process of its own that does what happens by itself."""

import signal
import subprocess
import time

import pytest

from tests.cli.conftest import COMMAND, START_SECONDS, STOP_SECONDS, Regulars


def test_it_makes_no_database(regulars: Regulars) -> None:
    assert regulars.refused("worker", status=1).startswith("There is no database yet")


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_works_until_it_is_told_to_stop(regulars: Regulars, how: signal.Signals) -> None:
    process = subprocess.Popen(
        [COMMAND, "worker", "--name", "Bob", "--threads", "1"],
        cwd=regulars.folder,
        env=regulars.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert process.stdout.readline() == "Worker Bob is at work (stop with Ctrl-C)\n"
        said, deadline = "", time.monotonic() + START_SECONDS
        while "promotions.tasks.daily_run" not in said and time.monotonic() < deadline:
            said += process.stderr.readline()
        process.send_signal(how)
        said += process.communicate(timeout=STOP_SECONDS)[1]
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, said.count("worker_stopped")) == (0, 1), said
    assert "Traceback" not in said
