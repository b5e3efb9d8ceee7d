"""The worker: threads that run jobs, a thread for each loop, and one that keeps the leases."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, connections

from regulars.jobs import leases, loops, progress, running, schedule
from regulars.jobs.links import own_connection
from regulars.jobs.models import Job
from regulars.jobs.troubles import Trouble

LOOK_EVERY = 0.5  # seconds between looks for a job
KEEP_EVERY = 0.5  # seconds between looks at what the jobs report
GRACE = 30.0  # seconds that jobs have to end when the worker is told to
RETRY_AT_MOST = 60.0  # seconds after an error

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Work:
    """A job at work in one of the threads."""

    job: Job
    run: progress.Run
    renew_at: float


class Worker:
    """Runs jobs, the schedule and all loops, until it is told to stop.

    Leases last for `lease` seconds and are renewed when a third of that is over. Any number of workers may
    work on one database, on SQLite too.
    """

    def __init__(
        self, *, threads: int = 2, name: str = "", lease: float = leases.SECONDS, grace: float = GRACE
    ) -> None:
        self.name = (name or f"{platform.node()[:40]}:{os.getpid()}")[: leases.NAME_LENGTH]
        self._threads = threads
        self._lease = lease
        self._grace = grace
        self._stop = threading.Event()
        self._looking = threading.Lock()  # one idle thread looks for all of them
        self._abandoned_at = 0.0
        self._working: dict[str, _Work] = {}
        self._lock = threading.Lock()
        self._trouble = Trouble()  # of keeping leases

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; then let jobs end, for half a minute, and give back those that do not."""
        self._stop = stop
        with ExitStack() as stack:
            wakers = [stack.enter_context(loops.listening("jobs"))]
            threads = [self._thread(f"job-{n}", self._work, wakers[0]) for n in range(self._threads)]
            own = loops.Loop("schedule", schedule.step, schedule.EVERY)
            for loop in (own, *loops.registered()):
                wakers.append(stack.enter_context(loops.listening(loop.name)))
                threads.append(self._thread(loop.name, self._keep_at, loop, wakers[-1]))
            log.info("worker_started", worker=self.name)
            with own_connection():
                self._keep_leases(stop, threads, wakers)
            log.info("worker_stopped", worker=self.name)

    def _thread(self, name: str, work: Callable[..., None], *args: object) -> threading.Thread:
        def target() -> None:
            with own_connection():
                work(*args)
            connections.close_all()

        # Not waited for at the end of the process: what does not stop in time is cut off.
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        return thread

    # Loops

    def _keep_at(self, loop: loops.Loop, wake: threading.Event) -> None:
        pause, trouble = 0.0, Trouble()
        while not self._wait(wake, pause):
            try:
                more = loop.step(self._stop.is_set)
                pause = 0.0 if more else loop.every
                trouble.over()
            except BaseException as error:  # noqa: BLE001 - this thread must outlive whatever happens
                pause = min(max(pause * 2, loop.every), RETRY_AT_MOST)
                trouble.tell("loop_failed", error, loop=loop.name, retry_in=pause)
                connections.close_all()

    def _wait(self, wake: threading.Event, pause: float) -> bool:
        """Sleep until it is time, somebody calls or the worker stops; whether it stops."""
        if pause and not self._stop.is_set():
            wake.wait(pause)
        wake.clear()
        return self._stop.is_set()

    # Jobs

    def _work(self, wake: threading.Event) -> None:
        pause, trouble = 0.0, Trouble()
        while not self._stop.is_set():
            try:
                with self._looking:
                    job = self._next(wake)
                if job is not None:
                    self._run(job)
                pause = 0.0
                trouble.over()
            except BaseException as error:  # noqa: BLE001 - this thread must outlive whatever happens
                pause = min(max(pause * 2, 1.0), RETRY_AT_MOST)
                trouble.tell("worker_failed", error, worker=self.name, retry_in=pause)
                connections.close_all()
                self._stop.wait(pause)

    def _next(self, wake: threading.Event) -> Job | None:
        while not self._stop.is_set():
            if time.monotonic() >= self._abandoned_at:
                leases.take_up_abandoned()
                self._abandoned_at = time.monotonic() + self._lease / 6
            if (job := leases.claim(worker=self.name, seconds=self._lease)) is not None:
                return job
            self._wait(wake, LOOK_EVERY)
        return None

    def _run(self, job: Job) -> None:
        if self._stop.is_set():
            leases.give_back(job)
            return
        run = progress.Run(self._stop.is_set)
        with self._lock:
            self._working[job.lease] = _Work(job, run, time.monotonic() + self._lease / 3)
        try:
            running.run_job(job, run)
        finally:
            with self._lock:
                self._working.pop(job.lease, None)

    # Leases

    def _keep_leases(
        self, stop: threading.Event, threads: list[threading.Thread], wakers: list[threading.Event]
    ) -> None:
        while not stop.wait(KEEP_EVERY):
            self._keep()
        deadline = time.monotonic() + self._grace
        while alive := [thread for thread in threads if thread.is_alive()]:
            if time.monotonic() >= deadline:
                break
            for waker in wakers:
                waker.set()
            self._keep()
            alive[0].join(0.1)
        for work in self._at_work():
            log.warning("job_cut_off", job=work.job.pk, task=work.job.task)
            with suppress(DatabaseError):  # then its lease runs out
                leases.give_back(work.job, progress=work.run.latest())

    def _keep(self) -> None:
        try:
            for work in self._at_work():
                if (told := work.run.untold()) is not None:
                    leases.tell(work.job, told)
                if time.monotonic() >= work.renew_at:
                    work.renew_at = time.monotonic() + self._lease / 3
                    if not leases.renew(work.job, seconds=self._lease) and self._has(work):
                        work.run.lost = True
            if self._at_work():
                self._trouble.over()
        except BaseException as error:  # noqa: BLE001 - this thread must outlive whatever happens
            self._trouble.tell("leases_not_renewed", error, worker=self.name)
            connections.close_all()

    def _at_work(self) -> list[_Work]:
        with self._lock:
            return list(self._working.values())

    def _has(self, work: _Work) -> bool:
        with self._lock:
            return work.job.lease in self._working
