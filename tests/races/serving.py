"""A real server in processes and on a database of its own, to be called by many and killed at will."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, Literal, Self

COMMAND = str(Path(sys.executable).parent / "regulars")
START_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What a request was answered; `data` is what lies in the envelope."""

    status: int
    body: str
    headers: Message  # finds names in any case

    @property
    def data(self) -> Any:
        return json.loads(self.body)["data"]

    @property
    def code(self) -> str:
        """The code of a refusal, "" for a success."""
        return str(json.loads(self.body).get("error", {}).get("code", ""))

    @property
    def replayed(self) -> bool:
        return self.headers.get("Idempotency-Replayed") == "true"


@dataclass
class Caller:
    """A client with one connection, which it opens anew when it was lost."""

    port: int
    api_key: str
    link: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
        """One request, sent once. Raises OSError or HTTPException when no answer came."""
        headers = {"X-Api-Key": self.api_key, "Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        try:
            if self.link is None:
                self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self.link.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.link.getresponse()
            return Answer(answer.status, answer.read().decode(), answer.headers)
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self) -> None:
        """Leave."""
        if self.link is not None:
            self.link.close()
            self.link = None


@dataclass
class Installation:
    """`regulars` with its own folder, database and port. The same port each time, as behind a proxy."""

    folder: Path
    database_url: str
    serve_options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("REGULARS_", "DJANGO_"))}
        self.env |= {
            "REGULARS_DATA_DIR": str(self.folder / "data"),
            "REGULARS_DATABASE_URL": self.database_url,
            "REGULARS_ALLOW_HTTP": "loopback",
            "REGULARS_EMAIL_URL": "dummymail://",
        }
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def run(self, *arguments: str) -> str:
        """A command that must succeed; what it printed."""
        done = subprocess.run(
            [COMMAND, *arguments], env=self.env, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_business(self, name: str, **options: str) -> dict[str, Any]:
        """A business; the object that the command prints."""
        listed = [word for option, value in options.items() for word in (f"--{option}", value)]
        email = f"{name.lower()}@shop.example"
        made: dict[str, Any] = json.loads(self.run("createbusiness", name, "--owner-email", email, *listed))
        return made

    def start(self) -> None:
        """Start the server and leave it to itself."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(self.port), *self.serve_options],
                env=self.env,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_it_answers(self) -> float:
        """How many seconds that took."""
        began = time.monotonic()
        while time.monotonic() - began < START_SECONDS:
            with suppress(OSError, http.client.HTTPException), closing(Caller(self.port, "nobody")) as nobody:
                if nobody.send("GET", "/api/business").status == 401:
                    return time.monotonic() - began
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            time.sleep(0.02)
        raise AssertionError(f"the server does not answer: {self.log()}")

    def kill(self, what: Literal["all", "parent", "worker"]) -> None:
        """End processes of the server without a word, as an emergency of the machine would."""
        assert self.process is not None
        parent = self.process.pid
        workers = [pid for pid in descendants(parent) if b"resource_tracker" not in command_line(pid)]
        victims = {"all": [parent, *workers], "parent": [parent], "worker": workers[:1]}[what]
        assert victims
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if what != "worker":
            self.process.wait()
            for pid in workers:  # those left alone end by themselves
                wait_until_gone(pid)

    def stop(self) -> None:
        """Whatever is left of it."""
        if self.process is not None and self.process.poll() is None:
            self.kill("all")

    def log(self) -> str:
        """What the server wrote lately."""
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def audit(self) -> dict[str, Any]:
        """The product's own audit, which must be content."""
        report: dict[str, Any] = json.loads(self.run("audit"))
        assert report["ok"], report
        return report

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def command_line(pid: int) -> bytes:
    """How a process was called; empty when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def descendants(pid: int) -> list[int]:
    """All processes that a process has started, and those that these have."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, new = [], [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        found += new
    return found


def wait_until_gone(pid: int, seconds: float = 20) -> None:
    """A killed process is gone when nobody can see it, or only its parent may still bury it."""
    deadline = time.monotonic() + seconds
    while command_line(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.005)
