"""The forms of vouchers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.rules import occasions
from regulars.rules import vouchers as rules
from regulars.rules.values import MAX_POINTS
from regulars.vouchers.actions import MAX_DAYS, MAX_MONTHS
from regulars.vouchers.orders import MAX_QTY
from regulars.vouchers.redeeming import MAX_MINUTES
from regulars.web.office.fields import (
    BranchField,
    DayField,
    GroupField,
    MemberField,
    MoneyField,
    SwitchField,
    WholeField,
)
from regulars.web.office.forms import OfficeForm
from regulars.web.office.offers import event_choices
from regulars.web.office.skus import dressed, sku_field

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

NAMES: Final = {
    "group_id": "group",
    "branch_id": "branch",
    "sku_id": "sku",
    "member_id": "member",
    "voucher_code": "code",
}
FIELDS: Final = (
    "name", "value_type", "value", "min_value", "can_be_redeemed_for_points", "voucher_details",
    "email_instructions", "available_for_self_selection", "points_required", "auto_allocate_on_event",
    "trigger_on_total_points_earned", "points_earned_in_months", "limited_to_per_member", "date_from",
    "date_to", "expires_after_days", "group", "branch", "sku",
)  # fmt: skip


class VoucherForm(OfficeForm):
    """What may be issued, to whom, when, and what it is worth."""

    sections = (
        (
            _("What it is worth"),
            "",
            ("name", "value_type", "value", "min_value", "can_be_redeemed_for_points"),
        ),
        (
            _("How members get it"),
            _("You can always issue it by hand. Whatever else is chosen here happens by itself."),
            (
                "points_required", "available_for_self_selection", "auto_allocate_on_event",
                "trigger_on_total_points_earned", "points_earned_in_months", "limited_to_per_member",
            ),
        ),
        (
            _("Days"),
            _("It is issued from the first to the last day. Nothing is redeemed after the last."),
            ("date_from", "date_to", "expires_after_days"),
        ),
        (_("Only for"), _("What is left open is for everybody and everything."), ("group", "branch", "sku")),
        (_("What it says"), "", ("voucher_details", "email_instructions")),
        (_("For tills and programs"), "", ("code",)),
    )  # fmt: skip

    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("As members read it, such as: Free cake.")
    )
    value_type = forms.TypedChoiceField(
        label=_("What it takes off"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=(
            (rules.CURRENCY, _("An amount of money")),
            (rules.PERCENT, _("Percent of the sale")),
            (rules.POINTS, _("A number of points, turned into money")),
        ),
    )
    value = MoneyField(label=_("How much"), required=False)
    min_value = MoneyField(
        label=_("Smallest sale"), required=False, help_text=_("Empty for a sale of any size.")
    )
    can_be_redeemed_for_points = WholeField(
        0,
        MAX_POINTS,
        label=_("Points that redeeming gives"),
        required=False,
        help_text=_("For vouchers that are turned into points, such as a gift."),
    )
    points_required = WholeField(
        0, MAX_POINTS, label=_("Price in points"), required=False, help_text=_("Taken when it is issued.")
    )
    available_for_self_selection = SwitchField(
        label=_("Members choose it themselves"), help_text=_("On their card's page, as far as points go.")
    )
    auto_allocate_on_event = forms.ChoiceField(
        label=_("Issued by itself when"),
        required=False,
        choices=event_choices(list(occasions.VOUCHER_EVENTS.values()), _("Never")),
    )
    trigger_on_total_points_earned = WholeField(
        1,
        MAX_POINTS,
        label=_("Issued by itself when so many points are earned"),
        required=False,
        help_text=_("Takes none of them. Empty for never."),
    )
    points_earned_in_months = WholeField(
        1, MAX_MONTHS, label=_("Earned within months"), required=False, help_text=_("Empty for ever.")
    )
    limited_to_per_member = WholeField(
        1, MAX_QTY, label=_("Most for one member"), required=False, help_text=_("Empty for any number.")
    )
    date_from = DayField(label=_("First day"), required=False)
    date_to = DayField(label=_("Last day"), required=False)
    expires_after_days = WholeField(
        0,
        MAX_DAYS,
        label=_("Good for so many days after it is issued"),
        required=False,
        help_text=_("Empty for as long as the voucher. What was issued keeps its day."),
    )
    group = GroupField(label=_("Group"), none=_("All members"))
    voucher_details = forms.CharField(
        label=_("Details"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea,
        help_text=_("Shown with the voucher on the member's card."),
    )
    email_instructions = forms.CharField(
        label=_("How to redeem it, in the mail"), required=False, max_length=20_000, widget=forms.Textarea
    )
    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=50,
        help_text=_("How the API names it. Left empty, one is made."),
    )

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"] = BranchField(at, none=_("All branches"))
        self.fields["branch"].widget.attrs |= {"class": "form-select", "id": "id_branch"}
        self.fields["sku"] = dressed(sku_field(none=_("Any product")))
        currency = {"currency": at.business.currency}
        self.fields["value"].help_text = (
            _("%(currency)s, percent or points, as chosen above. Empty for something without a price.")
            % currency
        )
        self.fields["min_value"].label = _("Smallest sale, in %(currency)s") % currency


class _AtBranch(OfficeForm):
    """A form with a branch: for somebody who is limited to one it is that one."""

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"] = BranchField(at)
        self.fields["branch"].widget.attrs |= {"class": "form-select", "id": "id_branch"}


class IssueForm(_AtBranch):
    """Codes of a voucher for a member, or for whoever bears them."""

    sections = (
        (_("For whom"), "", ("member", "qty")),
        (_("Other than usual"), _("Leave this open unless you mean it."), ("points_used", "force_value")),
        (_("Where"), "", ("branch",)),
    )

    qty = WholeField(
        1,
        MAX_QTY,
        label=_("How many codes"),
        help_text=_("At most 10,000 at once."),
    )
    points_used = WholeField(
        0,
        MAX_POINTS,
        label=_("Points to take, all together"),
        required=False,
        help_text=_("Empty for the voucher's price. 0 for a present."),
    )
    force_value = MoneyField(
        label=_("Worth of each code"),
        required=False,
        help_text=_("An amount, or percent for a voucher of percent. Empty for what the voucher says."),
    )

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, at=at, **kwargs)
        self.fields["member"] = MemberField(
            at,
            required=False,
            help_text=_("Code, e-mail or phone, or scan the card. Empty: whoever bears the code may use it."),
        )
        self.fields["member"].widget.attrs |= {"class": "form-control", "id": "id_member", "dir": "auto"}


class RedeemForm(_AtBranch):
    """A code is redeemed."""

    sale_value = MoneyField(
        label=_("Sale"), required=False, help_text=_("What is paid, before the voucher. May be left open.")
    )

    def __init__(
        self, *args: Any, at: Desk, needs_member: bool = False, needs_sale: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, at=at, **kwargs)
        if needs_sale:
            self.fields["sale_value"].required = True
            self.fields["sale_value"].help_text = _("What is paid, before the voucher.")
        if needs_member:
            self.fields["member"] = MemberField(at, help_text=_("Who gets the points."))
            self.fields["member"].widget.attrs |= {"class": "form-control", "id": "id_member"}


class ReserveForm(OfficeForm):
    """A code is held for a while."""

    minutes = WholeField(1, MAX_MINUTES, label=_("Minutes"), initial=15)


class ResetForm(OfficeForm):
    """A redemption is undone."""

    reason = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("It stands in the history, and in the audit log.")
    )


class CodeForm(OfficeForm):
    """What one code is worth, and until when."""

    value = MoneyField(label=_("Worth"))
    expires_on = DayField(label=_("Last day"), required=False, help_text=_("Empty for ever."))


class LoadForm(OfficeForm):
    """Codes that were written or printed elsewhere."""

    codes = forms.CharField(
        label=_("Codes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=_("One in each line, at most 10,000."),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_("CSV or text: the first column of each line. At most 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/plain,text/csv"}),
    )
