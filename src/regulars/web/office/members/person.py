"""A member is added, edited, suspended, erased; their data is given out."""

from __future__ import annotations

import datetime as dt
from typing import IO, Any, Final

from django import forms as django_forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_scopes import scope

from regulars import spool
from regulars.ledger import printed
from regulars.members import actions, groups, labels, own_data, profile
from regulars.members.models import Member, MemberGroup
from regulars.members.queries import member_by_id
from regulars.rules import names
from regulars.rules.errors import AlreadyEnrolled, InvalidInput
from regulars.rules.languages import LANGUAGES
from regulars.web.office import forms
from regulars.web.office.desk import Desk
from regulars.web.office.forms import BranchField, DayField, OfficeForm, SwitchField

_BY_TIERS: Final = "tiers"
_LINES: Final = ("street_address", "street_address2")
_LABELS: Final = {
    "secondary_code": gettext_lazy("Second code"),
    "company_name": gettext_lazy("Company"),
    "telephone": gettext_lazy("Telephone"),
    "street_address": gettext_lazy("Street"),
    "street_address2": gettext_lazy("Street, second line"),
    "street_suburb": gettext_lazy("Suburb"),
    "street_city": gettext_lazy("City"),
    "street_zipcode": gettext_lazy("Postcode"),
    "street_state": gettext_lazy("State"),
}


