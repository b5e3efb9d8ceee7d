"""The pages that a browser shows take nothing from elsewhere and fit a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

# The start page asks whether somebody may register.
pytestmark = [pytest.mark.once, pytest.mark.django_db]

ADDRESSES = ("/", "/api/docs", "/nothing-is-here")


class Page(HTMLParser):
    """What a page refers to, and what stands inline in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.tags if name == tag)

    def references(self) -> list[str]:
        return [one[key] or "" for _, one in self.tags for key in ("src", "href") if key in one]


def show(address: str) -> tuple[Page, Any]:
    answer = Client().get(address, SERVER_NAME="shop.example")
    return Page(answer.content.decode()), answer


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_takes_everything_from_this_host(address: str) -> None:
    page, _ = show(address)
    assert page.references()
    for reference in page.references():
        assert re.match(r"/(?!/)", reference), reference
        if reference.startswith("/static/"):
            assert finders.find(reference.removeprefix("/static/").partition("?")[0]), reference


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_runs_nothing_inline(address: str) -> None:
    page, answer = show(address)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    for script in page.all("script"):
        assert script.get("src") or script.get("type") == "application/json"
    assert not list(page.all("style"))
    for _, attributes in page.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_only_the_viewer_of_the_api_page_may_style_inline() -> None:
    for address in ADDRESSES:
        _, answer = show(address)
        inline = "'unsafe-inline'" in answer.headers["Content-Security-Policy"]
        assert inline == (address == "/api/docs")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_fits_a_phone_and_says_its_language(address: str) -> None:
    page, _ = show(address)
    (html,) = page.all("html")
    assert html["lang"] == "en"
    meta = {one.get("name"): one.get("content") for one in page.all("meta")}
    assert meta["viewport"] == "width=device-width, initial-scale=1"
    assert meta["color-scheme"] == "light dark"


def test_the_api_page_leads_to_the_start_page_and_back() -> None:
    docs, _ = show("/api/docs")
    start, _ = show("/")
    assert "/" in docs.references()
    assert "/api/docs" in start.references()


def test_our_style_sheets_and_scripts_load_nothing_from_elsewhere() -> None:
    for name in ("pages.css", "api.css", "api.js"):
        path = finders.find(f"regulars/{name}")
        assert path
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a path from Django
            assert not re.search(r"https?://|@import|url\(", file.read())
