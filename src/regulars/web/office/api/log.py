"""The request log: the latest calls of both APIs."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars.requestlog import queries
from regulars.requestlog.models import Call
from regulars.tenants.models import ApiKey
from regulars.web.office.api import words
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.lists import Action, Column, Empty, Listing


def calls(desk: Desk) -> HttpResponseBase:
    """The latest 1,000 calls, the newest first."""
    keys = [(str(pk), name) for pk, name in ApiKey.objects.order_by("name").values_list("pk", "name")]
    return Listing(
        desk,
        title=_("Request log"),
        here="settings",
        rows=queries.latest(),
        columns=(
            Column("target", _("Call"), words.told_target),
            Column("status", _("Answer"), words.call_badge, kind="badge"),
            Column("at", _("When"), lambda row: row.at, kind="moment"),
            Column("took", _("Took, ms"), lambda row: row.milliseconds, kind="number"),
            Column(
                "key",
                _("Key"),
                lambda row: row.key.name,
                link=lambda row: desk.url("api-key", key_id=row.key_id),
                narrow=False,
            ),
            Column("address", _("From"), lambda row: row.address, narrow=False),
        ),
        search=lambda rows, q: rows.filter(target__icontains=q),
        search_label=_("Path or method"),
        filters=(
            Choice(
                "outcome",
                _("Answer"),
                words.choices(words.OUTCOMES),
                lambda rows, value: rows.filter(queries.OUTCOMES[value]),
            ),
            Choice(
                "api",
                "API",
                ((Call.Dialect.REST.value, "REST"), (Call.Dialect.RPC.value, "RPC")),
                lambda rows, value: rows.filter(dialect=value),
            ),
            Choice("key", _("Key"), keys, lambda rows, value: rows.filter(key_id=int(value))),
        ),
        order=("-at", "-pk"),
        empty=Empty(
            _("No call has come yet. Those with your keys stand here a second after they were answered."),
            _("Try a call"),
            desk.url("api-start"),
        ),
        actions=(Action(_("Look again"), desk.request.get_full_path(), primary=False),),
        export="request-log",
        template="api/log",
    ).answer()
