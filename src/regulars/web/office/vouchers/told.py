"""What vouchers and their codes are called, for people."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.portal.money import money
from regulars.portal.money import worth as worth_of
from regulars.rules import vouchers as rules
from regulars.vouchers.models import Voucher, VoucherCode, VoucherLog
from regulars.web.office.offers import EVENTS
from regulars.web.office.tags import number as shown

Text = str | Promise

ACTIVE: Final = "active"
RESERVED: Final = "reserved"
REDEEMED: Final = "redeemed"
EXPIRED: Final = "expired"
STATES: Final[dict[str, tuple[Text, str]]] = {
    ACTIVE: (gettext_lazy("Good"), "green"),
    RESERVED: (gettext_lazy("Reserved"), "azure"),
    REDEEMED: (gettext_lazy("Redeemed"), "purple"),
    EXPIRED: (gettext_lazy("Expired"), ""),
}
ACTIONS: Final[dict[str, tuple[Text, str]]] = {
    VoucherLog.Action.ISSUE.value: (gettext_lazy("Issued"), "plus"),
    VoucherLog.Action.RESERVE.value: (gettext_lazy("Reserved"), "lock"),
    VoucherLog.Action.RELEASE.value: (gettext_lazy("Released"), "refresh"),
    VoucherLog.Action.REDEEM.value: (gettext_lazy("Redeemed"), "check"),
    VoucherLog.Action.RESET.value: (gettext_lazy("Redemption undone"), "undo"),
    VoucherLog.Action.CHANGE.value: (gettext_lazy("Changed"), "edit"),
}


def worth(voucher: Voucher, currency: str) -> str:
    """What a voucher is worth: "10% off", "₹50 off", "250 points as money", "40 points"."""
    parts = []
    if voucher.value_type == rules.POINTS:
        if voucher.value:
            number = int(voucher.value)
            parts.append(
                ngettext("%(count)s point as money", "%(count)s points as money", number)
                % {"count": shown(number)}
            )
        else:
            parts.append(_("The points paid, as money"))
    elif voucher.value:
        parts.append(worth_of(voucher.value, voucher.value_type, currency))
    if number := voucher.can_be_redeemed_for_points:
        parts.append(ngettext("%(count)s point", "%(count)s points", number) % {"count": shown(number)})
    return ", ".join(parts)


def code_worth(code: VoucherCode, currency: str) -> str:
    """What one code is worth."""
    return worth_of(code.value, code.value_type, currency)


def ways(voucher: Voucher, currency: str) -> list[str]:
    """How members come to a voucher, one sentence each; none is by hand only."""
    found = []
    if voucher.available_for_self_selection:
        number = voucher.points_required
        found.append(
            ngettext(
                "Members choose it for %(count)s point", "Members choose it for %(count)s points", number
            )
            % {"count": shown(number)}
            if number
            else _("Members choose it, for nothing")
        )
    if voucher.auto_allocate_on_event:
        found.append(str(EVENTS.get(voucher.auto_allocate_on_event, voucher.auto_allocate_on_event)))
    if number := voucher.trigger_on_total_points_earned or 0:
        months = voucher.points_earned_in_months
        found.append(
            ngettext(
                "%(count)s points earned within %(months)s month",
                "%(count)s points earned within %(months)s months",
                months,
            )
            % {"count": shown(number), "months": months}
            if months
            else _("%(count)s points earned") % {"count": shown(number)}
        )
    return found


def smallest(value: Decimal | None, currency: str) -> str:
    """The smallest sale, for people."""
    return "" if value is None else _("sales from %(amount)s") % {"amount": money(value, currency)}


def state(code: VoucherCode, now: dt.datetime, today: dt.date) -> str:
    """What a code is now: a reservation that has run out counts for nothing."""
    if code.status == VoucherCode.Status.REDEEMED:
        return REDEEMED
    if (
        code.status == VoucherCode.Status.RESERVED
        and code.reserved_until is not None
        and code.reserved_until > now
    ):
        return RESERVED
    return EXPIRED if code.expires_on is not None and code.expires_on < today else ACTIVE


def having(state_: str, now: dt.datetime, today: dt.date) -> Q:
    """The same as a condition."""
    held = Q(status=VoucherCode.Status.RESERVED.value, reserved_until__gt=now)
    free = ~Q(status=VoucherCode.Status.REDEEMED.value) & (
        Q(status=VoucherCode.Status.ACTIVE.value) | Q(reserved_until=None) | Q(reserved_until__lte=now)
    )
    return {
        REDEEMED: Q(status=VoucherCode.Status.REDEEMED.value),
        RESERVED: held,
        EXPIRED: free & Q(expires_on__lt=today),
        ACTIVE: free & (Q(expires_on=None) | Q(expires_on__gte=today)),
    }[state_]
