"""Vouchers at a micro-site: those in hand, and choosing one for points."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.ledger import adjustments
from regulars.tenants import ratelimit
from regulars.vouchers import actions as vouchers
from regulars.vouchers import issuing as vouchers_issuing
from regulars.vouchers.models import Voucher, VoucherCode
from tests.factories import Shop, make_shop
from tests.web.microsite import Browser, form_of, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def offer(shop: Shop, price: int = 100, **more: Any) -> Voucher:
    given: dict[str, Any] = {
        "name": "Cinnamon <roll>",
        "value": Decimal(80),
        "available_for_self_selection": True,
    }
    return vouchers.add_voucher(business_id=shop.id, points_required=price, **(given | more))


def give(shop: Shop, pk: int, points: int) -> None:
    adjustments.add_adjustment(business_id=shop.id, member_id=pk, points=points)


def test_a_voucher_looks_the_same_wherever_it_is_shown(shop: Shop) -> None:
    card, voucher = shop.enrol(), offer(shop, price=0, expires_after_days=20)
    vouchers_issuing.issue_voucher(business_id=shop.id, voucher_id=voucher.pk, member_id=card.pk, qty=1)
    browser = Browser(shop).sign_in(card.pk)
    pages = [browser.get(), browser.get("vouchers"), browser.get(f"/card/{card.qr_code}")]
    found = [
        re.search(r'<li class="ticket voucher">.*?</li>', one.content.decode(), re.DOTALL) for one in pages
    ]
    seen = {re.sub(r"\s+", " ", one[0]) for one in found if one}
    assert len(seen) == 1
    assert all(found)
    ticket = seen.pop()
    assert "Good until" in ticket
    assert "Show this at the counter" in ticket
    assert "<svg" in ticket


def test_a_voucher_is_asked_for_taken_once_and_shown(shop: Shop) -> None:
    card, voucher = shop.enrol(), offer(shop)
    give(shop, card.pk, 250)
    browser = Browser(shop).sign_in(card.pk)
    assert "Cinnamon <roll>" in text(browser.get("vouchers"))
    asked = browser.get(f"vouchers/{voucher.pk}")
    assert "Take it for 100 points" in text(asked)
    part = browser.get(f"vouchers/{voucher.pk}", HX_Request="true")
    assert b"<html" not in part.content
    form = form_of(part)
    assert form.keys() == {"token", "points", "price"}
    said = [browser.post(f"vouchers/{voucher.pk}", form) for _ in range(2)]
    said.append(browser.post(f"vouchers/{voucher.pk}", form, HX_Request="true"))
    with scopes_disabled():
        code = VoucherCode.objects.get(member_id=card.pk).code  # one, however often it was sent
    assert all(code in text(answer) for answer in said)
    assert b"<html" not in said[2].content
    for words in ("You have 150 points", "In your hand", "Choose"):
        assert words in text(said[2])
    hand = text(browser.get("vouchers"))
    assert code in hand
    assert "You have 150 points" in hand


def test_a_sum_that_is_no_longer_true_is_asked_again(shop: Shop) -> None:
    card, voucher = shop.enrol(), offer(shop)
    give(shop, card.pk, 250)
    browser = Browser(shop).sign_in(card.pk)
    first, second = (form_of(browser.get(f"vouchers/{voucher.pk}", HX_Request="true")) for _ in range(2))
    assert browser.post(f"vouchers/{voucher.pk}", first).status_code == 200
    again = browser.post(f"vouchers/{voucher.pk}", second, HX_Request="true")
    assert "Your points have changed since you looked." in text(again, 409)
    assert form_of(again)["points"] == "150"
    with scopes_disabled():
        assert VoucherCode.objects.count() == 1


def test_what_cannot_be_chosen_takes_nothing(shop: Shop) -> None:
    card, dear, hidden = shop.enrol(), offer(shop, 900), offer(shop, 1, available_for_self_selection=False)
    give(shop, card.pk, 250)
    other = make_shop("Charlie's")
    theirs = offer(other)
    browser = Browser(shop).sign_in(card.pk)
    for voucher, status, told in (
        (dear, 409, "too few points"),
        (hidden, 404, "cannot be chosen"),
        (theirs, 404, "cannot be chosen"),
    ):
        asked = browser.get(f"vouchers/{voucher.pk}")
        assert told in text(asked, status)
        answer = browser.post(f"vouchers/{voucher.pk}", {"token": f"formof{voucher.pk}"})
        assert told in text(answer, 409)
        assert "Nothing was taken" in text(answer, 409)
        for part in (
            browser.get(f"vouchers/{voucher.pk}", HX_Request="true"),
            browser.post(f"vouchers/{voucher.pk}", {"token": f"formof{voucher.pk}"}, HX_Request="true"),
        ):
            assert b"<html" not in part.content
            assert told in part.content.decode()
            assert part.headers["HX-Retarget"] == "#all"
    assert browser.post(f"vouchers/{dear.pk}").status_code == 409
    with scopes_disabled():
        assert not VoucherCode.objects.exists()
    assert "You have 250 points" in text(browser.get("vouchers"))
    assert "650 more" in text(browser.get("vouchers"))


def test_all_vouchers_can_be_seen_page_by_page(shop: Shop) -> None:
    card, voucher = shop.enrol(), offer(shop, 1)
    give(shop, card.pk, 100)
    for _ in range(3):
        vouchers_issuing.issue_voucher(business_id=shop.id, voucher_id=voucher.pk, member_id=card.pk, qty=15)
    browser = Browser(shop).sign_in(card.pk)
    seen: set[str] = set()
    for path in ("vouchers", "vouchers?page=2", "vouchers?page=3"):
        answer = browser.get(path)
        codes = set(re.findall(r'class="number" dir="ltr">([^<]+)<', answer.content.decode()))
        assert not codes & seen
        seen |= codes
    assert len(seen) == 45
    assert "page=4" not in answer.content.decode()
    assert f'href="{browser.base}vouchers?page=2"' in browser.get("vouchers").content.decode()
    for odd in ("0", "-1", "x", "9" * 40, "٢"):
        assert browser.get(f"vouchers?page={odd}").status_code == 200
