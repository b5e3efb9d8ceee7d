"""The team: listed, added to, changed, given PINs, removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.counter import pins
from regulars.rules.errors import Conflict, InvalidInput, LastOwner, NotFound
from regulars.tenants import actions, mail
from regulars.tenants.models import Staff
from regulars.tenants.plans import check_feature, plan_of
from regulars.web.office import once
from regulars.web.office.desk import Desk
from regulars.web.office.forms import BranchField, OfficeForm, SwitchField, answer
from regulars.web.office.lists import Action, Column, Empty, Listing, Rows
from regulars.web.office.team import leaving

_HERE: Final = "places"

ROLES: Final = (
    (Staff.Role.OWNER.value, gettext_lazy("Owner: everything, the team and API keys too")),
    (Staff.Role.MANAGER.value, gettext_lazy("Manager: everything but the team and API keys")),
    (Staff.Role.STAFF.value, gettext_lazy("Staff: members, their balances, sales and vouchers")),
)

# Whose branch is asked for.
_LIMITED: Final = f"role={Staff.Role.MANAGER.value}|{Staff.Role.STAFF.value}"


def listed(desk: Desk) -> HttpResponseBase:
    """Everybody on the team; by a filter those who left it."""
    edits = desk.may("team.edit")
    if desk.get.get(leaving.PLACE) == leaving.LEFT:
        return leaving.listed(desk)
    return Listing(
        desk,
        title=_("Team"),
        here=_HERE,
        rows=Staff.objects.select_related("user", "branch"),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                sort="name",
                link=(lambda row: desk.url("team-member", staff_id=row.pk)) if edits else None,
            ),
            Column("email", _("E-mail address"), lambda row: row.user.email, sort="user__email"),
            Column("role", _("Role"), lambda row: row.get_role_display(), sort="role"),
            Column(
                "branch",
                _("Branch"),
                lambda row: row.branch.name if row.branch else _("All"),
                sort="branch__name",
            ),
            Column("pin", _("PIN"), lambda row: bool(row.pin), kind="flag", narrow=False),
            Column(
                "office",
                _("Back office"),
                lambda row: not row.disable_backoffice_access,
                kind="flag",
                narrow=False,
            ),
            Column("state", _("State"), state_of, kind="badge"),
        ),
        search=_search,
        search_label=_("Name or e-mail address"),
        filters=(leaving.of_role(), leaving.of_place()),
        order=("name", "pk"),
        empty=Empty(_("Nobody is on the team.")),
        actions=(Action(_("Add somebody"), desk.url("team-new")),) if edits else (),
        export="team",
    ).answer()


def state_of(row: Staff) -> tuple[str, str]:
    """How far somebody has come in."""
    if not row.is_active:
        return _("Closed"), "secondary"
    if not row.user.is_active:
        return _("Account closed"), "danger"
    if not row.must_change_password:
        return _("Active"), "success"
    ends = row.temp_password_expires_at
    if ends is not None and ends > timezone.now():
        return _("Invited"), "info"
    return _("Invitation ended"), "warning"


def _search(rows: Rows, q: str) -> Rows:
    return rows.filter(Q(name__icontains=q) | Q(user__email__icontains=q) | Q(code__iexact=q))


class StaffForm(OfficeForm):
    """Somebody on the team."""

    sections = (
        ("", "", ("name", "email")),
        (gettext_lazy("What they may do"), "", ("role", "branch_id", "office")),
        ("", "", ("invite",)),
    )

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("They sign in with it."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES, widget=forms.RadioSelect)
    office = SwitchField(
        label=gettext_lazy("May enter the back office"),
        help_text=gettext_lazy("Without it they work at the counter alone."),
    )
    invite = SwitchField(
        label=gettext_lazy("Mail them the invitation"),
        help_text=gettext_lazy("You see the temporary password in any case, once."),
    )

    def __init__(self, *args: Any, at: Desk, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch_id"] = BranchField(
            at,
            none=_("Every branch"),
            help_text=_(
                "Who is limited to a branch works there alone and sees its figures alone. Owners never are."
            ),
        )
        self.fields["branch_id"].shown_when = _LIMITED  # type: ignore[attr-defined]
        self.fields["branch_id"].widget.attrs |= {"class": "form-select", "id": "id_branch_id"}
        if known:
            del self.fields["invite"]

    def clean(self) -> dict[str, Any]:
        """An owner's branch is not asked for."""
        given = super().clean() or {}
        if given.get("role") == Staff.Role.OWNER:
            given["branch_id"] = None
        return given


def new(desk: Desk) -> HttpResponse:
    """Add somebody, with a temporary password that is shown once. Nobody fills in a form in vain."""
    if not desk.is_post:
        check_feature(plan_of(desk.business), "team")
    again = leaving.found(desk.get.get(leaving.AGAIN, ""))

    def save(given: dict[str, Any]) -> HttpResponse:
        invited = given.pop("invite")
        with _known_told(), desk.changing("team.add") as change:
            added = actions.add_staff(
                business=desk.business, disable_backoffice_access=not given.pop("office"), **given
            )
            if invited:
                mail.invite(added.staff, added.temp_password or "")
            change.made(added.staff)
        return _show(desk, added)

    return answer(
        desk,
        StaffForm,
        title=_("Add somebody to the team"),
        initial={
            "role": Staff.Role.STAFF.value,
            "office": True,
            "invite": True,
            **({"name": again.name, "email": again.left_email} if again is not None else {}),
        },
        save=save,
        button=_("Add to the team"),
        here=_HERE,
        context={"cancel": desk.url("team"), "back": _back(desk)},
        at=desk,
    )


