"""The whole way: somebody joins on a phone, the counter's camera sees the card, the card fills by itself, and
the reward is handed over."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests import camera
from tests.factories import make_shop
from tests.live import Tabs, shot
from tests.served import Site
from tests.web.counter import actions_of, button, done, enter, settled

pytestmark = pytest.mark.once  # what it goes through is tested on both databases, each step by itself


def seen_by_a_camera(card_page: Page) -> Image.Image:
    """The code as the card's page shows it, held before a camera."""
    drawn = Image.open(io.BytesIO(card_page.locator("#drawn").screenshot())).convert("L")
    picture = camera.empty()
    side = 360
    picture.paste(drawn.resize((side, side)), ((camera.WIDTH - side) // 2, (camera.HEIGHT - side) // 2))
    return picture


def test_from_joining_to_a_reward(phone: Page, live: Site, fake_camera: Callable[..., Tabs]) -> None:
    shop = make_shop("Sunrise Café", stamps_required=3)
    phone.goto(f"/join/{shop.business.join_code}")
    phone.get_by_label("Your name").fill("Priya Sharma")
    phone.get_by_label("E-mail or phone number").fill("98765 00001")
    phone.get_by_role("button", name="Get my card").tap()
    expect(phone.locator("#drawn svg")).to_be_visible()
    phone.evaluate("window.isTheSamePage = true")

    tab = fake_camera(seen_by_a_camera(phone))
    counter = tab(context={"permissions": ["camera"]})
    enter(counter, shop, live)
    expect(counter.locator("#who-name")).to_have_text("Priya Sharma")
    button(counter, "Give 1 stamp").tap()
    expect(done(counter)).to_contain_text("for Priya Sharma")
    # The card in front of the camera is not scanned again, and the one on the phone fills by itself.
    expect(phone.locator("main")).to_contain_text("2 more")
    shot(phone, "journey-card")
    assert phone.evaluate("window.isTheSamePage") is True

    settled(counter)
    button(counter, "Stay with this member").tap()
    button(counter, "One stamp more").tap()
    button(counter, "Give 2 stamps").tap()
    expect(done(counter)).to_contain_text("A reward: Free coffee!")
    shot(counter, "journey-reward")
    settled(counter)
    button(counter, "Stay with this member").tap()
    button(counter, "Redeem Free coffee").tap()
    expect(done(counter)).to_contain_text("redeemed for Priya Sharma")
    expect(phone.locator("main")).to_contain_text("3 more")
    assert phone.evaluate("window.isTheSamePage") is True
    assert actions_of(shop) == [("stamps", False), ("stamps", False), ("reward", False)]
