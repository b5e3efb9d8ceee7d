"""The posting is written by hand twice, for each database its own way: both must write the same rows."""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars import db
from regulars.ledger import actions, post
from regulars.ledger.models import Card, Lot, Reward
from regulars.ledger.post import CardState, Posting, Undoing
from regulars.outbox.emit import NewEvent
from regulars.rules.points import Take
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
LATE = dt.datetime(2026, 6, 1, 20, tzinfo=dt.UTC)  # already the 2nd in Kolkata
TABLES = ("ledger_card", "ledger_entry", "ledger_reward", "ledger_lot", "ledger_lotuse", "outbox_event")
# What no two runs share: the clock's time, an event's random name.
UNSHARED = {"recorded_at", "created_at", "uid"}

Post = Callable[[CardState, Posting, Sequence[NewEvent]], int | None]


def rows() -> dict[str, list[dict[str, Any]]]:
    """All rows that a posting may touch, without what differs from run to run."""
    found: dict[str, list[dict[str, Any]]] = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            order = "member_id" if table == "ledger_card" else "id"
            cursor.execute(f"SELECT * FROM {table} ORDER BY {order}")
            names = [column[0] for column in cursor.description]
            found[table] = [
                {
                    name: plain(name, value)
                    for name, value in zip(names, row, strict=True)
                    if name not in UNSHARED
                }
                for row in cursor.fetchall()
            ]
    return found


def plain(name: str, value: Any) -> Any:
    if name == "payload":
        return json.loads(value) if isinstance(value, str) else value
    if name in {"occurred_at", "last_visit_at"} and value is not None:
        return db.to_moment(value)
    if name in {"day", "expires_on"} and value is not None:
        return db.to_date(value)
    return value


@contextmanager
def undone() -> Iterator[None]:
    """Everything inside is taken back, the numbers that sequences gave out too."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def numbered(found: dict[str, list[dict[str, Any]]], start: dict[str, int]) -> Any:
    """Row numbers counted from the highest that there was before: sequences do not roll back."""
    owners = {
        "entry_id": "ledger_entry",
        "earned_entry_id": "ledger_entry",
        "redeemed_entry_id": "ledger_entry",
        "undone_entry_id": "ledger_entry",
        "reverses_id": "ledger_entry",
    }

    def relative(table: str, name: str, value: Any) -> Any:
        owner = table if name == "id" else owners.get(name)
        if owner is None or value is None:
            return value
        return value - start[owner] if value > start[owner] else ("before", value)

    def payload(value: dict[str, Any]) -> dict[str, Any]:
        return {
            key: relative("ledger_entry", "id", inner) if key == "transaction_id" else inner
            for key, inner in value.items()
        }

    return {
        table: [
            {
                name: payload(value) if name == "payload" else relative(table, name, value)
                for name, value in row.items()
            }
            for row in listed
        ]
        for table, listed in found.items()
    }


def sequence_now(table: str) -> int:
    """The last number that a table's sequence gave out."""
    last, used = db.run(f"SELECT last_value, is_called FROM {table}_id_seq")[0]
    return int(last) if used else 0


def state_of(shop: Shop, card: Card) -> CardState:
    state = post.read_card(business_id=shop.id, member_id=card.pk, with_reward=True)
    assert state is not None
    return state


def furnished() -> tuple[Shop, Card]:
    """A card with a pending reward and two lots."""
    shop = make_shop()
    card = shop.enrol(occurred_at=NOON)
    shop.stamp(card, 11, occurred_at=NOON)
    for number, day in ((40, dt.date(2027, 1, 1)), (60, None)):
        state = state_of(shop, card)
        post.post(
            state,
            Posting("points_earn", NOON, points=number, lot_remaining=number, lot_expires_on=day),
        )
    return shop, card


moments = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
occasions = st.one_of(st.none(), texts.filter(bool))


@dataclass
class Redemption:
    """A reward that was redeemed: which, by which entry, and where its stamps came from."""

    reward_id: int
    entry_id: int
    stamps_id: int


def redeemed(shop: Shop, card: Card) -> Redemption:
    """Another reward is earned, and the first is redeemed."""
    shop.stamp(card, 8, occurred_at=NOON)
    entry_id = actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code).entry_id
    with scopes_disabled():
        reward = Reward.objects.get(redeemed_entry=entry_id)
    return Redemption(reward.pk, entry_id, reward.earned_entry_id)


