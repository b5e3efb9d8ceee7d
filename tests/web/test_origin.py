"""Only our own pages may send what changes something."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from regulars.web import origin

pytestmark = pytest.mark.once

OURS = "https://testserver"
THEIRS = "https://elsewhere.example"


@origin.same_origin
def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": OURS}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": THEIRS}, 403),
        # Another name under the same domain is another business's micro-site.
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://other.testserver"}, 403),
        # What the browser says of itself counts more than what a page could leave out.
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "anything"}, 403),
        ({"Origin": OURS}, 200),
        ({"Origin": THEIRS}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"{OURS}.elsewhere.example"}, 403),
        ({"Referer": f"{OURS}/join/x"}, 200),
        ({"Referer": f"{THEIRS}/testserver"}, 403),
        ({}, 200),
    ],
)
def test_who_may_send(headers: dict[str, str], status: int) -> None:
    assert view(RequestFactory().post("/", secure=True, headers=headers)).status_code == status


def test_everybody_may_look() -> None:
    asked = RequestFactory().get("/", headers={"Sec-Fetch-Site": "cross-site", "Origin": THEIRS})
    assert view(asked).status_code == 200
