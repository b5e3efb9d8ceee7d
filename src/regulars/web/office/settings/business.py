"""The business itself: what it is called, and where it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.rules.languages import LANGUAGES
from regulars.tenants import actions, checks, microsites, region
from regulars.tenants.currencies import CURRENCIES
from regulars.tenants.plans import PLANS
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, answer

_REGION = ("country", "timezone", "currency")


def _line(label: Any, most: int, hint: Any = "", *, required: bool = False) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, help_text=hint, required=required)


class _CurrencyField(forms.ChoiceField):
    """A currency by its code, however it is written."""

    def to_python(self, value: Any) -> str:
        """The code."""
        return str(super().to_python(value)).strip().upper()


class BusinessForm(OfficeForm):
    """A business's profile."""

    sections = (
        (gettext_lazy("The business"), "", ("business_name", "business_type", "gstin")),
        (
            gettext_lazy("Where it is"),
            gettext_lazy("Customers see this on your pages."),
            ("phone", "address", "city", "state", "pincode"),
        ),
        (
            gettext_lazy("Days, money and language"),
            gettext_lazy("What was stored before stays as it is; this counts from now on."),
            ("country", "timezone", "currency", "language"),
        ),
    )

    business_name = _line(gettext_lazy("Name"), 200, required=True)
    business_type = _line(
        gettext_lazy("Kind"), 100, gettext_lazy("Such as café, hairdresser, bakery. For your own order only.")
    )
    gstin = _line(gettext_lazy("Tax number"), 30)
    phone = _line(gettext_lazy("Phone"), 40)
    address = _line(gettext_lazy("Street and number"), 300)
    city = _line(gettext_lazy("Town"), 100)
    state = _line(gettext_lazy("State or county"), 100)
    pincode = _line(gettext_lazy("Postcode"), 20)
    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        help_text=gettext_lazy("A phone number without its country code is read as one of here."),
        choices=region.countries,
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy(
            "Its midnight ends your day: for birthdays, for points that run out, for figures."
        ),
    )
    currency = _CurrencyField(
        label=gettext_lazy("Currency"),
        choices=region.currencies,
        error_messages={"invalid_choice": gettext_lazy("Choose a currency: three letters, such as EUR.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of your customers' pages"),
        help_text=gettext_lazy("Customers may choose another one for themselves."),
        choices=list(LANGUAGES.items()),
    )

    def __init__(self, *args: Any, zone: str, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        paid_with = self.fields["currency"]
        if (
            isinstance(paid_with, forms.ChoiceField) and currency not in CURRENCIES
        ):  # from before there was a list
            paid_with.choices = [(currency, currency), *region.currencies()]
        known = region.timezones()
        field = self.fields["timezone"]
        if isinstance(field, forms.ChoiceField):
            names = known if zone in known else [zone, *known]
            field.choices = [(name, name.replace("_", " ")) for name in names]


def profile(desk: Desk) -> HttpResponse:
    """The business's profile, and its plan."""
    business = desk.business
    texts = [name for name in checks.BUSINESS_TEXTS if name != "business_name"]
    initial = {name: getattr(business, name) for name in (*texts, *_REGION, "language")}

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("settings.business", business):
            wanted = {name: given[name] for name in checks.BUSINESS_TEXTS}
            actions.update_business(business_id=business.pk, **wanted)
            region.update_region(business_id=business.pk, **{name: given[name] for name in _REGION})
            microsites.update_microsite(business_id=business.pk, language=given["language"])
        return desk.done(_("Saved."), "settings")

    return answer(
        desk,
        BusinessForm,
        title=_("Settings"),
        initial={"business_name": business.name, **initial},
        edits=True,
        save=save,
        template="settings/business",
        here="settings",
        context={"plan": PLANS[business.plan].label},
        zone=business.timezone,
        currency=business.currency,
    )
