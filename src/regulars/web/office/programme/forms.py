"""The form of the programme."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.rules import stamps
from regulars.tenants import checks
from regulars.tenants.models import Business
from regulars.web.office.forms import OfficeForm, SwitchField, WholeField

_POLICIES = (
    (Business.RefundPolicy.TO_ZERO.value, _("Take back what is there, never below zero")),
    (Business.RefundPolicy.ALLOW_NEGATIVE.value, _("Take all of them back, also below zero")),
    (Business.RefundPolicy.KEEP.value, _("Let the member keep them")),
)
STAMPS = (
    "program_name",
    "stamps_required",
    "reward_description",
    "birthday_bonus_stamps",
    "terms_conditions",
)
POINTS = ("point_value", "points_per_sale_cap", "points_expire_months", "refund_policy")


class ProgrammeForm(OfficeForm):
    """What members collect, and how."""

    sections = (
        (_("What members collect"), "", ("stamps_active", "points_active")),
        (_("Stamp card"), _("Stamps and rewards that members have stay as they are."), STAMPS),
        (_("Points"), _("Promotions say how many points a sale earns."), POINTS),
    )

    stamps_active = SwitchField(
        label=_("Stamps"), help_text=_("A stamp for each visit; a full card is a reward.")
    )
    points_active = SwitchField(
        label=_("Points"), help_text=_("Points for what is spent; points pay for vouchers.")
    )
    program_name = forms.CharField(label=_("Name of the card"), max_length=200)
    stamps_required = WholeField(
        stamps.MIN_GOAL, stamps.MAX_GOAL, label=_("Stamps for a reward"), help_text=_("From 2 to 50.")
    )
    reward_description = forms.CharField(
        label=_("The reward"), max_length=300, help_text=_("As customers read it, such as: Free coffee.")
    )
    birthday_bonus_stamps = WholeField(
        0,
        stamps.MAX_BIRTHDAY_BONUS,
        label=_("Stamps as a birthday present"),
        help_text=_("Once a year, on the day. 0 for none."),
    )
    terms_conditions = forms.CharField(
        label=_("Conditions"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea,
        help_text=_("Shown below the card. Empty for none."),
    )
    point_value = forms.DecimalField(
        max_digits=12,
        decimal_places=4,
        help_text=_("What one point takes off when points are turned into money, such as 0.01."),
    )
    points_per_sale_cap = WholeField(
        1,
        checks.MAX_SALE_CAP,
        label=_("Most points for one sale"),
        required=False,
        help_text=_("Empty for no limit."),
    )
    points_expire_months = WholeField(
        1,
        checks.MAX_EXPIRE_MONTHS,
        label=_("Points expire after so many months"),
        required=False,
        help_text=_("Empty for never. Points that members have keep their day."),
    )
    refund_policy = forms.ChoiceField(
        label=_("When a sale is undone or given back"),
        choices=_POLICIES,
        widget=forms.RadioSelect,
        help_text=_("What becomes of the points that it earned, when the member has spent some of them."),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["point_value"].label = _("What one point is worth, in %(currency)s") % {
            "currency": currency
        }
        self.fields["point_value"].widget.attrs["inputmode"] = "decimal"
