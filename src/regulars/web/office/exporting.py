"""Long exports are made by a job: it asks for the same page again, as the same person, and keeps the file."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import resolve, set_urlconf
from django.utils import timezone, translation
from django_scopes import scopes_disabled
from django_tasks import task

from regulars import private
from regulars.jobs import actions as jobs
from regulars.jobs import progress
from regulars.jobs.models import Job
from regulars.jobs.outcomes import GiveUp
from regulars.rules.errors import NotFound
from regulars.tenants.models import Staff
from regulars.web.door import LANGUAGE
from regulars.web.office import exports

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

URLS: Final = "regulars.urls_office"
# How long a file is kept, in seconds.
KEPT: Final = 2 * 24 * 3600
# How often old ones are looked for.
EVERY: Final = dt.timedelta(hours=6)
_STEP: Final = 500


def folder() -> Path:
    """Where files lie until they are fetched."""
    return private.folder(settings.REGULARS_DATA_DIR / "exports")


@dataclass
class UnderWay:
    """An export that a job makes."""

    uid: str
    name: str = ""
    rows: int = 0

    def write(self, kind: str, name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Make the file; nobody finds it before it is whole."""
        self.name = f"{name}-{timezone.localtime():%Y-%m-%d}.{kind}"
        part = folder() / f"{self.uid}.part"
        with private.open_file(part) as file:
            exports.write(kind, heading, self._counted(rows), file)
        part.replace(folder() / self.uid)

    def _counted(self, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for row in rows:
            yield row
            self.rows += 1
            if self.rows % _STEP == 0:
                progress.report(done=self.rows)


def under_way(request: HttpRequest) -> UnderWay | None:
    """The export that a job asks for; None when a browser asks."""
    found: UnderWay | None = getattr(request, "export_under_way", None)
    return found


def begin(desk: Desk) -> tuple[Job, HttpResponse]:
    """Let a job make the file of the page that was asked for; it, and what shows how far it is."""
    request = desk.request
    job = jobs.enqueue(
        make_export,
        kwargs={
            "staff_id": desk.staff.pk,
            "business_id": desk.business.pk,
            "path": request.path,
            "query": request.META.get("QUERY_STRING", ""),
            "operator_id": desk.operator_id,
        },
        business_id=desk.business.pk,
        max_attempts=2,
    )
    return job, desk.to("export", job_id=job.pk)


@task()
def make_export(
    *, staff_id: int, business_id: int, path: str, query: str, operator_id: int | None = None
) -> dict[str, Any]:
    """Make a file of a list as somebody of a team sees it; its name and how many rows it has."""
    from regulars.web.office.desk import AS_OPERATOR  # noqa: PLC0415 - desks draw lists

    with scopes_disabled():
        team = Staff.objects.select_related("user", "business").filter(business=business_id)
        staff = team.filter(pk=staff_id).first()
    if staff is None:
        raise GiveUp("Whoever asked for it is not on the team any more.")
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.GET = QueryDict(query)
    request.META = {"QUERY_STRING": query, "REMOTE_ADDR": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request.user = staff.user if operator_id is None else staff.user.__class__.objects.get(pk=operator_id)
    request.urlconf = URLS
    session = {} if operator_id is None else {AS_OPERATOR: {staff.business.slug: operator_id}}
    request.session = session  # type: ignore[assignment]
    made = UnderWay(token_hex(16))
    request.export_under_way = made  # type: ignore[attr-defined]
    found = resolve(path, urlconf=URLS)
    set_urlconf(URLS)
    try:
        with translation.override(LANGUAGE):
            response = found.func(request, *found.args, **found.kwargs)
    finally:
        set_urlconf(None)
    if response.status_code != HTTPStatus.NO_CONTENT:
        raise GiveUp("The list cannot be exported any more.")
    progress.report(done=made.rows, total=made.rows)
    return {"file": made.uid, "name": made.name, "rows": made.rows}


def export_of(desk: Desk, job_id: int) -> Job:
    """An export that this person asked for.

    Raises:
        NotFound: they asked for none with this number.
    """
    job = Job.objects.filter(pk=job_id, business_id=desk.business.pk, task=make_export.module_path).first()
    if job is None or job.kwargs.get("staff_id") != desk.staff.pk:
        raise NotFound(f"There is no export {job_id}.")
    return job


def file_of(job: Job) -> Path | None:
    """The file of an export that is ready and still kept."""
    name = (job.result or {}).get("file")
    path = folder() / name if name else None
    return path if path is not None and path.is_file() else None


def forget_old(now: float | None = None) -> int:
    """Delete files that were kept long enough; how many there were."""
    before = (time.time() if now is None else now) - KEPT
    old = [path for path in folder().iterdir() if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


@task()
def forget_exports() -> dict[str, int]:
    """Delete the files of old exports."""
    return {"files": forget_old()}
