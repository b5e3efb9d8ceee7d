"""An export that a job makes: how far it is, and its file."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.jobs.models import Job
from regulars.rules.errors import NotFound
from regulars.web.office import exporting, exports
from regulars.web.office.desk import Desk
from regulars.web.office.tags import number


def _state(desk: Desk, job: Job) -> dict[str, Any]:
    ready = exporting.file_of(job) is not None
    failed = job.status == Job.Status.FAILED or (job.status == Job.Status.SUCCEEDED and not ready)
    done = (job.result or {}).get("rows", job.progress_done or 0)
    texts = {
        "ready": ngettext("Your file is ready: %(count)s row.", "Your file is ready: %(count)s rows.", done),
        "failed": _("The file could not be made, or was kept long enough. Export the list again."),
        "running": ngettext("%(count)s row so far.", "%(count)s rows so far.", done),
    }
    state = "ready" if ready else "failed" if failed else "running"
    return {
        "done": done,
        "total": job.progress_total,
        "state": state,
        "text": texts[state] % {"count": number(done)},
        "url": desk.url("export-file", job_id=job.pk) if ready else "",
    }


def page(desk: Desk, job_id: int) -> HttpResponse:
    """How far an export is; it can be left and found again."""
    job = exporting.export_of(desk, job_id)
    context = {
        "title": _("Export"),
        "back": {"url": job.kwargs["path"], "label": _("The list")},
        "state": _state(desk, job),
        "progress": desk.url("export-now", job_id=job.pk),
    }
    return desk.page("export", context)


def now(desk: Desk, job_id: int) -> HttpResponse:
    """How far it is, for the script of the page."""
    return JsonResponse(_state(desk, exporting.export_of(desk, job_id)))


def file(desk: Desk, job_id: int) -> HttpResponseBase:
    """The file."""
    job = exporting.export_of(desk, job_id)
    path = exporting.file_of(job)
    if path is None:
        raise NotFound("The file is not there any more.")
    name = str((job.result or {}).get("name", "export.csv"))
    kind = exports.KINDS[name.rpartition(".")[2]]
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=kind)
