"""The Content-Security-Policy of all pages: one table, and what single pages differ by."""

from __future__ import annotations

from typing import Final

# Pages take nothing from elsewhere and run no inline script.
_PAGE: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# What is shown in a frame of another page asks for nothing and leads nowhere.
_FRAMED: Final = {
    "connect-src": "",
    "manifest-src": "",
    "worker-src": "",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
}


def of_page(**others: str) -> str:
    """The policy of a page; `others` are directives, with underscores, that differ, or are empty for none."""
    return _written(_PAGE, others)


def of_frame(**others: str) -> str:
    """The policy of what is in a frame of another page: of our own pages, unless said otherwise."""
    return _written(_PAGE | _FRAMED, others)


def _written(usual: dict[str, str], others: dict[str, str]) -> str:
    directives = usual | {name.replace("_", "-"): value for name, value in others.items()}
    return "; ".join(f"{name} {value}" for name, value in directives.items() if value)
