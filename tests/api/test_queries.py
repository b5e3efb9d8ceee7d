"""How many statements a request costs: few for a stamp, and never more because there is more history.

BEGIN, COMMIT and savepoints are not counted: in production they come once around each transaction.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.analytics.rollup import roll_up_all
from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from tests.api.routes import furnish, operations, own, send
from tests.api.support import Clock, Rest, ok
from tests.factories import Shop

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 10, 6, 30, tzinfo=dt.UTC)
AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
READS = sorted(name for name in operations() if name.startswith("GET "))

DATA = "GET /api/customers/{customer_id}/data"
MERGE = "POST /api/customers/{customer_id}/merge"

# Reads that need more than three statements, with one for a gap in the entries (docs/decisions/0003).
BUDGET = {
    # The customer with the business, and each table with something about them (members/personal_data.py).
    DATA: 31,
    "GET /api/stats": 10,
    "GET /api/analytics": 12,
    # The business, what the list belongs to, how many rows there are, and a page of them.
    "GET /api/campaigns/{campaign_id}/recipients": 4,
    "GET /api/scratch-cards/{campaign_id}/cards": 4,
    "GET /api/webhooks/{endpoint_id}/deliveries": 4,
    "GET /api/segments/{segment_id}/customers": 4,
    # The business, where the look ends, what several have in it, who they are, and their cards.
    "GET /api/duplicates": 5,
    # One consistent reading: each kind of totals, and what is not in them yet (docs/decisions/0025).
    "GET /api/reports/branches": 12,
    "GET /api/reports/days": 13,
    "GET /api/reports/hours": 9,
    "GET /api/reports/points": 8,
    "GET /api/reports/retention": 11,
    "GET /api/reports/staff": 11,
    "GET /api/reports/visits": 8,
}


def statements(rest: Rest, method: str, path: str, body: Any = None, **more: Any) -> list[str]:
    """What a request asks the database, when its key is known already."""
    ok(rest.get("/api/program"))
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = rest.send(method, path, body, **more)
    assert response.status_code < 300, response
    asked = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in asked if not sql.lstrip().upper().startswith(AROUND)]


@pytest.mark.parametrize(("goal", "count", "most"), [(8, 1, 4), (8, 8, 5), (2, 10, 5)])
def test_a_stamp_costs_few_statements(goal: int, count: int, most: int, shop: Shop, database: str) -> None:
    rest, card, branch = Rest(shop), shop.enrol(), shop.branch()
    ok(rest.patch("/api/program", {"stamps_required": goal}))
    body = {"qr_code": card.qr_code, "count": count, "branch_id": branch.pk}
    asked = statements(rest, "POST", "/api/stamps/add", body)
    assert len(asked) <= (2 if database == "postgresql" else most)


def test_a_stamp_with_an_idempotency_key_costs_few_statements_too(
    shop: Shop, rest: Rest, database: str
) -> None:
    card = shop.enrol()
    key = {"headers": {"Idempotency-Key": "k"}}
    asked = statements(rest, "POST", "/api/stamps/add", {"qr_code": card.qr_code}, **key)
    assert len(asked) <= (5 if database == "postgresql" else 6)  # SQLite cannot post in one statement
    replayed = statements(rest, "POST", "/api/stamps/add", {"qr_code": card.qr_code}, **key)
    assert len(replayed) <= 2


def test_a_stamp_costs_the_same_on_an_old_card(shop: Shop, rest: Rest) -> None:
    new, old = shop.enrol(), shop.enrol()
    for _ in range(200):
        shop.stamp(old, 9)
    costs = [
        len(statements(rest, "POST", path, {"qr_code": card.qr_code}))
        for card in (new, old)
        for path in ("/api/stamps/add",)
    ]
    assert costs[0] == costs[1]
    shop.stamp(new, 8)
    shop.stamp(new, 8)
    before = [
        len(statements(rest, "POST", "/api/rewards/redeem", {"qr_code": card.qr_code})) for card in (new, old)
    ]
    assert before[0] == before[1] <= 5


def year(shop: Shop, members: int, visits: int) -> Card:
    """Members of a year, each with so many visits at two branches, some rewards and redemptions."""
    branches = [shop.branch(f"Branch {number}").pk for number in range(2)]
    for number in range(members):
        at = NOW - dt.timedelta(days=300 - number % 280)
        card = shop.enrol(f"Guest {number}", occurred_at=at)
        for visit in range(visits):
            at += dt.timedelta(days=3)
            shop.stamp(card, 9, branch_id=branches[visit % 2], occurred_at=min(at, NOW))
            if visit % 2:
                ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code, occurred_at=min(at, NOW))
    return card


def costs(shop: Shop) -> dict[str, int]:
    """The number of statements of every read."""
    with time_machine.travel(NOW, tick=False):
        things = own(furnish(shop, "Sunrise"))
        rest = Rest(shop)
        found = {}
        for operation in READS:
            method, address = operation.split()
            call = things[operation]
            path = address.format(**call.path)
            found[operation] = len(statements(rest, method, path, query=call.query | {"per_page": 100}))
        return found


@pytest.mark.parametrize("rolled", ["rolled up", "in the tail"])
def test_no_read_costs_more_with_more_history(rolled: str, shop: Shop, stranger: Shop) -> None:
    year(shop, 1, 1)
    year(stranger, 60, 4)
    if rolled == "rolled up":
        roll_up_all()
    small, large = costs(shop), costs(stranger)
    assert small == large
    assert {operation: cost for operation, cost in large.items() if cost > BUDGET.get(operation, 3)} == {}


def test_a_customer_costs_the_same_with_two_hundred_visits(shop: Shop, rest: Rest) -> None:
    new, old = shop.enrol(), shop.enrol()
    shop.stamp(new)
    for _ in range(200):
        shop.stamp(old, branch_id=None)
    found = [len(statements(rest, "GET", f"/api/customers/{card.pk}")) for card in (new, old)]
    assert found[0] == found[1] <= 3


def test_an_unknown_key_is_looked_up_once(shop: Shop, clock: Clock) -> None:
    rest = Rest()
    rest.headers = {"X-Api-Key": "rk_" + "2" * 40}
    with CaptureQueriesContext(connection) as captured:
        for _ in range(5):
            rest.get("/api/stats")
    assert len(captured) == 1


def test_a_key_is_looked_up_once_in_five_seconds_and_noted_once(shop: Shop, clock: Clock) -> None:
    rest = Rest(shop)
    with CaptureQueriesContext(connection) as captured:
        for _ in range(5):
            ok(rest.get("/api/program"))
    asked = [query["sql"] for query in captured.captured_queries]
    assert sum("key_hash" in sql and "SELECT" in sql for sql in asked) == 1
    assert sum("last_used_at" in sql and "UPDATE" in sql for sql in asked) == 1


@pytest.mark.parametrize("operation", sorted(operations()))
def test_every_operation_has_its_budget(operation: str, shop: Shop, database: str) -> None:
    things = furnish(shop, "Sunrise")
    rest, call = Rest(shop), own(things)[operation]
    ok(rest.get("/api/program"))
    with CaptureQueriesContext(connection) as captured:
        assert send(rest, operation, call).status_code == call.status
    asked = [sql for query in captured.captured_queries if not (sql := query["sql"]).startswith(AROUND)]
    # Erasing looks into every room, as giving out does; nobody waits for it at a counter. PostgreSQL is told
    # how long to wait and back, and locks what will go in five statements; SQLite has one writer.
    erasing = 74 if database == "postgresql" else 67
    rooms = {"DELETE /api/customers/{customer_id}": erasing, DATA: BUDGET[DATA], MERGE: 64}
    most = rooms.get(operation, 30 if "DELETE" in operation else max(12, BUDGET.get(operation, 0)))
    assert len(asked) <= most, asked
