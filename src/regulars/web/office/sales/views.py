"""Sales: one with what it earned, entered, corrected, deleted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.ledger.models import Entry
from regulars.promotions.models import Promotion
from regulars.rules.errors import NotFound, Refusal
from regulars.sales import actions
from regulars.sales import worth as trying
from regulars.sales.models import Sale
from regulars.web.office.desk import Desk
from regulars.web.office.fields import called
from regulars.web.office.forms import answer
from regulars.web.office.sales.forms import SaleForm, sale_form
from regulars.web.office.sales.listing import HERE, listed, sales_of
from regulars.web.office.tags import number as shown

__all__ = ["delete", "edit", "listed", "new", "record", "worth"]

# The names of fields here, by those that refusals give them.
_NAMES: Final = {"member_id": "member", "sku_id": "sku", "branch_id": "branch"}
_POLICIES: Final = {
    "to_zero": _("The points that it earned are taken back, as far as the member still has them."),
    "allow_negative": _(
        "The points that it earned are taken back. If they were spent, the member owes them."
    ),
    "keep": _("The member keeps the points that it earned."),
}


def access(desk: Desk, sale_id: int) -> Sale:
    """A sale that somebody at this desk may see, or NotFound."""
    sale: Sale | None = sales_of(desk).select_related("staff", "sku__category").filter(pk=sale_id).first()
    if sale is None:
        raise NotFound(f"There is no sale {sale_id}.")
    return sale


def record(desk: Desk, sale_id: int) -> HttpResponse:
    """One sale: what was bought, by whom, what it earned and why."""
    sale = access(desk, sale_id)
    entries = Entry.objects.filter(card_id=sale.member_id, source=f"sale:{sale.pk}").order_by("pk")
    context = {
        "title": _("Sale %(code)s") % {"code": sale.code},
        "here": HERE,
        "back": _back(desk),
        "sale": sale,
        "member_url": desk.url("member", member_id=sale.member_id),
        "edit_url": desk.url("sale-edit", sale_id=sale.pk),
        "delete_url": desk.url("sale-delete", sale_id=sale.pk),
        "may_edit": desk.may("sales.edit"),
        "shares": [
            {"name": str(share.promotion or share.code), "points": share.points}
            for share in sale.promotions.select_related("promotion").order_by("promotion_id", "pk")
        ],
        "entries": [(entry, _told(entry)) for entry in entries],
        "policy": _POLICIES[desk.business.refund_policy],
    }
    return desk.page("sales/record", context)


def _told(entry: Entry) -> str:
    """What an entry did, in words."""
    number = abs(entry.points)
    if entry.kind == Entry.Kind.POINTS_EARN.value:
        return ngettext("%(number)s point earned", "%(number)s points earned", number) % {
            "number": shown(number)
        }
    if entry.shortfall > 0:
        return _("%(taken)s points taken back; %(missing)s could not be, they were spent or had lapsed") % {
            "taken": shown(number),
            "missing": shown(entry.shortfall),
        }
    return ngettext("%(number)s point taken back", "%(number)s points taken back", number) % {
        "number": shown(number)
    }


def _back(desk: Desk) -> dict[str, str]:
    return {"url": desk.url("sales"), "label": _("Sales")}


def new(desk: Desk) -> HttpResponse:
    """Enter a sale."""

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("sale.add") as change:
            sale = actions.add_sale(business_id=desk.business.pk, staff_id=desk.staff_id, **_columns(given))
            change.made(sale)
            change.note(points=sale.points)
        return desk.done(_entered(sale), "sale", sale_id=sale.pk)

    return answer(
        desk,
        sale_form(desk),
        title=_("Enter a sale"),
        initial={"member": desk.get.get("member", "")[:50]},
        save=save,
        button=_("Enter the sale"),
        template="sales/form",
        names=_NAMES,
        here=HERE,
        context={
            "back": _back(desk),
            "cancel": desk.url("sales"),
            "preview": True,
            "worth": desk.url("sale-worth"),
        },
    )


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """What the actions call the fields of the form."""
    others = {name: value for name, value in given.items() if name not in _NAMES.values()}
    return others | {"member_id": given["member"].pk, "sku_id": given["sku"], "branch_id": given["branch"]}


def _entered(sale: Sale) -> str:
    if sale.points < 0:
        return _("The refund is entered.")
    return ngettext(
        "The sale is entered. It earned %(points)s point.",
        "The sale is entered. It earned %(points)s points.",
        sale.points,
    ) % {"points": shown(sale.points)}


def edit(desk: Desk, sale_id: int) -> HttpResponse:
    """Correct a sale; its points follow."""
    sale = access(desk, sale_id)

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("sale.edit", sale):
            actions.edit_sale(
                business_id=desk.business.pk, pk=sale_id, **_but_same_minute(sale, _columns(given))
            )
        return desk.done(_("Corrected. The points follow."), "sale", sale_id=sale_id)

    initial = {name: getattr(sale, name) for name in SaleForm.COLUMNS}
    initial |= {"member": sale.member.code, "sku": sale.sku_id, "branch": sale.branch_id}
    return answer(
        desk,
        sale_form(desk),
        title=_("Correct sale %(code)s") % {"code": sale.code},
        initial=initial,
        save=save,
        button=_("Save"),
        template="sales/form",
        names=_NAMES,
        here=HERE,
        context={
            "back": {"url": desk.url("sale", sale_id=sale_id), "label": sale.code},
            "cancel": desk.url("sale", sale_id=sale_id),
            "preview": True,
            "worth": desk.url("sale-worth"),
            "sale": sale,
        },
        edits=True,
        known=True,
    )


def _but_same_minute(sale: Sale, columns: dict[str, Any]) -> dict[str, Any]:
    """The form tells no seconds: a moment within the same minute is the one that the sale has."""
    if columns["occurred_at"] == sale.occurred_at.replace(second=0, microsecond=0):
        del columns["occurred_at"]
    return columns


def delete(desk: Desk, sale_id: int) -> HttpResponse:
    """Delete a sale. What it earned is taken back by the refund policy."""
    sale = access(desk, sale_id)
    with desk.changing("sale.delete", sale, member_id=sale.member_id):
        actions.delete_sale(business_id=desk.business.pk, pk=sale_id)
    return desk.done(_("Sale %(code)s is deleted.") % {"code": sale.code}, "sales")


def worth(desk: Desk) -> HttpResponse:
    """What a sale would earn as the form stands, and by which promotions; nothing while it is unfinished."""
    form = sale_form(desk)(desk.get)
    form.is_valid()
    given = form.cleaned_data
    member, total = given.get("member"), given.get("total_value")
    named = (desk.get.get("member") or "").strip()
    context: dict[str, Any] = {
        "member": member,
        "total": total,
        "unknown": form.errors.get("member", ()) if named and member is None else (),
        "found": called(named) if named and member is None else [],
    }
    if member is not None and total is not None:
        try:
            context["earned"] = earned = trying.worth(
                business_id=desk.business.pk,
                member_id=member.pk,
                total_value=Decimal(total),
                branch_id=given.get("branch"),
                sku_id=given.get("sku"),
                at=given.get("occurred_at"),
            )
            rows = Promotion.objects.in_bulk([share.promotion_id for share in earned.shares])
            context["shares"] = [
                {"name": str(rows.get(share.promotion_id, share.code)), "points": share.points}
                for share in earned.shares
            ]
        except Refusal as refusal:
            context["refused"] = refusal.message
    return desk.page("sales/_worth", context)
