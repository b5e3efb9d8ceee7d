"""Categories of products: listed, added, changed, deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.catalog import actions
from regulars.catalog.models import Sku, SkuCategory
from regulars.rules.errors import HasHistory, NotFound
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, answer
from regulars.web.office.lists import Action, Column, Empty, Listing, Rows
from regulars.web.office.products.skus import HERE


def listed(desk: Desk) -> HttpResponseBase:
    """All categories."""
    new = desk.url("category-new")
    # A category is shown with how many products are in it.
    inside = Sku.objects.filter(category=OuterRef("pk")).order_by().values("category").annotate(n=Count("pk"))
    return Listing(
        desk,
        title=_("Categories"),
        here=HERE,
        rows=SkuCategory.objects.annotate(products=Coalesce(Subquery(inside.values("n")), 0)),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                link=lambda row: desk.url("category", category_id=row.pk),
                sort="name",
            ),
            Column("code", _("Code"), lambda row: row.code, sort="code"),
            Column(
                "products",
                _("Products"),
                lambda row: row.products,
                kind="number",
                link=lambda row: f"{desk.url('products')}?category={row.pk}",
                sort="products",
            ),
            Column("refers_to", _("Stands for"), lambda row: row.refers_to, narrow=False),
        ),
        search=_search,
        search_label=_("Name or code"),
        order=("name", "pk"),
        empty=Empty(
            _("A promotion can be for a whole category: all hot drinks, everything for dogs."),
            _("Add a category"),
            new,
        ),
        actions=(Action(_("New category"), new),),
        export="categories",
    ).answer()


def _search(rows: Rows, q: str) -> Rows:
    return rows.filter(Q(name__icontains=q) | Q(code__icontains=q) | Q(refers_to__icontains=q))


class CategoryForm(OfficeForm):
    """A category."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("For tills and exports. Left empty, one is numbered, such as C000001."),
        max_length=50,
        required=False,
    )
    refers_to = forms.CharField(
        label=gettext_lazy("Stands for"),
        help_text=gettext_lazy("A note of your own, such as the department in your till."),
        max_length=200,
        required=False,
    )


def _back(desk: Desk) -> dict[str, Any]:
    url = desk.url("categories")
    return {"back": {"url": url, "label": _("Categories")}, "cancel": url}


def new(desk: Desk) -> HttpResponse:
    """Add a category."""

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("category.add") as change:
            category = actions.add_category(business_id=desk.business.pk, **given)
            change.made(category)
        return desk.done(_("%(name)s is added.") % {"name": category.name}, "categories")

    return answer(
        desk,
        CategoryForm,
        title=_("New category"),
        save=save,
        button=_("Add the category"),
        template="products/form",
        here=HERE,
        context=_back(desk),
    )


def access(category_id: int) -> SkuCategory:
    """A category of the business at whose desk we are, or NotFound."""
    category = SkuCategory.objects.filter(pk=category_id).first()
    if category is None:
        raise NotFound(f"There is no SKU category {category_id}.")
    return category


def edit(desk: Desk, category_id: int) -> HttpResponse:
    """Change a category."""
    category = access(category_id)

    def save(given: dict[str, Any]) -> HttpResponse:
        given = {**given, "code": given["code"] or category.code}
        with desk.changing("category.edit", category):
            actions.edit_category(business_id=desk.business.pk, pk=category_id, **given)
        return desk.done(_("Saved."), "categories")

    context = {
        "category": category,
        "products": Sku.objects.filter(category=category).count(),
        "delete_url": desk.url("category-delete", category_id=category_id),
    }
    return answer(
        desk,
        CategoryForm,
        title=category.name,
        initial={name: getattr(category, name) for name in ("name", "code", "refers_to")},
        edits=True,
        save=save,
        template="products/form",
        here=HERE,
        context={**_back(desk), **context},
    )


def delete(desk: Desk, category_id: int) -> HttpResponse:
    """Delete a category that nothing is in."""
    category = access(category_id)
    try:
        with desk.changing("category.delete", category):
            actions.delete_category(business_id=desk.business.pk, pk=category_id)
    except HasHistory:
        text = _("Products are in %(name)s, or a promotion is for it. Change these first.")
        return desk.sorry(text % {"name": category.name}, "category", category_id=category_id)
    return desk.done(_("%(name)s is deleted.") % {"name": category.name}, "categories")
