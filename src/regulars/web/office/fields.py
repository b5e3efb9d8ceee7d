"""Fields that forms of the back office have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.validators import RegexValidator
from django.db.models import Q
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.counter.finding import MAX_TEXT, find_member
from regulars.members.models import Member, MemberGroup
from regulars.members.queries import member_by_id, search
from regulars.rules.errors import NotFound
from regulars.tenants.models import Branch

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

_MOST_MONEY: Final = Decimal(1_000_000_000)
# No id has so many digits.
_LONG: Final = 19
# From so many letters on a name is looked for; so many members are offered to whoever types one.
_LEAST_NAME: Final = 2
_MOST_CALLED: Final = 8


class WholeField(forms.IntegerField):
    """A whole number from `least` to `most`."""

    def __init__(self, least: int, most: int, **more: Any) -> None:
        super().__init__(min_value=least, max_value=most, **more)
        self.widget.attrs["inputmode"] = "numeric"


class MoneyField(forms.DecimalField):
    """An amount in the business's currency."""

    def __init__(self, *, places: int = 2, least: Decimal | int = 0, **more: Any) -> None:
        super().__init__(
            min_value=Decimal(least), max_value=_MOST_MONEY, decimal_places=places, max_digits=14, **more
        )
        self.widget.attrs["inputmode"] = "decimal"


class DayField(forms.DateField):
    """A day of the calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MomentField(forms.DateTimeField):
    """A moment, told in the business's time zone, which is the one of the page."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **more: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **more)

    def prepare_value(self, value: Any) -> Any:
        """The moment as the widget writes it."""
        if isinstance(value, dt.datetime) and timezone.is_aware(value):
            # The widget tells no seconds.
            return timezone.localtime(value).replace(tzinfo=None, second=0, microsecond=0)
        return value


class ColourField(forms.CharField):
    """A colour as #rrggbb."""

    widget = forms.TextInput(attrs={"type": "color"})

    def __init__(self, **more: Any) -> None:
        wrong = RegexValidator("^#[0-9a-fA-F]{6}$", _("Choose a colour such as #0f766e."))
        super().__init__(max_length=7, validators=[wrong], **more)


class SwitchField(forms.BooleanField):
    """On or off."""

    widget = forms.CheckboxInput(attrs={"role": "switch"})

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, **more)


Rows = Callable[[int | None], Iterable[tuple[int, Any]]]


def archived(name: Any) -> str:
    """The name of something that is offered for new use no more."""
    return _("%(name)s (archived)") % {"name": name}


class RowField(forms.TypedChoiceField):
    """One of the business's rows of a kind, by its id, or none.

    `rows` gives ids and names of what may be chosen, and of the row that the edited thing holds, whose id it
    is told: that stays a choice whatever became of it. Otherwise whoever changes something else would take
    it away without a word.
    """

    def __init__(self, rows: Rows, none: Any, **more: Any) -> None:
        required = more.setdefault("required", False)
        self._rows = rows
        self._first: list[tuple[Any, Any]] = [] if required and more.pop("no_none", False) else [("", none)]
        super().__init__(choices=self._choices_for(None), coerce=int, empty_value=None, **more)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        """The field in a form, which knows what the edited thing holds."""
        held = form.get_initial_for_field(self, field_name)
        text = str(held if held is not None else "")
        known = int(text) if text.isascii() and text.isdigit() and len(text) < _LONG else None
        self.choices = self._choices_for(known)
        return super().get_bound_field(form, field_name)

    def _choices_for(self, held: int | None) -> Callable[[], list[tuple[Any, Any]]]:
        return lambda: [*self._first, *((str(key), name) for key, name in self._rows(held))]


class BranchField(RowField):
    """A branch of the business. For somebody who is limited to one it is that one, unless `everywhere`."""

    def __init__(self, desk: Desk, *, none: Any = None, everywhere: bool = False, **more: Any) -> None:
        only = None if everywhere else desk.branch_id

        def rows(held: int | None) -> list[tuple[int, str]]:
            found = Branch.objects.filter(Q(is_active=True) | Q(pk=held)).order_by("name", "pk")
            if only is not None:
                found = found.filter(pk=only)
            return [(row.pk, row.name if row.is_active else archived(row.name)) for row in found]

        if only is not None:
            more |= {"required": True, "no_none": True}
        more.setdefault("label", _("Branch"))
        super().__init__(rows, none or _("No branch"), **more)


class GroupField(RowField):
    """A group of members."""

    def __init__(self, *, none: Any = None, **more: Any) -> None:
        more.setdefault("label", _("Group"))
        super().__init__(
            lambda _held: MemberGroup.objects.order_by("name", "pk").values_list("pk", "name"), none, **more
        )


def called(text: str) -> list[Member]:
    """The first members with this in their name, e-mail or phone; of too short a text none."""
    if len(text) < _LEAST_NAME:
        return []
    return list(Member.objects.filter(search(text)).order_by("pk")[:_MOST_CALLED])


def _called_wholly(text: str) -> Member:
    found = called(text)
    if len(found) == 1 and found[0].name.casefold() == " ".join(text.split()).casefold():
        return found[0]
    if not found:
        raise forms.ValidationError(_("No member has this code, name, e-mail or phone."))
    told = ", ".join(f"{member.name} ({member.code})" for member in found)
    raise forms.ValidationError(_("Who is meant? Name the code: %(members)s") % {"members": told})


class MemberField(forms.CharField):
    """A member, by code, whole name, e-mail, phone, second code, or their card's code or link.

    It gives the Member. Nobody is taken by a part of their name:
    those who may be meant are told with their codes.
    """

    def __init__(self, desk: Desk, **more: Any) -> None:
        self._business = desk.business
        more.setdefault("label", _("Member"))
        more.setdefault("help_text", _("Code, name, e-mail or phone, or scan the card"))
        super().__init__(max_length=MAX_TEXT, **more)

    def clean(self, value: Any) -> Member | None:
        """The member."""
        text = super().clean(value)
        if not text:
            return None
        try:
            found = find_member(business=self._business, text=text)
        except NotFound:
            return _called_wholly(text)
        if len(found.member_ids) > 1:
            raise forms.ValidationError(_("Several members have this. Name the code of the one."))
        return member_by_id(business_id=self._business.pk, member_id=found.member_ids[0])
