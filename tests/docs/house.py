"""A server of its own for the examples: a folder without a shop, the real command, a free port."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import blank

COMMAND = Path(sys.executable).parent / "regulars"
PUBLISHED_URL = "http://127.0.0.1:8000"  # where the pages say that the server is
PUBLISHED_ZONE = "Europe/London"  # where the pages say that the shop is
START_SECONDS = 90


@dataclass(frozen=True)
class House:
    """An installation that serves."""

    url: str
    folder: Path
    env: dict[str, str]
    output: list[str]  # what the server has said on standard output

    def wait_for(self, text: str) -> None:
        """Wait until the server has said this."""
        deadline = time.monotonic() + 30
        while not any(text in line for line in self.output):
            assert time.monotonic() < deadline, self.output
            time.sleep(0.02)

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=300, check=False
        )

    def create_shop(self) -> dict[str, str]:
        """The shop that the REST guide begins with."""
        done = self.run(
            COMMAND, "createbusiness", "Harbour Coffee", "--owner-email", "maeve@harbour.example",
            "--country", "GB", "--timezone", noon_zone(), "--currency", "GBP",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        made: dict[str, str] = json.loads(done.stdout)
        return made


def noon_zone() -> str:
    """A time zone where it is about noon, so that no example runs across midnight."""
    ahead = 12 - dt.datetime.now(dt.UTC).hour
    return f"Etc/GMT{-ahead:+d}"  # these names count westward


def environment(folder: Path) -> dict[str, str]:
    """A clean environment for one installation, on the database that this session tests."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "DJANGO_"))}
    env["REGULARS_DATA_DIR"] = str(folder / "data")
    env["REGULARS_ALLOW_HTTP"] = "loopback"
    if session := os.environ.get("REGULARS_DATABASE_URL"):  # PostgreSQL: a database that `serve` makes
        env["REGULARS_DATABASE_URL"] = f"{session.rpartition('/')[0]}/docs_{uuid.uuid4().hex}"
    return env


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[House]:
    """A server on a free port, until the end of the block."""
    env = environment(folder)
    # The demo begins with nothing, as a reader does, or goes on with what is there.
    if "--demo" not in options:
        blank.copy_into(env)
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", *options],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    assert server.stdout is not None
    stdout, said, heard = server.stdout, list[str](), queue.Queue[str | None]()

    def listen() -> None:
        for line in stdout:
            said.append(line.rstrip("\n"))
            heard.put(line)
        heard.put(None)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        while (line := heard.get(timeout=START_SECONDS)) is not None:
            if found := re.search(r"serves (http://[\d.]+:\d+)", line):
                break
        else:
            raise AssertionError((folder / "server.log").read_text())
        yield House(found[1], folder, env, said)
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(signal.SIGTERM)
        try:
            server.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            raise
        listener.join(10)
        stdout.close()
