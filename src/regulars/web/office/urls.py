"""Addresses of the back office: the table of all its pages."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from django.urls import URLPattern, path

from regulars.web.office.choose import choose
from regulars.web.office.pages import Page

# Each has a module `pages` with its part of the table.
SECTIONS: Final[tuple[str, ...]] = (
    "api", "audit", "branches", "campaigns", "duplicates", "home", "members", "messages",
    "products", "programme", "promotions", "reports_pages", "sales", "scratch", "settings",
    "start", "team", "vouchers",
)  # fmt: skip

PAGES: Final[tuple[Page, ...]] = tuple(
    page for section in SECTIONS for page in import_module(f"regulars.web.office.{section}.pages").PAGES
)

urlpatterns: list[URLPattern] = [path("", choose, name="office"), *(page.pattern() for page in PAGES)]
