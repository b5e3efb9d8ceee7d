"""The form of a sale."""

from __future__ import annotations

from decimal import Decimal
from types import new_class
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regulars.catalog.models import Sku
from regulars.web.office.fields import RowField, archived
from regulars.web.office.forms import BranchField, MemberField, MomentField, MoneyField, OfficeForm

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

_MOST: Decimal = Decimal(1_000_000_000)


class SkuField(RowField):
    """A product: one that is still sold, or the one that a sale has. It gives its id."""

    def __init__(self, **more: Any) -> None:
        def rows(held: int | None) -> list[tuple[int, str]]:
            found = Sku.objects.filter(Q(archived=False) | Q(pk=held)).order_by("name", "pk")
            named = [(sku, f"{sku.name} ({sku.code})") for sku in found]
            return [(sku.pk, archived(name) if sku.archived else name) for sku, name in named]

        super().__init__(rows, _("No product"), **more)


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

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:  # it has a time and a code, and keeps them
            self.fields["occurred_at"].required = self.fields["code"].required = True
            self.fields["occurred_at"].help_text = self.fields["code"].help_text = ""


def sale_form(desk: Desk) -> type[SaleForm]:
    """The form for a new sale, or for one that is there, with what may be chosen at this desk."""
    of_desk = {
        "member": MemberField(desk),
        "sku": SkuField(label=_("Product")),
        "branch": BranchField(desk),
    }
    return cast("type[SaleForm]", new_class("SaleForm", (SaleForm,), {}, lambda body: body.update(of_desk)))
