"""`regulars jobs`: what happens by itself, what has failed, and letting it run again."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.commands import database
from regulars.commands.console import Stop, one_line, say, say_json
from regulars.commands.setup import read_environment, start_django
from regulars.rules.errors import Refusal

if TYPE_CHECKING:
    from regulars.jobs.models import Job

jobs = typer.Typer(help="Look at jobs in the background; let failed ones run again.")

Number = Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line, for programs.")]


@jobs.callback(invoke_without_command=True)
def list_jobs(
    context: typer.Context,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that have failed.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    if context.invoked_subcommand is not None:
        return
    _start()
    from regulars.jobs import queries  # noqa: PLC0415 - models need Django

    found = queries.latest(status="failed" if failed else None, most=most)
    for job in found:
        if as_json:
            say_json(_fields(job))
        else:
            say(_line(job))
    if not found and not as_json:
        say("No job has failed." if failed else "There are no jobs.")


@jobs.command("show")
def show_job(number: Number) -> None:
    """Show all there is about a job, with the error of its last attempt."""
    _start()
    from regulars.jobs import queries  # noqa: PLC0415 - models need Django

    try:
        job = queries.job(number)
    except Refusal as refusal:
        raise Stop(refusal.message) from refusal
    for name, value in _fields(job).items():
        if value not in (None, "", [], {}) and name != "error":
            say(f"{name:14} {value}")
    if job.error:
        say()
        say(job.error.rstrip())


@jobs.command("retry")
def retry_job(
    number: Annotated[int | None, typer.Argument(metavar="[ID]", help="As the list shows it.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that have failed.")] = False,
) -> None:
    """Let a failed job run again, with all its attempts."""
    if (number is None) != every:
        raise Stop("Give the ID of a failed job, or --all.", status=2)
    _start()
    from regulars.jobs import actions, queries  # noqa: PLC0415 - models need Django

    numbers = (
        [job.pk for job in queries.latest(status="failed", most=100_000)] if number is None else [number]
    )
    done, refused = 0, ""
    for one in numbers:
        try:
            actions.retry_job(pk=one)
            done += 1
        except Refusal as refusal:
            refused = refusal.message
    if refused:
        raise Stop(
            refused if number is not None else f"{done} jobs will run again; others will not: {refused}"
        )
    say(f"{done} {'job' if done == 1 else 'jobs'} will run again.")


@jobs.command("delete")
def delete_job(number: Number) -> None:
    """Take a job away that waits or has finished."""
    _start()
    from regulars.jobs import actions  # noqa: PLC0415 - models need Django

    try:
        actions.delete_job(pk=number)
    except Refusal as refusal:
        raise Stop(refusal.message) from refusal
    say(f"Deleted job {number}.")


@jobs.command("schedule")
def show_schedule(*, as_json: AsJson = False) -> None:
    """List what happens again and again: when it was last, when it is due next, in UTC."""
    _start()
    from regulars.jobs import queries  # noqa: PLC0415 - models need Django

    for one in queries.planned():
        if as_json:
            say_json({"name": one.name, "last_at": _moment(one.last_at), "next_at": _moment(one.next_at)})
        else:
            last = f"last {one.last_at:%Y-%m-%d %H:%M} UTC" if one.last_at else "not yet"
            due = f"next {one.next_at:%Y-%m-%d %H:%M} UTC" if one.next_at else "next with a worker"
            say(f"{one.name:40} {last:27} {due}")


def _start() -> None:
    settings = read_environment()
    start_django(settings, writes=False)
    database.check(settings)


def _line(job: "Job") -> str:
    """A job in one line for people; times in UTC."""
    parts = [f"{job.pk:>7} {job.status:9} {job.task.removeprefix('regulars.')}"]
    if job.business_id is not None:
        parts.append(f"for business {job.business_id}")
    if job.status == "ready":
        parts.append(f"due {job.run_after:%Y-%m-%d %H:%M:%S}")
    if job.status == "running" and (at := _progress(job)):
        parts.append(at)
    if job.finished_at is not None:
        parts.append(f"finished {job.finished_at:%Y-%m-%d %H:%M:%S}")
    if job.attempts > 1:
        parts.append(f"attempt {job.attempts} of {job.max_attempts}")
    if job.error:
        parts.append(f"error: {_reason(job)}")
    return ", ".join(parts)


def _reason(job: "Job") -> str:
    """What went wrong, in a line: of a trace the end, else the beginning."""
    trace = job.error.startswith("Traceback")
    return job.error.rstrip().rpartition("\n")[2] if trace else one_line(job.error)


def _progress(job: "Job") -> str:
    if job.progress_done is None:
        return job.progress_text
    of = f" of {job.progress_total}" if job.progress_total is not None else ""
    share = f" ({100 * job.progress_done // job.progress_total} %)" if job.progress_total else ""
    return f"{job.progress_done}{of}{share} {job.progress_text}".rstrip()


def _fields(job: "Job") -> dict[str, Any]:
    return {
        "id": job.pk,
        "status": job.status,
        "task": job.task,
        "args": job.args,
        "kwargs": job.kwargs,
        "business_id": job.business_id,
        "key": job.key,
        "priority": job.priority,
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "progress": _progress(job),
        "enqueued_at": _moment(job.enqueued_at),
        "run_after": _moment(job.run_after),
        "started_at": _moment(job.started_at),
        "finished_at": _moment(job.finished_at),
        "leased_until": _moment(job.leased_until),
        "workers": job.worker_ids,
        "result": job.result,
        "error_class": job.error_class,
        "error": job.error,
    }


def _moment(value: dt.datetime | None) -> str | None:
    return None if value is None else f"{value:%Y-%m-%dT%H:%M:%SZ}"
