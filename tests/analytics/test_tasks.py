"""Every night the totals are recomputed, and what does not agree is a failed job."""

import json

import pytest
from django.db import connection

from regulars import db
from regulars.analytics import rollup, tasks
from regulars.jobs import actions, queries
from regulars.jobs.running import run_due
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


def test_it_says_how_much_agrees() -> None:
    shop = make_shop()
    shop.stamp(shop.enrol(), 3)
    assert rollup.roll_up_all() > 0
    assert tasks.check_integrity.call()["card"] == 1


def test_a_difference_fails_the_job_once(caplog: pytest.LogCaptureFixture) -> None:
    shop = make_shop()
    shop.stamp(shop.enrol(), 3)
    rollup.roll_up_all()
    db.run("UPDATE analytics_total SET stamps = 4 WHERE business_id = %s", (shop.id,))
    job = actions.enqueue(tasks.check_integrity)
    assert run_due() == 1
    found = queries.job(job.pk)
    assert (found.status, found.attempts) == ("failed", 1)
    report = json.loads(found.error)
    assert {"figures: stamps of all time"} <= {one["check"] for one in report["differences"]}


@pytest.mark.once
def test_a_damaged_file_fails_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection.vendor == "sqlite"
    usual = db.run

    def run(sql: str, params: tuple[object, ...] = ()) -> list[db.Row]:
        return [("page 7 is not used",)] if sql.startswith("PRAGMA integrity") else usual(sql, params)

    monkeypatch.setattr(db, "run", run)
    job = actions.enqueue(tasks.check_integrity)
    run_due()
    assert queries.job(job.pk).error == "page 7 is not used"


def test_a_busy_hour_leaves_more_than_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([rollup.BATCH, 3, 0])
    monkeypatch.setattr(rollup, "roll_up", lambda: next(numbers))
    assert [rollup.step(lambda: False) for _ in range(3)] == [True, False, False]
