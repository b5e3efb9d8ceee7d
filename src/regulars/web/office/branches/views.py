"""Branches: listed, opened, changed, archived, deleted."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.db.models import Count, Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.rules.errors import HasHistory, NotFound
from regulars.tenants import actions
from regulars.tenants.models import Branch, Staff
from regulars.tenants.plans import plan_of
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.forms import OfficeForm, answer
from regulars.web.office.lists import Action, Column, Empty, Listing, Rows

_HERE: Final = "places"
_TEXTS: Final = ("name", "address", "city", "state", "phone")


def listed(desk: Desk) -> HttpResponseBase:
    """All branches."""
    people = _people_by_branch()
    most = plan_of(desk.business).max_branches
    full = most is not None and Branch.objects.count() >= most
    new = Action(_("New branch"), desk.url("branch-new"))
    return Listing(
        desk,
        title=_("Branches"),
        here=_HERE,
        rows=Branch.objects.all(),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                sort="name",
                link=lambda row: desk.url("branch", branch_id=row.pk),
            ),
            Column("code", _("Code"), lambda row: row.code, sort="code"),
            Column("city", _("City"), lambda row: row.city, sort="city"),
            Column("phone", _("Phone"), lambda row: row.phone, narrow=False),
            Column(
                "people", _("Staff only here"), lambda row: people.get(row.pk, 0), kind="number", narrow=False
            ),
            Column(
                "place",
                _("Found by position"),
                lambda row: row.latitude is not None,
                kind="flag",
                narrow=False,
            ),
            Column("state", _("State"), _state, kind="badge", sort="is_active"),
            Column("latitude", _("Latitude"), lambda row: row.latitude, only_exported=True),
            Column("longitude", _("Longitude"), lambda row: row.longitude, only_exported=True),
        ),
        search=_search,
        search_label=_("Name, code or city"),
        filters=(
            Choice(
                "state",
                _("State"),
                (("open", _("Open")), ("archived", _("Archived"))),
                lambda rows, value: rows.filter(is_active=value == "open"),
            ),
        ),
        order=("-is_active", "name", "pk"),
        empty=Empty(
            _("One shop needs no branches. Several are told apart, in figures and at the counter."),
            _("Open a branch"),
            desk.url("branch-new"),
        ),
        actions=() if full else (new,),
        export="branches",
        template="branches/list",
        context={"most": most if full else None},
    ).answer()


def _people_by_branch() -> dict[int, int]:
    rows = Staff.objects.filter(is_active=True).exclude(branch=None).values("branch").annotate(n=Count("pk"))
    return {row["branch"]: row["n"] for row in rows}


def _state(row: Branch) -> tuple[str, str]:
    return (_("Open"), "success") if row.is_active else (_("Archived"), "secondary")


def _search(rows: Rows, q: str) -> Rows:
    return rows.filter(Q(name__icontains=q) | Q(code__icontains=q) | Q(city__icontains=q))


class BranchForm(OfficeForm):
    """A branch."""

    sections = (
        ("", "", ("name", "code")),
        (gettext_lazy("Where it is"), "", ("address", "city", "state", "phone")),
        (
            gettext_lazy("Its place on earth"),
            gettext_lazy(
                "With coordinates a phone at the counter finds its branch by itself. Stand in the branch and "
                "press the button, or type them: a map shows them when you press on a place for long."
            ),
            ("latitude", "longitude"),
        ),
    )

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("For tills and exports, such as B000001. Left empty, one is numbered."),
        max_length=50,
        required=False,
    )
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    city = forms.CharField(label=gettext_lazy("City"), max_length=100, required=False)
    state = forms.CharField(label=gettext_lazy("State or region"), max_length=100, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    latitude = forms.FloatField(
        label=gettext_lazy("Latitude"),
        help_text=gettext_lazy("From -90 in the south to 90 in the north, such as 12.9716."),
        min_value=-90,
        max_value=90,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "text"}),
    )
    longitude = forms.FloatField(
        label=gettext_lazy("Longitude"),
        help_text=gettext_lazy("From -180 in the west to 180 in the east, such as 77.5946."),
        min_value=-180,
        max_value=180,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "text"}),
    )

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        """Both coordinates or none."""
        given = super().clean() or {}
        for name, other in (("latitude", "longitude"), ("longitude", "latitude")):
            if not self.errors and given.get(name) is None and given.get(other) is not None:
                self.add_error(name, _("One coordinate is of no use without the other."))
        return given


def new(desk: Desk) -> HttpResponse:
    """Open a branch."""

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("branch.add") as change:
            branch = actions.create_branch(business=desk.business, **given)
            change.made(branch)
        return desk.done(_("%(name)s is open.") % {"name": branch.name}, "branches")

    return answer(
        desk,
        BranchForm,
        title=_("New branch"),
        save=save,
        button=_("Open the branch"),
        template="branches/form",
        here=_HERE,
        context={"cancel": desk.url("branches"), "back": _back(desk)},
    )


def _back(desk: Desk) -> dict[str, str]:
    return {"url": desk.url("branches"), "label": _("Branches")}


def access(branch_id: int) -> Branch:
    """A branch of the business at whose desk we are, or NotFound."""
    branch = Branch.objects.filter(pk=branch_id).first()
    if branch is None:
        raise NotFound(f"There is no branch {branch_id}.")
    return branch


def edit(desk: Desk, branch_id: int) -> HttpResponse:
    """Change a branch."""
    branch = access(branch_id)

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("branch.edit", branch):
            actions.update_branch(business_id=desk.business.pk, branch_id=branch_id, **given)
        return desk.done(_("Saved."), "branches")

    return answer(
        desk,
        BranchForm,
        title=branch.name,
        initial={name: getattr(branch, name) for name in (*_TEXTS, "latitude", "longitude")},
        edits=True,
        save=save,
        template="branches/form",
        here=_HERE,
        context={"branch": branch, "cancel": desk.url("branches"), "back": _back(desk)},
        known=True,
    )


def archive(desk: Desk, branch_id: int) -> HttpResponse:
    """Close a branch; what happened there stays."""
    _set_active(desk, branch_id, active=False)
    return desk.done(_("The branch is archived. What happened there stays in the figures."), "branches")


def reopen(desk: Desk, branch_id: int) -> HttpResponse:
    """Open a branch again."""
    _set_active(desk, branch_id, active=True)
    return desk.done(_("The branch is open again."), "branches")


def _set_active(desk: Desk, branch_id: int, *, active: bool) -> None:
    with desk.changing("branch.open" if active else "branch.archive", access(branch_id)):
        actions.update_branch(business_id=desk.business.pk, branch_id=branch_id, is_active=active)


def delete(desk: Desk, branch_id: int) -> HttpResponse:
    """Delete a branch at which nothing ever happened."""
    branch = access(branch_id)
    try:
        with desk.changing("branch.delete", branch):
            actions.delete_branch(business_id=desk.business.pk, branch_id=branch_id)
    except HasHistory as refusal:
        text = _("Something happened at %(name)s, so it stays. Archive it: it is offered nowhere then.")
        raise HasHistory(text % {"name": branch.name}) from refusal
    return desk.done(_("%(name)s is deleted.") % {"name": branch.name}, "branches")
