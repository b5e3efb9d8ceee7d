"""The operator's admin in a browser: it asks nobody else, and keeps nobody out."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.factories import Shop, make_shop
from tests.live import Tabs, axe, fits
from tests.served import Site
from tests.web.operator.given import REASON, Operator
from tests.web.operator.test_admin import TABLES, a_job, fill

pytestmark = pytest.mark.once


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("The Extraordinarily Long-Named Patisserie & Coffee Roasting Company")


def enter(tab: Tab, operator: Operator, live: Site) -> None:
    key = operator.client.cookies["regulars_office"].value
    tab.context.add_cookies([{"name": "regulars_office", "value": key, "url": live.url}])


def test_pages_fit_a_phone_in_the_dark_and_a_desk(tabs: Tabs, live: Site, shop: Shop) -> None:
    olga = Operator()
    fill(shop, olga)
    long = a_job(status="failed", error=f"ValueError: {'x' * 300}", kwargs={"token": "y" * 300})
    addresses = [
        "",
        *(f"{table}/" for table in TABLES),
        f"tenants/business/{shop.id}/change/",
        f"tenants/business/{shop.id}/limits/",
        f"admin/logentry/{LogEntry.objects.get().pk}/change/",
        f"jobs/job/{long.pk}/change/",
    ]
    for tab in (tabs(dark=True), tabs(desk=True)):
        enter(tab, olga, live)
        for address in addresses:
            answer = tab.goto(f"/admin/{address}")
            assert answer is not None
            assert answer.status == 200, address
            fits(tab)
            axe(tab)


def test_what_is_shown_once_fits_a_phone_and_is_copied(tabs: Tabs, live: Site, shop: Shop) -> None:
    tab = tabs()
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(tab, Operator(), live)
    tab.goto("/admin/tenants/business/new/")
    for name, value in {
        "name": "Harbour Coffee",
        "owner_name": "Maeve",
        "owner_email": "maeve@harbour.example",
        "country": "GB",
        "timezone": "Europe/London",
        "currency": "GBP",
        "reward_description": "A free coffee",
    }.items():
        tab.locator(f"[name={name}]").fill(value)
    tab.get_by_role("button", name="Make the business").click()
    button = tab.get_by_role("button", name="Copy API key")
    button.click()
    expect(tab.get_by_text("Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()").startswith("rk_")
    fits(tab)
    axe(tab)


def test_an_operator_closes_a_business_and_looks_at_it_as_its_owner(
    tabs: Tabs, live: Site, shop: Shop
) -> None:
    tab = tabs(desk=True)
    enter(tab, Operator(), live)
    tab.goto("/admin/")
    tab.get_by_role("link", name="Businesses").first.click()
    tab.get_by_role("link", name=shop.business.name).click()
    tab.get_by_role("link", name="Close").click()
    tab.get_by_label("Reason").fill(REASON["reason"])
    tab.get_by_role("button", name="Close it").click()
    expect(tab.get_by_text("is closed.")).to_be_visible()
    tab.get_by_role("link", name="Sign in as").click()
    tab.get_by_label("Reason").fill(REASON["reason"])
    tab.get_by_role("button", name="Sign in as this business").click()
    expect(tab.get_by_text("You are signed in as")).to_be_visible()
    tab.get_by_role("button", name="End it").click()
    expect(tab.get_by_role("link", name="Open again")).to_be_visible()
