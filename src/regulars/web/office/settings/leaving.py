"""Leaving with everything: all that a business has here, as tables in one file that any program reads."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from django.db.models import Model
from django.http import FileResponse, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_scopes import scope
from django_tasks import task

from regulars import db, private
from regulars.auditlog.actions import SECRETS
from regulars.auditlog.models import Record
from regulars.campaigns.models import Campaign
from regulars.catalog.models import Sku, SkuCategory
from regulars.jobs import actions as jobs
from regulars.jobs import progress, queries
from regulars.jobs.models import Job
from regulars.ledger.models import Card, Entry, Lot, LotUse, PointsAdjustment, Reward
from regulars.members.models import BlankCard, Consent, FieldLabel, Member, MemberGroup, MergedMember
from regulars.messages.models import MessageText, Suppression
from regulars.promotions.models import EventPromotion, Promotion
from regulars.sales.models import Sale, SalePromotion
from regulars.scratchcards.models import Prize, ScratchCampaign, ScratchCard
from regulars.tenants.models import Branch, Business, Microsite, Program, Staff
from regulars.vouchers.models import Precode, Voucher, VoucherCode, VoucherIssue, VoucherLog
from regulars.web.office import exporting, exports
from regulars.web.office.desk import Desk
from regulars.web.office.tags import number

# What is a business's own. What opens something (keys, sessions, links) stays here.
TABLES: Final[tuple[type[Model], ...]] = (
    Program, Microsite, Branch, Staff, MemberGroup, FieldLabel, Member, MergedMember, Consent, BlankCard,
    Card, Entry, Reward, Lot, LotUse, PointsAdjustment, SkuCategory, Sku, Promotion, EventPromotion, Sale,
    SalePromotion, Voucher, VoucherIssue, VoucherCode, Precode, VoucherLog, ScratchCampaign, Prize,
    ScratchCard, Campaign, MessageText, Suppression, Record,
)  # fmt: skip
_LEFT_OUT: Final = SECRETS | {
    "business", "search_text", "pin_failures", "pin_closed_until", "temp_password_expires_at",
}  # fmt: skip
_ROWS: Final = 2_000
_STEP: Final = 1_000


def page(desk: Desk) -> HttpResponse:
    """What leaving means; how far the file is; with the button it is made."""
    if desk.is_post:
        with desk.changing("settings.leave"):
            jobs.enqueue(
                make_archive,
                kwargs={"business_id": desk.business.pk},
                business_id=desk.business.pk,
                key=_key(desk.business.pk),
                max_attempts=2,
            )
        return desk.to("settings-leave")
    job = _job(desk)
    context = {
        "title": _("Take everything with you"),
        "here": "settings",
        "tables": len(TABLES) + 1,
        "state": _state(desk, job) if job is not None else None,
        "progress": desk.url("settings-leave-now"),
    }
    return desk.page("settings/leave", context)


def now(desk: Desk) -> HttpResponse:
    """How far it is, for the script of the page."""
    job = _job(desk)
    return JsonResponse(_state(desk, job) if job is not None else {"state": "failed", "done": 0, "text": ""})


def file(desk: Desk) -> HttpResponseBase:
    """The file."""
    job = _job(desk)
    path = exporting.file_of(job) if job is not None else None
    if path is None:
        return desk.to("settings-leave")
    name = f"{desk.business.slug}-{timezone.localtime():%Y-%m-%d}.zip"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/zip")


def _key(business_id: int) -> str:
    return f"office: all of business {business_id}"


def _job(desk: Desk) -> Job | None:
    return queries.with_key(_key(desk.business.pk))


def _state(desk: Desk, job: Job) -> dict[str, Any]:
    ready = exporting.file_of(job) is not None
    ended = job.status in {Job.Status.FAILED, Job.Status.SUCCEEDED}
    done = (job.result or {}).get("rows", job.progress_done or 0)
    texts = {
        "ready": ngettext(
            "Your file is ready: %(count)s row. It is kept for two days.",
            "Your file is ready: %(count)s rows. It is kept for two days.",
            done,
        ),
        "failed": _("There is no file now. It could not be made, or was kept long enough."),
        "running": ngettext(
            "%(count)s row so far. You can leave this page and come back to it.",
            "%(count)s rows so far. You can leave this page and come back to it.",
            done,
        ),
    }
    state = "ready" if ready else "failed" if ended else "running"
    return {
        "done": done,
        "total": None,
        "state": state,
        "text": texts[state] % {"count": number(done)},
        "url": desk.url("settings-leave-file") if ready else "",
    }


@task()
def make_archive(*, business_id: int) -> dict[str, Any]:
    """Write all tables of a business into a file, as of one moment; its name and how many rows it has."""
    name = token_hex(16)
    part = exporting.folder() / f"{name}.part"
    try:
        rows = _write(part, business_id)
        part.replace(exporting.folder() / name)
    finally:
        part.unlink(missing_ok=True)
    progress.report(done=rows, total=rows)
    return {"file": name, "rows": rows}


def _write(path: Path, business_id: int) -> int:
    counted = _Counted()
    with (
        private.open_file(path) as opened,
        zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as archive,
        db.snapshot(),
        scope(business=business_id),
    ):
        for name, model in names().items():
            # Whoever left did what other tables tell, so they are in it, too.
            rows: Any = Staff.history if model is Staff else model._default_manager  # noqa: SLF001
            found = rows.filter(pk=business_id) if model is Business else rows.all()
            columns = _columns(model)
            values = found.order_by("pk").values_list(*columns).iterator(chunk_size=_ROWS)
            with archive.open(f"{name}.csv", "w", force_zip64=True) as table:
                exports.write("csv", columns, counted.through(values), table)
    return counted.rows


def names() -> dict[str, type[Model]]:
    """The tables by the names of their files."""
    found: dict[str, type[Model]] = {}
    every: tuple[type[Model], ...] = (Business, *TABLES)
    for model in every:
        room, _sign, name = model._meta.db_table.partition("_")  # noqa: SLF001 - Django's name for it
        found["audit_log" if room == "auditlog" else name] = model
    return found


def _columns(model: type[Model]) -> list[str]:
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's name for it
    found = [field.attname for field in fields if field.name not in _LEFT_OUT]
    return [*found, "user__email"] if model is Staff else found


class _Counted:
    """How many rows were written, told now and then."""

    def __init__(self) -> None:
        self.rows = 0

    def through(self, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """The rows themselves."""
        for row in rows:
            yield row
            self.rows += 1
            if self.rows % _STEP == 0:
                progress.report(done=self.rows)
