"""The page about micro-sites: its programs are run, and what they sign is opened."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from regulars.portal import accounts, links, sessions, sso, sso_secrets
from regulars.tenants import legacy_sso, microsites, ratelimit
from tests.docs import pages
from tests.factories import Shop, make_shop
from tests.web.microsite import Browser, text

pytestmark = [pytest.mark.once, pytest.mark.django_db]

PAGE = pages.DOCS / "microsite.md"
SITE = "https://loyalty.example"
PROGRAMS = [block for block in pages.blocks(PAGE) if block.language in {"php", "python"}]


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    shop = make_shop("Sunrise Cafe")
    shop.enrol("Priya Sharma", email="priya@example.com")
    legacy_sso.switch_on(business=shop.business, key=shop.api_key)
    microsites.update_microsite(business_id=shop.id, embed_origins=["https://www.sunrise.example"])
    return shop


def printed(block: pages.Block, folder: Path, shop: Shop, secret: str) -> str:
    """What a program of the page prints, with the shop's own secrets in it."""
    program = shutil.which("php") if block.language == "php" else sys.executable
    if program is None and "CI" not in os.environ:
        pytest.skip("php is not installed")
    assert program is not None
    file = folder / f"snippet.{block.language}"
    filled = block.text.replace("YOUR_SECRET", secret).replace("YOUR_KEY", shop.api_key)
    assert filled != block.text
    file.write_text(filled, encoding="utf-8")
    done = subprocess.run([program, file], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_both_languages_show_every_way() -> None:
    assert [block.language for block in PROGRAMS] == ["php", "python"] * 3


@pytest.mark.parametrize("block", PROGRAMS[:4], ids=lambda block: f"{block.language}-{block.line}")
def test_what_a_program_signs_signs_in(shop: Shop, tmp_path: Path, block: pages.Block) -> None:
    secret = sso_secrets.create_secret(business=shop.business)[1]
    address = printed(block, tmp_path, shop, secret)
    assert address.startswith(f"{SITE}/m/sunrise-cafe/?")
    browser = Browser(shop)
    answer = browser.get(address.removeprefix(SITE))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/m/sunrise-cafe/")
    assert "Priya" in text(browser.get())
    again = Browser(shop).get(address.removeprefix(SITE))
    assert again.status_code == (403 if "token2" in block.text else 303)


@pytest.mark.parametrize("block", PROGRAMS[4:], ids=lambda block: f"{block.language}-{block.line}")
def test_what_a_program_embeds_shows_the_balance(shop: Shop, tmp_path: Path, block: pages.Block) -> None:
    secret = sso_secrets.create_secret(business=shop.business)[1]
    script = printed(block, tmp_path, shop, secret)
    given = {name: html.unescape(value) for name, value in re.findall(r'data-([a-z]+)="([^"]*)"', script)}
    assert f'src="{SITE}/embed.js"' in script
    assert given.pop("shop") == "sunrise-cafe"
    query = "&".join(f"{name}={value}" for name, value in given.items())
    answer = Browser(shop).get(f"balance?{query}")
    assert "Priya" in text(answer)
    assert "frame-ancestors https://www.sunrise.example" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "sentence",
    [
        f"once, for {links.SIGN_IN_LASTS.seconds // 60} minutes; its page",
        "at least 10 characters",
        f"at most {accounts.TRIES_A_MINUTE} times a minute",
        f"less than {accounts.FRESH.seconds // 60} minutes ago",
        f"A session lasts {sessions.LASTS.days} days",
        f"once, for {sso.TOKEN2_LASTS.seconds // 60} minutes at most",
        f"{sso.NONCE_MIN} to {sso.NONCE_MAX} random printable ASCII",
        f"up to {sso.BALANCE_LASTS.total_seconds() / 3600:g} hours ahead",
        f"be {sso_secrets.MOST} in use",
    ],
)
def test_the_page_says_the_numbers_of_the_code(sentence: str) -> None:
    assert sentence in pages.read(PAGE)
