"""The server: granian's processes answer requests, a worker in their parent does what happens by itself."""

import contextlib
import ctypes
import gc
import http.client
import logging
import multiprocessing
import os
import select
import signal
import socket
import ssl
import stat
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.types import WSGIApplication

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.urls import get_resolver
from granian import Granian
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.log import LogLevels

from regulars.addresses import in_url
from regulars.apart import apart
from regulars.api import forwarded
from regulars.gate import Gate

if TYPE_CHECKING:
    from regulars.tls import Files

WAITING_THREADS = 128
SQLITE_LOG_MOST = 16 * 1024 * 1024  # bytes of changes that are not folded back into the database yet
SQLITE_LOG_EVERY = 2.0  # seconds between looks
STOP_WITHIN = 30  # seconds for requests and jobs that run when the server is told to stop

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to serve with; the addresses are checked already."""

    address: str  # numeric
    port: int
    workers: int
    threads: int
    tls: "Files | None"
    with_worker: bool = True  # jobs, the schedule and all loops, in a thread of the parent


def run(plan: Plan, *, when_ready: Callable[[], None]) -> int:
    """Serve until a signal says stop; returns the exit status.

    ``when_ready`` is called once, as soon as a request is answered.
    """
    _load()
    _let_forks_begin_without_handlers()
    multiprocessing.set_start_method("fork" if sys.platform == "linux" else "spawn", force=True)
    server = Granian(
        "regulars.wsgi:application",
        address=plan.address,
        port=plan.port,
        interface=Interfaces.WSGI,
        workers=plan.workers,
        # These only wait for requests to come in whole; behind the gate plan.threads work at once.
        blocking_threads=WAITING_THREADS,
        http=HTTPModes.auto,
        websockets=False,
        log_level=LogLevels.debug if settings.LOGGING["root"]["level"] == "DEBUG" else LogLevels.warning,
        log_dictconfig=settings.LOGGING,
        ssl_cert=plan.tls.certificate if plan.tls else None,
        ssl_key=plan.tls.key if plan.tls else None,
        ssl_protocol_min=SSLProtocols.tls12,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN,
    )
    # It warns that so many threads compete for the processor. They do not.
    logging.getLogger("_granian").addFilter(lambda record: "Python threads" not in str(record.msg))
    told, stopping = threading.Event(), threading.Event()
    heard, hears = socket.socketpair()
    hears.settimeout(0)  # nobody waits to write
    worker = threading.Thread(target=_work, args=(server, plan, told), name="worker", daemon=True)

    @server.on_startup
    def _started() -> None:
        # A closed terminal means stop; granian would restart its workers.
        signal.signal(signal.SIGHUP, server.signal_handler_interrupt)
        signal.set_wakeup_fd(hears.fileno(), warn_on_full_buffer=False)
        if plan.with_worker:
            worker.start()
        attend = partial(_attend, when_ready=when_ready, told=told, stopping=stopping, heard=heard)
        threading.Thread(target=attend, args=(server, plan), daemon=True).start()

    try:
        server.serve(target_loader=partial(load_application, plan.threads), wrap_loader=False)
    except SystemExit as stop:
        # A process manager stops workers and parent at once, which is no failure.
        return 0 if server.interrupt_signal else int(stop.code or 0)
    finally:
        signal.set_wakeup_fd(-1)
        told.set()
        stopping.set()
        if worker.is_alive():
            worker.join(STOP_WITHIN + 5)
    return 0


def _load() -> None:
    """Load all that serves. The first workers are forked: they share it, which halves the memory.

    Nothing may be open.
    """
    connections.close_all()
    _ = get_resolver().url_patterns  # loads every view; a broken installation fails here
    from regulars.api.rest.api import api  # noqa: PLC0415 - models need Django
    from regulars.jobs import worker as _worker  # noqa: F401, PLC0415 - shared, too
    from regulars.wsgi import application as _application  # noqa: F401, PLC0415 - shared, too

    with contextlib.suppress(ChildProcessError):  # then it is made when somebody asks for it
        api.keep_description(apart(api.made_description))  # seconds on a slow machine, and megabytes
    gc.collect()
    _give_memory_back()
    gc.freeze()


def _give_memory_back() -> None:
    """What starting has left behind is not carried along by every process."""
    with contextlib.suppress(OSError, AttributeError):  # not every libc can
        ctypes.CDLL(None).malloc_trim(0)


def _let_forks_begin_without_handlers() -> None:
    """A worker that is told to stop while it is being forked must stop, not run the parent's handler."""
    told = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}

    def in_worker() -> None:
        for one in told:
            signal.signal(one, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, told)

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, told),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, told),
        after_in_child=in_worker,
    )


