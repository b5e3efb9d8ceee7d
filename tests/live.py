"""Pages in a real browser: Chromium, driven by Playwright, served by the product's own application.

The fixtures are there for every test: `live` (the served site), `tabs` (opens tabs of any look), `phone` and
`desk` (the two usual ones), `fake_camera` (tabs whose camera sees codes). One browser serves all tests of a
process. When a test ends, each of its tabs must have kept quiet: nothing in the console, no breach of the
Content-Security-Policy, no request to another host. What a test provokes on purpose it names with `allow`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pytest
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from tests import browser, camera
from tests.served import PATIENCE, Site, serving

ROOT = Path(__file__).parents[1]
SHOTS = ROOT / "build" / "screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}
SERIOUS = {"serious", "critical"}
# No name but this machine's leads anywhere, whatever a page asks for.
_NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1"
_OPTIONS = ("--disable-dev-shm-usage", "--disable-gpu", _NOWHERE)
_CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


class Looks(TypedDict, total=False):
    """How a tab looks; what is left out is a phone's light, English page with scripts and without motion."""

    desk: bool
    dark: bool
    motion: bool
    scripts: bool
    language: str  # as in Accept-Language: "pt-BR"
    context: dict[str, Any]  # more of what Playwright's new_context takes


class Watch:
    """What a tab complained about, whom it asked, and how much it fetched."""

    def __init__(self, page: Page, site: Site) -> None:
        self._site = site
        self._allowed: list[str] = []
        self._found: list[str] = []
        self._weights: dict[str, int] = {}
        self._coming: dict[str, str] = {}  # the addresses of requests that are not answered yet
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._found.append(f"error: {error}"))
        page.context.on("request", self._on_request)
        wire = page.context.new_cdp_session(page)
        wire.on("Network.requestWillBeSent", self._on_sent)
        wire.on("Network.loadingFinished", self._on_finished)
        wire.on("Network.loadingFailed", self._on_failed)
        wire.send("Network.enable")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self._found.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob", "about"} and address.netloc != self._site.host:
            self._found.append(f"elsewhere: {request.url}")

    def _on_sent(self, event: dict[str, Any]) -> None:
        if "redirectResponse" in event:
            self._weigh(event["requestId"], event["redirectResponse"]["encodedDataLength"])
        self._coming[event["requestId"]] = event["request"]["url"]

    def _on_finished(self, event: dict[str, Any]) -> None:
        self._weigh(event["requestId"], event["encodedDataLength"])

    def _on_failed(self, event: dict[str, Any]) -> None:
        self._coming.pop(event["requestId"], None)

    def _weigh(self, request: str, size: float) -> None:
        address = self._coming.pop(request, "")
        self._weights[address] = self._weights.get(address, 0) + int(size)

    def weights(self) -> dict[str, int] | None:
        """Bytes by address; None while something is still coming."""
        return None if self._coming else dict(self._weights)

    def allow(self, *parts: str) -> None:
        """What is complained about on purpose."""
        self._allowed.extend(parts)

    def troubles(self) -> list[str]:
        """What was not."""
        return [one for one in self._found if not any(part in one for part in self._allowed)]


_watches: WeakKeyDictionary[Page, Watch] = WeakKeyDictionary()

Tabs = Callable[..., Page]


def allow(page: Page, *parts: str) -> None:
    """This test provokes complaints that contain one of these: `allow(page, "409")`."""
    _watches[page].allow(*parts)


def troubles(page: Page) -> list[str]:
    """What the tab complained about so far, without what is allowed."""
    page.evaluate("0")  # all that was said before this has arrived then
    return _watches[page].troubles()


def weights(page: Page) -> dict[str, int]:
    """Bytes that came over the wire in this tab since it was opened, headers included, by address."""
    page.wait_for_load_state()
    deadline = time.monotonic() + PATIENCE
    while (found := _watches[page].weights()) is None:
        assert time.monotonic() < deadline, "a request never ends"
        page.wait_for_timeout(10)
    return found


def bytes_over_the_wire(page: Page) -> int:
    """All bytes that this tab fetched since it was opened, headers included."""
    return sum(weights(page).values())


