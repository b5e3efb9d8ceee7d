"""The logo, and what is printed, over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.http.response import HttpResponseBase

from regulars.members import blank_cards
from regulars.tenants import logos
from tests.api.printing_routes import picture
from tests.api.support import Rest, forget, invalid, ok, on_plan, refused
from tests.factories import make_shop
from tests.printing import pdf

pytestmark = pytest.mark.django_db

LOGO = "/api/business/logo"


@pytest.fixture(autouse=True)
def _anew() -> None:
    forget()


def put(rest: Rest, data: bytes, **more: Any) -> HttpResponseBase:
    return rest.send("PUT", LOGO, data, content_type="image/png", **more)


def document(response: HttpResponseBase) -> list[bytes]:
    """The pages of an answer that is a PDF."""
    assert response.status_code == 200, response
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="')
    assert int(response.headers["X-RateLimit-Remaining"]) > 0
    return pdf.pages(response.content)  # type: ignore[attr-defined]


def test_a_logo_is_set_shown_and_removed() -> None:
    rest = Rest(make_shop())
    assert ok(rest.get(LOGO)) == {"logo_url": None, "width": None, "height": None}
    made = ok(put(rest, picture()))
    assert (made["width"], made["height"]) == (30, 20)
    assert made["logo_url"].startswith("https://shop.example/look/logo/")
    assert ok(rest.get(LOGO)) == made
    shown = rest.client.get(made["logo_url"].removeprefix("https://shop.example"), secure=True)
    assert shown.content.startswith(b"\x89PNG")
    assert ok(rest.delete(LOGO)) == {"deleted": True}
    assert ok(rest.delete(LOGO)) == {"deleted": True}
    assert ok(rest.get(LOGO)) == {"logo_url": None, "width": None, "height": None}


def test_a_logo_may_be_larger_than_other_requests(settings: Any) -> None:
    rest = Rest(make_shop())
    padded = picture() + bytes(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    assert ok(put(rest, padded))["width"] == 30
    invalid(put(rest, bytes(logos.MOST_BYTES + 1)), "body")
    invalid(put(rest, b"not a picture"), "logo")
    invalid(put(rest, b""), "logo")
    assert ok(rest.get(LOGO))["width"] == 30


def test_a_logo_is_one_shops() -> None:
    one, other = Rest(make_shop()), Rest(make_shop("Charlie's"))
    mine, theirs = (ok(put(rest, picture()))["logo_url"] for rest in (one, other))
    assert mine != theirs
    ok(one.delete(LOGO))
    assert ok(other.get(LOGO))["logo_url"] == theirs


def test_a_logo_is_set_once_per_key() -> None:
    rest, key = Rest(make_shop()), {"Idempotency-Key": "logo-1"}
    first = ok(put(rest, picture(), headers=key))
    ok(put(rest, picture("#ff0000")))
    again = put(rest, picture(), headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ok(again) == first
    refused(put(rest, picture("#00ff00"), headers=key), 422, "idempotency_key_reused", "Idempotency-Key")


@pytest.mark.parametrize("kind", ["poster", "tent"])
def test_posters_and_tents_are_fetched(kind: str) -> None:
    shop = make_shop("Sunrise Café")
    [page] = document(Rest(shop).get(f"/api/print/{kind}.pdf", language="en", size="Letter"))
    assert "Sunrise Café" in pdf.texts(page)
    assert shop.business.join_code in pdf.texts(page)


def test_blank_cards_are_made_and_their_sheets_fetched() -> None:
    shop = make_shop()
    rest = Rest(shop)
    assert ok(rest.get("/api/blank-cards")) == {"printed": 0, "unused": 0, "last": None}
    made = ok(rest.post("/api/blank-cards", {"count": 12}), 201)
    assert made == {
        "count": 12,
        "first": 1,
        "last": 12,
        "pdf_url": "https://shop.example/api/print/cards.pdf?first=1&last=12",
    }
    for _ in range(2):
        pages = document(rest.get("/api/print/cards.pdf", first=1, last=12))
        assert [len(list(pdf.codes(page))) for page in pages] == [10, 2]
    assert ok(rest.get("/api/blank-cards")) == {"printed": 12, "unused": 12, "last": 12}
    [page] = document(rest.get("/api/print/cards.pdf", first=12))
    assert "No. 12" in pdf.texts(page)


def test_customers_cards_are_fetched() -> None:
    shop = make_shop()
    priya, rahul = shop.enrol("Priya Sharma"), shop.enrol("Rahul Mehta")
    [page] = document(Rest(shop).get("/api/print/cards.pdf", customer_id=[priya.pk, rahul.pk]))
    assert "Priya Sharma" in pdf.texts(page)
    assert "Rahul Mehta" in pdf.texts(page)


def test_cards_of_another_shop_are_unknown() -> None:
    rest, other = Rest(make_shop()), make_shop("Charlie's")
    blank_cards.make_blanks(business_id=other.id, count=2)
    theirs = other.enrol("Charlie").pk
    refused(rest.get("/api/print/cards.pdf", customer_id=theirs), 404, "not_found", "customer_id")
    refused(rest.get("/api/print/cards.pdf", first=1, last=2), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("poster", {"language": "xx"}, "language"),
        ("poster", {"size": "A3"}, "size"),
        ("cards", {}, "first"),
        ("cards", {"first": 0}, "first"),
        ("cards", {"first": 3, "last": 2}, "last"),
        ("cards", {"first": 1, "last": 501}, "last"),
        ("cards", {"first": 1, "customer_id": 1}, "customer_id"),
        ("cards", {"customer_id": list(range(1, 502))}, "customer_id"),
    ],
)
def test_what_cannot_be_printed_is_refused(path: str, query: dict[str, Any], field: str) -> None:
    invalid(Rest(make_shop()).get(f"/api/print/{path}.pdf", **query), field)


@pytest.mark.parametrize("path", ["poster.pdf", "tent.pdf", "cards.pdf?first=1"])
def test_printing_needs_a_key_and_a_plan(path: str) -> None:
    refused(Rest().get(f"/api/print/{path}"), 401, "unauthorized")
    refused(Rest(on_plan("basic")).get(f"/api/print/{path}"), 403, "plan_required")


def test_a_logo_needs_a_key_and_a_plan() -> None:
    refused(put(Rest(), picture()), 401, "unauthorized")
    refused(put(Rest(on_plan("basic")), picture()), 403, "plan_required")


@pytest.mark.parametrize("query", ["customer_id=abc", "customer_id=1&customer_id=x", "customer_id=0"])
def test_a_field_of_an_address_is_named_as_it_is_written(query: str) -> None:
    invalid(Rest(make_shop()).get(f"/api/print/cards.pdf?{query}"), "customer_id")
