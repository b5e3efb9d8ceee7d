"""What an edited thing holds stays a choice of its form, also when it is offered for nothing new."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django_scopes import scope

from regulars.catalog import actions as catalog
from regulars.promotions import actions as promotions
from regulars.sales import actions as sales
from regulars.tenants import actions as tenants
from regulars.tenants.models import Branch, Staff
from regulars.vouchers import actions as vouchers
from tests.factories import Shop
from tests.office.seat import Seat

pytestmark = pytest.mark.django_db

_INPUT = re.compile(r"<input\b[^>]*>")
_SELECT = re.compile(r'<select\b[^>]*name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_TEXTAREA = re.compile(r'<textarea\b[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', re.DOTALL)
_CHOSEN = re.compile(r'<option value="([^"]*)" selected')


def attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else None


def as_drawn(page: str) -> dict[str, Any]:
    """What a browser sends of the page's form when nothing was changed in it."""
    form = page.split("data-once novalidate")[1].split("</form>", maxsplit=1)[0]
    sent: dict[str, Any] = {}
    for tag in _INPUT.findall(form):
        name, kind = attribute(tag, "name"), attribute(tag, "type")
        ticked = kind not in {"checkbox", "radio"} or " checked" in tag
        if name and name != "csrfmiddlewaretoken" and ticked:
            sent.setdefault(name, []).append(attribute(tag, "value") or "")
    for name, options in _SELECT.findall(form):
        chosen = _CHOSEN.search(options)
        first = re.search(r'<option value="([^"]*)"', options)
        sent[name] = [chosen[1] if chosen else first[1] if first else ""]
    sent |= {name: [unescape(text)] for name, text in _TEXTAREA.findall(form)}
    return sent


def archive(shop: Shop, branch: Branch) -> None:
    tenants.update_branch(business_id=shop.id, branch_id=branch.pk, is_active=False)


def save_again(seat: Seat, name: str, changes: dict[str, Any], **ids: Any) -> str:
    page = seat.text(name, **ids)
    sent = {**as_drawn(page), **changes}
    assert seat.post(name, sent, **ids).status_code == 303
    return page


def test_who_is_limited_to_an_archived_branch_stays_limited(shop: Shop, owner: Seat) -> None:
    branch = shop.branch("Old Town")
    staff = Seat.of(shop, "manager", branch_id=branch.pk).staff
    archive(shop, branch)
    page = save_again(owner, "team-member", {"name": "Renamed"}, staff_id=staff.pk)
    assert "Old Town (archived)" in page
    with scope(business=shop.business):
        now = Staff.objects.get(pk=staff.pk)
    assert (now.name, now.branch_id) == ("Renamed", branch.pk)
    assert "Old Town" not in owner.text("team-new")


def test_offers_for_an_archived_branch_stay_its_own(shop: Shop, owner: Seat) -> None:
    branch = shop.branch("Old Town")
    of: dict[str, Any] = {"business_id": shop.id, "name": "Ten", "branch_id": branch.pk}
    on_sales = promotions.add_promotion(**of, percent_of_spend=Decimal(10))
    on_event = promotions.add_event_promotion(**of, points_to_award=5, auto_allocate_on_event="signup")
    voucher = vouchers.add_voucher(**of, value=Decimal(5))
    archive(shop, branch)
    for name, row, ids in (
        ("promotion", on_sales, {"promotion_id": on_sales.pk}),
        ("event-promotion", on_event, {"event_promotion_id": on_event.pk}),
        ("voucher-edit", voucher, {"voucher_id": voucher.pk}),
    ):
        assert "Old Town (archived)" in save_again(owner, name, {"name": "Twenty"}, **ids)
        with scope(business=shop.business):
            row.refresh_from_db()
        assert (row.name, row.branch_id) == ("Twenty", branch.pk)


def test_a_sale_and_a_member_keep_what_was_archived(shop: Shop, owner: Seat) -> None:
    branch, other = shop.branch("Old Town"), shop.branch("Never")
    sku = catalog.add_sku(business_id=shop.id, code="CAKE", name="Cake")
    card = shop.enrol("Asha Rao", branch_id=branch.pk)
    sale = sales.add_sale(
        business_id=shop.id, member_id=card.pk, total_value=Decimal(9), branch_id=branch.pk, sku_id=sku.pk
    )
    archive(shop, branch)
    archive(shop, other)
    catalog.edit_sku(business_id=shop.id, pk=sku.pk, archived=True)
    page = save_again(owner, "sale-edit", {"notes": "Two forks"}, sale_id=sale.pk)
    assert "Old Town (archived)" in page
    assert "Cake (CAKE) (archived)" in page
    assert "Never" not in page
    save_again(owner, "member-edit", {"first_name": "Usha"}, member_id=card.pk)
    with scope(business=shop.business):
        sale.refresh_from_db()
        card.member.refresh_from_db()
    assert (sale.notes, sale.branch_id, sale.sku_id) == ("Two forks", branch.pk, sku.pk)
    assert (card.member.name, card.member.branch_id) == ("Usha Rao", branch.pk)
