"""The kinds of automatic messages: when each goes out, whether it does, and whose words it has."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.messages import actions, queries
from regulars.messages.kinds import Kind, automatic
from regulars.messages.models import MessageText
from regulars.messages.queries import KindState
from regulars.web.office.desk import Desk

# What developers want to know of it.
_EVENT: Final = re.compile(r"\s*\(event [\w.]+\)")


def when(kind: Kind) -> str:
    """When a kind goes out."""
    return _EVENT.sub("", kind.trigger)


def listed(desk: Desk) -> HttpResponse:
    """All kinds: those to members, those to the team."""
    states = queries.kinds(business_id=desk.business.pk)
    groups = [
        (title, hint, [_row(desk, state) for state in states if state.kind.to == to])
        for to, title, hint in (
            ("member", _("To members"), _("They go out by themselves, each once for its reason.")),
            ("staff", _("To your team"), _("Without them nobody could sign in.")),
        )
    ]
    context = {"title": _("Automatic messages"), "here": "campaigns", "groups": groups}
    return desk.page("messages/kinds", context)


def _row(desk: Desk, state: KindState) -> dict[str, Any]:
    kind = state.kind
    own = state.usual.own or bool(state.named)
    return {
        "label": kind.label,
        "when": when(kind),
        "state": (_("On"), "success") if state.usual.enabled else (_("Off"), "secondary"),
        "words": (_("Your words"), "primary") if own else (_("Our words"), "secondary"),
        "enabled": state.usual.enabled,
        "url": desk.url("message", kind=kind.name) if desk.may("campaigns.edit") else "",
        "switch": desk.url("message-switch", kind=kind.name)
        if kind.optional and desk.may("campaigns.edit")
        else "",
    }


def written(kind: str, name: str = "", language: str = "") -> MessageText | None:
    """What the business wrote for a kind, a name and a language."""
    rows = MessageText.objects.filter(kind=kind, language=language)
    return next((row for row in rows if row.name.upper() == name.upper()), None)


def chosen(name: str, language: str) -> str:
    """The name and the language of words, as the end of an address."""
    found = {key: value for key, value in (("name", name), ("language", language)) if value}
    return f"?{urlencode(found)}" if found else ""


def here(desk: Desk, kind: Kind) -> str:
    """The page of a kind, at the name and the language that somebody is at."""
    at = (desk.get.get(key, "").replace("\0", "") for key in ("name", "language"))
    return desk.url("message", kind=kind.name) + chosen(*at)


def switch(desk: Desk, kind: str) -> HttpResponse:
    """Let a kind go out, or not any more."""
    found = automatic(kind)
    enabled = desk.post.get("enabled") == "1"
    row = written(found.name)
    with desk.changing("message.switch", row) as change:
        actions.set_text(business_id=desk.business.pk, kind=found.name, enabled=enabled)
        if row is None and (made := written(found.name)) is not None:
            change.made(made)
        change.note(enabled=enabled)
    text = _("%(kind)s goes out from now on.") if enabled else _("%(kind)s does not go out any more.")
    if desk.post.get("from") == "message":
        flash.success(desk.request, text % {"kind": found.label})
        return desk.on(here(desk, found))
    return desk.done(text % {"kind": found.label}, "messages")
