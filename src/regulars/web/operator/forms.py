"""What is asked of operators before something is done."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from regulars.tenants import plans
from regulars.tenants.models import Business

LIMIT_LABELS: Final = {
    "max_members": gettext_lazy("Members"),
    "max_branches": gettext_lazy("Branches"),
    "requests_per_minute": gettext_lazy("Requests a minute"),
    "rest_access": gettext_lazy("REST API"),
    "team": gettext_lazy("Team"),
    "campaigns": gettext_lazy("Campaigns"),
    "scratch_cards": gettext_lazy("Scratch cards"),
}
_NO_LIMIT: Final = "-"
_YES, _NO = "yes", "no"
_ALLOWED: Final = (
    ("", gettext_lazy("As the plan says")),
    (_YES, gettext_lazy("Allowed")),
    (_NO, gettext_lazy("Not allowed")),
)


def _text(label: Any, most: int, hint: Any = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, help_text=hint, required=required, widget=UnfoldAdminTextInputWidget
    )


def _plan() -> forms.ChoiceField:
    choices = [(plan.name, plan.label) for plan in plans.PLANS.values()]
    return forms.ChoiceField(label=gettext_lazy("Plan"), choices=choices, widget=UnfoldAdminSelectWidget)


class Reason(forms.Form):
    """Why something is done, for those who read of it later."""

    reason = _text(
        gettext_lazy("Reason"), 300, gettext_lazy("The owner reads it in the business's audit log.")
    )


class Limits(forms.Form):
    """A plan, and what goes before it for one business."""

    plan = _plan()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = plans.PLANS[self.initial.get("plan", "self_hosted")]
        for name, label in LIMIT_LABELS.items():
            says = getattr(plan, name)
            if name in plans.NUMBERS:
                told = {"plan": plan.label, "says": _("no limit") if says is None else says}
                hint = _("%(plan)s says: %(says)s. Empty: as the plan says. A hyphen: no limit.") % told
                self.fields[name] = _text(label, 10, hint, required=False)
            else:
                told = {"plan": plan.label, "says": _("allowed") if says else _("not allowed")}
                self.fields[name] = forms.ChoiceField(
                    label=label,
                    help_text=_("%(plan)s says: %(says)s.") % told,
                    required=False,
                    choices=_ALLOWED,
                    widget=UnfoldAdminSelectWidget,
                )
        self.fields["reason"] = Reason.base_fields["reason"]

    def clean(self) -> dict[str, Any]:
        """What was chosen, with the limits under `limits`, as `operators.set_limits` takes them."""
        values: dict[str, Any] = super().clean() or {}
        limits: dict[str, Any] = {}
        for name in LIMIT_LABELS:
            said = str(values.get(name, "")).strip()
            if name not in plans.NUMBERS:
                limits |= {name: said == _YES} if said else {}
            elif said == _NO_LIMIT:
                limits[name] = None
            elif said.isascii() and said.isdecimal() and int(said):
                limits[name] = int(said)
            elif said:
                text = _("Enter a whole number from 1, a hyphen for no limit, or nothing for the plan's.")
                self.add_error(name, text)
        return {**values, "limits": limits}

    @staticmethod
    def of(business: Business) -> dict[str, str]:
        """What a business has now, as the form says it."""
        said = {"plan": business.plan}
        for name, value in business.plan_limits.items():
            if isinstance(value, bool):
                said[name] = _YES if value else _NO
            else:
                said[name] = _NO_LIMIT if value is None else str(value)
        return said


class NewBusiness(forms.Form):
    """A business with its owner."""

    name = _text(gettext_lazy("Name"), 200)
    owner_name = _text(gettext_lazy("Owner's name"), 200)
    owner_email = forms.EmailField(
        label=gettext_lazy("Owner's e-mail address"),
        help_text=gettext_lazy("Their login. They get a password that is shown once, on the next page."),
        max_length=254,
        widget=UnfoldAdminEmailInputWidget,
    )
    plan = _plan()
    country = _text(gettext_lazy("Country"), 2, gettext_lazy("Two letters, such as GB."))
    timezone = _text(gettext_lazy("Time zone"), 64, gettext_lazy("Such as Europe/London."))
    currency = _text(gettext_lazy("Currency"), 3, gettext_lazy("Three letters, such as GBP."))
    stamps_required = forms.IntegerField(
        label=gettext_lazy("Stamps for a reward"), initial=8, widget=UnfoldAdminIntegerFieldWidget
    )
    reward_description = _text(gettext_lazy("The reward"), 300, gettext_lazy("Such as: A free coffee."))


class NewOperator(forms.Form):
    """Somebody who runs the installation, too."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, widget=UnfoldAdminEmailInputWidget
    )
    name = _text(gettext_lazy("Name"), 200)