@st.composite
def postings(draw: st.DrawFn, lots: list[int], reward: int, branch: int, staff: int) -> Posting:
    common: dict[str, Any] = {
        "occurred_at": draw(moments),
        "text": draw(texts),
        "occasion": draw(occasions),
        "source": draw(st.sampled_from([None, "sale:1", "adjustment:70"])),
        "branch_id": draw(st.sampled_from([None, branch])),
        "staff_id": draw(st.sampled_from([None, staff])),
    }
    match draw(st.sampled_from(["stamps", "redeem", "earn", "reverse", "return", "take"])):
        case "stamps":
            return Posting(
                "stamp_add",
                stamps=draw(st.integers(8, 60)),
                stamps_spent=draw(st.integers(0, 8)),
                rewards=draw(st.integers(0, 4)),
                visits=draw(st.integers(0, 1)),
                reward_text=draw(texts),
                **common,
            )
        case "redeem":
            return Posting("reward_redeem", rewards=-1, redeems_reward_id=reward, **common)
        case "earn":
            number = draw(st.integers(0, 2**40))
            return Posting(
                "points_earn",
                points=number,
                shortfall=-draw(st.integers(0, 2**40)),
                lot_remaining=draw(st.integers(0, number)),
                lot_expires_on=draw(st.one_of(st.none(), st.dates(dt.date(2020, 1, 1)))),
                **common,
            )
        case "reverse":
            taken, debt = draw(st.integers(1, 40)), draw(st.integers(0, 500))
            return Posting(
                "points_reverse",
                points=-taken - debt,
                shortfall=draw(st.integers(0, 2**40)),
                takes=(Take(lots[0], taken),),
                **common,
            )
        case "return":  # into the last lot, out of which ten were taken
            return Posting("points_return", points=7, takes=(Take(lots[-1], -7),), **common)
        case _:
            amounts = [draw(st.integers(1, 40)) for _ in lots]
            takes = tuple(Take(lot, amount) for lot, amount in zip(lots, amounts, strict=True))
            kind = draw(st.sampled_from(["points_spend", "points_expire"]))
            return Posting(kind, points=-sum(amounts), takes=takes, **common)


@st.composite
def undos(draw: st.DrawFn, reward: int, gone: Redemption, branch: int) -> Posting:
    common: dict[str, Any] = {"occurred_at": draw(moments), "text": draw(texts), "branch_id": branch}
    if draw(st.booleans()):
        back = Undoing(gone.entry_id, reopened_reward_id=gone.reward_id)
        return Posting("reward_undo", rewards=1, undoes=back, **common)
    took, last = draw(st.integers(0, 1)), draw(st.one_of(st.none(), moments))
    back = Undoing(gone.stamps_id, rewards=(reward,) * took, last_visit_at=last)
    return Posting(
        "stamp_undo",
        stamps=-2 - 7 * took,
        stamps_spent=-8 * took,
        rewards=-took,
        visits=-draw(st.integers(0, 1)),
        undoes=back,
        **common,
    )


def written_by(write: Post, state: CardState, posting: Posting, events: list[NewEvent]) -> Any:
    start = {table: sequence_now(table) for table in TABLES if table != "ledger_card"}
    with undone():
        assert write(state, posting, events) == start["ledger_entry"] + 1
        return numbered(rows(), start)


@pytest.mark.skipif("config.getoption('--database') == 'sqlite'", reason="SQLite cannot run PostgreSQL's way")
def test_both_ways_write_the_same_rows() -> None:
    shop, card = furnished()
    with scopes_disabled():
        lots = list(Lot.objects.order_by("id").values_list("pk", flat=True))
    post.post(state_of(shop, card), Posting("points_spend", NOON, points=-10, takes=(Take(lots[-1], 10),)))
    gone, branch = redeemed(shop, card), shop.branch()
    state = state_of(shop, card)
    assert state.next_reward_id is not None

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        posting=st.one_of(
            postings(lots, state.next_reward_id, branch.pk, shop.owner.pk),
            undos(state.next_reward_id, gone, branch.pk),
        ),
        number=st.integers(0, 3),
        payload=st.dictionaries(
            texts, st.one_of(st.none(), st.booleans(), st.integers(-9, 9), texts), max_size=4
        ),
    )
    def same(posting: Posting, number: int, payload: dict[str, Any]) -> None:
        events = [NewEvent(f"event.{index}", card.pk, payload) for index in range(number)]
        one = written_by(post._post_postgresql, state, posting, events)
        other = written_by(post._post_sqlite, state, posting, events)
        assert one == other
        assert len(one["outbox_event"]) == len(rows()["outbox_event"]) + number

    same()


def stamp_posting() -> Posting:
    return Posting(
        "stamp_add", LATE, stamps=6, stamps_spent=8, rewards=1, visits=1, reward_text="Cake", text="note"
    )


