"""A product in forms: chosen from a list, or looked for by name where there are too many for one."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.db.models import Q
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.catalog.models import Sku
from regulars.tenants.queries import same_code
from regulars.web.office.fields import RowField, archived

# So many products are a list to choose from; of more a part of the name is typed.
MOST_LISTED: Final = 200
# So many of them the browser offers while somebody types. Any other is found by its code or name.
MOST_OFFERED: Final = 1000


def sku_field(*, none: Any = None, **more: Any) -> forms.Field:
    """A field for a product that is still sold, or the one that the edited thing has; it gives its id.

    `none` says what it means to choose none. Within the business's scope, where the form is made.
    """
    more.setdefault("label", gettext_lazy("Product"))
    more.setdefault("required", False)
    listed = Sku.objects.filter(archived=False).values_list("pk", flat=True)[: MOST_LISTED + 1]
    if len(listed) <= MOST_LISTED:
        return _ListedField(none or gettext_lazy("No product"), **more)
    more.setdefault("help_text", gettext_lazy("Its name, code or barcode."))
    return _NamedField(none, **more)


def dressed(field: forms.Field) -> forms.Field:
    """The field, put into a form after its own ones, looking as they do."""
    look = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
    field.widget.attrs |= {"class": look, "id": "id_sku"}
    return field


class _ListedField(RowField):
    """A product of a list. One that is named by code or barcode is taken, too."""

    def __init__(self, none: Any, **more: Any) -> None:
        super().__init__(_rows, none, **more)

    def to_python(self, value: Any) -> str:
        """The id as the list has it."""
        text = str(super().to_python(value)).strip()
        if text and not self.valid_value(text):
            return str(_only(text))
        return text


def _rows(held: int | None) -> list[tuple[int, str]]:
    found = Sku.objects.filter(Q(archived=False) | Q(pk=held)).order_by("name", "pk")
    named = [(sku, f"{sku.name} ({sku.code})") for sku in found]
    return [(sku.pk, archived(name) if sku.archived else name) for sku, name in named]


def _called(text: str) -> list[int]:
    """At most two products with this code, else barcode, else name."""
    for named in (Q(same_code(text)), Q(barcode=text), Q(name__iexact=text)):
        found = list(Sku.objects.filter(named).values_list("pk", flat=True)[:2])
        if found:
            return found
    return []


def _only(text: str) -> int:
    found = _called(text)
    if not found:
        raise forms.ValidationError(_("No product has this code, barcode or name."))
    if len(found) > 1:
        raise forms.ValidationError(_("Several products have this. Name the code of the one."))
    return found[0]


class _Offering(forms.TextInput):
    """A line with the first products by name to choose from while typing."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The line and its list."""
        listed = f"{(attrs or {}).get('id') or self.attrs.get('id') or name}-list"
        rows = Sku.objects.filter(archived=False).order_by("name", "pk").values_list("code", "name")
        options = format_html_join("", '<option value="{}">{}</option>', rows[:MOST_OFFERED])
        line = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', line, listed, options)


class _NamedField(forms.CharField):
    """A product by its code, barcode or name."""

    widget = _Offering

    def __init__(self, none: Any, **more: Any) -> None:
        super().__init__(max_length=200, **more)
        if none is not None:
            self.widget.attrs["placeholder"] = none

    def prepare_value(self, value: Any) -> Any:
        """The code of the product that the edited thing has."""
        if isinstance(value, int):
            return Sku.objects.filter(pk=value).values_list("code", flat=True).first() or ""
        return value

    def clean(self, value: Any) -> Any:
        """The id of the product; None for none."""
        text = super().clean(self.prepare_value(value))
        if not text:
            return None
        return _only(text)