@contextmanager
def _known_told() -> Iterator[None]:
    """Say in words for people that an address belongs to the team already."""
    try:
        yield
    except Conflict as refusal:
        if "email" not in refusal.fields:
            raise
        text = _("Somebody with this address is on the team already.")
        raise Conflict(text, fields={"email": text}) from refusal


def _back(desk: Desk) -> dict[str, str]:
    return {"url": desk.url("team"), "label": _("Team")}


def _show(desk: Desk, added: actions.NewStaff) -> HttpResponse:
    """Lead to the page that shows a temporary password, once."""
    once.keep(desk, f"password {added.staff.pk}", added.temp_password or "")
    return desk.to("team-password", staff_id=added.staff.pk)


def shown_once(desk: Desk, staff_id: int) -> HttpResponse:
    """The temporary password of somebody who was just added; after that nobody can tell it."""
    staff = access(staff_id)
    context = {
        "title": staff.name,
        "here": _HERE,
        "member": staff,
        "password": once.take(desk, f"password {staff.pk}"),
        "back": _back(desk),
    }
    return desk.page("team/password", context)


def access(staff_id: int) -> Staff:
    """Somebody on the team of the business at whose desk we are, or NotFound."""
    staff = Staff.objects.select_related("user", "branch").filter(pk=staff_id).first()
    if staff is None:
        raise NotFound(f"There is no team member {staff_id}.")
    return staff


def edit(desk: Desk, staff_id: int) -> HttpResponse:
    """Change somebody."""
    staff = access(staff_id)

    def save(given: dict[str, Any]) -> HttpResponse:
        before = staff.user.email
        with _known_told(), desk.changing("team.edit", staff) as change:
            changed = actions.edit_staff(
                business_id=desk.business.pk,
                pk=staff_id,
                disable_backoffice_access=not given.pop("office"),
                **given,
            )
            change.turned(email=(before, changed.user.email))
        moved = changed.user.email != before
        text = _("Saved. An invitation is on its way to the new address.") if moved else _("Saved.")
        return desk.done(text, "team")

    return answer(
        desk,
        StaffForm,
        title=staff.name,
        initial={
            "name": staff.name,
            "email": staff.user.email,
            "role": staff.role,
            "branch_id": staff.branch_id,
            "office": not staff.disable_backoffice_access,
        },
        save=save,
        template="team/member",
        here=_HERE,
        context={
            "member": staff,
            "state": state_of(staff),
            "cancel": desk.url("team"),
            "back": _back(desk),
            "is_self": staff.pk == desk.staff_id,
        },
        edits=True,
        at=desk,
        known=True,
    )


def invite_again(desk: Desk, staff_id: int) -> HttpResponse:
    """Make a new temporary password for somebody who has not come in yet."""
    with desk.changing("team.invite", access(staff_id)):
        again = actions.invite_again(business_id=desk.business.pk, staff_id=staff_id)
        mail.invite(again.staff, again.temp_password or "")
    return _show(desk, again)


class PinForm(OfficeForm):
    """A PIN."""

    pin = forms.RegexField(
        r"^[0-9]{4,8}$",
        label=gettext_lazy("New PIN"),
        help_text=gettext_lazy("4 to 8 digits, not the first that come to mind. Tell it to nobody but them."),
        error_messages={"invalid": gettext_lazy("A PIN has 4 to 8 digits.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 8}),
    )


def set_pin(desk: Desk, staff_id: int) -> HttpResponse:
    """Give somebody a PIN for counters."""
    staff = access(staff_id)

    def save(given: dict[str, Any]) -> HttpResponse:
        try:
            with desk.changing("team.pin", staff):
                pins.set_pin(business_id=desk.business.pk, staff_id=staff_id, pin=given["pin"])
        except InvalidInput as refusal:
            text = _("Everybody tries this PIN first. Choose another one.")
            raise InvalidInput(text, fields={"pin": text}) from refusal
        return desk.done(_("The PIN is set."), "team-member", staff_id=staff_id)

    return answer(
        desk,
        PinForm,
        title=_("PIN for counters"),
        save=save,
        button=_("Set the PIN"),
        here=_HERE,
        context={
            "cancel": desk.url("team-member", staff_id=staff_id),
            "back": {"url": desk.url("team-member", staff_id=staff_id), "label": staff.name},
        },
    )


def take_pin(desk: Desk, staff_id: int) -> HttpResponse:
    """Take somebody's PIN away; they are signed out where they came in with it."""
    with desk.changing("team.pin", access(staff_id)):
        pins.set_pin(business_id=desk.business.pk, staff_id=staff_id, pin="")
    return desk.done(_("The PIN is taken away."), "team-member", staff_id=staff_id)


def remove(desk: Desk, staff_id: int) -> HttpResponse:
    """Take somebody off the team; what they did keeps their name."""
    staff = access(staff_id)
    try:
        with desk.changing("team.remove", staff):
            actions.remove_staff(business_id=desk.business.pk, staff_id=staff_id)
    except LastOwner as refusal:
        raise LastOwner(_("The last owner stays. Make somebody else an owner first.")) from refusal
    return desk.done(_("%(name)s is off the team.") % {"name": staff.name}, "team")
