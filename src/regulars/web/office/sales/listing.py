"""The list of sales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars.catalog.models import Sku
from regulars.members.queries import of_found
from regulars.sales.models import Sale
from regulars.tenants.models import Branch
from regulars.tenants.queries import same_code
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice, Containing, Filter, moments
from regulars.web.office.lists import Action, Column, Empty, Listing, Rows

HERE = "programme"
# So many products are offered to choose from; any other is found by its code.
_MOST_PRODUCTS = 200


def sales_of(desk: Desk) -> Rows:
    """The sales that somebody may see: those of their branch, when they are limited to one."""
    rows = Sale.objects.select_related("member", "branch", "sku")
    return rows if desk.branch_id is None else rows.filter(branch_id=desk.branch_id)


def listed(desk: Desk) -> HttpResponseBase:
    """All sales, the latest first."""
    new = desk.url("sale-new")
    return Listing(
        desk,
        title=_("Sales"),
        here=HERE,
        rows=sales_of(desk),
        columns=_columns(desk),
        search=_search,
        search_label=_("Code, receipt, or a member's name, e-mail or phone"),
        filters=_filters(desk),
        order=("-occurred_at", "-pk"),
        empty=Empty(
            _("Sales come from your till, from the counter, or are entered here. Each earns points."),
            _("Enter a sale") if desk.may("sales.edit") else "",
            new,
        ),
        actions=(Action(_("Enter a sale"), new),) if desk.may("sales.edit") else (),
        export="sales",
        template="sales/list",
    ).answer()


def _columns(desk: Desk) -> Sequence[Column]:
    return (
        Column(
            "code",
            _("Sale"),
            lambda row: row.code,
            link=lambda row: desk.url("sale", sale_id=row.pk),
            sort="code",
            indexed=False,
        ),
        Column("occurred_at", _("When"), lambda row: row.occurred_at, kind="moment", sort="occurred_at"),
        Column(
            "member",
            _("Member"),
            lambda row: row.member.name,
            link=lambda row: desk.url("member", member_id=row.member_id),
        ),
        Column("sku", _("Product"), lambda row: row.sku.name if row.sku else "", narrow=False),
        Column("branch", _("Branch"), lambda row: row.branch.name if row.branch else "", narrow=False),
        Column(
            "value",
            _("Value"),
            lambda row: row.total_value,
            kind="money",
            sort="total_value",
            indexed=False,
        ),
        Column("points", _("Points"), lambda row: row.points, kind="number", sort="points", indexed=False),
        Column("member_code", _("Member's code"), lambda row: row.member.code, only_exported=True),
        Column("receipt", _("Receipt"), lambda row: row.transaction_ref, only_exported=True),
        Column("qty", _("Quantity"), lambda row: row.qty, only_exported=True),
        Column("notes", _("Notes"), lambda row: row.notes, only_exported=True),
    )


def _search(rows: Rows, q: str) -> Rows:
    """A whole code, which has an index; else part of one or of a receipt, or a member."""
    whole = rows.filter(same_code(q))
    if whole.exists():
        return whole
    return rows.filter(Q(code__icontains=q) | Q(transaction_ref__icontains=q) | of_found(q))


def _filters(desk: Desk) -> Sequence[Filter]:
    kinds = (("sale", _("Sales")), ("refund", _("Refunds")))
    found: list[Filter] = [moments("on", _("When"), "occurred_at", desk.zone)]
    if desk.branch_id is None:
        branches = [
            (str(pk), name) for pk, name in Branch.objects.order_by("name", "pk").values_list("pk", "name")
        ]
        if branches:
            found.append(Choice("branch", _("Branch"), [*branches, ("none", _("No branch"))], _at_branch))
    found += [
        Choice("kind", _("Kind"), kinds, _of_kind),
        Containing("member", _("Member"), lambda rows, text: rows.filter(of_found(text))),
        _by_product(),
    ]
    return found


def _at_branch(rows: Rows, value: str) -> Rows:
    if value == "none":  # said so that SQLite does not take them for few, and sort all of them
        found: Rows = rows.alias(at=Coalesce("branch_id", 0)).filter(at=0)
        return found
    return rows.filter(branch_id=int(value))


def _of_kind(rows: Rows, value: str) -> Rows:
    return rows.filter(total_value__lt=0) if value == "refund" else rows.filter(total_value__gte=0)


def _by_product() -> Filter:
    skus: list[Any] = list(Sku.objects.order_by("name", "pk").values_list("pk", "name")[: _MOST_PRODUCTS + 1])
    if len(skus) > _MOST_PRODUCTS:
        return Containing(
            "sku",
            _("Product"),
            lambda rows, text: rows.filter(Q(sku__code__iexact=text) | Q(sku__name__icontains=text)),
        )
    choices = [(str(pk), name) for pk, name in skus]
    return Choice("sku", _("Product"), choices, lambda rows, value: rows.filter(sku_id=int(value)))
