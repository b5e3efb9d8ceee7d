"""The Content-Security-Policy of pages: what they share, and what differs."""

from __future__ import annotations

from regulars import policies
from regulars.web.counter.page import POLICY as COUNTER
from regulars.web.office import framed
from regulars.web.operator.site import POLICY as OPERATOR


def directives(policy: str) -> dict[str, str]:
    """A policy by its directives."""
    return dict(one.partition(" ")[::2] for one in policy.split("; "))


def test_pages_take_nothing_from_elsewhere() -> None:
    page = directives(policies.of_page())
    assert (page["default-src"], page["base-uri"], page["frame-ancestors"]) == ("'none'",) * 3
    assert {page[name] for name in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}
    assert "frame-src" not in page
    for other in (COUNTER, OPERATOR):
        assert {name: directives(other)[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        }


def test_what_is_in_a_frame_leads_nowhere() -> None:
    frame = directives(policies.of_frame(frame_ancestors="https://shop.example"))
    assert (frame["form-action"], frame["frame-ancestors"]) == ("'none'", "https://shop.example")
    assert not {"connect-src", "worker-src", "manifest-src"} & frame.keys()
    letter = directives(framed.problem("No").headers["Content-Security-Policy"])
    assert letter.keys() >= {"sandbox"}
    assert "script-src" not in letter
    assert letter["frame-ancestors"] == "'self'"
