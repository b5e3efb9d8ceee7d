"""The micro-site in a browser: on phones and desks, with scripts and without, in frames of other sites."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from regulars.ledger import adjustments
from regulars.ledger.models import Card
from regulars.portal import sessions
from regulars.tenants import actions as tenants
from regulars.tenants import microsites
from regulars.vouchers import actions as vouchers
from regulars.vouchers.models import Voucher, VoucherCode
from tests.factories import Shop, make_shop
from tests.live import Tabs, allow, axe, bytes_over_the_wire, fits, shot
from tests.portal.signing import balance_query, new_secret
from tests.served import Site

pytestmark = pytest.mark.once

LONG = "The Extraordinarily Long-Named Patisserie & Coffee Roasting Company of Bengaluru"
PAGES = ("", "vouchers", "history", "statement", "profile", "profile/email", "password", "data")


@pytest.fixture
def shop(live: Site) -> Shop:
    shop = make_shop("Sunrise Cafe")
    microsites.update_microsite(
        business_id=shop.id, about="We roast on Mondays.", points_active=True, website="https://x.example"
    )
    tenants.update_program(business_id=shop.id, terms_conditions="One stamp a visit.")
    tenants.update_look(business_id=shop.id, accent_color="#b45309")
    shop.branch("Koramangala", address="47 5th Block", city="Bengaluru", phone="+91 98765 43210")
    return shop


def furnished(shop: Shop, name: str = "Priya Sharma") -> tuple[Card, Voucher]:
    """A member with something of everything."""
    card = shop.enrol(name, email="priya@example.com")
    shop.stamp(card, 19)
    adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=240)
    more: dict[str, Any] = {"available_for_self_selection": True, "value_type": 0, "expires_after_days": 60}
    voucher = vouchers.add_voucher(
        business_id=shop.id, name="Free roll", points_required=100, value=Decimal(80), **more
    )
    vouchers.add_voucher(business_id=shop.id, name="Brunch for two", points_required=900, **more)
    return card, voucher


def base(shop: Shop) -> str:
    return f"/m/{shop.business.slug}/"


def signed_in(page: Page, live: Site, shop: Shop, card: Card) -> Page:
    token = sessions.begin(business_id=shop.id, member_id=card.pk, how="link", device="Firefox, Android")
    cookie = {"name": "regulars_member", "value": token, "domain": "localhost", "path": base(shop)}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    return page


@pytest.mark.parametrize("look", ["phone", "desk dark"])
def test_pages_fit_and_can_be_used_by_everybody(tabs: Tabs, live: Site, shop: Shop, look: str) -> None:
    card, _ = furnished(shop)
    page = tabs(desk="desk" in look, dark="dark" in look)
    name = look.replace(" ", "-")
    for path in ("", "sign-in"):
        page.goto(base(shop) + path)
        axe(page)
        fits(page)
        shot(page, f"microsite-{path or 'face'}-{name}", whole=True)
    signed_in(page, live, shop, card)
    for path in PAGES:
        page.goto(base(shop) + path)
        expect(page.locator("main h1").first).to_be_attached()
        axe(page)
        fits(page)
        shot(page, f"microsite-{(path or 'card').replace('/', '-')}-{name}", whole=True)


def test_long_names_break_nothing(tabs: Tabs, live: Site) -> None:
    shop = make_shop(LONG)
    cards = [shop.enrol(name) for name in ("محمد بن عبد الله الطويل الاسم جدا جدا", "X" * 60, LONG)]
    for card in cards:
        page = signed_in(tabs(), live, shop, card)
        page.set_viewport_size({"width": 320, "height": 640})
        for path in ("", "vouchers", "statement", "profile", "data"):
            page.goto(base(shop) + path)
            fits(page)
    page.goto(base(shop))
    shot(page, "microsite-card-long")


@pytest.mark.parametrize("language", ["en", "de", "hi", "fr"])
def test_a_statement_fits_on_the_smallest_phone(tabs: Tabs, live: Site, shop: Shop, language: str) -> None:
    card, _ = furnished(shop)
    adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=1_234_567)
    adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=-1)
    shop.stamp(card)
    page = signed_in(tabs(), live, shop, card)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{base(shop)}statement?language={language}")
    fits(page)
    table = page.locator(".statement table")
    for box in (table.nth(0), table.nth(1)):
        assert box.evaluate("e => e.getBoundingClientRect().right <= innerWidth - 20")
    if language == "en":
        expect(page.get_by_text("+1 stamp", exact=True)).to_be_visible()
        expect(page.get_by_text("\N{MINUS SIGN}1 point", exact=True)).to_be_visible()
    shot(page, f"microsite-statement-narrow-{language}", whole=True)


def test_the_face_is_light(phone: Page, live: Site, shop: Shop) -> None:
    phone.goto(base(shop))
    assert bytes_over_the_wire(phone) < 60 * 1024


def test_a_voucher_is_chosen_without_leaving_the_page(phone: Page, live: Site, shop: Shop) -> None:
    card, _ = furnished(shop)
    signed_in(phone, live, shop, card).goto(f"{base(shop)}vouchers")
    row = phone.locator(".offers li").first
    row.get_by_role("link", name="Choose Free roll").click()
    take = row.get_by_role("button", name="Take it for 100 points")
    expect(take).to_be_visible()
    axe(phone)
    take.focus()
    phone.keyboard.press("Enter")
    expect(phone.locator(".chosen")).to_contain_text("is yours")
    allow(phone, "409")
    with scopes_disabled():
        code = VoucherCode.objects.get(member_id=card.pk).code
    expect(phone.locator(".chosen .number")).to_have_text(code)
    expect(phone.locator(".sum-line")).to_contain_text("140 points")
    expect(phone.locator(".tickets .number")).to_have_text(code)
    # What is not to be had any more is said in the page, which goes on working.
    adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=-100)
    row.get_by_role("link", name="Choose Free roll").click()
    expect(phone.get_by_text("You have too few points for it now")).to_be_visible()
    expect(phone.locator("html")).to_have_count(1)
    expect(phone.locator(".sum-line")).to_contain_text("40 points")
    expect(phone).to_have_url(f"{live.url}{base(shop)}vouchers")
    axe(phone)
    shot(phone, "microsite-chosen-phone")


def test_without_a_network_choosing_says_so_and_can_be_done_again(
    phone: Page, live: Site, shop: Shop
) -> None:
    card, _ = furnished(shop)
    signed_in(phone, live, shop, card).goto(f"{base(shop)}vouchers")
    phone.get_by_role("link", name="Choose Free roll").click()
    take = phone.get_by_role("button", name="Take it for 100 points")
    expect(take).to_be_visible()
    allow(phone, "htmx:sendError", "htmx:afterRequest", "ERR_INTERNET_DISCONNECTED")
    phone.context.set_offline(True)
    take.click()
    told = phone.get_by_text("We cannot reach the shop now")
    expect(told).to_be_visible()
    expect(take).to_be_enabled()
    phone.context.set_offline(False)
    take.click()
    expect(phone.locator(".chosen")).to_contain_text("is yours")
    expect(told).to_be_hidden()


def test_everything_works_without_scripts(tabs: Tabs, live: Site, shop: Shop) -> None:
    card, _ = furnished(shop)
    page = signed_in(tabs(scripts=False), live, shop, card)
    page.goto(base(shop))
    page.get_by_role("link", name="Choose one").click()
    page.get_by_role("link", name="Choose Free roll").click()
    page.get_by_role("button", name="Take it for 100 points").click()
    with scopes_disabled():
        code = VoucherCode.objects.get(member_id=card.pk).code
    expect(page.locator(".chosen .number")).to_have_text(code)
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="Points", exact=True).click()
    expect(page.locator(".rows")).to_contain_text("Voucher: Free roll")
    page.get_by_role("link", name="Profile").click()
    page.get_by_label("Name", exact=True).fill("Priya Patel")
    page.get_by_role("button", name="Save your profile").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("link", name="Get your card")).to_be_visible()


def test_a_button_that_is_pressed_twice_sends_once(phone: Page, live: Site, shop: Shop) -> None:
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    phone.goto(f"{base(shop)}sign-in")
    phone.get_by_label("E-mail address or phone number").first.fill("priya@example.com")
    phone.get_by_role("button", name="Send me a link").dblclick()
    expect(phone.locator("h1")).to_have_text("Look into your mail")
    assert len(sent) == 1


class ShopsPage(BaseHTTPRequestHandler):
    """A page of the shop's own website, really served: browsers ask from where a page comes."""

    def do_GET(self) -> None:
        site: Any = self.server
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", site.policy)
        self.end_headers()
        self.wfile.write(site.page.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""


@pytest.fixture
def website() -> Iterator[Any]:
    """The shop's own website; `origin` is where it is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), ShopsPage) as server:
        website: Any = server
        website.origin = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield website
        server.shutdown()
        thread.join()


def embedded(page: Page, live: Site, shop: Shop, website: Any, query: str) -> None:
    """Open the shop's page, with a policy of its own, that embeds a balance."""
    pairs = (pair.split("=") for pair in query.split("&"))
    given = " ".join(f'data-{name}="{value}"' for name, value in pairs)
    website.policy = f"default-src 'none'; script-src {live.url}; frame-src {live.url}; img-src data:"
    website.page = (
        "<!doctype html><html lang=en><title>The shop</title><link rel=icon href=data:,><main><h1>Hello</h1>"
        f'<script src="{live.url}/embed.js" data-shop="{shop.business.slug}" {given}></script></main>'
    )
    allow(page, f"elsewhere: {website.origin}/")
    page.goto(f"{website.origin}/account")


def test_a_balance_is_shown_on_the_shops_own_website(
    phone: Page, live: Site, shop: Shop, website: Any
) -> None:
    microsites.update_microsite(business_id=shop.id, embed_origins=[website.origin])
    card, _ = furnished(shop)
    embedded(phone, live, shop, website, balance_query(new_secret(shop), card.member.code))
    frame = phone.frame_locator("iframe")
    expect(frame.locator(".face")).to_contain_text("5 more, then:")
    expect(frame.locator(".face")).to_contain_text("240")
    expect(phone.locator("iframe")).not_to_have_attribute("height", "240")  # it was told how high it is
    height = phone.locator("iframe").evaluate("frame => Number(frame.height)")
    inner = frame.locator("main").evaluate("main => Math.ceil(main.getBoundingClientRect().height)")
    assert height == inner
    shot(phone, "microsite-embedded-phone")


def test_a_balance_is_not_shown_on_any_other_website(
    phone: Page, live: Site, shop: Shop, website: Any
) -> None:
    microsites.update_microsite(business_id=shop.id, embed_origins=["https://www.sunrise.example"])
    card, _ = furnished(shop)
    allow(phone, "frame-ancestors", "ERR_BLOCKED_BY_RESPONSE")
    query = balance_query(new_secret(shop), card.member.code)
    with phone.expect_event("console", lambda said: "frame-ancestors" in said.text):
        embedded(phone, live, shop, website, query)
    assert "Priya" not in " ".join(frame.content() for frame in phone.frames)
