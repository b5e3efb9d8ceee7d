"""A voucher's page, and how it is defined, ended and deleted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.vouchers import actions
from regulars.vouchers.models import Precode, Voucher, VoucherCode, VoucherIssue
from regulars.web.office import offers, tags
from regulars.web.office.desk import Desk
from regulars.web.office.forms import answer
from regulars.web.office.vouchers import told
from regulars.web.office.vouchers.finding import voucher_of
from regulars.web.office.vouchers.forms import FIELDS, NAMES, VoucherForm

# Codes of a voucher are not counted to their end.
COUNTED: Final = 10_000
_LATEST: Final = 20
# The pages of a voucher, by what they do.
_PAGES: Final = (
    ("issue", "give"),
    ("edit", "edit"),
    ("end", "end"),
    ("delete", "delete"),
    ("loaded", "loaded"),
)


def _given(cleaned: dict[str, Any]) -> dict[str, Any]:
    references = {value: key for key, value in NAMES.items()}
    return {references.get(name, name): cleaned[name] for name in FIELDS}


def new(desk: Desk) -> HttpResponse:
    """A new voucher."""

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        with desk.changing("voucher.add") as change:
            made = actions.add_voucher(business_id=desk.business.pk, code=cleaned["code"], **_given(cleaned))
            change.made(made)
        return desk.done(_("The voucher was added."), "voucher", voucher_id=made.pk)

    back = {"url": desk.url("vouchers"), "label": _("Vouchers")}
    return answer(
        desk,
        VoucherForm,
        title=_("New voucher"),
        save=save,
        button=_("Add voucher"),
        names=NAMES,
        initial={"value_type": 0},
        here="vouchers",
        template="vouchers/form",
        context=_around(desk, back, _ticket(desk, {"value_type": 0})),
        at=desk,
    )


def edit(desk: Desk, voucher_id: int) -> HttpResponse:
    """Change a voucher; codes that were issued keep their worth and their last day."""
    voucher = voucher_of(voucher_id)

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        changes = _given(cleaned)
        if cleaned["code"]:
            changes["code"] = cleaned["code"]
        with desk.changing("voucher.edit", voucher):
            actions.edit_voucher(business_id=desk.business.pk, pk=voucher_id, **changes)
        return desk.done(_("The voucher was saved."), "voucher", voucher_id=voucher_id)

    back = {"url": desk.url("voucher", voucher_id=voucher_id), "label": voucher.name}
    return answer(
        desk,
        VoucherForm,
        title=_("Change voucher"),
        save=save,
        names=NAMES,
        initial=_initial(voucher),
        edits=True,
        here="vouchers",
        template="vouchers/form",
        context=_around(desk, back, _ticket(desk, _initial(voucher))),
        at=desk,
    )


def _around(desk: Desk, back: dict[str, str], ticket: dict[str, Any]) -> dict[str, Any]:
    return {
        **offers.tabs(desk, "vouchers", "vouchers"),
        "back": back,
        "cancel": back["url"],
        "preview": ticket,
    }


def preview(desk: Desk) -> HttpResponse:
    """The voucher as members would see it, of what is typed so far."""
    form = VoucherForm(desk.post, at=desk)
    form.is_valid()
    return desk.page("vouchers/_ticket", {"preview": _ticket(desk, form.cleaned_data)})


def _ticket(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """What an example of a voucher shows; what is not usable yet is left out."""
    voucher = Voucher(
        value=given.get("value") or Decimal(0),
        value_type=given.get("value_type") or 0,
        can_be_redeemed_for_points=given.get("can_be_redeemed_for_points") or 0,
    )
    day, currency = given.get("expires_after_days"), desk.business.currency
    last = given.get("date_to")
    if day is not None:
        after = desk.today + dt.timedelta(days=day)
        last = after if last is None else min(last, after)
    return {
        "name": given.get("name") or "",
        "worth": told.worth(voucher, currency),
        "details": given.get("voucher_details") or "",
        "price": given.get("points_required") or 0,
        "smallest": told.smallest(given.get("min_value"), currency),
        "last": last,
    }


def _initial(voucher: Voucher) -> dict[str, Any]:
    found = {name: getattr(voucher, name) for name in (*FIELDS, "code")}
    found |= {"group": voucher.group_id, "branch": voucher.branch_id}
    found["sku"] = voucher.sku_id
    if not voucher.value:
        found["value"] = None
    elif voucher.value_type == Voucher.ValueType.POINTS:
        found["value"] = int(voucher.value)
    return found


def record(desk: Desk, voucher_id: int) -> HttpResponse:
    """A voucher: what it is, what was issued of it, and what became of that."""
    voucher = voucher_of(voucher_id)
    now, currency = timezone.now(), desk.business.currency
    codes = VoucherCode.objects.filter(issue__voucher=voucher)
    issues = VoucherIssue.objects.select_related("member", "branch").filter(voucher=voucher)
    figures = {name: _counted(codes.filter(told.having(name, now, desk.today))) for name in told.STATES}
    left = _counted(Precode.objects.filter(voucher=voucher, used_at=None))
    owned = desk.may("vouchers.edit") and desk.branch_id is None
    state = offers.state(voucher, desk.today)
    context = {
        "title": voucher.name,
        **offers.tabs(desk, "vouchers", "vouchers"),
        "back": {"url": desk.url("vouchers"), "label": _("Vouchers")},
        "voucher": voucher,
        "badge": offers.badge(voucher, desk.today),
        "worth": told.worth(voucher, currency),
        "smallest": told.smallest(voucher.min_value, currency),
        "ways": told.ways(voucher, currency),
        "only_for": offers.only_for(voucher),
        "days": offers.days(voucher),
        "figures": [(told.STATES[name][0], number, name) for name, number in figures.items()],
        "codes_url": desk.url("voucher-codes"),
        "left": left,
        "issues": [
            (one, desk.url("voucher-issue", issue_id=one.pk)) for one in issues.order_by("-pk")[:_LATEST]
        ],
        "may_edit": owned,
        "may_issue": desk.may("vouchers.issue"),
        "may_end": owned and state == offers.RUNNING,
        "urls": {name: desk.url(f"voucher-{page}", voucher_id=voucher_id) for name, page in _PAGES},
    }
    return desk.page("vouchers/voucher", context)


def _counted(rows: QuerySet[Any]) -> str:
    number = rows.order_by().values("pk")[: COUNTED + 1].count()
    return f"{tags.number(COUNTED)}+" if number > COUNTED else tags.number(number)


def end(desk: Desk, voucher_id: int) -> HttpResponse:
    """Issue no more of a voucher. Codes that were issued stay good."""
    voucher = voucher_of(voucher_id)
    with desk.changing("voucher.end", voucher):
        actions.edit_voucher(
            business_id=desk.business.pk, pk=voucher_id, date_to=offers.last_day(voucher, desk.today)
        )
    return desk.done(_("The voucher was ended."), "voucher", voucher_id=voucher_id)


def delete(desk: Desk, voucher_id: int) -> HttpResponse:
    """Delete a voucher that was never issued."""
    voucher = voucher_of(voucher_id)
    with desk.changing("voucher.delete", voucher):
        actions.delete_voucher(business_id=desk.business.pk, pk=voucher_id)
    return desk.done(_("The voucher was deleted."), "vouchers")
