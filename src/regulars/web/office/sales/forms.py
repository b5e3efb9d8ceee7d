"""The form of a sale."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regulars.catalog.models import Sku
from regulars.sales.models import Sale
from regulars.web.office.forms import BranchField, MemberField, MomentField, MoneyField, OfficeForm

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

_MOST: Decimal = Decimal(1_000_000_000)


class SkuField(forms.ModelChoiceField):
    """A product: one that is still sold, or the one that a sale has."""

    def __init__(self, current: int | None, **more: Any) -> None:
        rows = Sku.objects.filter(Q(archived=False) | Q(pk=current)).order_by("name", "pk")
        super().__init__(rows, required=False, empty_label=_("No product"), **more)

    def label_from_instance(self, obj: Any) -> str:
        """Name and code."""
        return f"{obj.name} ({obj.code})"

    def clean(self, value: Any) -> int | None:  # type: ignore[override] - the actions take its id
        """Its id."""
        found = super().clean(value)
        return found.pk if found is not None else None


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
        label=_("Value"), help_text=_("Points are counted from it. Below zero it is a refund."), least=-_MOST
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

    def __init__(self, *args: Any, at: Desk, sale: Sale | None = None, **kwargs: Any) -> None:
        super_fields = {
            "member": MemberField(at),
            "sku": SkuField(sale.sku_id if sale is not None else None, label=_("Product")),
            "branch": BranchField(at, archived=sale is not None and sale.branch_id is not None),
        }
        self.base_fields = {**self.base_fields, **super_fields}
        super().__init__(*args, **kwargs)
        if sale is not None:  # it has a time and a code, and keeps them
            self.fields["occurred_at"].required = self.fields["code"].required = True
            self.fields["occurred_at"].help_text = self.fields["code"].help_text = ""
