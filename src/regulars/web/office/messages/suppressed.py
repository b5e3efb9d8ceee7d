"""Addresses that the business writes to no more, because they were reported."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.messages import actions
from regulars.messages.models import Suppression
from regulars.web.office.campaigns.told import CHANNELS
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.lists import Bulk, Column, Empty, Listing, ticked
from regulars.web.office.tags import number as shown

_WHY: Final[dict[str, str | Promise]] = {
    Suppression.Why.BOUNCE.value: gettext_lazy("It does not exist"),
    Suppression.Why.COMPLAINT.value: gettext_lazy("Its owner complained"),
}


def addresses(desk: Desk) -> HttpResponseBase:
    """All of them, newest first."""
    again = Bulk("end", _("Write to them again"), desk.url("messages-unsuppress"))
    return Listing(
        desk,
        title=_("Addresses that take none"),
        here="campaigns",
        rows=Suppression.objects.all(),
        columns=(
            Column("address", _("Address"), lambda row: row.address, sort="address"),
            Column("channel", _("By"), lambda row: CHANNELS[row.channel]),
            Column("why", _("Why"), lambda row: _WHY[row.why]),
            Column("detail", _("What was said"), lambda row: row.detail, narrow=False),
            Column("created_at", _("Since"), lambda row: row.created_at, kind="moment"),
        ),
        search=lambda rows, q: rows.filter(address__icontains=q),
        search_label=_("Address"),
        filters=(Choice("why", _("Why"), list(_WHY.items()), lambda rows, value: rows.filter(why=value)),),
        empty=Empty(_("All addresses take your messages.")),
        bulk=(again,) if desk.may("campaigns.edit") else (),
        export="suppressed",
        context={"back": {"url": desk.url("messages-sent"), "label": _("Sent messages")}},
    ).answer()


def end(desk: Desk) -> HttpResponse:
    """Write to some of them again."""
    rows = list(Suppression.objects.filter(pk__in=ticked(desk)))
    if not rows:
        return desk.sorry(_("They take messages again already."), "messages-suppressed")
    for row in rows:
        # Without the address: no member stands beside it, by whose erasure it would leave the log.
        with desk.changing("suppression.delete") as change:
            actions.delete_suppression(business_id=desk.business.pk, pk=row.pk)
            change.note(suppression=row.pk, channel=row.channel, why=row.why)
    text = ngettext(
        "%(count)s address takes messages again.", "%(count)s addresses take messages again.", len(rows)
    )
    return desk.done(text % {"count": shown(len(rows))}, "messages-suppressed")
