"""A form that was sent twice is done once: with a double click, a slow line, or the browser's way back.

Each drawn form that gives or makes something has a key. What its sending led to is kept under the key and
what was sent, in the transaction that did it (as an `Idempotency-Key` is, `tenants.idempotency`), and told
again to whoever sends the same once more. Other things typed into the same form are another sending.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.db import transaction
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars import db
from regulars.tenants import idempotency

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

# The field of the key.
FIELD: Final = "once"
_KEY: Final = re.compile("[0-9a-f]{32}")
_NOT_WHAT: Final = frozenset({"csrfmiddlewaretoken", FIELD})
_PLACES: Final = ("Location", "HX-Redirect")


def key() -> str:
    """A key for a form that is being drawn."""
    return uuid.uuid4().hex


def once(desk: Desk, do: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """What `do` answers, or where it led when the same was sent before. Of two at once, one waits."""
    given = desk.post.get(FIELD, "") if desk.is_post and desk.here.audited else ""
    if _KEY.fullmatch(given) is None:
        return do()
    hashed = _hash(desk)
    # What is typed anew into a form that was sent is no repetition, so it has a key of its own.
    named = f"office:{desk.staff.pk}:{given}:{hashed}"
    which: dict[str, Any] = {"business_id": desk.business.pk, "key": named, "hashed": hashed}
    idempotency.prepare(named)
    with transaction.atomic():
        db.serialise("office once", desk.business.pk, named)
        before = idempotency.claim(**which)
        if before is not None:
            return _again(desk, json.loads(before.body))
        response = do()
        place = next((response.headers[name] for name in _PLACES if name in response.headers), "")
        if place and not desk.regretted:
            body = json.dumps({"place": place, "said": desk.said})
            idempotency.keep(**which, status=HTTPStatus.SEE_OTHER, body=body)
        return response


def _again(desk: Desk, before: dict[str, str]) -> HttpResponseBase:
    told = _("This was sent twice, and done once.")
    messages.info(desk.request, f"{before['said']} {told}".strip())
    desk.regretted = True  # nothing was done now, so there is nothing for the audit log
    return desk.on(before["place"])


def _hash(desk: Desk) -> str:
    what = sorted((name, desk.post.getlist(name)) for name in desk.post if name not in _NOT_WHAT)
    files: Any = desk.request.FILES
    parts = [desk.request.path.encode(), json.dumps(what).encode()]
    for file in files.values():
        parts.append(file.read())
        file.seek(0)
    return idempotency.request_hash(*parts)
