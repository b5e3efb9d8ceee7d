"""The form of a sale."""

from __future__ import annotations

from decimal import Decimal
from types import new_class
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from regulars.catalog.models import Sku
from regulars.web.office.forms import BranchField, MemberField, MomentField, MoneyField, OfficeForm
from regulars.web.office.skus import sku_field

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

_MOST: Decimal = Decimal(1_000_000_000)


class SaleForm(OfficeForm):
    """A sale, new or as it is."""

    # What is called the same here and there.
    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("total_value", "occurred_at", "transaction_ref", "notes", "qty", "unit_price"),
        *("ex_tax_amount", "tax_amount", "tax_type", "grand_total", "code"),
    )
    sections = (
        ("", "", ("member", "total_value", "sku", "branch", "occurred_at")),
        (
            _("On the receipt"),
            _("Kept with the sale; none of it changes the points."),
            ("transaction_ref", "code", "qty", "unit_price", "notes"),
        ),
        (_("Tax"), "", ("ex_tax_amount", "tax_amount", "tax_type", "grand_total")),
    )

    total_value = MoneyField(
        label=_("Value"),
        help_text=_("Points are counted from it. Empty for the product's price. Below zero it is a refund."),
        least=-_MOST,
    )
    occurred_at = MomentField(label=_("When"), help_text=_("Left empty, it is now."), required=False)
    transaction_ref = forms.CharField(label=_("Receipt"), max_length=100, required=False)
    code = forms.CharField(
        label=_("Code"),
        help_text=_("Unique. Left empty, one is numbered, such as T000001."),
        max_length=50,
        required=False,
    )
    qty = forms.DecimalField(label=_("Quantity"), max_digits=12, decimal_places=3, required=False)
    unit_price = MoneyField(label=_("Price of one"), places=4, least=-_MOST, required=False)
    notes = forms.CharField(
        label=_("Notes"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    ex_tax_amount = MoneyField(label=_("Without tax"), least=-_MOST, required=False)
    tax_amount = MoneyField(label=_("Tax"), least=-_MOST, required=False)
    tax_type = forms.CharField(label=_("Kind of tax"), max_length=50, required=False)
    grand_total = MoneyField(label=_("With tax"), least=-_MOST, required=False)

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["total_value"].required = known
        self.fields["member"].widget.attrs |= {"list": "found-members", "autocomplete": "off"}
        if known:  # it has a time and a code, and keeps them
            self.fields["occurred_at"].required = self.fields["code"].required = True
            self.fields["total_value"].help_text = _("Points are counted from it. Below zero it is a refund.")
            self.fields["occurred_at"].help_text = self.fields["code"].help_text = ""

    def clean(self) -> dict[str, Any]:
        """Without a value it is what the product costs, as often as it was bought."""
        said = super().clean() or {}
        if said.get("total_value") is None and "total_value" not in self.errors:
            price = self._price(said.get("sku"))
            if price is None:
                self.add_error("total_value", gettext("This is needed: no product with a price is chosen."))
            else:
                one = said.get("unit_price")
                value = (price if one is None else one) * (said.get("qty") or 1)
                said["total_value"] = value.quantize(Decimal("0.01"))
        return said

    def _price(self, sku_id: int | None) -> Decimal | None:
        return Sku.objects.filter(pk=sku_id).values_list("sales_price", flat=True).first() if sku_id else None


def sale_form(desk: Desk) -> type[SaleForm]:
    """The form for a new sale, or for one that is there, with what may be chosen at this desk."""
    of_desk = {
        "member": MemberField(desk),
        "sku": sku_field(),
        "branch": BranchField(desk),
    }
    return cast("type[SaleForm]", new_class("SaleForm", (SaleForm,), {}, lambda body: body.update(of_desk)))
