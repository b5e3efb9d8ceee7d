"""How the databases find rows: what one customer has is not looked for in all that the business has.

Of SQLite every statement is asked how it would be carried out. It keeps no statistics, so what is asked of
an empty table holds for a full one (`regulars.commands.sqlite_schema`).
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from regulars import seal
from regulars.analytics.rollup import roll_up_all
from regulars.commands import sqlite_schema
from regulars.counter import showing
from regulars.ledger import actions as ledger
from regulars.ledger import queries
from regulars.ledger.models import Card, Reward
from regulars.ledger.undoing import undo
from regulars.members import aliases
from regulars.members.actions import delete_member
from regulars.members.queries import find_for_new_code
from regulars.messages import claims
from regulars.portal import history, joining, links, statement, tickets
from tests.counter import given
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

sqlite_only = pytest.mark.skipif(
    "config.getoption('--database') != 'sqlite'", reason="PostgreSQL counts its rows"
)

JUNE = dt.date(2026, 6, 1)
# A step that goes through a table, or through all that a business has in it, perhaps since some day.
WIDE = re.compile(r"SCAN (?P<table>\w+)|INDEX (?P<index>\w+) \(business_id=\?(?: AND \w+[<>]\?)*\)")
# The tables with rows of customers, and their indexes.
NAMES = """
SELECT t.name, i.name FROM sqlite_master t JOIN pragma_index_list(t.name) i JOIN pragma_table_info(t.name) c
WHERE t.type = 'table' AND (c.name IN ('member_id', 'card_id') OR t.name = 'members_member')"""
READS = ("SELECT", "WITH", "UPDATE", "DELETE")


Step = tuple[str, str]  # what the database does, and in which statement


def steps(act: Callable[[], object], what: str = "") -> list[Step]:
    """How `act` finds its rows; of all the steps those with `what` in them."""
    done: list[Step] = []

    def explained(execute: Callable[..., Any], sql: str, params: Any, *how: Any) -> Any:
        if sql.lstrip().startswith(READS):
            explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
            with connection.cursor() as cursor:
                cursor.cursor.execute(explain + sql, (params[0] if how[0] else params) or ())
                done.extend((str(row[-1]), sql) for row in cursor.cursor.fetchall())
        return execute(sql, params, *how)

    with connection.execute_wrapper(explained):
        act()
    assert done
    return [step for step in done if what in step[0]]


@dataclass(frozen=True)
class Regular:
    """A customer with a bit of everything: rewards that wait and one that is redeemed."""

    shop: Shop
    card: Card
    stamped: int
    redeemed: int

    @property
    def ids(self) -> dict[str, int]:
        return {"business_id": self.shop.id, "member_id": self.card.pk}


@pytest.fixture
def priya() -> Regular:
    shop = make_shop()
    card = shop.enrol("Priya", email="priya@mail.example")
    shop.stamp(card, 30)
    roll_up_all()
    redeemed = ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code).entry_id
    return Regular(shop, card, shop.stamp(card, 3).entry_id, redeemed)


def joined(who: Regular) -> object:
    agreed = {"programme": "I join."}
    return joining.join(business=who.shop.business, name="P", email="priya@mail.example", consents=agreed)


def link_asked_for(who: Regular) -> object:
    contact = seal.seal("priya@mail.example")
    return links.send_sign_in_links.func(business_id=who.shop.id, contact=contact)


ACTS: dict[str, Callable[[Regular], object]] = {
    "a stamp": lambda who: who.shop.stamp(who.card),
    "a redemption": lambda who: ledger.redeem_reward(business_id=who.shop.id, qr_code=who.card.qr_code),
    "undoing stamps": lambda who: undo(business_id=who.shop.id, entry_id=who.stamped),
    "undoing a redemption": lambda who: undo(business_id=who.shop.id, entry_id=who.redeemed),
    "erasing": lambda who: delete_member(**who.ids),
    "enrolling": lambda who: who.shop.enrol("Asha", email="asha@mail.example", phone="+919876500000"),
    "joining again": joined,
    "a link for signing in": link_asked_for,
    "a new code": lambda who: find_for_new_code(business_id=who.shop.id, secondary_code="2", email="x@y.z"),
    "a second code": lambda who: aliases.create_alias(
        business_id=who.shop.id, member_id=who.card.pk, name="Priya"
    ),
    "rewards on the card page": lambda who: tickets.pending_rewards(**who.ids),
    "the history": lambda who: history.history(
        business_id=who.shop.id, member_id=who.card.pk, first_day=JUNE, last_day=JUNE
    ),
    "a statement": lambda who: statement.statement(**who.ids, month=JUNE),
    "the latest entry": lambda who: queries.latest_entry(**who.ids),
    "recent transactions": lambda who: queries.recent_transactions(**who.ids),
    "the counter": lambda who: showing.show(operator=given.at_work(who.shop), member_id=who.card.pk),
    "dead senders": lambda _: claims.take_over(campaign_id=None, now=timezone.now()),
}
# Every stamp would pay for an index of events, which are kept for 90 days; and every point earned for one of
# lots, in which is looked once whether one is left of an erased card (docs/decisions/0021).
BORNE = re.compile(r" outbox_event |DELETE FROM ledger_card ")


def wide(found: list[Step]) -> list[Step]:
    """Those steps that read more of customers than one has."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES)
        names = {name for row in cursor.fetchall() for name in row}
    return [
        (step, sql)
        for step, sql in found
        if (part := WIDE.search(step)) and names & set(part.groups()) and not BORNE.search(sql)
    ]


