"""The audit log: who did what, when, and what it was before."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.auditlog import queries
from regulars.auditlog.models import Record
from regulars.rules.errors import NotFound
from regulars.tenants.models import Staff
from regulars.web.office import names
from regulars.web.office.audit import words
from regulars.web.office.audit.told import told_action, told_name, told_value
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice, moments
from regulars.web.office.lists import Column, Empty, Listing, Rows

_OTHERS: Final = 10
_OPERATORS: Final = "operators"
# A search reads every line of so many days, unless somebody chooses others.
_SEARCHED_DAYS: Final = 90
_NOBODY: Final = gettext_lazy("Nothing was done here yet. What people of the team do will stand here.")


def records(desk: Desk) -> HttpResponseBase:
    """The log, newest first."""
    people = [(str(one.pk), names.who(one)) for one in _team()]
    if _by_operators(queries.records()).exists():
        people.append((_OPERATORS, _("Operators of this installation")))
    kinds = [(kind, words.of_kind(kind)) for kind in _kinds()]
    days = moments("at", _("When"), "at", desk.zone)
    is_recent = not days.chosen(desk.get)
    listing = Listing(
        desk,
        title=_("Audit log"),
        here="places",
        rows=queries.records(),
        columns=(
            Column(
                "at",
                _("When"),
                lambda row: row.at,
                kind="moment",
                link=lambda row: desk.url("audit-record", record_id=row.pk),
            ),
            Column("actor", _("Who"), _who),
            Column("action", _("What"), lambda row: told_action(row.action)),
            Column("label", _("Which"), lambda row: row.label),
            Column("reason", _("Why"), lambda row: row.reason, narrow=False),
            Column("before", _("Before"), lambda row: _short(row.before), only_exported=True),
            Column("after", _("After"), lambda row: _short(row.after), only_exported=True),
            Column("address", _("From"), lambda row: row.address, only_exported=True),
        ),
        search=lambda rows, q: _searched(desk, rows, q, is_recent=is_recent),
        search_label=_("Name of a person or a thing"),
        filters=(
            Choice("who", _("Who"), people, _of_person),
            Choice("kind", _("Kind"), kinds, lambda rows, value: rows.filter(kind=value)),
            days,
        ),
        order=("-at", "-pk"),
        empty=Empty(_NOBODY),
        export="audit-log",
    )
    if listing.q and is_recent:
        listing.context = {"chips_end": "office/_audit_days.html", "days": _SEARCHED_DAYS}
    return listing.answer()


def _searched(desk: Desk, rows: Rows, q: str, *, is_recent: bool) -> Rows:
    if is_recent:
        first = desk.today - dt.timedelta(days=_SEARCHED_DAYS)
        rows = rows.filter(at__gte=dt.datetime.combine(first, dt.time(), desk.zone))
    return rows.filter(Q(actor__icontains=q) | Q(label__icontains=q) | Q(action__icontains=q))


def _of_person(rows: Rows, value: str) -> Rows:
    return _by_operators(rows) if value == _OPERATORS else rows.filter(staff_id=int(value))


def _by_operators(rows: Rows) -> Rows:
    # They have no place on the team: what those have who do not is few, and found by an index.
    return rows.filter(staff_id=None, by_operator=True)


def _who(row: Record) -> str:
    return _("%(name)s (operator)") % {"name": row.actor} if row.by_operator else row.actor or _("Somebody")


def _short(facts: dict[str, Any]) -> str:
    return "; ".join(f"{told_name(name)}: {told_value(value)}" for name, value in facts.items())


def _team() -> QuerySet[Staff]:
    """Everybody who may be in the log: who works here, then who left."""
    return Staff.history.order_by(F("left_at").asc(nulls_first=True), "name", "pk")


def _kinds() -> list[str]:
    """The kinds of things in the log: by an index, one look for each."""
    found: list[str] = []
    last = ""
    while True:
        row = Record.objects.filter(kind__gt=last).order_by("kind").values_list("kind", flat=True).first()
        if row is None:
            return found
        last = row
        found.append(last)


def record(desk: Desk, record_id: int) -> HttpResponse:
    """One line of the log, with what differs."""
    row = queries.records().filter(pk=record_id).first()
    if row is None:
        raise NotFound(f"There is no record {record_id}.")
    fields = list(dict.fromkeys([*row.before, *row.after]))
    changes = [
        (told_name(name), told_value(row.before.get(name)), told_value(row.after.get(name)))
        for name in fields
    ]
    others = []
    if row.object_id is not None:
        others = list(queries.records(kind=row.kind, object_id=row.object_id).exclude(pk=row.pk)[:_OTHERS])
    context = {
        "title": told_action(row.action),
        "here": "places",
        "record": row,
        "who": _who(row),
        "changes": changes,
        "kind": words.of_kind(row.kind),
        "others": [(one, desk.url("audit-record", record_id=one.pk)) for one in others],
        "back": {"url": desk.url("audit"), "label": _("Audit log")},
    }
    return desk.page("audit_record", context)