class MemberForm(OfficeForm):
    """All that is known about a member."""

    only_changed = True

    first_name = django_forms.CharField(label=gettext_lazy("First name"), max_length=200, required=False)
    last_name = django_forms.CharField(label=gettext_lazy("Last name"), max_length=200, required=False)
    email = django_forms.CharField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        required=False,
        widget=django_forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    cell = django_forms.CharField(
        label=gettext_lazy("Mobile phone"),
        max_length=40,
        required=False,
        widget=django_forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    date_of_birth = DayField(label=gettext_lazy("Date of birth"), required=False)
    language = django_forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("That of the business")), *LANGUAGES.items()],
    )
    code = django_forms.CharField(
        label=gettext_lazy("Code"),
        max_length=50,
        required=False,
        help_text=gettext_lazy("Empty: the next number."),
    )
    subscription_date_from = DayField(label=gettext_lazy("Subscription begins"), required=False)
    subscription_date_to = DayField(label=gettext_lazy("Subscription ends"), required=False)
    optout_email = SwitchField(label=gettext_lazy("Wants no e-mail"))
    optout_text = SwitchField(label=gettext_lazy("Wants no text messages"))
    optout_post = SwitchField(label=gettext_lazy("Wants no post"))

    def __init__(self, *args: Any, at: Desk, member: Member | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        own = labels.labels(business_id=at.business.pk)
        mine = {
            name for name, label in own.items() if label or (member is not None and getattr(member, name))
        }
        for name, most in profile.TEXTS.items():
            if name in own and name not in mine:
                continue
            label = _LABELS.get(name) or own[name] or _("Own field %(number)s") % {"number": int(name[-2:])}
            self.fields[name] = django_forms.CharField(label=label, max_length=most, required=False)
        # Members are the whole business's, so a limit to a branch is none here.
        self.fields["branch_id"] = BranchField(at, everywhere=True)
        if at.may("members.manage"):
            self.fields["group_id"] = _group(member)
        for field in self.fields.values():
            if "class" not in field.widget.attrs:
                select = isinstance(field.widget, django_forms.Select)
                field.widget.attrs |= {"class": "form-select" if select else "form-control", "dir": "auto"}
        if member is not None:
            self.remember()
        self.sections = (  # type: ignore[misc]
            (_("Person"), "", ("first_name", "last_name", "email", "cell", "date_of_birth", "language")),
            (_("Membership"), "", ("code", "secondary_code", "group_id", "branch_id", *_SUBSCRIPTION)),
            (_("Your own fields"), "", tuple(own)),
            (_("Address"), "", ("company_name", "telephone", *_ADDRESS)),
            (_("Messages"), _("What they said they do not want."), _OPTOUTS),
        )


_SUBSCRIPTION: Final = ("subscription_date_from", "subscription_date_to")
_ADDRESS: Final = tuple(name for name in _LABELS if name.startswith("street_"))
_OPTOUTS: Final = ("optout_email", "optout_text", "optout_post")


def _group(member: Member | None) -> django_forms.Field:
    rows = list(MemberGroup.objects.order_by("name", "pk"))
    choices = [("", _("In no group")), *((str(row.pk), row.name) for row in rows)]
    tiers = any(row.measure for row in rows)
    if tiers:
        choices.insert(0, (_BY_TIERS, _("As the tiers decide")))
    return django_forms.ChoiceField(label=_("Group"), choices=choices, required=False)


def _group_of(member: Member) -> str:
    """A member's group as a choice of the form."""
    tier = member.group is None or bool(member.group.measure)
    if not member.group_by_hand and tier and MemberGroup.objects.exclude(measure="").exists():
        return _BY_TIERS
    return str(member.group_id or "")


def _given(said: dict[str, Any]) -> dict[str, Any]:
    """What a form says, as actions take it. The group is dealt with apart."""
    return {name: value for name, value in said.items() if name != "group_id"}


def new(desk: Desk) -> HttpResponse:
    """Add a member."""

    def save(said: dict[str, Any]) -> HttpResponse:
        given = {name: value for name, value in _given(said).items() if value not in ("", None, False)}
        group = said.get("group_id", "")
        if group and group != _BY_TIERS:
            given["group_id"] = int(group)
        if not given.get("first_name") and not given.get("last_name"):
            raise InvalidInput.at("first_name", "must not be empty unless there is a last name")
        with desk.changing("member.add") as change:
            card = printed.enrol(business=desk.business, qr_code="", **given)
            change.made(card.member)
        return desk.done(
            _("%(name)s is a member now") % {"name": card.member.name}, "member", member_id=card.pk
        )

    return _answer(desk, None, title=_("Add a member"), save=save, initial=_prefilled(desk))


def _prefilled(desk: Desk) -> dict[str, Any]:
    """What was searched for in vain is often the name of whom to add."""
    first, last = names.split_name(names.tidy_name(desk.get.get("name", "")[:200]))
    return {"first_name": first, "last_name": last}


def edit(desk: Desk, member_id: int) -> HttpResponse:
    """Edit a member."""
    member = member_by_id(business_id=desk.business.pk, member_id=member_id)

    def save(said: dict[str, Any]) -> HttpResponse:
        given = _given(said)
        if not given.get("code"):
            given.pop("code", None)  # everybody has one
        with desk.changing("member.edit", member):
            actions.edit_member(business_id=desk.business.pk, pk=member.pk, unique_contact=True, **given)
            if "group_id" in said:
                _regroup(desk, member, said["group_id"])
        return desk.done(_("Saved"), "member", member_id=member.pk)

    initial = {name: getattr(member, name) for name in (*profile.TEXTS, "email", "cell", "language", "code")}
    initial |= {
        name: getattr(member, name) for name in (*_OPTOUTS, *_SUBSCRIPTION, "date_of_birth", *profile.NAMES)
    }
    initial |= {"branch_id": member.branch_id or "", "group_id": _group_of(member)}
    return _answer(desk, member, title=_("Edit %(name)s") % {"name": member.name}, save=save, initial=initial)


def _regroup(desk: Desk, member: Member, chosen: str) -> None:
    if chosen == _group_of(member):
        return
    if chosen == _BY_TIERS:
        plain = member.group is not None and not member.group.measure
        if plain:
            groups.set_group(business_id=desk.business.pk, member_ids=[member.pk], group_id=None)
        groups.leave_to_tiers(business_id=desk.business.pk, member_ids=[member.pk])
        return
    group_id = int(chosen) if chosen else None
    groups.set_group(business_id=desk.business.pk, member_ids=[member.pk], group_id=group_id)


def _answer(
    desk: Desk, member: Member | None, *, title: str, save: Any, initial: dict[str, Any]
) -> HttpResponse:
    url = desk.url("member", member_id=member.pk) if member else desk.url("members")

    def guarded(said: dict[str, Any]) -> HttpResponse:
        try:
            response: HttpResponse = save(said)
        except AlreadyEnrolled as refusal:
            fields = {
                {"phone": "cell"}.get(name, name): _("belongs to another member, number %(id)s")
                % {"id": refusal.details["customer_id"]}
                for name in refusal.fields
            }
            raise AlreadyEnrolled(refusal.message, fields=fields) from refusal
        return response

    def check(said: dict[str, Any]) -> None:
        contact: dict[str, Any] = {name: said[name] for name in ("email", "cell") if name in said}
        profile.clean(contact, country=desk.business.country, today=desk.today)

    return forms.answer(
        desk,
        MemberForm,
        title=title,
        save=guarded,
        initial=initial,
        here="members",
        names={"name": "first_name", "phone": "cell", "birthday": "date_of_birth"},
        check=check,
        context={
            "cancel": url,
            "back": {"url": url, "label": member.name if member else _("Members")},
        },
        at=desk,
        member=member,
    )


def suspend(desk: Desk, member_id: int) -> HttpResponse:
    """Suspend a member, or let them collect again."""
    member = member_by_id(business_id=desk.business.pk, member_id=member_id)
    suspended = not member.suspended
    action = "member.suspended" if suspended else "member.let-in-again"
    with desk.changing(action, member, reason=desk.post.get("reason", "").strip()[:300]):
        actions.edit_member(business_id=desk.business.pk, pk=member.pk, suspended=suspended)
    told = _("%(name)s is suspended") if suspended else _("%(name)s collects again")
    return desk.done(told % {"name": member.name}, "member", member_id=member.pk)


def data(desk: Desk, member_id: int) -> HttpResponseBase:
    """All that is kept about a member, as a file to give them."""
    member = member_by_id(business_id=desk.business.pk, member_id=member_id)

    def write(file: IO[bytes]) -> None:
        with scope(business=desk.business):
            own_data.write_data(business_id=desk.business.pk, member_id=member.pk, file=file)

    response = spool.answer(write, content_type="application/json")
    with desk.changing("member.data-given-out", member):
        pass
    day = dt.date.isoformat(desk.today)
    response.headers["Content-Disposition"] = f'attachment; filename="member-{member.pk}-{day}.json"'
    return response


class EraseForm(OfficeForm):
    """The name, typed."""

    name = django_forms.CharField(
        label=gettext_lazy("Their name"),
        max_length=200,
        widget=django_forms.TextInput(attrs={"autocomplete": "off"}),
    )


def erase(desk: Desk, member_id: int) -> HttpResponse:
    """Erase a member for good, after their name was typed."""
    member = member_by_id(business_id=desk.business.pk, member_id=member_id)
    url = desk.url("member", member_id=member.pk)

    def save(said: dict[str, Any]) -> HttpResponse:
        typed, name = (" ".join(text.split()).casefold() for text in (said["name"], member.name))
        if typed != name:
            raise InvalidInput.at("name", _("is not the name of this member"))
        with desk.changing("member.erased") as change:
            actions.delete_member(business_id=desk.business.pk, member_id=member.pk)
            change.note(customer_id=member.pk)
        return desk.done(_("The member and all that was known about them is erased"), "members")

    return forms.answer(
        desk,
        EraseForm,
        title=_("Erase %(name)s") % {"name": member.name},
        save=save,
        button=_("Erase for good"),
        template="members/erase",
        here="members",
        context={"cancel": url, "back": {"url": url, "label": member.name}, "member": member},
    )
