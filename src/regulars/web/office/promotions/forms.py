"""The forms of promotions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from regulars.rules import occasions, quickscan
from regulars.rules.values import MAX_POINTS
from regulars.web.office.fields import BranchField, DayField, GroupField, MoneyField, WholeField
from regulars.web.office.forms import OfficeForm
from regulars.web.office.offers import CategoryField, event_choices
from regulars.web.office.skus import dressed, sku_field

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

# Fields here by the names that the actions give them.
NAMES: Final = {"group_id": "group", "branch_id": "branch", "sku_id": "sku", "category_id": "category"}
_ONLY: Final = (_("Only for"), _("What is left open is for everybody and everything."))
_DAYS: Final = (_("Days"), _("Both days are included. Empty for always."), ("date_from", "date_to"))
_TILLS: Final = (_("For tills and programs"), "", ("code",))
_CODE_HINT: Final = _("How the API names it. Left empty, one is made.")


class _OfferForm(OfficeForm):
    """What both kinds of promotions have."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("For you and your team."))
    date_from = DayField(label=_("First day"), required=False)
    date_to = DayField(label=_("Last day"), required=False)
    group = GroupField(label=_("Group"), none=_("All members"))
    code = forms.CharField(label=_("Code"), required=False, max_length=50, help_text=_CODE_HINT)

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"] = BranchField(at, none=_("All branches"))
        self.fields["branch"].widget.attrs |= {"class": "form-select", "id": "id_branch"}


class SalePromotionForm(_OfferForm):
    """Points for sales."""

    sections = (
        (_("What a sale earns"), "", ("name", "percent_of_spend", "fixed_points_value")),
        (*_ONLY, ("group", "branch", "sku", "category")),
        _DAYS,
        _TILLS,
    )

    percent_of_spend = forms.DecimalField(
        min_value=0,
        max_digits=12,
        decimal_places=4,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    fixed_points_value = WholeField(
        0,
        MAX_POINTS,
        label=_("Points on top of each sale"),
        required=False,
        help_text=_("The same however much is spent. Empty for none. Both together are added up."),
    )
    category = CategoryField()

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, at=at, **kwargs)
        self.fields["sku"] = dressed(sku_field(none=_("Any product")))
        self.fields["percent_of_spend"].label = _("Points for each 100 %(currency)s spent") % {
            "currency": at.business.currency
        }
        self.fields["percent_of_spend"].help_text = _(
            "10 is a point for every 10. Empty when there are only points on top. All promotions that fit a "
            "sale are added up, then rounded down."
        )

    def clean(self) -> dict[str, Any]:
        """It gives something: by what is spent, on top, or both. A 0 that was typed is meant."""
        said = super().clean() or {}
        if said.get("percent_of_spend") is None and "percent_of_spend" not in self.errors:
            said["percent_of_spend"] = Decimal(0)
            if not said.get("fixed_points_value") and "fixed_points_value" not in self.errors:
                told = gettext("Say what it gives: points for what is spent, points on top, or both.")
                self.add_error("percent_of_spend", told)
        return said


class EventPromotionForm(_OfferForm):
    """Points on events."""

    sections = (
        (
            _("What is given, and when"),
            _("Each member gets it once for each occasion."),
            ("name", "auto_allocate_on_event", "points_to_award", "quickscan_function"),
        ),
        (*_ONLY, ("group", "branch")),
        _DAYS,
        _TILLS,
    )

    auto_allocate_on_event = forms.ChoiceField(
        label=_("Event"),
        required=False,
        choices=event_choices(list(occasions.PROMOTION_EVENTS.values()), _("None: only by the line below")),
    )
    points_to_award = WholeField(0, MAX_POINTS, label=_("Points"))
    quickscan_function = forms.CharField(
        label=_("What the counter offers meanwhile"),
        required=False,
        max_length=quickscan.MAX_LENGTH,
        help_text=_(
            "Such as 7, or 3,5,10, or Eggs:3, Bacon:5, or free, or calc, or auto:7. Empty for the usual."
        ),
    )


class TryForm(OfficeForm):
    """A sale that nobody makes."""

    total_value = MoneyField(label=_("Sale"))
    group = GroupField(label=_("Member's group"), none=_("No group"))
    day = DayField(label=_("Day"), required=False)

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"] = BranchField(at)
        self.fields["branch"].widget.attrs |= {"class": "form-select", "id": "id_branch"}
        self.fields["sku"] = dressed(sku_field(none=_("No product")))
        self.order_fields(("total_value", "branch", "group", "sku", "day"))
