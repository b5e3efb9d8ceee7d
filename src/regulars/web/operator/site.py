"""The operator's admin."""

from __future__ import annotations

from unfold.sites import UnfoldAdminSite


class Site(UnfoldAdminSite):  # type: ignore[misc]
    """Open to people who operate the installation."""


site = Site(name="admin")
