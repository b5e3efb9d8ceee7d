"""Work that happens by itself: jobs, and the schedule."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.jobs import actions
from regulars.jobs.models import Job, ScheduledRun
from regulars.web.operator.deeds import Deed, perform
from regulars.web.operator.tables import NOTHING, Table, column, link, moment, page, written

_COLOURS: Final = {
    Job.Status.READY.value: "info",
    Job.Status.RUNNING.value: "primary",
    Job.Status.SUCCEEDED.value: "success",
    Job.Status.FAILED.value: "danger",
}
# What logs tell of a job. With what it is called, and what went wrong, may hold people's data.
_TOLD: Final = ("task", "key", "status")


class Jobs(Table):
    """Jobs that wait, run or have ended."""

    called = gettext_lazy("Jobs")
    list_display = ("number", "what", "state", "of", "attempts", "progress", "due", "finished")
    list_filter = ("status",)
    search_fields = ("task", "uid", "key")
    ordering = ("-id",)
    actions_detail = ("retry", "cancel")
    offered: ClassVar[dict[str, Any]] = {
        "retry": lambda job: job.status == Job.Status.FAILED,
        "cancel": lambda job: job.status == Job.Status.READY,
    }
    fieldsets = (
        (None, {"fields": ("what", "state_told", "of", "progress", "tries", "key", "arguments")}),
        (
            gettext_lazy("When (UTC)"),
            {"fields": ("enqueued", "due", "began", "finished", "leased", "workers")},
        ),
        (gettext_lazy("What came of it"), {"fields": ("outcome", "error_class", "trace")}),
    )

    @column(gettext_lazy("Number"), ordering="pk")
    def number(self, job: Job) -> int:
        """By which it is called on its page and in the log."""
        return job.pk

    @column(gettext_lazy("Task"), ordering="task")
    def what(self, job: Job) -> str:
        """What is called."""
        return job.task.removeprefix("regulars.")

    @column(gettext_lazy("State"), label=_COLOURS, ordering="status")
    def state(self, job: Job) -> tuple[str, str]:
        """What has become of it."""
        return job.status, job.get_status_display()

    @column(gettext_lazy("State"))
    def state_told(self, job: Job) -> str:
        """The same in a word."""
        return str(job.get_status_display())

    @column(gettext_lazy("Business"))
    def of(self, job: Job) -> SafeString | str:
        """For whom it works."""
        if job.business_id is None:
            return NOTHING
        return link(reverse("admin:tenants_business_change", args=[job.business_id]), job.business_id)

    @column(gettext_lazy("Progress"))
    def progress(self, job: Job) -> str:
        """How far it is."""
        if job.progress_done is None:
            return job.progress_text or NOTHING
        total = f" / {job.progress_total}" if job.progress_total is not None else ""
        return f"{job.progress_done}{total} {job.progress_text}".strip()

    @column(gettext_lazy("Attempts"))
    def tries(self, job: Job) -> str:
        """How often it was tried, and how often it may be."""
        return f"{job.attempts} / {job.max_attempts}"

    @column(gettext_lazy("Arguments"))
    def arguments(self, job: Job) -> SafeString:
        """With what it is called."""
        return written(json.dumps({"args": job.args, "kwargs": job.kwargs}, ensure_ascii=False, indent=2))

    @column(gettext_lazy("Due (UTC)"), ordering="run_after")
    def due(self, job: Job) -> str:
        """Not before when it runs."""
        return moment(job.run_after)

    @column(gettext_lazy("Enqueued"))
    def enqueued(self, job: Job) -> str:
        """When it was asked for."""
        return moment(job.enqueued_at)

    @column(gettext_lazy("First begun"))
    def began(self, job: Job) -> str:
        """When a worker first took it."""
        return moment(job.started_at)

    @column(gettext_lazy("Finished (UTC)"), ordering="finished_at")
    def finished(self, job: Job) -> str:
        """When it ended."""
        return moment(job.finished_at)

    @column(gettext_lazy("A worker has it until"))
    def leased(self, job: Job) -> str:
        """Until when the lease lasts."""
        return moment(job.leased_until)

    @column(gettext_lazy("Workers"))
    def workers(self, job: Job) -> str:
        """Who has tried it."""
        return ", ".join(job.worker_ids) or NOTHING

    @column(gettext_lazy("Result"))
    def outcome(self, job: Job) -> SafeString | str:
        """What it returned."""
        return (
            written(json.dumps(job.result, ensure_ascii=False, indent=2))
            if job.result is not None
            else NOTHING
        )

    @column(gettext_lazy("Error of the last attempt"))
    def trace(self, job: Job) -> SafeString | str:
        """What went wrong."""
        return written(job.error) if job.error else NOTHING

    @page(gettext_lazy("Run again"), path="retry", icon="replay")
    def retry(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Let a failed one run again."""
        job: Job = self.row(request, object_id)
        deed = Deed(
            name="operator.job_retry",
            thing=job,
            title=_("Run job %(number)s again") % {"number": job.pk},
            text=_("It runs at once, with all its attempts. What it has done already it does not do twice."),
            button=_("Run again"),
            done=_("The job waits for a worker."),
            back=self.address(job.pk),
            do=lambda _values: actions.retry_job(pk=job.pk),
            business_id=job.business_id,
            told=_TOLD,
        )
        return perform(request, deed)

    @page(gettext_lazy("Cancel"), path="cancel", icon="cancel")
    def cancel(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Take one away that waits."""
        job: Job = self.row(request, object_id)
        deed = Deed(
            name="operator.job_cancel",
            thing=job,
            title=_("Cancel job %(number)s") % {"number": job.pk},
            text=_(
                "It is taken away and does not run. What is on the schedule comes again at its next time."
            ),
            button=_("Cancel the job"),
            done=_("The job is gone."),
            back=self.address(),
            do=lambda _values: actions.cancel_job(pk=job.pk),
            business_id=job.business_id,
            told=_TOLD,
            danger=True,
        )
        return perform(request, deed)


class Schedule(Table):
    """What happens again and again."""

    called = gettext_lazy("Schedule")
    list_display = ("name", "last", "following")
    ordering = ("next_at",)
    fieldsets = ((None, {"fields": ("name", "last", "following")}),)

    @column(gettext_lazy("Last (UTC)"), ordering="last_at")
    def last(self, run: ScheduledRun) -> str:
        """When its job was last enqueued."""
        return moment(run.last_at)

    @column(gettext_lazy("Next (UTC)"), ordering="next_at")
    def following(self, run: ScheduledRun) -> str:
        """When it is due next."""
        return moment(run.next_at)


TABLES: Final = ((Job, Jobs), (ScheduledRun, Schedule))
