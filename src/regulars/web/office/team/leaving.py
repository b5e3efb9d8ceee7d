"""Those who left the team: listed, looked at, invited again, their names forgotten."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars.auditlog import actions as auditlog
from regulars.rules.errors import NotFound
from regulars.tenants import actions
from regulars.tenants.models import Staff
from regulars.web.office import names
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.lists import Column, Empty, Listing, Rows
from regulars.web.office.pages import BIGGEST_ID

# The parameter by which the team's list shows them, and the one that names whom to invite again.
PLACE: Final = "place"
LEFT: Final = "left"
AGAIN: Final = "again"
_HERE: Final = "places"


def of_role() -> Choice:
    """The filter by role."""
    return Choice("role", _("Role"), Staff.Role.choices, lambda rows, value: rows.filter(role=value))


def of_place() -> Choice:
    """The filter that shows who left; the list that it is on has chosen the rows."""
    return Choice(PLACE, _("Shown"), ((LEFT, _("Who left")),), lambda rows, _value: rows, _("Who works here"))


def _former() -> QuerySet[Staff]:
    return Staff.history.exclude(left_at=None).select_related("branch")


def listed(desk: Desk) -> HttpResponseBase:
    """Everybody who left the team."""
    edits = desk.may("team.edit")
    return Listing(
        desk,
        title=_("Team"),
        here=_HERE,
        rows=_former(),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name or _("Somebody"),
                sort="name",
                link=(lambda row: desk.url("team-left", left_id=row.pk)) if edits else None,
            ),
            Column("email", _("E-mail address"), lambda row: row.left_email, sort="left_email"),
            Column("role", _("Role"), lambda row: row.get_role_display(), sort="role"),
            Column("left", _("Left"), lambda row: row.left_at, kind="moment", sort="left_at"),
        ),
        search=_search,
        search_label=_("Name or e-mail address"),
        filters=(of_role(), of_place()),
        order=("-left_at", "-pk"),
        empty=Empty(_("Nobody has left the team.")),
        export="team-left",
    ).answer()


def _search(rows: Rows, q: str) -> Rows:
    return rows.filter(Q(name__icontains=q) | Q(left_email__icontains=q))


def found(text: str) -> Staff | None:
    """Whoever left, by the number that an address names; None where it names nobody."""
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > BIGGEST_ID:
        return None
    return _former().filter(pk=int(text)).first()


def access(left_id: int) -> Staff:
    """Whoever left the team of the business at whose desk we are, or NotFound."""
    staff = _former().filter(pk=left_id).first()
    if staff is None:
        raise NotFound(f"There is no former team member {left_id}.")
    return staff


def shown(desk: Desk, left_id: int) -> HttpResponse:
    """Somebody who left: what is kept of them, and what can be done."""
    staff = access(left_id)
    context = {
        "title": names.who(staff),
        "here": _HERE,
        "member": staff,
        "again": f"{desk.url('team-new')}?{AGAIN}={staff.pk}",
        "did": f"{desk.url('audit')}?who={staff.pk}",
        "back": {"url": f"{desk.url('team')}?{PLACE}={LEFT}", "label": _("Team")},
    }
    return desk.page("team/left", context)


def forget(desk: Desk, left_id: int) -> HttpResponse:
    """Take the name of somebody who left out of history, reports and the audit log, for good."""
    access(left_id)
    with desk.changing("team.forget-name") as change:
        change.made(actions.forget_name(business_id=desk.business.pk, staff_id=left_id))
        auditlog.blank_staff(business_id=desk.business.pk, staff_id=left_id)
    return desk.done(_("The name is forgotten. What they did stays."), "team-left", left_id=left_id)
