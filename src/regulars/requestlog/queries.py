"""Reads of the request log."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from regulars.requestlog.buffer import KEEP
from regulars.requestlog.models import Call

# How a call may have ended: it did what was asked, it was refused, or we failed.
OUTCOMES: Final[dict[str, Q]] = {
    "ok": Q(code="", status__lt=400),
    "refused": ~Q(code="", status__lt=400) & Q(status__lt=500),
    "failed": Q(status__gte=500),
}


def outcome_of(call: Call) -> str:
    """How a call ended: one of `OUTCOMES`."""
    if call.status >= 500:  # noqa: PLR2004 - HTTP's faults of the server
        return "failed"
    return "refused" if call.code or call.status >= 400 else "ok"  # noqa: PLR2004 - HTTP's refusals


def latest() -> QuerySet[Call]:
    """The calls of the business in scope that are kept, the newest first, with their keys."""
    kept = Call.objects.order_by("-at", "-id").values("pk")[:KEEP]
    return Call.objects.filter(pk__in=kept).select_related("key").order_by("-at", "-id")


def calls(
    *, outcome: str | None = None, key_id: int | None = None, dialect: str | None = None
) -> QuerySet[Call]:
    """Those of them that ended like this, came with this key, or came to this API."""
    found = latest()
    if outcome:
        found = found.filter(OUTCOMES[outcome])
    if key_id:
        found = found.filter(key_id=key_id)
    if dialect:
        found = found.filter(dialect=dialect)
    return found
