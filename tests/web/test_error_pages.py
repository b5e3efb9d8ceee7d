"""Pages that say that something is not there speak the reader's language."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import HTTPS

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.mark.parametrize(("wanted", "language"), [("de-AT", "de"), ("hi", "hi"), ("sv", "en"), ("", "en")])
def test_a_page_that_is_not_there_says_so(wanted: str, language: str) -> None:
    page = Client().get("/nothing/here", headers={"Accept-Language": wanted}, **HTTPS)
    assert page.status_code == 404
    shown = page.content.decode()
    assert f'<html lang="{language}">' in shown
    assert ("There is no page here" in shown) is (language == "en")
    assert "Accept-Language" in page.headers["Vary"]
