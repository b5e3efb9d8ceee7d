"""The address of a logo."""

from __future__ import annotations

import pytest
from django.test import Client

from regulars.tenants import logos
from regulars.web import look
from tests.factories import make_shop
from tests.tenants.test_logos import picture

pytestmark = pytest.mark.django_db


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
