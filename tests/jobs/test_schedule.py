"""Every occasion enqueues its task once: by any number of workers, late when nobody was there."""

import datetime as dt

import pytest
from cronsim import CronSimError
from django.db import connections
from django.utils import timezone

from regulars.jobs import queries, schedule
from regulars.jobs.models import Job, ScheduledRun
from regulars.jobs.running import run_due
from tests.jobs import given
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def due(now: dt.datetime) -> int:
    """How many jobs a look at this moment enqueues; they are run at once."""
    number = schedule.enqueue_due(now=now)
    assert Job.objects.filter(status="ready").count() == number
    Job.objects.filter(status="ready").update(status="succeeded", finished_at=now)
    return number


def next_at() -> dt.datetime:
    return ScheduledRun.objects.get().next_at


def test_a_new_installation_begins_at_once_and_goes_on_by_the_clock() -> None:
    schedule.register("hourly", given.exit_here, every=HOUR)
    assert due(NOON) == 1
    assert due(NOON) == 0
    assert due(NOON + HOUR - dt.timedelta(seconds=1)) == 0
    assert due(NOON + HOUR + dt.timedelta(minutes=7)) == 1
    assert next_at() == NOON + 2 * HOUR  # not an hour after it was late
    assert due(NOON + 2 * HOUR) == 1
    assert Job.objects.filter(task="tests.jobs.given.exit_here", key="schedule:hourly", args=[]).count() == 3


def test_what_was_missed_is_made_up_for_once() -> None:
    schedule.register("hourly", given.exit_here, every=HOUR)
    assert due(NOON) == 1
    assert due(NOON + 50.5 * HOUR) == 1
    assert (next_at(), due(NOON + 50.6 * HOUR)) == (NOON + 51 * HOUR, 0)


def test_a_cron_line_is_read_in_utc() -> None:
    schedule.register("nightly", given.exit_here, cron="17 3 * * *")
    assert due(NOON) == 0
    night = NOON.replace(day=2, hour=3, minute=17)
    assert next_at() == night
    assert due(night.astimezone(dt.timezone(dt.timedelta(hours=9)))) == 1
    assert next_at() == night + dt.timedelta(days=1)
    assert due(night + dt.timedelta(days=5, hours=1)) == 1
    assert next_at() == night + dt.timedelta(days=6)


def test_no_second_run_while_the_first_is_at_work() -> None:
    schedule.register("hourly", given.exit_here, every=HOUR)
    schedule.enqueue_due(now=NOON)
    Job.objects.update(status="running")
    assert schedule.enqueue_due(now=NOON + HOUR) == 1
    assert Job.objects.count() == 1


def test_a_plan_made_more_frequent_counts_at_once() -> None:
    schedule.register("it", given.exit_here, every=24 * HOUR)
    assert due(NOON) == 1
    schedule.register("it", given.exit_here, every=HOUR)
    assert due(NOON + HOUR / 2) == 0
    assert next_at() == NOON + 1.5 * HOUR
    assert due(NOON - 240 * HOUR) == 0  # the clock was set back
    assert next_at() == NOON - 239 * HOUR


def test_an_idle_look_only_reads(django_assert_num_queries: object) -> None:
    schedule.register("hourly", given.exit_here, every=HOUR)
    schedule.register("nightly", given.exit_here, cron="17 3 * * *")
    due(NOON)
    with django_assert_num_queries(1) as found:  # type: ignore[operator]
        assert schedule.enqueue_due(now=NOON) == 0
    assert found.captured_queries[0]["sql"].startswith("SELECT")


def test_a_plan_that_makes_no_sense_is_refused_at_the_start() -> None:
    for every, cron in ((None, None), (HOUR, "* * * * *")):
        with pytest.raises(ValueError, match="either every or cron"):
            schedule.register("it", given.exit_here, every=every, cron=cron)
    with pytest.raises(CronSimError):
        schedule.register("it", given.exit_here, cron="61 * * * *")
    assert schedule.registered() == []


def test_the_schedule_can_be_looked_at() -> None:
    schedule.register("hourly", given.exit_here, every=HOUR)
    schedule.register("b", given.exit_here, every=HOUR)
    assert [(one.name, one.last_at, one.next_at) for one in queries.planned()] == [
        ("b", None, None),
        ("hourly", None, None),
    ]
    due(NOON)
    assert {(one.last_at, one.next_at) for one in queries.planned()} == {(NOON, NOON + HOUR)}


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_enqueues() -> None:
    for number in range(5):
        schedule.register(f"hourly {number}", given.exit_here, every=HOUR)
    for turn in range(3):
        now = NOON + turn * HOUR
        enqueued, failed = split(together(8, lambda _, now=now: schedule.enqueue_due(now=now)))  # type: ignore[misc]
        assert (sum(enqueued), failed) == (5, [])
        assert Job.objects.filter(status="ready").update(status="succeeded", finished_at=now) == 5
    connections.close_all()


def test_of_two_who_saw_the_same_occasion_one_enqueues() -> None:
    schedule.register("hourly", given.exit_here, every=HOUR)
    due(NOON)
    (entry,) = schedule.registered()
    assert [schedule._look_at(entry, NOON + HOUR, NOON + HOUR) for _ in range(3)] == [1, 0, 0]


def test_what_the_product_enters() -> None:
    """The rooms' own entries, read from Django's start, can all be called without arguments."""
    from django.apps import apps  # noqa: PLC0415

    for name in ("jobs", "tenants", "promotions", "analytics"):
        apps.get_app_config(name).ready()
    names = {entry.name for entry in schedule.registered()}
    assert names >= {
        "analytics: integrity",
        "jobs: forget finished ones",
        "promotions: daily run",
        "tenants: clear ended sessions",
        "tenants: forget answers to retries",
    }
    now = timezone.now()
    assert schedule.enqueue_due(now=now) == len(names) - 2  # two wait for the night
    assert schedule.enqueue_due(now=now + dt.timedelta(days=1)) >= 1
    assert run_due() == len(names)
    assert set(Job.objects.values_list("status", flat=True)) == {"succeeded"}, Job.objects.values()
