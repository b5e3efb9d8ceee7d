"""Reading the audit log."""

from __future__ import annotations

from django.db.models import QuerySet

from regulars.auditlog.models import Record


def records(*, kind: str = "", object_id: int | None = None) -> QuerySet[Record]:
    """The log, newest first; of one thing only when it is named. Within the scope of a business."""
    found = Record.objects.select_related("user").order_by("-id")
    if kind:
        found = found.filter(kind=kind)
    if object_id is not None:
        found = found.filter(object_id=object_id)
    return found
