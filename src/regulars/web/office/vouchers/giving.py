"""Issuing a voucher, and what was issued together: its codes, on a screen, as a file, on paper."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.vouchers import issuing
from regulars.vouchers.models import VoucherCode
from regulars.web.member.picture import qr_code
from regulars.web.office import offers
from regulars.web.office.desk import Desk
from regulars.web.office.forms import answer
from regulars.web.office.lists import Action, Listing
from regulars.web.office.tags import number as shown
from regulars.web.office.vouchers import lists, told
from regulars.web.office.vouchers.finding import issue_of, voucher_of
from regulars.web.office.vouchers.forms import NAMES, IssueForm

# Tickets on one printed page of the browser; further ones are on the next.
PER_SHEET: Final = 60


def give(desk: Desk, voucher_id: int) -> HttpResponse:
    """Issue codes of a voucher, to a member or to whoever bears them."""
    voucher = voucher_of(voucher_id)

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        member = cleaned["member"]
        with desk.changing("voucher.issue", member_id=member.pk if member else None) as change:
            issue = issuing.issue_voucher(
                business_id=desk.business.pk,
                voucher_id=voucher_id,
                qty=cleaned["qty"],
                member_id=member.pk if member else None,
                points_used=cleaned["points_used"],
                force_value=cleaned["force_value"],
                branch_id=cleaned["branch"],
                staff_id=desk.staff_id,
            )
            change.made(issue)
        number = issue.qty
        text = ngettext("%(count)s code was issued.", "%(count)s codes were issued.", number)
        return desk.done(text % {"count": shown(number)}, "voucher-issue", issue_id=issue.pk)

    back = {"url": desk.url("voucher", voucher_id=voucher_id), "label": voucher.name}
    return answer(
        desk,
        IssueForm,
        title=_("Issue %(name)s") % {"name": voucher.name},
        save=save,
        button=_("Issue"),
        names=NAMES,
        initial={"qty": 1, "member": desk.get.get("member", ""), "branch": desk.branch_id},
        here="vouchers",
        context={**offers.tabs(desk, "vouchers", "vouchers"), "back": back, "cancel": back["url"]},
        at=desk,
    )


def issue(desk: Desk, issue_id: int) -> HttpResponseBase:
    """What was issued together."""
    row = issue_of(issue_id)
    actions = [Action(_("Print"), desk.url("voucher-issue-print", issue_id=issue_id), primary=False)]
    return Listing(
        desk,
        title=_("%(voucher)s, issued") % {"voucher": row.voucher.name},
        rows=VoucherCode.objects.select_related("voucher", "member", "issue").filter(issue=row),
        columns=[one for one in lists.columns(desk) if one.name not in {"voucher", "member", "issued"}],
        search=lambda rows, q: rows.filter(code__istartswith=q),
        search_label=_("Code"),
        filters=(lists.state_filter(desk),),
        order=("pk",),
        actions=actions,
        export="voucher-codes",
        template="vouchers/issue",
        context={
            **offers.tabs(desk, "vouchers", "vouchers"),
            "back": {"url": desk.url("voucher", voucher_id=row.voucher_id), "label": row.voucher.name},
            "issue": row,
            "may_take_back": desk.may("vouchers.issue"),
            "delete_url": desk.url("voucher-issue-delete", issue_id=issue_id),
        },
    ).answer()


def sheet(desk: Desk, issue_id: int) -> HttpResponse:
    """The codes as tickets to print and cut."""
    row = issue_of(issue_id)
    text = desk.get.get("page", "1")
    number = max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < len("1000000") else 1
    first = (number - 1) * PER_SHEET
    codes = list(VoucherCode.objects.filter(issue=row).order_by("pk")[first : first + PER_SHEET + 1])
    currency = desk.business.currency
    here = desk.url("voucher-issue-print", issue_id=issue_id)
    context = {
        "title": _("Print %(voucher)s") % {"voucher": row.voucher.name},
        **offers.tabs(desk, "vouchers", "vouchers"),
        "back": {"url": desk.url("voucher-issue", issue_id=issue_id), "label": row.code},
        "voucher": row.voucher,
        "tickets": [
            (code, told.code_worth(code, currency), qr_code(code.code)) for code in codes[:PER_SHEET]
        ],
        "previous": f"{here}?page={number - 1}" if number > 1 else "",
        "next": f"{here}?page={number + 1}" if len(codes) > PER_SHEET else "",
    }
    return desk.page("vouchers/sheet", context)


def take_back(desk: Desk, issue_id: int) -> HttpResponse:
    """Take back what was issued together: the codes are gone, and the member gets back the points."""
    row = issue_of(issue_id)
    with desk.changing("voucher.take-back", row):
        issuing.delete_issue(business_id=desk.business.pk, pk=issue_id)
    return desk.done(_("The codes were taken back."), "voucher", voucher_id=row.voucher_id)
