"""Figures cost the same after ten years: counted in statements and in rows or steps, never in seconds."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars import db
from regulars.analytics import people, queries, reports
from regulars.analytics.models import Watermark
from regulars.analytics.rollup import roll_up_all
from regulars.ledger.models import Card, Entry
from tests.analytics.recount import Recount
from tests.factories import Shop, make_shop

pytestmark = [pytest.mark.usefixtures("forgets_statistics"), pytest.mark.django_db]

NOON = dt.datetime(2026, 6, 15, 6, 30, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 15)
QUARTER = (TODAY - dt.timedelta(days=89), TODAY)
FEW, MANY = 90, 3_000
MEMBERS = 12  # more than the ten that are shown


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


COLUMNS = (
    "business_id, card_id, branch_id, kind, stamps, stamps_spent, rewards, visits, points, text, "
    "stamps_after, points_after, occurred_at, day"
)


def stamp_row(shop: Shop, card: Card, branch_id: int, back: int) -> tuple[Any, ...]:
    """A row of `COLUMNS`: a stamp given so many days ago."""
    moment = NOON - dt.timedelta(days=back)
    at, day = db.moment(moment), db.calendar_day(moment.date())
    return (shop.id, card.pk, branch_id, "stamp_add", 1, 0, 0, 1, 0, "", 1, 0, at, day)


def shop_with_history(number: int) -> Shop:
    """A shop with so many rolled-up entries: one on each of the last 90 days, the rest before them."""
    shop = make_shop()
    branch = shop.branch()
    cards = [shop.enrol(f"Customer {n}", occurred_at=NOON - dt.timedelta(days=1)) for n in range(MEMBERS)]
    with connection.cursor() as cursor:
        # Only figures are asked for here, so the cards stay as they are.
        cursor.executemany(
            f"INSERT INTO ledger_entry ({COLUMNS}) VALUES ({', '.join(['%s'] * 14)})",
            [
                stamp_row(shop, cards[n % MEMBERS], branch.pk, n if n < FEW else FEW + n // 3)
                for n in range(number)
            ],
        )
    roll_up_all()
    Watermark.objects.update(gaps=[])  # those that earlier tests left in the numbering
    with connection.cursor() as cursor:
        # What a server does by itself; new tables look the same to a planner as empty ones.
        cursor.execute("ANALYZE")
    return shop


def statements(read: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        read()
    return [query["sql"] for query in captured]


def steps(read: Callable[[], object]) -> int:
    """How much work the database had with it: SQLite in machine steps, PostgreSQL in rows looked at."""
    if connection.vendor == "sqlite":
        return _sqlite_steps(read)
    return sum(_rows_looked_at(sql) for sql in statements(read) if sql.lstrip().startswith("SELECT"))


def _sqlite_steps(read: Callable[[], object]) -> int:
    done = 0

    def step() -> int:
        nonlocal done
        done += 1
        return 0

    connection.connection.set_progress_handler(step, 1)
    try:
        read()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return done


def _rows_looked_at(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        plan = cursor.fetchone()[0]
    return _of_plan((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def _of_plan(node: dict[str, Any]) -> int:
    below = sum(map(_of_plan, node.get("Plans", [])))
    if "Scan" not in node["Node Type"]:
        return below
    passed_over = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    return below + int((node["Actual Rows"] + passed_over) * node["Actual Loops"])


FIGURES: dict[str, Callable[[Shop], object]] = {
    "stats": lambda shop: queries.stats(shop.business),
    "detail of a month": lambda shop: queries.detail(shop.business, 30),
    "detail of a quarter": lambda shop: queries.detail(shop.business, 90),
    "by day": lambda shop: reports.by_day(shop.business, QUARTER),
    "by branch": lambda shop: reports.by_branch(shop.business, QUARTER),
    "by person": lambda shop: reports.by_staff(shop.business, QUARTER),
    "by hour": lambda shop: reports.by_hour(shop.business, QUARTER),
    "retention": lambda shop: people.retention(shop.business, TODAY, 3),
    "visits": lambda shop: people.visits(shop.business),
    "points owed": lambda shop: people.points_due(shop.business),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_long_history_costs_no_more_than_a_short_one(name: str) -> None:
    read, costs = FIGURES[name], []
    for number in (FEW, MANY):
        with transaction.atomic():
            shop = shop_with_history(number)
            Recount(shop.business).check(90)
            if (
                connection.vendor == "postgresql"
            ):  # it reads a table of a few pages as a whole, which is cheaper
                db.run("SET LOCAL enable_seqscan = off")
            costs.append((len(statements(partial(read, shop))), steps(partial(read, shop))))
            transaction.set_rollback(True)  # alone each time: in small tables a neighbour's rows are read too
    (few_statements, few_steps), (many_statements, many_steps) = costs
    assert many_statements == few_statements <= 12
    # A deeper index costs a step or two; reading the history would be thirty times as much.
    assert many_steps <= few_steps * 1.5 + 50


def test_the_measure_would_notice_that_history_is_read() -> None:
    def read_everything(shop: Shop) -> None:
        with scope(business=shop.business):
            list(Entry.objects.filter(kind="stamp_add"))

    few, many = (
        steps(partial(read_everything, shop)) for shop in (shop_with_history(FEW), shop_with_history(MANY))
    )
    assert many > few * 10


def test_the_tail_is_found_by_its_ids_and_costs_what_it_is_long() -> None:
    shop = shop_with_history(MANY)
    nothing_new = steps(lambda: queries.stats(shop.business))
    card = shop.enrol("Somebody New")
    for _ in range(10):
        shop.stamp(card)
    ten_new = steps(lambda: queries.stats(shop.business))
    assert nothing_new < ten_new < nothing_new + 2_000


def test_figures_of_many_branches_take_as_many_statements_as_of_one() -> None:
    shop = shop_with_history(FEW)
    one = len(statements(lambda: queries.detail(shop.business, 30)))
    for number in range(8):
        shop.branch(f"Branch {number}")
    assert len(statements(lambda: queries.detail(shop.business, 30))) == one
