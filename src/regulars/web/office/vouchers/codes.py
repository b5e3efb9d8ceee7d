"""One voucher code: what it is, what happened to it, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.rules.errors import Refusal
from regulars.tenants.queries import same_code
from regulars.vouchers import issuing, redeeming
from regulars.vouchers.models import VoucherCode, VoucherLog
from regulars.web.office import offers
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, answer
from regulars.web.office.tags import number as shown
from regulars.web.office.vouchers import told
from regulars.web.office.vouchers.finding import code_of
from regulars.web.office.vouchers.forms import NAMES, CodeForm, RedeemForm, ReserveForm, ResetForm

_LATEST: Final = 100
_LONGEST: Final = 50


def verify(desk: Desk) -> HttpResponse:
    """Lead to the code that a customer shows, or say that there is none."""
    text = desk.get.get("code", "").replace("\0", "").strip()[:_LONGEST]
    found = VoucherCode.objects.filter(same_code(text)).values_list("pk", flat=True).first() if text else None
    if found is None:
        said = _("There is no voucher code %(code)s.") % {"code": text} if text else _("Type a code.")
        return desk.sorry(said, "voucher-codes")
    return desk.to("voucher-code", code_id=found)


def record(desk: Desk, code_id: int) -> HttpResponse:
    """A code, with its log."""
    return _shown(desk, code_of(code_id))


def _shown(
    desk: Desk, code: VoucherCode, wrong: OfficeForm | None = None, status: int = HTTPStatus.OK
) -> HttpResponse:
    now, currency = timezone.now(), desk.business.currency
    state = told.state(code, now, desk.today)
    log = VoucherLog.objects.select_related("branch", "staff").filter(voucher_code=code).order_by("-pk")
    may = desk.may("vouchers.issue")
    forms: dict[str, OfficeForm] = {
        "redeem": RedeemForm(at=desk, **_needs(code)),
        "reserve": ReserveForm(auto_id="id_reserve_%s"),
        "reset": ResetForm(auto_id="id_reset_%s"),
    }
    offered = {
        "redeem": may and state in {told.ACTIVE, told.RESERVED},
        "reserve": may and state == told.ACTIVE,
        "release": may and state == told.RESERVED,
        "reset": may and state == told.REDEEMED,
    }
    refused: list[str] = []
    if wrong is not None:
        name = type(wrong).__name__.removesuffix("Form").lower()
        forms[name] = wrong
        refused = _refused(wrong, is_drawn=offered[name])
    context = {
        "title": code.code,
        **offers.tabs(desk, "vouchers", "voucher-codes"),
        "back": {"url": desk.url("voucher-codes"), "label": _("Codes")},
        "code": code,
        "badge": told.STATES[state],
        "state": state,
        "worth": told.code_worth(code, currency),
        "credits": code.voucher.can_be_redeemed_for_points,
        "smallest": told.smallest(code.voucher.min_value, currency),
        "voucher_url": desk.url("voucher", voucher_id=code.voucher_id),
        "issue_url": desk.url("voucher-issue", issue_id=code.issue_id),
        "log": [(one, *told.ACTIONS[one.action]) for one in log[:_LATEST]],
        "forms": forms,
        "refused": refused,
        **{f"may_{name}": is_offered for name, is_offered in offered.items()},
        "may_edit": desk.may("vouchers.edit") and state in {told.ACTIVE, told.EXPIRED},
        "urls": {
            name: desk.url(f"voucher-code-{name}", code_id=code.pk)
            for name in ("redeem", "reserve", "release", "reset", "edit")
        },
    }
    return desk.page("vouchers/code", context, status)


def _refused(form: OfficeForm, *, is_drawn: bool) -> list[str]:
    """What stands above all forms: what is wrong as a whole, and at fields that are not there any more."""
    lost = {} if is_drawn else {name: found for name, found in form.errors.items() if name in form.fields}
    return [*form.non_field_errors(), *(text for found in lost.values() for text in found)]


def _needs(code: VoucherCode) -> dict[str, bool]:
    """What has to be said: who gets the points, and the sale where there is a smallest, as at counters."""
    return {
        "needs_member": code.member_id is None and code.voucher.can_be_redeemed_for_points > 0,
        "needs_sale": code.voucher.min_value is not None,
    }


def _do(
    desk: Desk, code: VoucherCode, form: OfficeForm, act: Callable[[dict[str, Any]], HttpResponse]
) -> HttpResponse:
    """Take a small form of the page; what is wrong with it is shown there, whatever it offers now."""
    if form.is_valid():
        try:
            return act(form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal, NAMES)
    # Somebody else may have done something with it meanwhile: that decides what the page offers.
    return _shown(desk, code_of(code.pk), form, HTTPStatus.BAD_REQUEST)


def redeem(desk: Desk, code_id: int) -> HttpResponse:
    """Redeem a code; one that is reserved is redeemed under its reservation."""
    code = code_of(code_id)

    def act(cleaned: dict[str, Any]) -> HttpResponse:
        member = cleaned.get("member")
        with desk.changing("voucher-code.redeem", code) as change:
            done = redeeming.redeem(
                business_id=desk.business.pk,
                code=code.code,
                sale_value=cleaned["sale_value"],
                branch_id=cleaned["branch"],
                staff_id=desk.staff_id,
                reservation=_reservation(code),
                member_id=member.pk if member else None,
            )
            change.note(points_credited=done.points_credited)
        if done.points_credited:
            number = done.points_credited
            text = ngettext(
                "Redeemed: %(count)s point was given.", "Redeemed: %(count)s points were given.", number
            )
            return desk.done(text % {"count": shown(number)}, "voucher-code", code_id=code_id)
        return desk.done(_("The code was redeemed."), "voucher-code", code_id=code_id)

    return _do(desk, code, RedeemForm(desk.post, at=desk, **_needs(code)), act)


def _reservation(code: VoucherCode) -> str:
    held = told.state(code, timezone.now(), timezone.localdate()) == told.RESERVED
    return code.reservation if held else ""


def reserve(desk: Desk, code_id: int) -> HttpResponse:
    """Hold a code for some minutes, so that nobody else redeems it."""
    code = code_of(code_id)

    def act(cleaned: dict[str, Any]) -> HttpResponse:
        with desk.changing("voucher-code.reserve", code):
            redeeming.reserve(
                business_id=desk.business.pk,
                code=code.code,
                minutes=cleaned["minutes"],
                branch_id=desk.branch_id,
                staff_id=desk.staff_id,
            )
        return desk.done(_("The code is reserved."), "voucher-code", code_id=code_id)

    return _do(desk, code, ReserveForm(desk.post, auto_id="id_reserve_%s"), act)


def release(desk: Desk, code_id: int) -> HttpResponse:
    """Give up a reservation."""
    code = code_of(code_id)
    with desk.changing("voucher-code.release", code):
        redeeming.release(
            business_id=desk.business.pk,
            code=code.code,
            reservation=code.reservation,
            staff_id=desk.staff_id,
        )
    return desk.done(_("The code can be redeemed again."), "voucher-code", code_id=code_id)


def reset(desk: Desk, code_id: int) -> HttpResponse:
    """Undo a redemption."""
    code = code_of(code_id)

    def act(cleaned: dict[str, Any]) -> HttpResponse:
        with desk.changing("voucher-code.reset", code, reason=cleaned["reason"]):
            redeeming.reset(
                business_id=desk.business.pk,
                code=code.code,
                staff_id=desk.staff_id,
                reason=cleaned["reason"],
            )
        return desk.done(_("The redemption was undone."), "voucher-code", code_id=code_id)

    return _do(desk, code, ResetForm(desk.post, auto_id="id_reset_%s"), act)


def edit(desk: Desk, code_id: int) -> HttpResponse:
    """What one code is worth, and until when it is good."""
    code = code_of(code_id)

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        changes: dict[str, Any] = {"expires_on": cleaned["expires_on"]}
        if cleaned["value"] != code.value:
            changes["force_value"] = cleaned["value"]
        with desk.changing("voucher-code.edit", code):
            issuing.edit_code(business_id=desk.business.pk, pk=code_id, **changes)
        return desk.done(_("The code was saved."), "voucher-code", code_id=code_id)

    back = {"url": desk.url("voucher-code", code_id=code_id), "label": code.code}
    return answer(
        desk,
        CodeForm,
        title=_("Change code"),
        save=save,
        names={"force_value": "value"},
        initial={"value": code.value, "expires_on": code.expires_on},
        edits=True,
        here="vouchers",
        context={**offers.tabs(desk, "vouchers", "voucher-codes"), "back": back, "cancel": back["url"]},
    )
