"""Groups and tiers, and the names of the business's own fields."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.members import groups, labels
from regulars.members.models import MemberGroup
from regulars.rules.values import MAX_POINTS
from regulars.web.office import forms
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, SwitchField, WholeField
from regulars.web.office.lists import Action
from regulars.web.office.members import searches
from regulars.web.office.tags import number


class GroupForm(OfficeForm):
    """A group, and what makes it a tier."""

    sections = (
        ("", "", ("name", "code")),
        (
            gettext_lazy("How members come in"),
            gettext_lazy(
                "All tiers of a business go by the same. Members are in the highest one that they reach."
            ),
            ("measure", "threshold", "window_months", "stays"),
        ),
    )
    name = django_forms.CharField(label=gettext_lazy("Name"), max_length=groups.NAME_LENGTH)
    code = django_forms.CharField(
        label=gettext_lazy("Code"),
        max_length=groups.CODE_LENGTH,
        required=False,
        help_text=gettext_lazy("By which tills know it. Empty: the name."),
    )
    measure = django_forms.ChoiceField(
        label=gettext_lazy("What counts"),
        required=False,
        choices=(
            ("", gettext_lazy("Nothing: by hand alone")),
            ("points", gettext_lazy("Points earned")),
            ("visits", gettext_lazy("Visits")),
        ),
    )
    threshold = WholeField(1, MAX_POINTS, label=gettext_lazy("How many"), required=False)
    window_months = WholeField(
        1,
        groups.MAX_MONTHS,
        label=gettext_lazy("Within so many months"),
        required=False,
        help_text=gettext_lazy("Empty: ever."),
    )
    stays = SwitchField(label=gettext_lazy("Whoever falls below keeps it"))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name in ("threshold", "window_months", "stays"):
            self.fields[name].shown_when = "measure"  # type: ignore[attr-defined]


def _rule(group: MemberGroup) -> str:
    """What makes a group a tier, in a sentence."""
    many = group.threshold or 0
    if group.measure == MemberGroup.Measure.POINTS:
        text = ngettext("From %(number)s point on", "From %(number)s points on", many)
    elif group.measure == MemberGroup.Measure.VISITS:
        text = ngettext("From %(number)s visit on", "From %(number)s visits on", many)
    else:
        return _("By hand")
    told = text % {"number": number(many)}
    if group.window_months:
        within = ngettext("within %(months)s month", "within %(months)s months", group.window_months)
        told += f", {within % {'months': group.window_months}}"
    return f"{told}, {_('kept for good')}" if group.stays else told


def listed(desk: Desk) -> HttpResponse:
    """All groups: tiers as steps, the highest first, then the others."""
    found = [
        {
            "group": one.group,
            "rule": _rule(one.group),
            "members": one.members,
            "url": desk.url("group", group_id=one.group.pk),
            "members_url": f"{desk.url('members')}?{searches.query_of({'group_id': one.group.pk})}",
        }
        for one in groups.groups(business_id=desk.business.pk)
    ]
    new_url = desk.url("group-new")
    context = {
        "title": _("Groups and tiers"),
        "here": "members",
        "tiers": [row for row in found if row["group"].measure],  # type: ignore[attr-defined]
        "sorting": groups.is_sorting(business_id=desk.business.pk),
        "others": [row for row in found if not row["group"].measure],  # type: ignore[attr-defined]
        "new_url": new_url,
        "actions": [Action(_("Make a group"), new_url)] if found else [],
    }
    return desk.page("members/groups", context)


def new(desk: Desk) -> HttpResponse:
    """Make a group or a tier."""

    def save(said: dict[str, Any]) -> HttpResponse:
        with desk.changing("group.add") as change:
            code = said.pop("code") or said["name"][: groups.CODE_LENGTH]
            made = groups.add_group(business=desk.business, code=code, **_tier(said))
            change.made(made)
        return desk.done(_("%(name)s is there now") % {"name": made.name}, "groups")

    return _answer(desk, None, title=_("Make a group"), save=save, initial={})


def edit(desk: Desk, group_id: int) -> HttpResponse:
    """Change a group."""
    group = groups.group_by_id(business_id=desk.business.pk, pk=group_id)

    def save(said: dict[str, Any]) -> HttpResponse:
        with desk.changing("group.edit", group):
            said["code"] = said["code"] or group.code
            groups.edit_group(business_id=desk.business.pk, pk=group.pk, **_tier(said))
        return desk.done(_("Saved. Members are sorted in the background."), "groups")

    initial = {name: getattr(group, name) for name in GroupForm.base_fields}
    return _answer(desk, group, title=group.name, save=save, initial=initial)


def _tier(said: dict[str, Any]) -> dict[str, Any]:
    """What a form says, without the numbers of a tier that is none."""
    nothing = {"threshold": None, "window_months": None, "stays": False}
    return said if said["measure"] else {**said, **nothing}


def delete(desk: Desk, group_id: int) -> HttpResponse:
    """Delete a group."""
    group = groups.group_by_id(business_id=desk.business.pk, pk=group_id)
    with desk.changing("group.delete", group):
        groups.delete_group(business_id=desk.business.pk, pk=group.pk)
    return desk.done(_("%(name)s is deleted. Its members stay.") % {"name": group.name}, "groups")


def _answer(
    desk: Desk, group: MemberGroup | None, *, title: str, save: Any, initial: dict[str, Any]
) -> HttpResponse:
    url = desk.url("groups")
    return forms.answer(
        desk,
        GroupForm,
        title=title,
        save=save,
        initial=initial,
        edits=group is not None,
        template="members/group",
        here="members",
        context={
            "cancel": url,
            "back": {"url": url, "label": _("Groups and tiers")},
            "group": group,
            "delete_url": desk.url("group-delete", group_id=group.pk) if group else "",
        },
    )


class LabelsForm(OfficeForm):
    """Nine names."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for place, name in enumerate(labels.FIELDS, start=1):
            self.fields[name] = field = django_forms.CharField(
                label=_("Field %(number)s") % {"number": place},
                max_length=labels.LABEL_LENGTH,
                required=False,
            )
            field.widget.attrs |= {"class": "form-control", "id": f"id_{name}", "dir": "auto"}


def own_fields(desk: Desk) -> HttpResponse:
    """What the business calls its own fields."""

    def save(said: dict[str, Any]) -> HttpResponse:
        before = labels.labels(business_id=desk.business.pk)
        with desk.changing("labels.edit") as change:
            after = labels.set_labels(business_id=desk.business.pk, given=said)
            change.note(**{name: after[name] for name in after if after[name] != before[name]})
        return desk.done(_("Saved"), "labels")

    return forms.answer(
        desk,
        LabelsForm,
        title=_("Own fields"),
        save=save,
        initial=labels.labels(business_id=desk.business.pk),
        edits=True,
        template="members/labels",
        here="members",
    )
