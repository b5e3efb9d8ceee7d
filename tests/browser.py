"""A real browser for tests: Chromium without a window, spoken to by its DevTools protocol through a pipe."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PATIENCE = 30.0  # seconds; nothing here takes a tenth of it
_FOR_THE_CHILD = 10
# The first has no window at all, and takes a third less of the processor.
_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--no-default-browser-check", "--disable-extensions", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--mute-audio", "--hide-scrollbars",
)  # fmt: skip


def find() -> str | None:
    """The browser's program, None where there is none."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


class Browser:
    """A browser process with a profile of its own. Messages are JSON texts that end with a NUL."""

    def __init__(self) -> None:
        program = find()
        assert program is not None, "install chromium"
        self._profile = tempfile.mkdtemp(prefix="regulars-browser-")
        to_child, self._write = os.pipe()
        self._read, from_child = os.pipe()
        # The browser reads from its descriptor 3 and writes to 4: ours are put out of the way first.
        high = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, _FOR_THE_CHILD) for one in (to_child, from_child)]
        silent = os.open(os.devnull, os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, silent, place) for place in range(3)]
        actions += [(os.POSIX_SPAWN_DUP2, one, place) for place, one in zip((3, 4), high, strict=True)]
        words = [program, *_OPTIONS, f"--user-data-dir={self._profile}", "about:blank"]
        self.pid = os.posix_spawn(program, words, os.environ, file_actions=actions, setpgroup=0)
        for one in (to_child, from_child, silent, *high):
            os.close(one)
        self._buffer = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, session: str | None = None, **params: Any) -> Any:
        """One command; what it answered. Events that come meanwhile are kept in `events`."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self._receive(deadline)
            if found.get("id") == self._last:
                assert "error" not in found, (method, found)
                return found["result"]
            self.events.append(found)

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            waiting = select.poll()  # select() itself knows no number above 1023
            waiting.register(self._read, select.POLLIN)
            ready = waiting.poll(max(deadline - time.monotonic(), 0) * 1000)
            assert ready, "the browser does not answer"
            piece = os.read(self._read, 1 << 16)
            assert piece, "the browser is gone"
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found

    def close(self) -> None:
        """End it, with all its processes."""
        for one in (self._write, self._read):
            os.close(one)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        shutil.rmtree(self._profile, ignore_errors=True)

    @contextmanager
    def page(self, width: int = 360, height: int = 740, **looks: Any) -> Iterator[Page]:
        """A new tab without cookies, as large as a phone; `looks` as for `Page.look`."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        page.look(width, height, **looks)
        yield page
        self.send("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """A tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def send(self, method: str, **params: Any) -> Any:
        """A command for this tab."""
        return self._browser.send(method, self._session, **params)

    def look(
        self,
        width: int,
        height: int,
        *,
        dark: bool = False,
        calm: bool = False,
        scripts: bool = True,
        dots: float = 2,
    ) -> None:
        """Set size, scheme of colours, whether motion is wanted, and whether scripts run."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=dots, mobile=width < 700,
        )  # fmt: skip
        features = {"prefers-color-scheme": "dark" if dark else "light"}
        features["prefers-reduced-motion"] = "reduce" if calm else "no-preference"
        self.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in features.items()],
        )
        self.send("Emulation.setTouchEmulationEnabled", enabled=width < 700)
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)

    def open(self, url: str) -> None:
        """Go to an address and wait until the page is complete."""
        self.send("Page.navigate", url=url)
        self.wait(
            lambda: (
                self.run("document.readyState") == "complete" and self.run("location.href") != "about:blank"
            )
        )

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, condition: Callable[[], Any]) -> Any:
        """Look until a condition holds; its value."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, "this never came"
            time.sleep(0.01)
        return found

    def text(self, selector: str = "body") -> str:
        """What an element shows, "" when there is none."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Where an element is: left, top, width, height."""
        left, top, width, height = self.run(
            f"(({{x, y, width, height}}) => [x, y, width, height])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        return left, top, width, height

    def drag(self, points: list[tuple[float, float]]) -> None:
        """Move a finger along points."""
        start, *more = [{"x": x, "y": y} for x, y in points]
        self.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[start])
        for point in more:
            self.send("Input.dispatchTouchEvent", type="touchMove", touchPoints=[point])
        self.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def click(self, selector: str) -> None:
        """Tap an element, where it is."""
        left, top, width, height = self.box(selector)
        where = {"x": left + width / 2, "y": top + height / 2, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, **where)

    def press(self, key: str) -> None:
        """Press a key of the keyboard: "Tab" or "Enter"."""
        code = {"Tab": 9, "Enter": 13}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        self.send(
            "Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text
        )
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def problems(self) -> list[str]:
        """What the page complained about so far: errors, refused requests, broken policies."""
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            match event["method"], event["params"]:
                case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                    found.append(str(details))
                case "Log.entryAdded", {"entry": {"level": "error" | "warning", "text": text}}:
                    found.append(text)
        return found

    def requests(self) -> list[str]:
        """The addresses that the page asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self._browser.events
            if event.get("sessionId") == self._session and event["method"] == "Network.requestWillBeSent"
        ]

    def picture(self, path: Path) -> None:
        """A picture of what is seen, as PNG."""
        shot = self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))