def axe(page: Page, *, within: str | None = None, but: Sequence[str] = ()) -> None:
    """Fails where axe finds something serious or critical; `but` names rules that do not apply, with a reason
    beside the call.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(
            AXE.read_text(encoding="utf-8")
        )  # like typing it into the console: no policy forbids it
    # Frames hold letters without scripts, in which nobody can look.
    options = {
        "iframes": False,
        "resultTypes": ["violations"],
        "rules": {rule: {"enabled": False} for rule in but},
    }
    found = page.evaluate(
        "([within, options]) => axe.run(within ?? document, options).then(({violations}) => violations)",
        [within, options],
    )
    bad = [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'] for node in one['nodes']][:5]}"
        for one in found
        if one["impact"] in SERIOUS
    ]
    assert bad == []


def fits(page: Page) -> None:
    """Fails when something stands out on the right."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def shot(page: Page, name: str, *, whole: bool = False) -> Path:
    """Keep a picture of what the tab shows (or of the whole page) as build/screenshots/NAME.png."""
    path = SHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=whole)
    return path


@contextmanager
def _open_tabs(chromium: Browser, site: Site) -> Iterator[Tabs]:
    contexts: list[BrowserContext] = []
    pages: list[Page] = []

    def tab(**looks: Unpack[Looks]) -> Page:
        phone = not looks.get("desk", False)
        more: dict[str, Any] = {"locale": looks.get("language", "en"), **looks.get("context", {})}
        context = chromium.new_context(
            base_url=site.url,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            color_scheme="dark" if looks.get("dark") else "light",
            reduced_motion="no-preference" if looks.get("motion") else "reduce",
            java_script_enabled=looks.get("scripts", True),
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        _watches[page] = Watch(page, site)
        pages.append(page)
        return page

    try:
        yield tab
        found = {page.url: said for page in pages if (said := _watches[page].troubles())}
    finally:
        for context in contexts:
            context.close()
        site.settle()
    assert found == {}


@pytest.fixture(scope="session")
def _site(django_db_setup: None) -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def live(_site: Site, transactional_db: None, settings: Any) -> Iterator[Site]:
    """The site, on the test's database; links that it makes lead to itself."""
    settings.REGULARS_PUBLIC_URL = _site.url
    settings.REGULARS_ALLOW_HTTP = "loopback"
    yield _site
    _site.settle()


@contextmanager
def _awake(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Between two calls Playwright's event loop stands still in this thread and counts as running. It does so
    while a test drives a browser, and not for the others: they may ask the database or run a loop of theirs.
    """
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    manager = sync_playwright()
    playwright = manager.start()
    asyncio._set_running_loop(None)
    yield playwright
    with _awake(playwright._loop):
        playwright.stop()


@contextmanager
def _launched(playwright: Playwright, *options: str) -> Iterator[Browser]:
    program = browser.find()
    assert program is not None, "install chromium"
    expect.set_options(timeout=PATIENCE * 1000)
    with _awake(playwright._loop):
        started = playwright.chromium.launch(executable_path=program, args=[*_OPTIONS, *options])
    yield started
    with _awake(playwright._loop):
        started.close()


@pytest.fixture(scope="session")
def _chromium(_playwright: Playwright) -> Iterator[Browser]:
    with _launched(_playwright) as started:
        yield started


@pytest.fixture
def _driving(_playwright: Playwright, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Django sees the loop and would refuse the database, although nothing here is asynchronous.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with _awake(_playwright._loop):
        yield


@pytest.fixture
def tabs(live: Site, _chromium: Browser, _driving: None) -> Iterator[Tabs]:
    """Opens tabs, each without cookies, as `Looks` says: `tabs(desk=True, dark=True)`."""
    with _open_tabs(_chromium, live) as tab:
        yield tab


@pytest.fixture
def phone(tabs: Tabs) -> Page:
    """A tab as large as a small phone: 360 by 740, touched."""
    return tabs()


@pytest.fixture
def desk(tabs: Tabs) -> Page:
    """A tab on a desk: 1440 by 900."""
    return tabs(desk=True)


@pytest.fixture
def fake_camera(live: Site, _playwright: Playwright, _driving: None) -> Iterator[Callable[..., Tabs]]:
    """`fake_camera("text", "another", seconds=2)`: `tabs` whose camera sees these codes in turn."""
    with ExitStack() as stack:

        def start(*scenes: str | Image.Image, seconds: float = 1.0) -> Tabs:
            film = camera.video(scenes, seconds)
            options = (*_CAMERA, f"--use-file-for-fake-video-capture={film}")
            chromium = stack.enter_context(_launched(_playwright, *options))
            return stack.enter_context(_open_tabs(chromium, live))

        yield start
