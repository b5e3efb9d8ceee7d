"""A counter in a real browser while the operator closes its business, and opens it again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from regulars.tenants import operators
from tests.factories import make_shop
from tests.served import Site
from tests.web.counter import enter, field

pytestmark = pytest.mark.once

STAFF = "This business is closed for now by its operator; what waits here is kept."


def test_a_counter_that_is_put_out_says_why(phone: Page, live: Site) -> None:
    shop = make_shop("Sunrise Café")
    enter(phone, shop, live)
    operators.close_business(business_id=shop.id)
    phone.reload()
    expect(phone.get_by_role("heading", name="Sign in to the counter")).to_be_visible()
    expect(phone.get_by_role("alert").locator("visible=true")).to_have_text(STAFF)
    operators.open_business(business_id=shop.id)
    phone.reload()
    expect(field(phone)).to_be_visible()
