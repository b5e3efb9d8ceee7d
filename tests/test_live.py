"""The kit for pages in a browser sees what it is there to see, and other people's scripts work in it."""

import asyncio
import gzip
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_shop
from tests.live import SHOTS, Tabs, allow, axe, bytes_over_the_wire, fits, shot, troubles, weights
from tests.scratchcards.given import campaign, issue, now
from tests.served import Site
from tools import vendor

POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:"
KINDS = {
    "css": 'text/css; charset="utf-8"',
    "js": 'text/javascript; charset="utf-8"',
    "wasm": "application/wasm",
}


def show(page: Page, body: str, policy: str = POLICY) -> None:
    """A page of the site with this content."""
    whole = (
        f"<!doctype html><html lang=en><title>A page</title><link rel=icon href=data:,>"
        f"<meta name=viewport content=width=device-width><main>{body}</main>"
    )
    page.route(
        "**/made-up",
        lambda route: route.fulfill(
            body=whole, content_type="text/html", headers={"Content-Security-Policy": policy}
        ),
    )
    page.goto("/made-up")


def test_a_page_shows_what_the_test_has_stored(phone: Page, live: Site) -> None:
    shop = make_shop("Sunrise Café")
    card = issue(shop, campaign(shop))
    phone.goto(f"/scratch/{card.token}")
    expect(phone.locator("body")).to_contain_text("Sunrise Café")
    phone.locator("#reveal button").click()
    expect(phone.locator("#prize")).to_have_text("Free Coffee")
    assert now(card).revealed_at is not None
    fits(phone)
    axe(phone)
    assert troubles(phone) == []


@pytest.mark.once
def test_complaints_are_seen(phone: Page, live: Site) -> None:
    anywhere = POLICY.replace("img-src", "img-src *")
    show(phone, "<h1>Hello</h1><img src=/nothing alt=''><script>1</script>", anywhere)
    phone.evaluate("console.error('one of ours'); setTimeout(() => { throw Error('thrown') })")
    phone.evaluate("{ const img = new Image(); img.src = 'https://elsewhere.example/x.png' }")
    phone.wait_for_event("requestfailed", lambda request: "elsewhere" in request.url)
    found = troubles(phone)
    for part in (
        "404",
        "Content Security Policy",
        "one of ours",
        "error: thrown",
        "elsewhere: https://elsewhere",
    ):
        assert any(part in one for one in found), part
    allow(phone, "404", "Content Security Policy", "one of ours", "thrown", "elsewhere.example")
    assert troubles(phone) == []


@pytest.mark.once
def test_axe_finds_what_people_cannot_use(phone: Page, live: Site) -> None:
    show(phone, "<h1>Hello</h1>")
    axe(phone)
    show(phone, "<h1>Hello</h1><button></button>")
    with pytest.raises(AssertionError, match="button-name"):
        axe(phone)
    axe(phone, but=["button-name"])


@pytest.mark.once
def test_tabs_look_as_asked(tabs: Tabs, live: Site) -> None:
    looks = "[innerWidth, innerHeight, devicePixelRatio, matchMedia('(prefers-color-scheme: dark)').matches]"
    phone, desk = tabs(), tabs(desk=True, dark=True, language="pt-BR")
    show(phone, "<h1>Hello</h1>")
    assert phone.evaluate(looks) == [360, 740, 2, False]
    assert desk.evaluate(looks) == [1440, 900, 1, True]
    assert desk.evaluate("navigator.language") == "pt-BR"
    path = shot(phone, "kit-phone")
    assert path.parent == SHOTS
    assert path.read_bytes().startswith(b"\x89PNG")
    path.unlink()


@pytest.mark.once
@pytest.mark.parametrize("name", [one.removesuffix(".gz") for one in vendor.names() if one.endswith(".gz")])
def test_scripts_of_others_come_packed(phone: Page, live: Site, name: str) -> None:
    show(phone, "")
    answer = phone.evaluate(
        "async (url) => { const got = await fetch(url); await got.arrayBuffer();"
        " return [got.headers.get('Content-Encoding'), got.headers.get('Content-Type')]; }",
        f"/static/vendor/{name}",
    )
    assert answer == [
        "gzip",
        KINDS[name.rpartition(".")[2]],
    ]
    (size,) = (size for url, size in weights(phone).items() if urlsplit(url).path.endswith(name))
    assert 0 < size - (vendor.VENDOR / f"{name}.gz").stat().st_size < 1000  # the headers
    assert bytes_over_the_wire(phone) >= size
    assert gzip.decompress((vendor.VENDOR / f"{name}.gz").read_bytes())


# How a page reads codes: see the counter's own script.
DECODE = """
async () => {
  const {BarcodeDetector, prepareZXingModule} = BarcodeDetectionAPI;
  prepareZXingModule({overrides: {locateFile: (path) => `/static/vendor/${path}`}});
  const video = document.createElement('video');
  video.srcObject = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment'}});
  video.muted = true;
  await video.play();
  const detector = new BarcodeDetector({formats: ['qr_code']});
  const seen = new Set();
  const deadline = performance.now() + 20000;
  while (seen.size < 2 && performance.now() < deadline) {
    for (const code of await detector.detect(video)) seen.add(code.rawValue);
    await new Promise(requestAnimationFrame);
  }
  video.srcObject.getTracks().forEach((track) => track.stop());
  return [...seen].sort();
}
"""


@pytest.mark.once
def test_codes_in_front_of_the_camera_are_read_under_a_strict_policy(
    fake_camera: Callable[..., Tabs], live: Site
) -> None:
    codes = [f"{live.url}/card/0123456789abcdef", "M000001"]
    page = fake_camera(*codes, seconds=0.5)()
    show(page, "<script src=/static/vendor/barcode-detector.js></script>")
    assert page.evaluate(DECODE) == sorted(codes)


FRAMEWORKS = """
<meta name=htmx-config content='{"includeIndicatorStyles": false, "allowEval": false}'>
<script src=/static/vendor/htmx.min.js></script>
<script src=/register.js></script>
<script src=/static/vendor/alpine-csp.min.js defer></script>
<div x-data=counter><button id=more x-on:click="add(2)">More</button> <b x-text=count></b></div>
<button id=get hx-get=/piece hx-target=#place>Get</button> <p id=place></p>
"""
REGISTER = """
document.addEventListener("alpine:init", () => {
  Alpine.data("counter", () => ({count: 0, add(number) { this.count += number; }}));
});
"""


@pytest.mark.once
def test_the_two_small_frameworks_run_under_a_strict_policy(phone: Page, live: Site) -> None:
    phone.route("**/register.js", lambda route: route.fulfill(body=REGISTER, content_type="text/javascript"))
    phone.route("**/piece", lambda route: route.fulfill(body="A piece", content_type="text/html"))
    show(phone, FRAMEWORKS)
    phone.locator("#more").click()
    expect(phone.locator("b")).to_have_text("2")
    phone.locator("#get").click()
    expect(phone.locator("#place")).to_have_text("A piece")


@pytest.mark.once
def test_nothing_of_the_browser_is_left_for_other_tests() -> None:
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
