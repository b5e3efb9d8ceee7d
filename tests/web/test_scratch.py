"""The page of a scratch card, as it is served: what it shows in each state, and what it never shows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from regulars import __version__
from regulars.scratchcards import actions, cards
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.models import ScratchCampaign, ScratchCard
from regulars.tenants import ratelimit
from regulars.tenants.models import Business
from regulars.web.member import scratch as pages
from tests.factories import HTTPS, Shop, make_shop
from tests.scratchcards.given import NOTHING, campaign, issue, now, revealed

pytestmark = pytest.mark.django_db

JUNE = dt.datetime(2026, 6, 2, 6, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _fresh_limits(settings: Settings, tmp_path: Any) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop("Sunrise <Café>")


def ask(token: str, *, post: bool = False, **headers: str) -> Any:
    path = f"/scratch/{token}" + ("/reveal" if post else "")
    send = Client().post if post else Client().get
    return send(path, headers=headers, SERVER_NAME="shop.example", **HTTPS)


def text(response: HttpResponse, status: int = 200) -> str:
    assert response.status_code == status
    return re.sub(r"\s+", " ", response.content.decode().replace("\xa0", " "))


def test_a_covered_card_shows_all_but_its_prize(shop: Shop) -> None:
    with time_machine.travel(JUNE, tick=False):
        of = campaign(shop, NewPrize("Bicycle & helmet", Decimal(1)), description="Win a <b>bicycle</b>!")
        card = issue(shop, of, expires_days=14)
        shown = text(ask(card.token))
    assert "Summer Spin" in shown
    assert "Sunrise &lt;Café&gt;" in shown
    assert "Win a &lt;b&gt;bicycle&lt;/b&gt;!" in shown
    assert "Good until 16 June 2026" in shown
    for secret in ("Bicycle", "helmet", "You won", "<svg"):
        assert secret not in shown


def test_winners_and_losers_look_the_same_before(shop: Shop) -> None:
    winner, loser = issue(shop, campaign(shop)), issue(shop, campaign(shop, NOTHING))
    plain = [text(ask(card.token)).replace(card.token, "") for card in (winner, loser)]
    assert plain[0] == plain[1]


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_never_reveals(shop: Shop, method: str) -> None:
    card = issue(shop, campaign(shop))
    for _ in range(2):
        getattr(Client(), method)(f"/scratch/{card.token}", SERVER_NAME="shop.example", **HTTPS)
        assert getattr(Client(), method)(
            f"/scratch/{card.token}/reveal", SERVER_NAME="shop.example", **HTTPS
        ).status_code == 405  # fmt: skip
    assert now(card).revealed_at is None
    assert now(card).opened_at is not None


def test_a_form_reveals_and_leads_back(shop: Shop) -> None:
    card = issue(shop, campaign(shop))
    response = ask(card.token, post=True)
    assert (response.status_code, response.headers["Location"]) == (303, f"/scratch/{card.token}")
    shown = text(ask(card.token))
    for part in ("You won!", "Free Coffee", "Show this at the counter", "<svg"):
        assert part in shown
    assert f"{card.token[:4]}-{card.token[4:8]}".upper() in shown
    assert "<form" not in shown
    assert "<script" not in shown


def test_the_script_gets_the_part_that_changes(shop: Shop) -> None:
    card = issue(shop, campaign(shop))
    shown = text(ask(card.token, post=True, **{"X-Requested-With": "fetch"}))
    assert "Free Coffee" in shown
    assert "<html" not in shown
    assert now(card).revealed_at is not None


def test_who_won_nothing_gets_thanks_and_no_qr_code(shop: Shop) -> None:
    shown = text(ask(revealed(shop, campaign(shop, NOTHING)).token))
    assert "Better luck next time" in shown
    assert "Thank you for playing" in shown
    assert "<svg" not in shown
    assert "You won" not in shown


def test_a_redeemed_card_says_when_and_cannot_be_shown_again(shop: Shop) -> None:
    with time_machine.travel(JUNE, tick=False):
        card = revealed(shop, campaign(shop))
        cards.redeem(business_id=shop.id, token=card.token)
        shown = text(ask(card.token))
    assert "Redeemed" in shown
    assert "You had this on 2 June 2026." in shown
    assert "<svg" not in shown


def test_an_expired_card_says_so_and_keeps_its_secret(shop: Shop) -> None:
    with time_machine.travel(JUNE, tick=False) as clock:
        of = campaign(shop)
        covered, seen = issue(shop, of, expires_days=1), issue(shop, of, expires_days=1)
        cards.reveal(token=seen.token)
        clock.shift(dt.timedelta(days=2))
        assert ask(covered.token, post=True).status_code == 303
        scripted = text(ask(covered.token, post=True, **{"X-Requested-With": "fetch"}))
        late, known = text(ask(covered.token)), text(ask(seen.token))
    for shown in (scripted, late):
        assert "This card ended on 3 June 2026" in shown
        assert "Free Coffee" not in shown
    assert "This prize was good until 3 June 2026." in known
    assert "<svg" not in known
    assert now(covered).revealed_at is None


@pytest.mark.parametrize("state", ["covered", "won", "unknown"])
def test_every_answer_is_private_and_takes_nothing_from_elsewhere(shop: Shop, state: str) -> None:
    of = campaign(shop)
    token = {"covered": issue(shop, of).token, "won": revealed(shop, of).token, "unknown": "f" * 32}[state]
    response = ask(token)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    shown = response.content.decode()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", shown)
    sources = re.findall(r'(?:src|href|action)="([^"]*)"', shown)
    assert sources
    assert all(re.fullmatch(r"/(static/regulars|look|scratch)/[\w./?=-]+", source) for source in sources)
    assert len(response.content) < 12_000


@pytest.mark.parametrize("token", ["f" * 32, "F" * 32, "x", "%00", "4F2A-9C1E"])
def test_an_unknown_card_is_a_page_too(token: str) -> None:
    for post in (False, True):
        assert "This card is not here" in text(ask(token, post=post), 404)


def test_guessing_is_slowed_down_and_customers_are_not(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "UNKNOWN_LIMIT", 3)
    card = issue(shop, campaign(shop))
    assert [ask("f" * 32).status_code for _ in range(4)] == [404, 404, 404, 429]
    assert ask(card.token).status_code == 200
    monkeypatch.setattr(pages, "PAGES_LIMIT", 6)
    response = ask(card.token)
    assert response.status_code == 200
    response = ask(card.token, post=True)
    assert "Please wait a minute" in text(response, 429)
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert response.headers["Cache-Control"] == "no-store"
    assert now(card).revealed_at is None


def test_names_of_any_length_and_script_are_shown_whole(shop: Shop) -> None:
    long = "Every guest who comes in October gets a card. " * 10
    of: ScratchCampaign = campaign(shop, name="بطاقة الصيف", description=long)
    actions.edit_campaign(business_id=shop.id, pk=of.pk, prizes=[NewPrize("x" * 200, Decimal(1))])
    card: ScratchCard = issue(shop, of)
    assert long.strip() in text(ask(card.token))
    cards.reveal(token=card.token)
    shown = text(ask(card.token))
    assert "x" * 200 in shown
    assert "بطاقة الصيف" in shown


def test_the_page_wears_the_businesss_accent(shop: Shop) -> None:
    Business.objects.filter(pk=shop.id).update(accent_color="#fde047")
    shown = text(ask(issue(shop, campaign(shop)).token))
    assert f'"/look/fde047.css?v={__version__}"' in shown
    response = Client().get("/look/fde047.css", SERVER_NAME="shop.example", **HTTPS)
    assert response.headers["Content-Type"].startswith("text/css")
    assert "immutable" in response.headers["Cache-Control"]
    assert "--accent: #fde047" in response.content.decode()
    assert Client().get("/look/red.css", SERVER_NAME="shop.example", **HTTPS).status_code == 404
