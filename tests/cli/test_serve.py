"""The server as a process: it answers, stops, comes back, and its parts live and die together."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import START_SECONDS, Regulars, Running

# What nobody needs who only asks how the shop is doing: it would be carried along for months.
NOT_AT_REST = {
    "PIL", "allauth.account.views", "anymail", "argon2", "cryptography",
    "django.contrib.sessions.middleware", "django.contrib.sitemaps", "django.contrib.syndication",
    "django.test", "django_stubs_ext", "fido2", "fontTools", "httpx", "pygments", "qrcode", "redis",
    "regulars.demo", "regulars.web.office.lists", "reportlab", "requests", "rich.console", "segno",
    "smtplib", "unittest", "urllib.request", "urllib3", "xlsxwriter", "xml", "yaml",
}  # fmt: skip


def workers(running: Running) -> list[int]:
    """Process ids of the serving processes."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == running.process.pid and b"resource_tracker" not in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def kilobytes(running: Running) -> int:
    """Memory of the server's processes, shared parts counted once."""
    total = 0
    for process in (running.process.pid, *workers(running)):
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def until(condition: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=5)
    except httpx.TransportError:
        return False
    return True


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_it_makes_the_database_answers_and_stops(regulars: Regulars) -> None:
    with regulars.serving("--workers", "1") as running:
        assert httpx.get(running.url).status_code == 200
        assert httpx.get(f"{running.url}/static/ninja/swagger-ui.css").status_code == 200
        assert httpx.get(f"{running.url}/nowhere").status_code == 404
        assert httpx.get(running.url, headers={"Host": "evil.example"}).status_code == 400
        for path in ("/healthz", "/api/business", "/api/openapi.json"):
            httpx.get(f"{running.url}{path}")
        assert 20_000 < kilobytes(running) < 120 * 1024
        assert running.stop() == 0
    assert not answers(running.url)
    assert sum("over plain HTTP are refused" in line for line in running.errors) == 1
    assert not any("Traceback" in line for line in running.errors if "evil.example" not in line)
    assert (regulars.data_dir / "secret_key").exists()


@pytest.mark.usefixtures("tables")
def test_at_rest_no_process_has_loaded_what_is_for_later(regulars: Regulars, database: str) -> None:
    # Python tells on standard error what it loads, in the parent with its worker and in the one that serves.
    with regulars.serving("--workers", "1", PYTHONPROFILEIMPORTTIME="1") as running:
        for path in ("/", "/nowhere", "/healthz", "/api/business", "/api/openapi.json"):
            httpx.get(f"{running.url}{path}")
        until(lambda: any("promotions.tasks.daily_run" in line for line in running.errors))
        assert running.stop() == 0
    told = {line.rpartition("|")[2].strip() for line in running.errors if line.startswith("import time:")}
    loaded = {name.rsplit(".", depth)[0] for name in told for depth in range(name.count(".") + 1)}
    assert {"regulars.server", "regulars.jobs.worker", "regulars.api.rest.api", "ninja"} <= loaded
    assert {"psycopg"} & loaded == ({"psycopg"} if database == "postgresql" else set())
    assert NOT_AT_REST & loaded == set()


@pytest.mark.once
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.usefixtures("tables")
def test_ctrl_c_and_a_closed_terminal_stop_it(regulars: Regulars, how: signal.Signals) -> None:
    with regulars.serving() as running:
        (worker,) = workers(running)[:1]
        os.killpg(running.process.pid, how)  # as a terminal does: to the whole group
        assert running.process.wait(20) == 0
        assert not alive(worker)


@pytest.mark.usefixtures("tables")
def test_what_was_called_just_before_it_stops_stands_in_the_request_log(regulars: Regulars) -> None:
    regulars = Regulars(regulars.folder, {**regulars.env, "REGULARS_ALLOW_HTTP": "loopback"})
    made = json.loads(regulars("createbusiness", "Alice", "--owner-email", "alice@shop.example").stdout)
    headers = {"X-Api-Key": made["api_key"]}
    with regulars.serving() as running:
        for path in ("stats", "nothing"):
            httpx.get(f"{running.url}/api/{path}", headers=headers, timeout=30)
        assert running.stop() == 0
    with regulars.serving() as running:
        found = httpx.get(f"{running.url}/api/request-log", headers=headers, timeout=30).json()["data"]
    assert [one["target"] for one in found] == ["/api/nothing", "/api/stats"]


