"""The address of a logo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from regulars.tenants import logos, ratelimit
from regulars.web import look, pictures
from regulars.web.member import icons
from tests.factories import make_shop
from tests.tenants.test_logos import picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


def test_a_logo_is_kept_by_browsers_for_good() -> None:
    shop = make_shop()
    assert look.logo_url(shop.business) == ""
    logos.set_logo(business_id=shop.id, data=picture())
    for size, kind, start in ((0, "image/png", b"\x89PNG"), (128, "image/webp", b"RIFF")):
        answer = Client().get(look.logo_url(shop.business, size=size), secure=True)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.content.startswith(start)


def test_there_is_no_logo_under_other_addresses() -> None:
    shop = make_shop()
    digest = logos.set_logo(business_id=shop.id, data=picture()).digest
    for path in (f"/look/logo/{'0' * 32}.png", f"/look/logo/{digest}-127.webp", f"/look/logo/{digest}.webp"):
        assert Client().get(path, secure=True).status_code == 404, path


def test_a_second_request_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight clients that ask for a picture again and again must not keep others waiting."""
    for cache in (logos._small, icons._logo, icons._letter, icons._shades):
        cache.cache_clear()
    shop = make_shop()
    paths = [icons.address(shop.business, 512)]
    logos.set_logo(business_id=shop.id, data=picture())
    paths += [look.logo_url(shop.business, size=256), icons.address(shop.business, 512)]
    first = [Client().get(path, secure=True).content for path in paths]
    for name in ("open", "new", "frombytes"):
        monkeypatch.delattr(f"PIL.Image.{name}")
    assert [Client().get(path, secure=True).content for path in paths] == first
    logos.remove_logo(business_id=shop.id)
    assert [Client().get(path, secure=True).status_code for path in paths] == [200, 404, 404]


def test_a_letter_is_drawn_once_for_all_colours() -> None:
    icons._shades.cache_clear()
    for colour in ("000000", "b45309", "ffffff"):
        icons._letter(f"#{colour}", "Q", 192)
    assert icons._shades.cache_info().misses == 1


def test_one_address_gets_so_many_pictures_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PICTURES_LIMIT", 4)
    shop = make_shop()
    letter = icons.address(shop.business, 192)
    digest = logos.set_logo(business_id=shop.id, data=picture()).digest
    paths = [f"/look/logo/{digest}.png", f"/look/logo/{digest}-64.webp", letter, "/look/icon/0-192.png"]
    assert [Client().get(path, secure=True).status_code for path in paths] == [200, 200, 200, 404]
    for path in (*paths, f"/look/icon/{digest}-192.png"):
        answer = Client().get(path, secure=True)
        assert answer.status_code == 429, path
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["Cache-Control"] == "no-store"
    assert Client().get(letter, secure=True, REMOTE_ADDR="203.0.113.9").status_code == 200
    assert Client().get(look.address("#b45309"), secure=True).status_code == 200
