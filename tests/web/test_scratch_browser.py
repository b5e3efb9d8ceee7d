"""A card is scratched in a real browser: with a finger, with the keyboard alone, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from regulars.scratchcards.models import ScratchCard
from regulars.web.member import scratch
from tests.browser import Browser, Page, find
from tests.factories import make_shop
from tests.scratchcards.given import NOTHING, campaign, issue, now

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(find() is None, reason="there is no browser"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    started = Browser()
    yield started
    started.close()


@pytest.fixture
def card() -> ScratchCard:
    shop = make_shop("Sunrise Café")
    return issue(shop, campaign(shop, description="Win free drinks all summer"))


def address(live_server: Any, card: ScratchCard) -> str:
    return f"{live_server.url}/scratch/{card.token}"


def rows(page: Page, *heights: float) -> list[tuple[float, float]]:
    """Where a finger goes that rubs over the foil, line by line."""
    left, top, width, height = page.box("#foil")
    found = []
    for number, share in enumerate(heights):
        line = [(left + width * step / 10, top + height * share) for step in range(1, 10)]
        found += line[::-1] if number % 2 else line
    return found


def fine(page: Page, live_server: Any) -> None:
    """Nothing was complained about, nothing stands out on the right, and nothing came from elsewhere."""
    assert page.problems() == []
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    assert all(url.startswith(live_server.url) for url in page.requests())


def test_a_finger_scratches_the_foil_off(browser: Browser, card: ScratchCard, live_server: Any) -> None:
    with browser.page() as page:
        page.open(address(live_server, card))
        assert "Free Coffee" not in page.run("document.documentElement.outerHTML")
        # A touch and a short stroke mean nothing yet.
        left, top, width, height = page.box("#foil")
        page.drag([(left + width / 2, top + height / 2), (left + width / 2 + 4, top + height / 2)])
        assert now(card).revealed_at is None
        # What is under the foil comes while it goes, and is not read out before.
        page.drag(rows(page, 0.5))
        page.wait(lambda: "Free Coffee" in page.run("document.querySelector('#face').textContent"))
        assert page.run("document.querySelector('#face').getAttribute('aria-hidden')") == "true"
        assert page.text("#said") == ""
        assert page.run("document.querySelector('#reveal') !== null")
        # When half of it is off, the rest goes by itself.
        page.drag(rows(page, 0.15, 0.3, 0.65, 0.85))
        page.wait(lambda: not page.run("document.querySelector('#foil')"))
        assert page.text("#said") == "You won! Free Coffee Show this at the counter"
        assert page.run("document.querySelector('.qr svg').getBoundingClientRect().width") >= 160
        assert f"{card.token[:4]}-{card.token[4:8]}".upper() in page.text(".code")
        page.wait(lambda: not page.run("document.querySelector('#sparks')"))  # the celebration is short
        fine(page, live_server)
    assert now(card).revealed_at is not None


def test_the_keyboard_alone_reveals(browser: Browser, card: ScratchCard, live_server: Any) -> None:
    with browser.page(1440, 900, dark=True, calm=True) as page:
        page.open(address(live_server, card))
        page.press("Tab")
        assert page.run("document.activeElement.innerText") == "Reveal without scratching"
        page.press("Enter")
        page.wait(lambda: page.text("#prize") == "Free Coffee")
        page.wait(lambda: page.run("document.activeElement.id") == "prize")
        assert page.text("#said") == "You won! Free Coffee Show this at the counter"
        assert page.run("document.querySelector('#sparks')") is None  # nobody asked for motion
        fine(page, live_server)


def test_without_scripts_a_form_reveals(browser: Browser, live_server: Any) -> None:
    shop = make_shop()
    card = issue(shop, campaign(shop, NOTHING))
    with browser.page(scripts=False) as page:
        page.open(address(live_server, card))
        assert page.text("#reveal button") == "Reveal my card"
        page.click("#reveal button")
        page.wait(lambda: page.text("#prize") == "Better luck next time")
        assert page.run("location.href") == address(live_server, card)
        fine(page, live_server)


def test_without_a_network_the_card_stays_covered_and_can_be_tried_again(
    browser: Browser, card: ScratchCard, live_server: Any
) -> None:
    with browser.page() as page:
        page.open(address(live_server, card))
        offline(page, off=True)
        page.click("#reveal button")
        page.wait(lambda: "Check your connection" in page.text("#problem"))
        assert now(card).revealed_at is None
        offline(page, off=False)
        page.click("#reveal button")
        page.wait(lambda: page.text("#prize") == "Free Coffee")
        assert page.text("#problem") == ""


def offline(page: Page, *, off: bool) -> None:
    rates = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.send("Network.emulateNetworkConditions", offline=off, **rates)


def is_covered(page: Page) -> bool:
    """Whether the foil is whole again: nothing of its canvas can be seen through."""
    return bool(
        page.run(
            "(() => { const one = document.querySelector('#foil canvas');"
            " const dots = one.getContext('2d').getImageData(0, 0, one.width, one.height).data;"
            " for (let at = 3; at < dots.length; at += 4) if (dots[at] < 255) return false; return true; })()"
        )
    )


def test_whoever_scratches_without_a_network_is_told_and_gets_the_foil_back(
    browser: Browser, card: ScratchCard, live_server: Any
) -> None:
    with browser.page() as page:
        page.open(address(live_server, card))
        offline(page, off=True)
        page.drag(rows(page, 0.5))
        page.wait(lambda: "Check your connection" in page.text("#problem"))
        page.wait(lambda: is_covered(page))
        # A stroke that asks for nothing takes nothing back: the word stays until it works.
        left, top, width, height = page.box("#foil")
        page.drag([(left + width / 2, top + height / 2), (left + width / 2 + 4, top + height / 2)])
        assert "Check your connection" in page.text("#problem")
        page.drag(rows(page, 0.15, 0.3, 0.5, 0.65, 0.85))
        page.wait(lambda: is_covered(page))
        assert "Check your connection" in page.text("#problem")
        assert now(card).revealed_at is None
        offline(page, off=False)
        page.drag(rows(page, 0.15, 0.3, 0.5, 0.65, 0.85))
        page.wait(lambda: page.text("#prize") == "Free Coffee")
        page.wait(lambda: not page.run("document.querySelector('#foil')"))
        assert page.text("#problem") == ""


def test_whoever_scratches_too_often_is_told_to_wait(
    browser: Browser, card: ScratchCard, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with browser.page() as page:
        page.open(address(live_server, card))
        monkeypatch.setattr(scratch, "PAGES_LIMIT", 0)
        page.drag(rows(page, 0.5))
        page.wait(lambda: "wait a minute" in page.text("#problem").lower())
        page.wait(lambda: is_covered(page))
        assert now(card).revealed_at is None


def test_a_phone_trembles_only_once_its_owner_has_touched_it(
    browser: Browser, card: ScratchCard, live_server: Any
) -> None:
    with browser.page(1440, 900) as page:
        page.open(address(live_server, card))
        page.run("document.querySelector('#reveal').requestSubmit()")  # no touch, no key: no activation
        page.wait(lambda: page.text("#prize") == "Free Coffee")
        page.wait(lambda: not page.run("document.querySelector('#sparks')"))
        fine(page, live_server)
