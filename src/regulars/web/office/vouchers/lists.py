"""The lists of vouchers, of codes, and of codes that were loaded beforehand."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.members.queries import of_found
from regulars.tenants.queries import same_code
from regulars.vouchers.models import Precode, Voucher, VoucherCode
from regulars.web.office import offers
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice, flag, moments
from regulars.web.office.lists import Action, Bulk, Column, Empty, Listing
from regulars.web.office.vouchers import told
from regulars.web.office.vouchers.finding import voucher_of

# So many vouchers are offered by the filter of codes.
_OFFERED = 200


def vouchers(desk: Desk) -> HttpResponseBase:
    """What may be issued."""
    today, currency, may = desk.today, desk.business.currency, desk.may("vouchers.edit")
    new = desk.url("voucher-new") if may and desk.branch_id is None else ""
    return Listing(
        desk,
        title=_("Vouchers"),
        here="vouchers",
        rows=Voucher.objects.select_related("group", "branch", "sku"),
        columns=(
            Column(
                "name", _("Name"), str, link=lambda row: desk.url("voucher", voucher_id=row.pk), sort="name"
            ),
            Column("worth", _("Worth"), lambda row: told.worth(row, currency)),
            Column(
                "price", _("Points"), lambda row: row.points_required, kind="number", sort="points_required"
            ),
            Column("ways", _("By itself"), lambda row: "; ".join(told.ways(row, currency)), narrow=False),
            Column("for", _("Only for"), offers.only_for, narrow=False),
            Column("days", _("Days"), offers.days, sort="date_from"),
            Column("state", _("State"), lambda row: offers.badge(row, today), kind="badge"),
            Column("code", _("Code"), lambda row: row.code, only_exported=True),
        ),
        search=lambda rows, q: rows.filter(Q(name__icontains=q) | Q(code__istartswith=q)),
        search_label=_("Name or code"),
        filters=(
            offers.state_filter(today),
            flag(
                "chosen",
                _("Members choose it"),
                lambda rows, yes: rows.filter(available_for_self_selection=yes),
            ),
        ),
        empty=Empty(
            _("No vouchers yet. Members get them for points, as a present, or by themselves."),
            _("New voucher") if new else "",
            new,
        ),
        actions=(Action(_("New voucher"), new),) if new else (),
        export="vouchers",
        template="vouchers/list",
    ).answer()


def _search(rows: QuerySet[VoucherCode], q: str) -> QuerySet[VoucherCode]:
    """A whole code, which has an index; else the beginning of one, or a member."""
    whole = rows.filter(same_code(q))
    return whole if whole.exists() else rows.filter(Q(code__istartswith=q) | of_found(q))


def columns(desk: Desk) -> tuple[Column, ...]:
    """The columns of lists of codes."""
    now, today, currency = timezone.now(), desk.today, desk.business.currency
    return (
        Column(
            "code",
            _("Code"),
            lambda row: row.code,
            link=lambda row: desk.url("voucher-code", code_id=row.pk),
        ),
        Column("voucher", _("Voucher"), lambda row: row.voucher.name),
        Column("member", _("Member"), lambda row: row.member.name if row.member is not None else ""),
        Column("worth", _("Worth"), lambda row: told.code_worth(row, currency)),
        Column("issued", _("Issued"), lambda row: row.issue.occurred_at, kind="moment", narrow=False),
        Column(
            "expires",
            _("Last day"),
            lambda row: row.expires_on,
            kind="day",
            sort="expires_on",
            indexed=False,
        ),
        Column("redeemed", _("Redeemed"), lambda row: row.redeemed_at, kind="moment", narrow=False),
        Column("state", _("State"), lambda row: told.STATES[told.state(row, now, today)], kind="badge"),
        Column("value", _("Value"), lambda row: row.value, only_exported=True),
    )


def state_filter(desk: Desk) -> Choice:
    """A filter of codes by what they are now."""
    now, today = timezone.now(), desk.today
    return Choice(
        "state",
        _("State"),
        [(key, label) for key, (label, _colour) in told.STATES.items()],
        lambda rows, value: rows.filter(told.having(value, now, today)),
    )


def codes(desk: Desk) -> HttpResponseBase:
    """All codes that were issued, with a field for the one in a customer's hand."""
    known = Voucher.objects.order_by("name", "pk").values_list("pk", "name")[:_OFFERED]
    return Listing(
        desk,
        title=_("Voucher codes"),
        here="vouchers",
        rows=VoucherCode.objects.select_related("voucher", "member", "issue"),
        columns=columns(desk),
        search=_search,
        search_label=_("Code or member"),
        filters=(
            state_filter(desk),
            Choice(
                "voucher",
                _("Voucher"),
                [(str(key), name) for key, name in known],
                lambda rows, value: rows.filter(voucher_id=int(value)),
            ),
            moments("issued", _("Issued"), "issue__occurred_at", desk.zone),
            moments("redeemed", _("Redeemed"), "redeemed_at", desk.zone),
        ),
        empty=Empty(
            _("No code was issued yet. Open a voucher to issue some."), _("Vouchers"), desk.url("vouchers")
        ),
        export="voucher-codes",
        template="vouchers/codes",
        context={"verify_url": desk.url("voucher-verify")},
    ).answer()


def loaded(desk: Desk, voucher_id: int) -> HttpResponseBase:
    """The codes that were loaded for a voucher, in the order in which they are issued."""
    voucher = voucher_of(voucher_id)
    add = desk.url("voucher-load", voucher_id=voucher_id)
    back = {"url": desk.url("voucher", voucher_id=voucher_id), "label": voucher.name}
    return Listing(
        desk,
        title=_("Pre-loaded codes"),
        rows=Precode.objects.filter(voucher=voucher),
        columns=(
            Column("code", _("Code"), lambda row: row.code),
            Column("loaded", _("Loaded"), lambda row: row.created_at, kind="moment"),
            Column("used", _("Issued"), lambda row: row.used_at, kind="moment"),
        ),
        search=lambda rows, q: rows.filter(code__istartswith=q),
        search_label=_("Code"),
        filters=(flag("used", _("Issued"), lambda rows, yes: rows.filter(used_at__isnull=not yes)),),
        order=("pk",),
        empty=Empty(
            _("None yet: codes are made by chance. Load those that are printed or come from a partner."),
            _("Load codes"),
            add,
        ),
        actions=(Action(_("Load codes"), add),),
        bulk=(
            Bulk(
                "delete",
                _("Take back"),
                desk.url("voucher-loaded-delete", voucher_id=voucher_id),
                confirm=_("Take these codes back? They will not be issued."),
            ),
        ),
        export="pre-loaded-codes",
        context={**offers.tabs(desk, "vouchers", "vouchers"), "back": back},
    ).answer()
