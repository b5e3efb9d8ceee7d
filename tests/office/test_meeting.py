"""Two who edit one thing at the same time: neither undoes what the other changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from regulars.campaigns import actions as campaigns
from regulars.catalog import actions as catalog
from regulars.counter.settings import counter_settings
from regulars.members import groups
from regulars.promotions import actions as promotions
from regulars.tenants.models import Business, Program
from regulars.vouchers import actions as vouchers
from tests.factories import Shop
from tests.office.seat import Seat
from tests.office.test_held import as_drawn

pytestmark = pytest.mark.django_db


def both(seat: Seat, name: str, first: dict[str, Any], second: dict[str, Any], **ids: Any) -> Any:
    """Two browsers open a form, and send it one after the other; what the second is answered."""
    drawn = as_drawn(seat.text(name, **ids))
    assert seat.post(name, {**drawn, **first}, **ids).status_code == 303
    return seat.post(name, {**drawn, **second}, **ids)


def test_what_two_change_in_settings_is_all_there(shop: Shop, owner: Seat) -> None:
    changed = both(owner, "programme", {"stamps_required": "12"}, {"program_name": "Cakes"})
    assert changed.status_code == 303
    assert both(owner, "settings", {"city": "Mysuru"}, {"phone": "12345"}).status_code == 303
    counter = both(owner, "settings-counter", {"undo_minutes": "7"}, {"scans_per_day": "3"})
    assert counter.status_code == 303
    with scope(business=shop.business):
        program = Program.objects.get()
    assert (program.stamps_required, program.program_name) == (12, "Cakes")
    business = Business.objects.get(pk=shop.id)
    assert (business.city, business.phone) == ("Mysuru", "12345")
    now = counter_settings(shop.id)
    assert (now.undo_minutes, now.scans_per_day) == (7, 3)


def test_what_two_change_of_a_thing_is_all_there(shop: Shop, owner: Seat) -> None:
    of: dict[str, Any] = {"business_id": shop.id, "name": "Before"}
    promotion = promotions.add_promotion(**of, percent_of_spend=Decimal(10))
    voucher = vouchers.add_voucher(**of, value=Decimal(5))
    sku = catalog.add_sku(**of, code="CAKE")
    branch = shop.branch("Before")
    group = groups.add_group(business=shop.business, code="GOLD", name="Before")
    draft = campaigns.create_campaign(**of, message="Hello", subject="Hi")
    for name, row, ids, field, value in (
        ("promotion", promotion, {"promotion_id": promotion.pk}, "fixed_points_value", 5),
        ("voucher-edit", voucher, {"voucher_id": voucher.pk}, "min_value", 20),
        ("product", sku, {"sku_id": sku.pk}, "barcode", "123"),
        ("branch", branch, {"branch_id": branch.pk}, "city", "Mysuru"),
        ("group", group, {"group_id": group.pk}, "code", "SILVER"),
        ("campaign-edit", draft, {"draft_id": draft.pk}, "message", "Good day"),
    ):
        answer = both(owner, name, {"name": "After"}, {field: str(value)}, **ids)
        assert answer.status_code == 303, name
        with scope(business=shop.business):
            row.refresh_from_db()
        assert (row.name, getattr(row, field)) == ("After", value), name


def test_what_both_changed_is_told_and_kept_as_typed(shop: Shop, owner: Seat) -> None:
    branch = shop.branch("Before")
    ids = {"branch_id": branch.pk}
    second = both(owner, "branch", {"name": "First"}, {"name": "Second", "city": "Mysuru"}, **ids)
    page = second.content.decode()
    assert second.status_code == 400
    assert "Somebody changed this meanwhile. It is now: First." in page
    sent = as_drawn(page)
    assert (sent["name"], sent["city"]) == (["Second"], ["Mysuru"])
    branch.refresh_from_db()
    assert (branch.name, branch.city) == ("First", "")
    assert owner.post("branch", sent, **ids).status_code == 303
    branch.refresh_from_db()
    assert (branch.name, branch.city) == ("Second", "Mysuru")


def test_two_who_type_the_same_do_not_meet(shop: Shop, owner: Seat) -> None:
    member = shop.enrol("Asha Rao").member
    ids = {"member_id": member.pk}
    same = {"first_name": "Usha"}
    assert both(owner, "member-edit", same, same, **ids).status_code == 303
    other = both(owner, "member-edit", {"first_name": "Nisha"}, {"first_name": "Trisha"}, **ids)
    assert other.status_code == 400
    assert "It is now: Nisha." in other.content.decode()


def test_a_program_that_sends_fields_alone_means_all_of_them(shop: Shop, owner: Seat) -> None:
    branch = shop.branch("Before", city="Mysuru")
    assert owner.post("branch", {"name": "After"}, branch_id=branch.pk).status_code == 303
    branch.refresh_from_db()
    assert (branch.name, branch.city) == ("After", "")
