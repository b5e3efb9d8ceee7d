"""The installed command, run as people run it: in a process of its own, in an empty folder."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import blank

COMMAND = str(Path(sys.executable).parent / "regulars")
START_SECONDS = 60
STOP_SECONDS = 40


@dataclass
class Running:
    """A server that answers."""

    process: subprocess.Popen[str]
    url: str
    output: list[str] = field(default_factory=list)  # standard output
    errors: list[str] = field(default_factory=list)  # standard error

    def said(self, text: str) -> bool:
        """Whether the server has said this on standard output; waits a little for it."""
        deadline = time.monotonic() + 5
        while not any(text in line for line in self.output):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(STOP_SECONDS)


@dataclass
class Regulars:
    """The command with an environment of its own."""

    folder: Path
    env: dict[str, str]

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def upgraded(self) -> "Regulars":
        """The same installation after an upgrade to a version with one more change of the database."""
        root = str(Path(__file__).parents[2])
        env = {"DJANGO_SETTINGS_MODULE": "tests.cli.later.settings", "PYTHONPATH": root}
        return Regulars(self.folder, {**self.env, **env})

    def __call__(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def refused(self, *arguments: str, status: int, **env: str) -> str:
        """Run a command that must fail with this status and one line on standard error; returns the line."""
        done = self(*arguments, **env)
        warnings = ("has a rare bug", "API requests over plain HTTP")
        lines = [line for line in done.stderr.splitlines() if not any(one in line for one in warnings)]
        assert (done.returncode, done.stdout, len(lines)) == (status, "", 1), done
        assert lines[0].startswith("regulars: ")
        return lines[0].removeprefix("regulars: ")

    @contextlib.contextmanager
    def serving(self, *arguments: str, **env: str) -> Iterator[Running]:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", *arguments],
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running = Running(process, "")
        ready = threading.Event()

        def read_output() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                running.output.append(line.rstrip("\n"))
                if found := re.search(r"serves (\S+?)[, ]", line):
                    running.url = found[1]
                    ready.set()
            ready.set()

        def read_errors() -> None:
            assert process.stderr is not None
            running.errors.extend(line.rstrip("\n") for line in process.stderr)

        readers = [threading.Thread(target=one, daemon=True) for one in (read_output, read_errors)]
        for reader in readers:
            reader.start()
        try:
            assert ready.wait(START_SECONDS), running.errors
            assert running.url, running.errors or running.output
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
            for reader in readers:
                reader.join(5)
            for stream in (process.stdout, process.stderr):
                assert stream is not None
                stream.close()


@pytest.fixture
def tables(regulars: "Regulars") -> None:
    """The database is there already, with nothing in it: for tests that are not about making it."""
    blank.copy_into(regulars.env)


@pytest.fixture
def regulars(tmp_path: Path, database: str) -> Iterator[Regulars]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "DJANGO_"))}
    env["REGULARS_DATA_DIR"] = str(tmp_path / "data")
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # dozens of starts, each quicker for it
    if database == "sqlite":
        yield Regulars(tmp_path, env)
        return
    session = os.environ["REGULARS_DATABASE_URL"]
    name = f"cli_{uuid.uuid4().hex}"
    env["REGULARS_DATABASE_URL"] = f"{session.rpartition('/')[0]}/{name}"
    yield Regulars(tmp_path, env)
    with psycopg.connect(f"{session.rpartition('/')[0]}/postgres", autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
