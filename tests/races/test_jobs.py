"""Workers are killed at their work, and many ask for the same: no job is lost, stuck or run twice at once.

Short in ordinary runs; SOAK=1 in the environment makes it long.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from django.db import connections

from regulars.jobs import actions, leases
from regulars.jobs.models import Job
from regulars.jobs.running import run_due
from tests.jobs import given
from tests.races.clients import Ask
from tests.races.crowd import split, together
from tests.races.serving import Installation
from tests.races.test_kills import asking

LONG = bool(os.environ.get("SOAK"))
JOBS = 5000 if LONG else 300
KILLS = 50 if LONG else 4
LEASE = 2.0  # seconds; the product's own are 30, of which 60 may pass until somebody else has the job
RELEASED_WITHIN = 2 * LEASE + 10
PATIENCE = 600 if LONG else 90
ROOT = Path(__file__).parents[2]

FILL = f"""
import django
django.setup()
from django.db import transaction
from regulars.jobs import actions
from tests.jobs import given
with transaction.atomic():
    for number in range({JOBS}):
        actions.enqueue(given.nap, args=[number])
"""
OURS = "task = 'tests.jobs.given.nap'"
DONE = f"SELECT count(*) FROM jobs_job WHERE {OURS} AND status = 'succeeded'"
SCHEDULED = "SELECT key, count(*) FROM jobs_job WHERE key LIKE 'schedule:%' GROUP BY key HAVING count(*) > 1"


class Crew:
    """Worker processes on one database; whoever is killed is replaced at once."""

    def __init__(self, installation: Installation) -> None:
        self.ask: Ask = asking(installation.database_url)
        self._installation = installation
        path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep)
        self.env = {**installation.env, "DJANGO_SETTINGS_MODULE": "regulars.settings", "PYTHONPATH": path}
        self._numbers = count(1)
        self.names: list[str] = []
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, code: str) -> None:
        subprocess.run([sys.executable, "-c", code], env=self.env, cwd=self._installation.folder, check=True)

    def hire(self) -> None:
        name = f"worker {next(self._numbers)}"
        with (self._installation.folder / "log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("a_worker.py")), name, str(LEASE)],
                env=self.env, cwd=self._installation.folder, stdout=log, stderr=log,
            )  # fmt: skip
        self.names.append(name)

    def jobs_of(self, name: str) -> list[int]:
        """The jobs that a worker holds right now."""
        return [row[0] for row in self.ask(f"SELECT id FROM jobs_job WHERE lease LIKE '{name}/%'")]

    def kill(self, name: str) -> None:
        """In the middle of a job; and hire somebody else."""
        self.wait_for(lambda: self.jobs_of(name))
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        self.names.remove(name)
        self.hire()

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self._installation.log()
            assert all(one.poll() is None for one in self._processes.values()), self._installation.log()
            time.sleep(0.01)

    def dismiss(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()


@contextmanager
def crew(installation: Installation, number: int) -> Iterator[Crew]:
    made = Crew(installation)
    with ExitStack() as stack:
        stack.callback(made.dismiss)
        made.run(FILL)
        for _ in range(number):
            made.hire()
        yield made


def test_workers_are_killed_and_every_job_is_done(installation: Installation) -> None:
    waits: list[float] = []
    with crew(installation, 2) as made:
        for number in range(KILLS):
            made.wait_for(lambda number=number: made.ask(DONE)[0][0] >= JOBS * number // (2 * KILLS))  # type: ignore[misc]
            victim = made.names[0]
            made.kill(victim)
            began = time.monotonic()
            made.wait_for(lambda victim=victim: not made.jobs_of(victim))  # type: ignore[misc]
            waits.append(time.monotonic() - began)
        made.wait_for(lambda: made.ask(DONE)[0][0] == JOBS)
        counts = made.ask(f"SELECT status, count(*) FROM jobs_job WHERE {OURS} GROUP BY status")
        assert counts == [("succeeded", JOBS)]
        ends = made.ask(f"SELECT args, result, attempts FROM jobs_job WHERE {OURS}")
        assert all(str(args) == f"[{result}]" for args, result, _ in ends)
        again = [attempts for _, _, attempts in ends if attempts > 1]
        assert 1 <= len(again) <= 2 * KILLS  # a worker holds two
        assert max(again) <= 4
        assert made.ask(SCHEDULED) == []
    assert max(waits) < RELEASED_WITHIN


@pytest.mark.django_db(transaction=True)
def test_one_key_and_many_callers_make_one_job() -> None:
    jobs, failed = split(together(16, lambda n: actions.enqueue(given.note, args=[n], key="a").pk))
    assert (len(set(jobs)), failed) == (1, [])
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_key_while_its_jobs_come_and_go() -> None:
    """Four enqueue by one key, four run what they find: at no time are there two, and nobody is refused."""

    def busy(number: int) -> int:
        for turn in range(10):
            if number % 2:
                run_due(worker=f"Bob {number}")
            else:
                actions.enqueue(given.note, args=[turn], key="a")
        return Job.objects.filter(status__in=actions.ACTIVE).count()

    found, failed = split(together(8, busy))
    assert failed == []
    assert max(found) <= 1
    run_due()
    assert set(Job.objects.values_list("status", "attempts")) == {("succeeded", 1)}


@pytest.mark.django_db(transaction=True)
def test_a_job_is_claimed_by_one() -> None:
    for number in range(12):
        actions.enqueue(given.note, args=[number])

    def claim_some(number: int) -> list[int]:
        found = []
        while Job.objects.filter(status="ready").exists():
            if (job := leases.claim(worker=f"Bob {number}")) is not None:
                found.append(job.pk)
        return found

    claimed, failed = split(together(8, claim_some))
    assert failed == []
    numbers = [pk for some in claimed for pk in some]
    assert sorted(numbers) == sorted(Job.objects.values_list("pk", flat=True))
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}
    connections.close_all()
