"""`regulars jobs`: what is there, what has failed and why, and another try."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from regulars.commands import jobs
from regulars.commands.app import run
from regulars.jobs import actions, leases, progress, schedule
from regulars.jobs.models import Job
from regulars.jobs.running import run_due
from tests.cli.conftest import Regulars
from tests.jobs import given

pytestmark = pytest.mark.django_db
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def regulars_jobs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The command within this process, on the database of the tests."""
    monkeypatch.setattr(jobs, "_start", lambda: None)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run(["jobs", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def failed(message: str = "the shop burns") -> Job:
    job = actions.enqueue(given.fail, args=[message], max_attempts=1, business_id=7)
    run_due()
    return job


def test_it_makes_no_database(regulars: Regulars) -> None:
    assert regulars.refused("jobs", status=1).startswith("There is no database yet")


def test_nothing_is_said_to_be_nothing(regulars_jobs: Call) -> None:
    assert regulars_jobs() == (0, "There are no jobs.\n", "")
    assert regulars_jobs("--failed") == (0, "No job has failed.\n", "")
    assert regulars_jobs("--json") == (0, "", "")


def test_a_line_says_what_matters(regulars_jobs: Call) -> None:
    when = dt.datetime(2036, 3, 1, 12, tzinfo=dt.UTC)
    waiting = actions.enqueue(given.note, args=[1], run_after=when)
    bad = failed()
    running = actions.enqueue(given.note, args=[2])
    claimed = leases.claim(worker="Bob")
    assert claimed is not None
    leases.tell(claimed, progress.Progress(300, 1000, "letters"))
    status, said, _ = regulars_jobs()
    assert status == 0
    lines = said.splitlines()
    assert lines[0] == f"{running.pk:>7} running   tests.jobs.given.note, 300 of 1000 (30 %) letters"
    assert lines[1].startswith(f"{bad.pk:>7} failed    tests.jobs.given.fail, for business 7, finished 20")
    assert lines[1].endswith(", error: OSError: the shop burns")
    assert lines[2] == f"{waiting.pk:>7} ready     tests.jobs.given.note, due 2036-03-01 12:00:00"
    assert regulars_jobs("--failed")[1].splitlines() == [lines[1]]
    assert regulars_jobs("--most", "1")[1].splitlines() == [lines[0]]


def test_programs_get_objects(regulars_jobs: Call) -> None:
    bad = failed()
    (line,) = regulars_jobs("--json")[1].splitlines()
    found: dict[str, Any] = json.loads(line)
    assert (found["id"], found["status"], found["args"]) == (bad.pk, "failed", ["the shop burns"])
    assert found["error_class"] == "builtins.OSError"
    assert found["finished_at"].endswith("Z")


def test_one_job_is_shown_with_its_trace(regulars_jobs: Call) -> None:
    bad = failed()
    _, said, _ = regulars_jobs("show", str(bad.pk))
    assert "status         failed\n" in said
    assert "attempts       1\n" in said
    assert "\n\nTraceback (most recent call last):\n" in said
    assert said.endswith("OSError: the shop burns\n")
    assert regulars_jobs("show", "0") == (1, "", "regulars: There is no job 0.\n")


def test_failed_jobs_run_again(regulars_jobs: Call) -> None:
    one, two, three = failed(), failed(), failed()
    assert regulars_jobs("retry", str(one.pk)) == (0, "1 job will run again.\n", "")
    assert regulars_jobs("retry", "--all") == (0, "2 jobs will run again.\n", "")
    again = Job.objects.filter(status="ready", attempts=0)
    assert set(again.values_list("pk", flat=True)) == {one.pk, two.pk, three.pk}
    assert regulars_jobs("retry", str(one.pk))[2] == f"regulars: Job {one.pk} has not failed; it is ready.\n"
    for arguments in ([], ["--all", "3"]):
        assert regulars_jobs("retry", *arguments)[0] == 2


def test_of_failed_jobs_with_one_key_one_runs_again(regulars_jobs: Call) -> None:
    for _ in range(2):
        actions.enqueue(given.give_up, key="a")
        run_due()
    status, said, error = regulars_jobs("retry", "--all")
    assert (status, said) == (1, "")
    assert error.startswith("regulars: 1 jobs will run again; others will not: Another job with the same key")


def test_a_job_is_deleted(regulars_jobs: Call) -> None:
    bad = failed()
    assert regulars_jobs("delete", str(bad.pk)) == (0, f"Deleted job {bad.pk}.\n", "")
    assert regulars_jobs("delete", str(bad.pk))[0] == 1
    assert not Job.objects.exists()


def test_the_schedule_is_shown(regulars_jobs: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "_registry", {})
    schedule.register("hourly", given.note, every=dt.timedelta(hours=1))
    assert regulars_jobs("schedule")[1].split() == ["hourly", "not", "yet", "next", "with", "a", "worker"]
    now = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
    schedule.enqueue_due(now=now)
    assert regulars_jobs("schedule")[1].split() == [
        "hourly", "last", "2026-03-01", "12:30", "UTC", "next", "2026-03-01", "13:30", "UTC",
    ]  # fmt: skip
    found = json.loads(regulars_jobs("schedule", "--json")[1])
    assert found == {"name": "hourly", "last_at": "2026-03-01T12:30:00Z", "next_at": "2026-03-01T13:30:00Z"}
    assert timezone.is_aware(now)
