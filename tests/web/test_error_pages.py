"""Pages that say that something is not there: in the reader's language, with somewhere to go on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from regulars.portal import links
from regulars.portal.models import OneTimeLink
from tests.factories import HTTPS, Shop, make_shop
from tests.web.microsite import Browser, text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def get(path: str, **headers: str) -> Any:
    return Client().get(path, headers=headers, **HTTPS)


@pytest.mark.parametrize(("wanted", "language"), [("de-AT", "de"), ("hi", "hi"), ("sv", "en"), ("", "en")])
def test_a_page_that_is_not_there_says_so(wanted: str, language: str) -> None:
    page = get("/nothing/here", **{"Accept-Language": wanted})
    assert page.status_code == 404
    shown = page.content.decode()
    assert f'<html lang="{language}">' in shown
    assert ("There is no page here" in shown) is (language == "en")
    assert "Accept-Language" in page.headers["Vary"]
    assert 'href="/"' in shown


@pytest.mark.parametrize(
    "path", ["/join/wrong", "/join/", "/join/a/b", "/m/nosuch/", "/m/nosuch/vouchers", "/card/a/b", "/l/a/b"]
)
def test_customers_are_never_led_to_the_operators_page(path: str) -> None:
    page = get(path)
    assert "sk at the counter" in text(page, 404)
    assert 'href="/"' not in page.content.decode()


@pytest.mark.parametrize("path", ["/office/no-such-shop/nothing/", "/office/a/b/c", "/account/nothing"])
def test_whoever_is_lost_in_the_back_office_stays_there(path: str) -> None:
    page = get(path)
    assert "To the back office" in text(page, 404)
    assert 'href="/office/"' in page.content.decode()
    assert 'href="/"' not in page.content.decode()


@pytest.mark.parametrize("path", ["nothing", "vouchers/cheese", "a/b/c", "l/a/b"])
def test_below_a_shops_address_it_is_the_shop_that_says_so(path: str) -> None:
    slug = make_shop("Sunrise Café").business.slug
    page = get(f"/m/{slug}/{path}")
    assert "There is no page here" in text(page, 404)
    assert "Sunrise Café" in text(page, 404)
    assert f'class="button" href="/m/{slug}/"' in page.content.decode()


def test_on_a_shops_own_host_too() -> None:
    browser = Browser.on_own_host(make_shop("Sunrise Café"))
    page = browser.get("nothing")
    assert "Sunrise Café" in text(page, 404)
    assert 'class="button" href="/"' in page.content.decode()


def made(shop: Shop) -> str:
    card = shop.enrol("Nora", email="nora@mail.example")
    return links.make_link(
        business_id=shop.id,
        member_id=card.pk,
        purpose=OneTimeLink.Purpose.OPEN_CARD,
        address="nora@mail.example",
        lasts=links.CONFIRM_LASTS,
    ).partition("example")[2]


def test_a_link_that_was_used_leads_on_to_the_shop() -> None:
    shop = make_shop("Sunrise Café")
    path = made(shop)
    assert Client().post(path, {"choice": "mine"}, **HTTPS).status_code == 303
    page = get(path)
    assert "Sunrise Café" in text(page, 404)
    assert f'/m/{shop.business.slug}/sign-in"' in page.content.decode()
    strange = get(path[:-5])
    assert "Sunrise" not in text(strange, 404)
    assert "ask at the counter" in text(strange, 404)


def test_what_another_site_sends_is_refused_with_a_way_to_the_page() -> None:
    shop = make_shop("Sunrise Café")
    card = shop.enrol("Nora")
    page = Client().post(f"/card/{card.qr_code}/settings", headers={"Sec-Fetch-Site": "cross-site"}, **HTTPS)
    assert page.status_code == 403
    assert f'href="/card/{card.qr_code}"' in page.content.decode()
