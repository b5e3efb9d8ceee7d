"""The counter's page in tests: coming in, and what it says."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import RequestFactory
from django_scopes import scope
from playwright.sync_api import Locator, Page, Request, Route, expect

from regulars.counter import signing
from regulars.counter.models import Action
from regulars.ledger.models import Card
from regulars.web.counter import cookies
from tests.factories import Shop
from tests.live import allow
from tests.served import Site

PASSWORD = "a long password"  # make_shop's
GONE = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to fetch", "409")


def enter(page: Page, shop: Shop, live: Site, query: str = "") -> None:
    """Be at the counter as the shop's owner. Not by the form, which lets nobody in too often."""
    made = signing.sign_in_with_password(email=shop.owner.user.email, password=PASSWORD)
    answer = HttpResponse()
    cookies.keep(answer, RequestFactory().get("/"), cookies.SESSION, made.token)
    page.context.add_cookies(
        [
            {
                "name": cookies.SESSION,
                "value": answer.cookies[cookies.SESSION].value,
                "domain": str(urlsplit(live.url).hostname),
                "path": cookies.PATH,
            }
        ]
    )
    page.goto(f"/scan/{query}")
    if not query:
        expect(field(page)).to_be_visible()


def field(page: Page) -> Locator:
    """The field for typing."""
    return page.get_by_label("Card code, phone or e-mail")


def find(page: Page, text: str) -> None:
    """Type who it is."""
    field(page).fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#who-name")).to_be_visible()


def button(page: Page, name: str) -> Locator:
    """The button that can be seen and says this and nothing else."""
    return page.get_by_role("button", name=re.compile(f"^{re.escape(name)}( [0-9]+)?$")).locator(
        "visible=true"
    )


def done(page: Page, phase: str = "ok") -> Locator:
    """The screen that says what became of it: ok, queued, refused or undone."""
    screen = page.locator(f"main.done.is-{phase}")
    expect(screen).to_be_visible()
    return screen


def settled(page: Page) -> None:
    """Wait until a tap counts again: just after a screen has come it might have been meant for the last.

    With Tab the screen stays, however slow this machine is.
    """
    page.keyboard.press("Tab")
    expect(page.locator("main.done[data-armed=true]")).to_be_visible()


def like_a_scanner(page: Page, text: str) -> None:
    """Keys that come as fast as a scanner sends them."""
    page.evaluate(
        """(text) => {
          for (const key of [...text, "Enter"]) {
            const at = document.activeElement ?? document.body;
            const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
            if (at.dispatchEvent(event) && key.length === 1 && at instanceof HTMLInputElement) {
              at.value += key;
              at.dispatchEvent(new Event("input", { bubbles: true }));
            }
          }
        }""",
        text,
    )


def slowly(page: Page, *, least: int = 1000) -> None:
    """However slow this machine is, the page is slower: what it does in `least` ms or more takes long."""
    page.evaluate(
        """(least) => {
          const real = window.setTimeout;
          window.setTimeout = (work, after) => real(work, after >= least ? after * 100 : after);
        }""",
        least,
    )


def show_again(page: Page) -> None:
    """Tell the page that it came back into sight."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def stamps_of(card: Card) -> int:
    """How many stamps a card has now."""
    with scope(business=card.business_id):
        return Card.objects.get(pk=card.pk).stamps


def actions_of(shop: Shop) -> list[Any]:
    """What was done at the counter, oldest first: kind and whether it was undone."""
    with scope(business=shop.id):
        rows = Action.objects.order_by("pk").values_list("kind", "undone_at", "said")
        return [(kind, undone is not None) for kind, undone, _said in rows]


def kept(page: Page) -> None:
    """Wait until the page is on the device."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def cut(page: Page) -> None:
    allow(page, *GONE)
    page.context.set_offline(True)
    expect(page.locator(".strip")).to_be_visible()


def mend(page: Page) -> None:
    page.context.set_offline(False)
    expect(page.locator(".strip")).to_be_hidden()


def lose(route: Route) -> None:
    """The server does it, and its answer never arrives: `page.route(address, lose)`."""
    route.fetch()
    route.abort()


def told(request: Request) -> dict[str, Any]:
    """What a request to the counter's JSON says."""
    body = request.post_data_json
    assert isinstance(body, dict)
    return body


def inside(page: Page, script: str) -> Any:
    """What `(counter) => ...` says of the page's own state."""
    return page.evaluate(f"({script})(Alpine.$data(document.querySelector('.app')))")
