"""What somebody agrees to is kept in the words, and the language, that they saw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from regulars.members import consents
from regulars.tenants import ratelimit
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop
from tests.web.joining import FILLED, get, members_of, post, text, token_in, words_in

pytestmark = pytest.mark.django_db

CHANGED = "What you agree to is worded differently now."


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop("Sunrise Café")


def agreed(shop: Shop) -> dict[str, str]:
    (member,) = members_of(shop)
    return {row.purpose: row.text for row in consents.history(business_id=shop.id, member_id=member.pk)}


def test_words_that_changed_are_shown_before_they_are_agreed_to(shop: Shop) -> None:
    update_microsite(business_id=shop.id, consent_text="I take part.")
    page = get(shop)
    seen: dict[str, Any] = {"token": token_in(page), "words": words_in(page), "offers": "1", "day": "28"}
    seen |= {"month": "2", "year": "1990", "name": 'Nora "Q"'}
    update_microsite(business_id=shop.id, consent_text="I sell my soul.")
    again = post(shop, **seen)
    assert again.status_code == 409
    assert members_of(shop) == []
    body = again.content.decode()
    assert CHANGED in text(again)
    assert "I sell my soul." in text(again)
    for kept in (escape('Nora "Q"'), FILLED["contact"], "28", "1990", seen["token"]):
        assert f'value="{kept}"' in body
    assert 'name="offers" value="1" checked' in body
    assert '<option value="2" selected>' in body
    assert post(shop, **seen | {"words": words_in(again)}).status_code == 303
    assert agreed(shop)["programme"] == "I sell my soul."


def test_words_are_those_of_the_language_that_was_seen(shop: Shop) -> None:
    """A browser that keeps no cookie sends the language neither by one nor in the address."""
    page = get(shop, "?language=de")
    sent = post(shop, words=words_in(page), offers="1")
    assert sent.status_code == 303
    found = agreed(shop)
    assert found["programme"].startswith("Wenn ")
    assert escape(found["programme"]) in page.content.decode()
    assert escape(found["email"]) in page.content.decode()
    assert members_of(shop)[0].language == "de"


def test_another_language_chosen_meanwhile_is_shown_first(shop: Shop) -> None:
    client = Client()
    seen = words_in(get(shop, "?language=de", client))
    get(shop, "?language=fr", client)
    again = post(shop, client, words=seen)
    assert again.status_code == 409
    assert '<html lang="fr"' in again.content.decode()


@pytest.mark.parametrize("words", ["", "en", "en.", "xx.0123", "de." + "0" * 64, "\0", "é" * 999])
def test_words_that_nobody_was_shown_are_shown(shop: Shop, words: str) -> None:
    answer = post(shop, words=words)
    assert answer.status_code == 409
    assert words_in(answer)
    assert members_of(shop) == []


def test_words_of_another_shop_are_not_agreed_to(shop: Shop) -> None:
    other = make_shop("Sunrise Café")
    assert words_in(get(shop)) == words_in(get(shop))
    assert post(shop, words=words_in(get(other))).status_code == 409


def test_what_is_wrong_is_said_beside_words_that_changed(shop: Shop) -> None:
    seen = words_in(get(shop))
    update_microsite(business_id=shop.id, consent_text="I take part.")
    said = text(post(shop, words=seen, name=""))
    assert CHANGED in said
    assert "Type your name" in said


def test_a_shop_that_closed_meanwhile_says_so(shop: Shop) -> None:
    seen = words_in(get(shop))
    update_microsite(business_id=shop.id, join_open=False, consent_text="I take part.")
    assert post(shop, words=seen).status_code == 403