def load_application(places: int) -> WSGIApplication:
    """What a worker process calls first. It ends when its parent does, and leaves Ctrl-C to the parent."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        os.setpgid(0, 0)
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
        if sys.platform == "linux":
            threading.Thread(target=_notice_lost_clients, daemon=True).start()
        if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
            threading.Thread(target=_keep_log_short, daemon=True).start()
    from regulars.wsgi import application  # noqa: PLC0415 - sets Django up where memory is not shared

    return Gate(application, places, prepare=forwarded.resolve)


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    # The port must be free for the next start at once; the database is safe against this, as against kill -9.
    os._exit(1)


def _keep_log_short() -> None:
    """Fold SQLite's log of changes back into the database when others have written a lot.

    This process alone does so (docs/decisions/0008): with its own writes, by itself. A campaign that a worker
    sends at night, when nobody else writes, would fill the disk.
    """
    log_file, seen = Path(f"{settings.DATABASES['default']['NAME']}-wal"), 0
    while True:
        time.sleep(SQLITE_LOG_EVERY)
        with contextlib.suppress(OSError, DatabaseError):  # the next look finds it, too
            found = log_file.stat()
            if found.st_size > SQLITE_LOG_MOST and found.st_mtime_ns != seen:
                seen = found.st_mtime_ns
                with connection.cursor() as cursor:
                    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
                connection.close()


def _notice_lost_clients() -> None:
    """Ask silent clients whether they are still there: one that vanished must not hold a thread for ever.

    Granian has no setting for it. What is set on a listening socket is so for every connection that it takes,
    and the listening sockets of this process are found among its open files.
    """
    while not keep_listening_alive():  # it does not listen before everything is loaded
        time.sleep(0.1)


def keep_listening_alive() -> bool:
    """Switch that on for a listening socket of this process; whether there is one."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not files
        try:
            file = os.dup(int(name))
        except OSError:
            continue  # the one that listed them, which is closed by now
        if not stat.S_ISSOCK(os.fstat(file).st_mode):
            os.close(file)
            continue
        with socket.socket(fileno=file) as found:
            if found.family == socket.AF_UNIX or not found.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            ):
                continue
            found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
            return True
    return False


def _work(server: Any, plan: Plan, told: threading.Event) -> None:
    """Be a worker in the parent of those that serve, until told to stop."""
    from regulars.jobs.worker import Worker  # noqa: PLC0415 - models need Django

    while len(server.wrks) < plan.workers:
        if told.wait(0.05):
            return
    # From here on this process has database files open. A forked process would share them, which SQLite
    # does not survive, so those that replace others begin from nothing.
    multiprocessing.set_start_method("spawn", force=True)
    Worker(grace=STOP_WITHIN).run(told)


def _attend(
    server: Any,
    plan: Plan,
    *,
    when_ready: Callable[[], None],
    told: threading.Event,
    stopping: threading.Event,
    heard: socket.socket,
) -> None:
    """Tell when the first request is answered; then see to it that a signal to stop is never lost.

    The worker is told at once, so that it ends while requests are finished.

    Granian's loop may clear its alarm for a worker that ended just after a signal set it, as happens when a
    process manager stops parent and workers together. So the alarm is given again until the loop ends.

    And a signal that comes just before the main thread begins to wait is noticed by nobody before something
    wakes that thread. Python writes to `heard` at once, whatever its threads are doing.
    """
    ready = False
    while not stopping.is_set():
        if select.select([heard], [], [], 0.1)[0]:
            heard.recv(100)
            server.main_loop_interrupt.set()  # then its handler runs
        if server.interrupt_signal:
            told.set()
            server.main_loop_interrupt.set()
        elif not ready and _answers(plan):
            ready = True
            when_ready()


def _answers(plan: Plan) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(plan.address, plan.address)  # noqa: S104 - not bound here
    link: http.client.HTTPConnection
    if plan.tls:
        # This asks whether it answers, not who it is.
        context = ssl._create_unverified_context()  # noqa: S323, SLF001
        link = http.client.HTTPSConnection(host, plan.port, timeout=5, context=context)
    else:
        link = http.client.HTTPConnection(host, plan.port, timeout=5)
    try:
        link.request("GET", "/healthz", headers={"Host": in_url(host)})
        link.getresponse().read()
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        link.close()
    return True
