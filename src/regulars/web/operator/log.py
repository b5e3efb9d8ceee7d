"""What operators did."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from regulars.web.operator.tables import NOTHING, Table, column, moment


def _said(entry: LogEntry) -> dict[str, Any]:
    try:
        found = json.loads(entry.change_message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Log(Table):
    """What operators did, newest first."""

    list_display = ("when", "who", "what", "object_repr", "why")
    list_display_links = ("when",)
    search_fields = ("object_repr", "user__email")
    ordering = ("-id",)
    fieldsets = ((None, {"fields": ("when", "who", "what", "object_repr", "why", "differs")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """With who did it."""
        found: QuerySet[LogEntry] = super().get_queryset(request).select_related("user", "content_type")
        return found

    @column(gettext_lazy("When (UTC)"), ordering="action_time")
    def when(self, entry: LogEntry) -> str:
        """When it was done."""
        return moment(entry.action_time)

    @column(gettext_lazy("Who"), ordering="user__email")
    def who(self, entry: LogEntry) -> str:
        """Who did it."""
        return str(entry.user)

    @column(gettext_lazy("What"))
    def what(self, entry: LogEntry) -> str:
        """What was done."""
        return str(_said(entry).get("action", ""))

    @column(gettext_lazy("Reason"))
    def why(self, entry: LogEntry) -> str:
        """What they gave as the reason."""
        return str(_said(entry).get("reason", "")) or NOTHING

    @column(gettext_lazy("What differs"))
    def differs(self, entry: LogEntry) -> SafeString | str:
        """What it was before, and after."""
        said = _said(entry)
        before, after = said.get("before", {}), said.get("after", {})
        rows = [(name, before.get(name, NOTHING), after.get(name, NOTHING)) for name in {**before, **after}]
        return format_html_join("", "<p>{}: {} → {}</p>", rows) or NOTHING


TABLES: Final = ((LogEntry, Log),)
