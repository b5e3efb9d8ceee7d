"""The back office's pages are rows of tables: address, view, who may open it, what it may be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

View = Callable[..., HttpResponseBase]
# No row of a table has a higher number: neither database holds one.
BIGGEST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the back office: `path` is below `/office/{slug}/`, `permission` one of `PERMISSIONS`.

    Whoever is limited to a branch is kept out of one that is about the `whole_business`. A page that is
    `audited` writes to the audit log whenever something that is posted to it succeeds.
    """

    path: str
    name: str
    view: View
    permission: str
    methods: tuple[str, ...] = ("GET",)
    audited: bool = True
    whole_business: bool = False

    def pattern(self) -> URLPattern:
        """The page as an address."""
        from regulars.web.office.desk import at  # noqa: PLC0415 - a desk draws with the navigation of pages

        return path(f"<slug:slug>/{self.path}", at(self), name=f"office-{self.name}")


def form(path: str, name: str, view: View, permission: str, *, whole_business: bool = False) -> Page:
    """A page that shows a form and takes it."""
    return Page(path, name, view, permission, methods=("GET", "POST"), whole_business=whole_business)
