"""Products: listed, added, changed, archived, deleted."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.catalog import actions
from regulars.catalog.models import Sku, SkuCategory
from regulars.rules.errors import Conflict, HasHistory, NotFound
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.forms import MoneyField, OfficeForm, answer
from regulars.web.office.lists import Action, Bulk, Column, Empty, Listing, Rows, ticked
from regulars.web.office.tags import number as shown

HERE: Final = "programme"
_FIELDS: Final = (
    "code",
    "name",
    "barcode",
    "options",
    "notes",
    "category_id",
    "sales_price",
    "purchase_price",
)


def listed(desk: Desk) -> HttpResponseBase:
    """All products."""
    new = desk.url("product-new")
    return Listing(
        desk,
        title=_("Products"),
        here=HERE,
        rows=Sku.objects.select_related("category"),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                link=lambda row: desk.url("product", sku_id=row.pk),
                sort="name",
            ),
            Column("code", _("SKU"), lambda row: row.code, sort="code"),
            Column(
                "category",
                _("Category"),
                lambda row: row.category.name if row.category else "",
                sort="category",
            ),
            Column("price", _("Price"), lambda row: row.sales_price, kind="money", sort="sales_price"),
            Column("cost", _("Cost"), lambda row: row.purchase_price, kind="money", narrow=False),
            Column("state", _("State"), _state, kind="badge", sort="archived"),
            Column("barcode", _("Barcode"), lambda row: row.barcode, only_exported=True),
            Column("notes", _("Notes"), lambda row: row.notes, only_exported=True),
        ),
        search=_search,
        search_label=_("Name, SKU or barcode"),
        filters=(
            Choice(
                "category",
                _("Category"),
                [*_categories(), ("none", _("No category"))],
                lambda rows, value: rows.filter(category_id=None if value == "none" else int(value)),
            ),
            Choice(
                "state",
                _("State"),
                (("sold", _("For sale")), ("archived", _("Archived"))),
                lambda rows, value: rows.filter(archived=value == "archived"),
            ),
        ),
        order=("archived", "name", "pk"),
        empty=Empty(
            _("With products a promotion can give points for what was bought, not only for how much."),
            _("Add a product"),
            new,
        ),
        actions=(Action(_("New product"), new),),
        bulk=(Bulk("archive", _("Archive"), desk.url("products-archive")),),
        export="products",
    ).answer()


def _categories() -> list[tuple[str, str]]:
    return [
        (str(pk), name) for pk, name in SkuCategory.objects.order_by("name", "pk").values_list("pk", "name")
    ]


def _state(row: Sku) -> tuple[str, str]:
    return (_("Archived"), "secondary") if row.archived else (_("For sale"), "success")


def _search(rows: Rows, q: str) -> Rows:
    return rows.filter(Q(name__icontains=q) | Q(code__icontains=q) | Q(barcode__icontains=q))


class SkuForm(OfficeForm):
    """A product."""

    sections: ClassVar[Any] = (
        ("", "", ("name", "code", "category_id")),
        (gettext_lazy("Prices"), "", ("sales_price", "purchase_price")),
        (gettext_lazy("For the till"), "", ("barcode", "options", "notes")),
    )

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    code = forms.CharField(
        label=gettext_lazy("SKU"),
        help_text=gettext_lazy("As your till writes it, such as CAPPUCCINO. Sales name the product by it."),
        max_length=50,
    )
    category_id = forms.TypedChoiceField(
        label=gettext_lazy("Category"), required=False, coerce=int, empty_value=None
    )
    sales_price = MoneyField(label=gettext_lazy("Price"), required=False)
    purchase_price = MoneyField(
        label=gettext_lazy("Cost"), help_text=gettext_lazy("What you pay for it."), required=False
    )
    barcode = forms.CharField(label=gettext_lazy("Barcode"), max_length=100, required=False)
    options = forms.CharField(
        label=gettext_lazy("Options"),
        help_text=gettext_lazy("Such as sizes, in words of your own."),
        max_length=1000,
        required=False,
    )
    notes = forms.CharField(
        label=gettext_lazy("Notes"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["category_id"]
        field.choices = [("", gettext_lazy("No category")), *_categories()]


def _back(desk: Desk) -> dict[str, Any]:
    url = desk.url("products")
    return {"back": {"url": url, "label": _("Products")}, "cancel": url}


def new(desk: Desk) -> HttpResponse:
    """Add a product."""

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("product.add") as change:
            sku = actions.add_sku(business_id=desk.business.pk, **given)
            change.made(sku)
        return desk.done(_("%(name)s is added.") % {"name": sku.name}, "products")

    return answer(
        desk,
        SkuForm,
        title=_("New product"),
        save=save,
        button=_("Add the product"),
        template="products/form",
        here=HERE,
        context=_back(desk),
    )


def access(sku_id: int) -> Sku:
    """A product of the business at whose desk we are, or NotFound."""
    sku = Sku.objects.filter(pk=sku_id).first()
    if sku is None:
        raise NotFound(f"There is no SKU {sku_id}.")
    return sku


def edit(desk: Desk, sku_id: int) -> HttpResponse:
    """Change a product."""
    sku = access(sku_id)

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("product.edit", sku):
            actions.edit_sku(business_id=desk.business.pk, pk=sku_id, **given)
        return desk.done(_("Saved."), "products")

    ids = {"sku_id": sku_id}
    urls = {
        "archive_url": desk.url("product-archive", **ids),
        "delete_url": desk.url("product-delete", **ids),
    }
    return answer(
        desk,
        SkuForm,
        title=sku.name,
        initial={name: getattr(sku, name) for name in _FIELDS},
        edits=True,
        save=save,
        template="products/form",
        here=HERE,
        context={**_back(desk), **urls, "sku": sku},
    )


def archive(desk: Desk, sku_id: int) -> HttpResponse:
    """Let a product take no new sales, or take them again."""
    sku = access(sku_id)
    with desk.changing("product.archive" if not sku.archived else "product.restore", sku):
        actions.edit_sku(business_id=desk.business.pk, pk=sku_id, archived=not sku.archived)
    text = _("%(name)s is sold again.") if sku.archived else _("%(name)s is archived.")
    return desk.done(text % {"name": sku.name}, "products")


def archive_ticked(desk: Desk) -> HttpResponse:
    """Let several products take no new sales."""
    found = list(Sku.objects.filter(pk__in=ticked(desk), archived=False).order_by("pk"))
    for sku in found:
        with desk.changing("product.archive", sku):
            actions.edit_sku(business_id=desk.business.pk, pk=sku.pk, archived=True)
    if not found:
        raise Conflict(_("They are archived already."))
    number = len(found)
    text = ngettext("%(number)s product is archived.", "%(number)s products are archived.", number)
    return desk.done(text % {"number": shown(number)}, "products")


def delete(desk: Desk, sku_id: int) -> HttpResponse:
    """Delete a product that was never sold."""
    sku = access(sku_id)
    try:
        with desk.changing("product.delete", sku):
            actions.delete_sku(business_id=desk.business.pk, pk=sku_id)
    except HasHistory:
        text = _("%(name)s was sold, or a promotion or voucher is for it. Archive it instead.")
        return desk.sorry(text % {"name": sku.name}, "product", sku_id=sku_id)
    return desk.done(_("%(name)s is deleted.") % {"name": sku.name}, "products")