@pytest.mark.usefixtures("tables")
def test_a_process_manager_may_stop_all_processes_at_once(regulars: Regulars) -> None:
    with regulars.serving() as running:
        for one in [running.process.pid, *workers(running)]:
            with suppress(ProcessLookupError):  # it may be quicker than we are
                os.kill(one, signal.SIGTERM)
        assert running.process.wait(20) == 0


@pytest.mark.usefixtures("tables")
def test_a_killed_server_takes_its_workers_along_and_starts_again_at_once(regulars: Regulars) -> None:
    with regulars.serving() as running:
        before = workers(running)
        assert before
        running.process.kill()
        running.process.wait()
        port = running.url.rpartition(":")[2]
        begin = time.monotonic()
        with regulars.serving("--port", port) as again:
            assert httpx.get(again.url).status_code == 200
            assert time.monotonic() - begin < 10
            assert not any(alive(one) for one in before)


@pytest.mark.usefixtures("tables")
def test_a_killed_worker_is_replaced(regulars: Regulars) -> None:
    with regulars.serving() as running:
        # By now the parent has the database open, too.
        until(lambda: any('"event": "job_done"' in line for line in running.errors))
        (before, *_) = workers(running)
        os.kill(before, signal.SIGKILL)
        # The one that replaces it loads everything anew, which takes its time where others are busy.
        until(lambda: not alive(before) and workers(running) and answers(running.url), seconds=START_SECONDS)
        assert httpx.get(running.url, timeout=30).status_code == 200
        assert running.stop() == 0


@pytest.mark.usefixtures("tables")
def test_sqlite_is_served_by_one_process_once(regulars: Regulars, database: str) -> None:
    if database == "postgresql":
        with regulars.serving("--workers", "2") as running:
            assert len(workers(running)) == 2
            with regulars.serving() as second:  # several servers may share a database
                assert httpx.get(second.url).status_code == 200
        return
    assert regulars.refused("serve", "--workers", "2", "--port", "0", status=2).startswith("--workers: ")
    with regulars.serving() as running:
        line = regulars.refused("serve", "--port", "0", status=1)
        assert f"Another regulars server (process {running.process.pid})" in line
    with regulars.serving() as running:  # the first one is gone
        assert httpx.get(running.url).status_code == 200


@pytest.mark.once
@pytest.mark.usefixtures("tables")
def test_links_use_the_address_that_is_served_unless_told_otherwise(regulars: Regulars) -> None:
    with regulars.serving(REGULARS_PUBLIC_URL="https://shop.example") as running:
        assert running.url == "https://shop.example"
        assert "http://127.0.0.1:" in running.output[0]


@pytest.mark.usefixtures("tables")
def test_what_happens_by_itself_happens_in_the_server_unless_told_otherwise(regulars: Regulars) -> None:
    with regulars.serving() as running:
        until(lambda: any("promotions.tasks.daily_run" in line for line in running.errors))
    assert sum("worker_stopped" in line for line in running.errors) == 1
    with regulars.serving("--no-worker") as running:
        assert httpx.get(running.url).status_code == 200
    assert not any("worker_started" in line for line in running.errors)


@pytest.mark.once
@pytest.mark.usefixtures("tables")
def test_what_others_write_is_folded_back_into_the_database(regulars: Regulars) -> None:
    (file,) = regulars.data_dir.glob("*.sqlite3")
    with regulars.serving("--no-worker"), closing(sqlite3.connect(file, isolation_level=None)) as worker:
        worker.execute("PRAGMA wal_autocheckpoint=0")
        worker.execute("CREATE TABLE much AS SELECT zeroblob(?) AS it", (20_000_000,))
        assert file.stat().st_size < 20_000_000
        until(lambda: file.stat().st_size > 20_000_000)


@pytest.mark.once
def test_the_wsgi_door_needs_nothing_but_the_environment(regulars: Regulars) -> None:
    """Another WSGI server may load the application too."""
    done = subprocess.run(
        [sys.executable, "-c", "from regulars.wsgi import application; print(callable(application))"],
        env=regulars.env, cwd=regulars.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "True\n", done.stderr


LOOK = """
import os, socket
from regulars import server
files = lambda: len(os.listdir("/proc/self/fd"))
with socket.socket() as quiet, socket.socket(socket.AF_UNIX) as other, open("/dev/null"):
    quiet.bind(("127.0.0.1", 0))
    other.bind("")  # a name of the system's choice
    other.listen()
    before = files()
    assert not server.keep_listening_alive()
    assert files() == before
    quiet.listen()
    assert server.keep_listening_alive()
    assert quiet.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert files() == before
"""


@pytest.mark.once
def test_a_look_for_the_listening_socket_leaves_no_file_open() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
