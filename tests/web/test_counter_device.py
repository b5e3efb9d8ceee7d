"""The counter on devices as they are: cameras come and go, nobody allows a position, servers are away."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from playwright.sync_api import Page, expect

from regulars.web.counter import page as pages
from tests.factories import Shop, make_shop
from tests.live import allow
from tests.served import Site
from tests.web.counter import button, enter, field, inside, kept

pytestmark = pytest.mark.once
# A camera that comes, and is counted, when the test says so.
CAMERA = """
  window.come = {};
  const waits = (name) => new Promise((resolve) => { window.come[name] = resolve; });
  const devices = navigator.mediaDevices;
  devices.getUserMedia = async () => {
    await waits("stream");
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 9, 9);
    return canvas.captureStream(5);
  };
  devices.enumerateDevices = async () => (await waits("count"), []);
  navigator.permissions.query = async () => ({ state: "granted" });
"""


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")


def seen(page: Page, state: str) -> None:
    page.evaluate(
        """(state) => {
          Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def comes(page: Page, name: str) -> None:
    """Let the camera go on, as soon as it waits for that."""
    page.wait_for_function("(name) => Boolean(window.come[name])", arg=name)
    page.evaluate("(name) => { const go = window.come[name]; delete window.come[name]; go(); }", name)


def films(page: Page) -> None:
    comes(page, "stream")
    comes(page, "count")
    page.wait_for_function("() => Alpine.$data(document.querySelector('.app')).camera.state === 'on'")
    assert page.evaluate("document.getElementById('video').srcObject.active")


def test_a_camera_that_is_disturbed_while_it_starts_films_in_the_end(
    phone: Page, shop: Shop, live: Site
) -> None:
    phone.add_init_script(CAMERA)
    enter(phone, shop, live)
    phone.wait_for_function("() => Boolean(window.come.stream)")
    seen(phone, "hidden")
    seen(phone, "visible")
    comes(phone, "stream")  # that of before, which nobody wants any more
    films(phone)
    seen(phone, "hidden")
    seen(phone, "visible")
    comes(phone, "stream")
    phone.wait_for_function("() => Boolean(window.come.count)")
    seen(phone, "hidden")
    comes(phone, "count")
    phone.wait_for_function("() => Alpine.$data(document.querySelector('.app')).camera.state === 'off'")
    assert phone.evaluate("document.getElementById('video').srcObject") is None
    seen(phone, "visible")
    films(phone)


def test_a_card_that_was_refused_is_scanned_again(phone: Page, shop: Shop, live: Site) -> None:
    shop.branch("Koramangala")
    shop.branch("Indiranagar")
    enter(phone, shop, live)
    button(phone, "Koramangala").tap()
    expect(phone.locator(".top")).to_contain_text("Koramangala")
    allow(phone, "404")
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url) if "/api/scan" in request.url else None)

    def show() -> None:
        expect(phone.locator("dialog[open]")).to_have_count(0)
        phone.wait_for_function("() => Alpine.$data(document.querySelector('.app')).sheet === ''")
        assert inside(phone, "(counter) => counter.cameraFound('nobody-has-this')")
        expect(phone.locator(".scan .notice.danger")).to_be_visible()
        phone.wait_for_function("() => Alpine.$data(document.querySelector('.app')).working === ''")

    show()
    show()
    assert len(asked) == 1  # the same refusal once is enough
    button(phone, "Settings").tap()
    phone.get_by_role("button", name="Branch Koramangala").tap()
    button(phone, "Indiranagar").tap()
    expect(phone.locator(".top")).to_contain_text("Indiranagar")
    expect(phone.locator(".scan .notice.danger")).to_be_hidden()
    show()
    assert len(asked) == 2
    inside(phone, "(counter) => { counter.refusedAt -= 60000; }")
    show()
    assert len(asked) == 3


def test_a_position_that_nobody_answers_for_stops_nothing(phone: Page, shop: Shop, live: Site) -> None:
    shop.branch("Koramangala", latitude=12.9352, longitude=77.6245)
    shop.branch("Indiranagar", latitude=12.9719, longitude=77.6412)
    phone.add_init_script("navigator.geolocation.getCurrentPosition = () => {}")
    enter(phone, shop, live)
    button(phone, "Find the nearest by my position").tap()
    button(phone, "Indiranagar").tap()
    expect(phone.locator(".top")).to_contain_text("Indiranagar")
    expect(phone.locator("#sheet-branch")).to_be_hidden()


def test_the_counter_opens_although_its_server_is_down(
    phone: Page, shop: Shop, live: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(phone, shop, live)
    kept(phone)
    allow(phone, "502")
    monkeypatch.setattr(pages, "render", lambda *_: HttpResponse("Bad gateway", status=502))
    phone.reload()
    expect(field(phone)).to_be_visible()


def test_odd_addresses_and_currencies_are_taken_as_they_are(phone: Page, live: Site) -> None:
    enter(phone, make_shop("Dukan", country="KW", currency="KWD"), live)
    code = phone.evaluate(
        """async () => {
          const { href } = document.querySelector("link[href$='/store.js']");
          return (await import(href)).codeOf("https://x.example/card/%ZZ");
        }"""
    )
    assert code == "%zz"
    inside(phone, "(counter) => { counter.panel = 'sale'; }")
    assert inside(phone, "(counter) => counter.decimals") == 2  # as many as the books have
