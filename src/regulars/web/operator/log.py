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

_DEEDS: Final = {
    "operator.new": gettext_lazy("Made a business"),
    "operator.limits": gettext_lazy("Set plan and limits"),
    "operator.close": gettext_lazy("Closed a business"),
    "operator.open": gettext_lazy("Opened a business again"),
    "operator.enter": gettext_lazy("Signed in as a business"),
    "operator.leave": gettext_lazy("Left a business"),
    "operator.add": gettext_lazy("Made an operator"),
    "operator.remove": gettext_lazy("Took the admin away"),
    "operator.account_close": gettext_lazy("Closed an account"),
    "operator.account_open": gettext_lazy("Opened an account"),
    "operator.key_revoke": gettext_lazy("Revoked an API key"),
    "operator.job_retry": gettext_lazy("Ran a job again"),
    "operator.job_cancel": gettext_lazy("Cancelled a job"),
}


def _said(entry: LogEntry) -> dict[str, Any]:
    try:
        found = json.loads(entry.change_message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Log(Table):
    """What operators did, newest first."""

    called = gettext_lazy("Operators' log")
    list_display = ("when", "who", "what", "which", "why")
    list_display_links = ("when",)
    search_fields = ("object_repr", "user__email")
    ordering = ("-id",)
    fieldsets = ((None, {"fields": ("when", "who", "what", "which", "why", "differs")}),)

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
        name = str(_said(entry).get("action", ""))
        return str(_DEEDS.get(name, name))

    @column(gettext_lazy("To what"))
    def which(self, entry: LogEntry) -> str:
        """To what it was done, as that was called then."""
        return entry.object_repr

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