def test_a_posting_of_stamps_writes_exactly_this() -> None:
    shop, card = furnished()
    before = rows()
    entry_id = post.post(state_of(shop, card), stamp_posting(), [NewEvent("stamp.added", card.pk, {"a": 1})])
    after = rows()
    old, new = before["ledger_card"][0], after["ledger_card"][0]
    assert {name: new[name] for name in new if new[name] != old[name]} == {
        "stamps": 1,
        "total_stamps": 17,
        "stamps_spent": 16,
        "total_visits": 3,
        "pending_rewards": 2,
        "rewards_earned": 2,
        "last_visit_at": LATE,
        "version": 5,
    }
    assert after["ledger_entry"][:-1] == before["ledger_entry"]
    assert after["ledger_entry"][-1] == {
        "id": entry_id,
        "business_id": shop.id,
        "card_id": card.pk,
        "branch_id": None,
        "staff_id": None,
        "kind": "stamp_add",
        "stamps": 6,
        "stamps_spent": 8,
        "rewards": 1,
        "visits": 1,
        "points": 0,
        "stamps_after": 1,
        "points_after": 100,
        "shortfall": 0,
        "text": "note",
        "source": None,
        "occasion": None,
        "occurred_at": LATE,
        "day": dt.date(2026, 6, 2),
        "reverses_id": None,
    }
    (reward,) = after["ledger_reward"][len(before["ledger_reward"]) :]
    assert (reward["text"], reward["earned_entry_id"], reward["redeemed_entry_id"]) == (
        "Cake",
        entry_id,
        None,
    )
    (event,) = after["outbox_event"][len(before["outbox_event"]) :]
    assert (event["type"], event["member_id"]) == ("stamp.added", card.pk)
    assert event["payload"] == {"a": 1, "transaction_id": entry_id}
    assert after["ledger_lot"] == before["ledger_lot"]


def test_a_posting_of_points_moves_exactly_these_lots() -> None:
    shop, card = furnished()
    before = rows()
    first, second = (row["id"] for row in before["ledger_lot"])
    entry_id = post.post(
        state_of(shop, card),
        Posting("points_spend", NOON, points=-45, takes=(Take(first, 40), Take(second, 5))),
    )
    after = rows()
    assert [row["remaining"] for row in after["ledger_lot"]] == [0, 55]
    assert [(row["lot_id"], row["entry_id"], row["points"]) for row in after["ledger_lotuse"]] == [
        (first, entry_id, 40),
        (second, entry_id, 5),
    ]
    assert after["ledger_card"][0]["points"] == 55
    assert after["ledger_card"][0]["points_spent"] == 45
    assert after["ledger_entry"][-1]["points_after"] == 55


def test_points_taken_back_were_not_earned_and_those_given_back_were_not_spent() -> None:
    shop, card = furnished()
    first, second = (row["id"] for row in rows()["ledger_lot"])

    def totals(posting: Posting) -> tuple[int, ...]:
        post.post(state_of(shop, card), posting)
        now = rows()["ledger_card"][0]
        return now["points"], now["points_earned"], now["points_spent"], now["points_expired"]

    spend = Posting("points_spend", NOON, points=-30, takes=(Take(first, 30),), source="issue:1")
    assert totals(spend) == (70, 100, 30, 0)
    back = Posting("points_return", NOON, points=12, takes=(Take(first, -12),), source="issue:1")
    assert totals(back) == (82, 100, 18, 0)
    lapse = Posting("points_expire", NOON, points=-2, takes=(Take(first, 2),))
    assert totals(lapse) == (80, 100, 18, 2)
    takes = (Take(first, 20), Take(second, 60))
    reverse = Posting("points_reverse", NOON, points=-85, takes=takes, source="sale:9", shortfall=5)
    assert totals(reverse) == (-5, 15, 18, 2)
    after = rows()
    assert [row["remaining"] for row in after["ledger_lot"]] == [0, 0]  # nothing was returned as a new lot
    assert [row["points"] for row in after["ledger_lotuse"]] == [30, -12, 2, 20, 60]
    written = [(row["source"], row["shortfall"]) for row in after["ledger_entry"][-4:]]
    assert written == [("issue:1", 0), ("issue:1", 0), (None, 0), ("sale:9", 5)]


@pytest.mark.parametrize(
    "posting",
    [
        stamp_posting(),
        Posting("points_earn", NOON, points=5, lot_remaining=5),
        Posting("reward_redeem", NOON, rewards=-1, redeems_reward_id=1),
        Posting("points_spend", NOON, points=-1, takes=(Take(1, 1),)),
    ],
    ids=lambda posting: posting.kind,
)
def test_a_posting_computed_from_an_older_state_writes_nothing(posting: Posting) -> None:
    shop, card = furnished()
    old = state_of(shop, card)
    shop.stamp(card)
    before = rows()
    assert post.post(old, posting, [NewEvent("x", card.pk, {})]) is None
    assert rows() == before


def test_an_event_refers_to_its_own_entry_and_keeps_the_order() -> None:
    shop, card = furnished()
    events = [NewEvent(f"event.{number}", card.pk, {"number": number}) for number in range(5)]
    entry_id = post.post(state_of(shop, card), stamp_posting(), events)
    told = rows()["outbox_event"][-5:]
    assert [event["payload"] for event in told] == [
        {"number": number, "transaction_id": entry_id} for number in range(5)
    ]


def test_a_stamp_costs_two_statements() -> None:
    shop, card = furnished()
    with CaptureQueriesContext(connection) as queries:
        shop.stamp(card, 1)
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    most = 2 if connection.vendor == "postgresql" else 4  # SQLite: read, card, entry, event
    assert len(statements) == most
