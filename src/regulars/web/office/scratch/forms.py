"""The forms of scratch cards."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from regulars.members.models import MemberGroup, SavedSegment
from regulars.rules import scratch
from regulars.scratchcards.actions import MAX_DESCRIPTION, MAX_LABEL, MAX_NAME, NewPrize
from regulars.web.office.fields import BranchField, DayField, MemberField, WholeField
from regulars.web.office.forms import OfficeForm

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

EVERYBODY: Final = "all"
ONE: Final = "one"
ANYBODY: Final = "anybody"
# So many cards for nobody in particular at once.
MOST_FOR_ANYBODY: Final = 100
# Rows of prizes that are open beside those that are filled.
SPARE: Final = 2


class CampaignForm(OfficeForm):
    """What a campaign promises, and its limits."""

    sections = (
        (_("What customers see"), "", ("name", "description")),
        (_("Limits"), "", ("expires_at", "max_cards", "max_per_member")),
    )

    name = forms.CharField(label=_("Name"), max_length=MAX_NAME, help_text=_("Such as: Summer spin."))
    description = forms.CharField(
        label=_("What it says"),
        required=False,
        max_length=MAX_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Shown above the card."),
    )
    expires_at = DayField(
        label=_("Last day"), required=False, help_text=_("No card is good for longer. Empty for no end.")
    )
    max_cards = WholeField(
        1,
        scratch.MAX_CARDS,
        label=_("Most cards in all"),
        required=False,
        help_text=_("Empty for any number."),
    )
    max_per_member = WholeField(
        1,
        scratch.MAX_CARDS,
        label=_("Most cards for one member"),
        required=False,
        help_text=_("Empty for any number."),
    )


class PrizeForm(OfficeForm):
    """A prize: one row."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    label = forms.CharField(label=_("Prize"), max_length=MAX_LABEL)
    weight = forms.DecimalField(
        label=_("Weight"), min_value=0, max_digits=scratch.WEIGHT_DIGITS, decimal_places=scratch.WEIGHT_PLACES
    )
    max_cards = WholeField(1, scratch.MAX_CARDS, label=_("Most cards"), required=False)
    is_winner = forms.BooleanField(label=_("Wins"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["weight"].widget.attrs |= {"inputmode": "decimal", "step": "any"}

    def prize(self) -> NewPrize | None:
        """The prize that was typed; None for a row that was left open."""
        given = self.cleaned_data
        if not given.get("label"):
            return None
        return NewPrize(
            label=given["label"],
            weight=given["weight"],
            is_winner=given["is_winner"],
            max_cards=given["max_cards"],
            pk=given["pk"],
        )


_Rows: Any = formset_factory(
    PrizeForm, extra=SPARE, max_num=scratch.MAX_PRIZES, absolute_max=scratch.MAX_PRIZES
)


class PrizeRows(_Rows):  # type: ignore[misc]
    """The rows of prizes. One that is emptied is a prize that is taken out."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Let a row be none in which nothing was typed; a weight alone is a prize whose name is missing."""
        super().add_fields(form, index)
        names = ("label", "weight", "max_cards")
        typed = [form.data.get(form.add_prefix(name), "") for name in names] if form.is_bound else ["typed"]
        if not any(str(one).strip() for one in typed):
            form.fields["label"].required = form.fields["weight"].required = False

    def prizes(self) -> list[tuple[int, NewPrize]]:
        """The prizes that were typed, each with its row."""
        found = [(place, form.prize()) for place, form in enumerate(self.forms)]
        return [(place, prize) for place, prize in found if prize is not None]

    def weights(self) -> list[tuple[str, Decimal, int | None]]:
        """What can be read of rows that may yet be half typed: label, weight, most cards."""
        self.is_valid()
        found = []
        for form in self.forms:
            given = getattr(form, "cleaned_data", {})
            if given.get("label") and given.get("weight") is not None:
                found.append((given["label"], given["weight"], given.get("max_cards")))
        return found


Rows = BaseFormSet


class IssueForm(OfficeForm):
    """Cards for one member, for many, or for whoever gets their address."""

    sections = (
        (_("Who gets a card"), "", ("whom", "member", "qty")),
        (_("For how long"), "", ("expires_days",)),
    )

    qty = WholeField(
        1,
        MOST_FOR_ANYBODY,
        label=_("How many"),
        required=False,
        help_text=_("For whoever scans the code: to hand out or to print. At most 100."),
    )
    expires_days = WholeField(
        1,
        scratch.MAX_DAYS,
        label=_("Good for so many days"),
        help_text=_("And never longer than the campaign."),
    )

    def __init__(self, *args: Any, at: Desk, many: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[str, Any]] = [(ONE, _("One member"))]
        if many:
            groups = MemberGroup.objects.order_by("name", "pk").values_list("pk", "name")
            segments = SavedSegment.objects.order_by("name", "pk").values_list("pk", "name")
            choices += [
                (EVERYBODY, _("All members")),
                *((f"group-{key}", _("Group: %(name)s") % {"name": name}) for key, name in groups),
                *((f"segment-{key}", _("Segment: %(name)s") % {"name": name}) for key, name in segments),
            ]
        choices.append((ANYBODY, _("Whoever has its address")))
        self.fields["whom"] = forms.ChoiceField(label=_("For"), choices=choices)
        self.fields["whom"].widget.attrs |= {"class": "form-select", "id": "id_whom"}
        self.fields["member"] = MemberField(at, required=False)
        self.fields["member"].widget.attrs |= {"class": "form-control", "id": "id_member", "dir": "auto"}

    def clean(self) -> dict[str, Any]:
        """One member needs to be named."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("whom") == ONE and not given.get("member") and "member" not in self.errors:
            self.add_error("member", _("Say who gets it."))
        return given


class RedeemForm(OfficeForm):
    """A card is handed in."""

    token = forms.CharField(
        label=_("The card"),
        max_length=200,
        help_text=_("Scan its QR code, or type the 8 characters under it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"] = BranchField(at)
        self.fields["branch"].widget.attrs |= {"class": "form-select", "id": "id_branch"}
