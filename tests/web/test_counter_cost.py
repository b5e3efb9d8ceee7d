"""How many statements the counter's calls cost: few, and no more because there is more to show.

BEGIN, COMMIT and savepoints are not counted: in production they come once around each transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from regulars.ledger.models import Card
from regulars.promotions import actions as promotions
from regulars.tenants import ratelimit
from tests.counter.given import rules
from tests.factories import Shop, make_shop
from tests.scratchcards import given as scratched
from tests.vouchers.given import earn, issue, voucher
from tests.web.counter_json import Counter, new_id

pytestmark = pytest.mark.django_db

AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop(owner_email="alice@shop.example")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def cost(counter: Counter, path: str, **body: Any) -> list[str]:
    """What a call asks the database when it is not the first."""
    with CaptureQueriesContext(connection) as captured:
        counter.ok(path, **body)
    asked = [query["sql"] for query in captured.captured_queries]
    # On PostgreSQL the lock on the member is a statement; on SQLite whoever writes has all of it.
    assert sum("pg_advisory" in sql for sql in asked) <= 1
    asked = [sql for sql in asked if "pg_advisory" not in sql]
    return [sql for sql in asked if not sql.lstrip().upper().startswith(AROUND)]


def of_promotions(asked: list[str]) -> int:
    return sum('FROM "promotions_eventpromotion"' in sql for sql in asked)


def test_a_scan_costs_few_statements(shop: Shop, card: Card) -> None:
    counter = Counter(shop)
    asked = cost(counter, "scan", text=card.qr_code, client_id=new_id())
    assert len(asked) <= 16, asked
    assert of_promotions(asked) == 1


def test_a_scan_of_somebody_with_much_to_show_costs_little_more(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="3,5", scans_per_day=5, minutes_between=1)
    for number in range(3):
        promotions.add_event_promotion(
            business_id=shop.id, name=f"P{number}", points_to_award=9,
            auto_allocate_on_event="quickscan_button",
        )  # fmt: skip
        voucher(shop, points_required=number, available_for_self_selection=True)
        issue(shop, voucher(shop), card)
        scratched.revealed(shop, scratched.campaign(shop), card)
    earn(shop, card, 100)
    shop.stamp(card, 9)
    counter = Counter(shop)
    asked = cost(counter, "scan", text=card.qr_code, client_id=new_id())
    assert len(asked) <= 20, asked
    assert of_promotions(asked) == 1


def test_what_a_scan_gives_is_read_once(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7")
    counter = Counter(shop)
    asked = cost(counter, "scan", text=card.qr_code, client_id=new_id())
    assert of_promotions(asked) == 1
    promotions.add_event_promotion(
        business_id=shop.id, name="Hello", points_to_award=5, auto_allocate_on_event="quickscan"
    )
    found = counter.ok("scan", text=card.qr_code, client_id=new_id())
    assert found["given"]["text"] == "Hello: 12 points"


def test_a_preview_asks_only_what_the_sale_would_earn(shop: Shop, card: Card) -> None:
    counter = Counter(shop)
    asked = cost(counter, "preview", member_id=card.pk, amount="250")
    assert len(asked) <= 4, asked
