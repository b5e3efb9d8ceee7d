"""Fields that forms of the back office have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.members.models import Member, MemberGroup
from regulars.members.queries import find_member, member_by_id
from regulars.rules.errors import Conflict, NotFound
from regulars.tenants.models import Branch

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

_MOST_MONEY: Final = Decimal(1_000_000_000)


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
            return timezone.localtime(value).replace(tzinfo=None)
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


class _RowField(forms.TypedChoiceField):
    """One of the business's rows of a kind, by its id, or none."""

    def __init__(self, rows: Callable[[], Sequence[tuple[int, str]]], none: Any, **more: Any) -> None:
        required = more.setdefault("required", False)
        first: list[tuple[Any, Any]] = [] if required and more.pop("no_none", False) else [("", none)]
        super().__init__(
            choices=lambda: [*first, *((str(key), name) for key, name in rows())],
            coerce=int,
            empty_value=None,
            **more,
        )


class BranchField(_RowField):
    """A branch of the business. For somebody who is limited to one it is that one."""

    def __init__(self, desk: Desk, *, none: Any = None, archived: bool = False, **more: Any) -> None:
        def rows() -> list[tuple[int, str]]:
            found = Branch.objects.order_by("name", "pk")
            if not archived:
                found = found.filter(is_active=True)
            if desk.branch_id is not None:
                found = found.filter(pk=desk.branch_id)
            return [(branch.pk, branch.name) for branch in found]

        if desk.branch_id is not None:
            more |= {"required": True, "no_none": True}
        more.setdefault("label", _("Branch"))
        super().__init__(rows, none or _("No branch"), **more)


class GroupField(_RowField):
    """A group of members."""

    def __init__(self, *, none: Any = None, **more: Any) -> None:
        more.setdefault("label", _("Group"))
        super().__init__(
            lambda: list(MemberGroup.objects.order_by("name", "pk").values_list("pk", "name")), none, **more
        )


class MemberField(forms.CharField):
    """A member, named by code, e-mail, phone or second code; gives the Member."""

    def __init__(self, desk: Desk, **more: Any) -> None:
        self._business_id = desk.business.pk
        more.setdefault("label", _("Member"))
        more.setdefault("help_text", _("Code, e-mail or phone"))
        super().__init__(max_length=254, **more)

    def clean(self, value: Any) -> Member | None:
        """The member."""
        text = super().clean(value)
        if not text:
            return None
        try:
            found = find_member(business_id=self._business_id, reference=text)
        except NotFound:
            raise forms.ValidationError(_("No member has this code, e-mail or phone.")) from None
        except Conflict:
            raise forms.ValidationError(_("Several members have this. Name the code of the one.")) from None
        return member_by_id(business_id=self._business_id, member_id=found)