@sqlite_only
@pytest.mark.parametrize("name", ACTS)
def test_what_one_customer_has_is_found_by_the_customer(priya: Regular, name: str) -> None:
    assert wide(steps(lambda: ACTS[name](priya))) == []


@sqlite_only
@pytest.mark.parametrize(
    "step", ["SCAN ledger_entry", "SEARCH e USING INDEX entry_business_day (business_id=? AND day>?)"]
)
def test_what_is_wide_is_seen(step: str) -> None:
    assert wide([(step, "")]) == [(step, "")]


@sqlite_only
def test_the_visit_before_an_undone_one_is_looked_for_on_the_card(priya: Regular) -> None:
    found = steps(lambda: ACTS["undoing stamps"](priya), "entry_card_id (card_id=?)")
    assert [sql for _, sql in found if "MAX(" in sql]


@sqlite_only
@pytest.mark.parametrize(
    ("table", "by"), [("pointsadjustment", "card"), ("lot", "entry"), ("reward", "card"), ("entry", "card")]
)
def test_the_history_of_an_erased_customer_is_found_by_the_card(priya: Regular, table: str, by: str) -> None:
    found = steps(lambda: ACTS["erasing"](priya), f"SEARCH ledger_{table} USING")
    assert [sql for step, sql in found if f"({by}_id=?" in step and f"DELETE FROM ledger_{table} " in sql]


@sqlite_only
@pytest.mark.parametrize("name", ["a redemption", "undoing stamps", "rewards on the card page"])
def test_waiting_rewards_are_looked_for_on_the_card(priya: Regular, name: str) -> None:
    found = [step for step, _ in steps(lambda: ACTS[name](priya), "reward")]
    assert [step for step in found if "reward_card_id (card_id=?" in step]
    assert [step for step in found if "redeemed_entry_id=?" in step] == []


@sqlite_only
def test_what_waits_is_not_known_to_an_index_of_what_was_redeemed(priya: Regular) -> None:
    with scope(business=priya.shop.id):
        waiting = Reward.objects.filter(redeemed_entry=None, undone_entry=None)
        ((step, _),) = steps(lambda: list(waiting))
    assert step == "SCAN ledger_reward"


@pytest.mark.parametrize("kind", ["stamp_undo", "reward_undo"])
def test_undos_have_an_index_of_their_own(priya: Regular, kind: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of few rows would just be read
    ACTS["undoing a redemption"](priya)
    ACTS["undoing stamps"](priya)
    found = steps(
        lambda: queries.transactions(business_id=priya.shop.id, page=1, per_page=20, kind=kind), "entry_undos"
    )
    asked = ["COUNT(*)" in sql for _, sql in found]
    # PostgreSQL knows how few entries there are here, and may read a page in its order.
    assert asked == [True, False] or (connection.vendor == "postgresql" and asked == [True])


@sqlite_only
def test_a_page_of_customers_is_read_in_its_order(priya: Regular) -> None:
    assert steps(lambda: queries.customers(business_id=priya.shop.id, page=1, per_page=20), "TEMP") == []


@sqlite_only
def test_each_index_of_customers_by_business_is_estimated() -> None:
    with connection.cursor() as cursor:
        cursor.execute(sqlite_schema._INDEXES)
        indexes = {(table, index) for table, index, *_ in cursor.fetchall()}
        cursor.execute("SELECT tbl, idx FROM sqlite_stat1 WHERE idx IS NOT NULL")
        assert set(cursor.fetchall()) == indexes
    assert ("ledger_entry", "entry_business_day") in indexes
