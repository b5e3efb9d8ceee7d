"""Writing down what operators do: in their own log, and in that of the business which it is about."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest

from regulars.auditlog import actions as auditlog

Facts = dict[str, Any]


def note(
    request: HttpRequest,
    name: str,
    thing: Model,
    *,
    businesses: Iterable[int],
    before: Facts | None = None,
    after: Facts | None = None,
    reason: str = "",
) -> None:
    """Write down what an operator did to something, in the transaction in which it is done.

    `businesses` are those whose audit logs tell of it, too; none where no business is concerned.
    """
    user: Any = request.user
    said = {"action": name, "before": before or {}, "after": after or {}, "reason": reason}
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(thing),
        object_id=str(thing.pk or ""),
        object_repr=str(thing)[:200],
        action_flag=CHANGE,
        change_message=json.dumps(said, ensure_ascii=False),
    )
    for business_id in businesses:
        auditlog.record(
            business_id=business_id,
            actor=auditlog.Actor.of_operator(user, address=request.META.get("REMOTE_ADDR", "")),
            action=name,
            kind=thing._meta.model_name or "",  # noqa: SLF001 - Django's name for it
            object_id=thing.pk,
            label=str(thing),
            before=before,
            after=after,
            reason=reason,
        )
