"""What happened on the card: page by page, and month by month on paper."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.portal import statement as statements
from regulars.portal.history import FILTERS, POINTS, REWARDS, STAMPS, history
from regulars.web.microsite.visit import Visit, page

A_PAGE: Final = 30
_BIGGEST_ID: Final = 2**63 - 1
_MONTH: Final = re.compile("[0-9]{4}-(0[1-9]|1[0-2])")


@page("GET", member=True)
def all_rows(visit: Visit) -> HttpResponse:
    """The history, newest first; a script that asks for more of it gets the further rows alone."""
    query = visit.request.GET
    only = query.get("only", "")
    only = only if only in FILTERS else ""
    rows = history(
        business_id=visit.business.pk,
        member_id=visit.member_id,
        before=_number(query.get("before", "")),
        most=A_PAGE + 1,
        only=only,
    )
    context = {
        "here": "history",
        "rows": rows[:A_PAGE],
        "more": rows[A_PAGE - 1].id if len(rows) > A_PAGE else None,
        "only": only,
        "filters": [("", _("All")), (STAMPS, _("Stamps")), (POINTS, _("Points")), (REWARDS, _("Rewards"))],
        "later": "before" in query,
    }
    return visit.page("_rows" if visit.is_partial else "history", context)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(int(text[:20]), _BIGGEST_ID)


@page("GET", member=True)
def statement(visit: Visit) -> HttpResponse:
    """One month, to be read or printed."""
    months = statements.months(visit.me.member)
    month = _month(visit, months)
    found = statements.statement(business_id=visit.business.pk, member_id=visit.member_id, month=month)
    return visit.page("statement", {"here": "history", "statement": found, "months": months, "month": month})


@page("GET", member=True)
def statement_csv(visit: Visit) -> HttpResponse:
    """One month as a table for a spreadsheet."""
    month = _month(visit, statements.months(visit.me.member))
    found = statements.statement(business_id=visit.business.pk, member_id=visit.member_id, month=month)
    # The mark at the beginning tells Excel that this is UTF-8.
    response = HttpResponse("\ufeff" + statements.as_csv(found), content_type="text/csv; charset=utf-8")
    name = f"statement-{visit.business.slug}-{month:%Y-%m}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _month(visit: Visit, months: list[dt.date]) -> dt.date:
    """The month that is asked for, if the membership has it; else the latest."""
    asked = visit.request.GET.get("month", "")
    if _MONTH.fullmatch(asked):
        month = next((one for one in months if f"{one:%Y-%m}" == asked), None)
        if month is not None:
            return month
    return months[0]
