"""The only writer of balances: reads a card's state, and posts an entry to it.

A posting is computed from the state that was read and is refused when the card has changed since
(docs/decisions/0001). On PostgreSQL all of it is one statement; on SQLite a short write transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from regulars import db
from regulars.ledger.models import Card, Entry
from regulars.ledger.posting import Posting, Undoing
from regulars.ledger.state import CardState, read_card
from regulars.outbox import emit

__all__ = [
    "EARNING_KINDS",
    "REDEEMING_KINDS",
    "CardState",
    "Posting",
    "Undoing",
    "business_day",
    "erase_history",
    "lock_cards",
    "move_card",
    "open_card",
    "post",
    "read_card",
    "replace_code",
]


def business_day(state_timezone: str, occurred_at: dt.datetime) -> dt.date:
    """The business's own calendar day at a moment."""
    return occurred_at.astimezone(ZoneInfo(state_timezone)).date()


# What changes how many points were earned, all told; the other kinds change what was spent, or expired.
EARNING_KINDS = frozenset((Entry.Kind.POINTS_EARN.value, Entry.Kind.POINTS_REVERSE.value))
# What changes how many rewards were redeemed; the other kinds change how many were earned.
REDEEMING_KINDS = frozenset((Entry.Kind.REWARD_REDEEM.value, Entry.Kind.REWARD_UNDO.value))

_CARD = """
UPDATE ledger_card SET
    stamps = stamps + %s, total_stamps = total_stamps + %s, stamps_spent = stamps_spent + %s,
    total_visits = total_visits + %s, pending_rewards = pending_rewards + %s,
    rewards_earned = rewards_earned + %s, rewards_redeemed = rewards_redeemed + %s,
    points = points + %s, points_earned = points_earned + %s, points_spent = points_spent + %s,
    points_expired = points_expired + %s,
    last_visit_at = {visit},
    version = version + 1
WHERE member_id = %s AND version = %s RETURNING member_id, stamps, points"""

_VISITED = """CASE WHEN %s > 0 AND (last_visit_at IS NULL OR last_visit_at < {moment})
                         THEN {moment} ELSE last_visit_at END"""

_ENTRY_COLUMNS = (
    "business_id, branch_id, staff_id, kind, stamps, stamps_spent, rewards, visits, points, shortfall, text, "
    "source, occasion, occurred_at, day, reverses_id, card_id, stamps_after, points_after"
)

_PG_ENTRY = f"""
entry AS (
    INSERT INTO ledger_entry ({_ENTRY_COLUMNS})
    SELECT %s::bigint, %s::bigint, %s::bigint, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::timestamptz,
           %s::date, %s::bigint, member_id, stamps, points
    FROM card RETURNING id
)"""

_PG_REWARDS = """
reward AS (
    INSERT INTO ledger_reward (business_id, card_id, text, earned_entry_id)
    SELECT %s, %s, %s, entry.id FROM entry, generate_series(1, %s)
)"""

_PG_REDEEMED = """
redeemed AS (
    UPDATE ledger_reward SET redeemed_entry_id = entry.id FROM entry WHERE ledger_reward.id = %s
)"""

_PG_UNDONE = """
undone AS (
    UPDATE ledger_reward SET undone_entry_id = entry.id FROM entry
    WHERE ledger_reward.id = ANY(%s::bigint[])
)"""

_PG_REOPENED = """
reopened AS (
    UPDATE ledger_reward SET redeemed_entry_id = NULL FROM entry WHERE ledger_reward.id = %s
)"""

_PG_LOT = """
lot AS (
    INSERT INTO ledger_lot (business_id, card_id, entry_id, points, remaining, expires_on)
    SELECT %s, %s, entry.id, %s, %s, %s::date FROM entry
)"""

_PG_TAKES = """
taken AS (
    UPDATE ledger_lot SET remaining = ledger_lot.remaining - t.points
    FROM entry, unnest(%s::bigint[], %s::bigint[]) AS t(lot_id, points) WHERE ledger_lot.id = t.lot_id
),
lot_use AS (
    INSERT INTO ledger_lotuse (business_id, lot_id, entry_id, points)
    SELECT %s, t.lot_id, entry.id, t.points
    FROM entry, unnest(%s::bigint[], %s::bigint[]) AS t(lot_id, points)
)"""


@cache
def _pg_statement(
    *,
    rewards: bool,
    redeemed: bool,
    lot: bool,
    takes: bool,
    events: int,
    undone: bool = False,
    reopened: bool = False,
    takes_visit: bool = False,
) -> str:
    visit = "%s::timestamptz" if takes_visit else _VISITED.format(moment="%s::timestamptz")
    parts = [f"WITH card AS ({_CARD.format(visit=visit)})", _PG_ENTRY]
    chosen = (
        (rewards, _PG_REWARDS),
        (redeemed, _PG_REDEEMED),
        (lot, _PG_LOT),
        (takes, _PG_TAKES),
        (undone, _PG_UNDONE),
        (reopened, _PG_REOPENED),
        (events > 0, emit.event_cte(events)),
    )
    parts += [part for wanted, part in chosen if wanted]
    return ",".join(parts) + " SELECT id FROM entry"


def _card_params(state: CardState, posting: Posting) -> list[Any]:
    earned = posting.points if posting.kind in EARNING_KINDS else 0
    expired = -posting.points if posting.kind == Entry.Kind.POINTS_EXPIRE else 0
    spent = earned - expired - posting.points
    redeemed = -posting.rewards if posting.kind in REDEEMING_KINDS else 0
    return [
        posting.stamps - posting.stamps_spent,
        posting.stamps,
        posting.stamps_spent,
        posting.visits,
        posting.rewards,
        posting.rewards + redeemed,
        redeemed,
        posting.points,
        earned,
        spent,
        expired,
        *_visit_params(posting),
        state.member_id,
        state.version,
    ]


def _visit_params(posting: Posting) -> list[Any]:
    if posting.takes_visit:
        left = posting.undoes.last_visit_at if posting.undoes else None
        return [left and db.moment(left)]
    moment = db.moment(posting.occurred_at)
    return [posting.visits, moment, moment]


def _entry_params(state: CardState, posting: Posting) -> list[Any]:
    return [
        state.business_id,
        posting.branch_id,
        posting.staff_id,
        posting.kind,
        posting.stamps,
        posting.stamps_spent,
        posting.rewards,
        posting.visits,
        posting.points,
        posting.shortfall,
        posting.text,
        posting.source,
        posting.occasion,
        db.moment(posting.occurred_at),
        db.calendar_day(business_day(state.timezone, posting.occurred_at)),
        posting.undoes and posting.undoes.entry_id,
    ]


def post(state: CardState, posting: Posting, events: Sequence[emit.NewEvent] = ()) -> int | None:
    """Write an entry, the card's new totals, and everything that hangs on them, in one transaction.

    Returns the entry's id, or None when the card changed since `state` was read: then nothing was
    written, and the caller reads again.
    """
    if db.is_postgresql():
        return _post_postgresql(state, posting, events)
    return _post_sqlite(state, posting, events)


def _post_postgresql(state: CardState, posting: Posting, events: Sequence[emit.NewEvent]) -> int | None:
    params = _card_params(state, posting) + _entry_params(state, posting)
    undoes, new_rewards = posting.undoes, posting.new_rewards
    if new_rewards:
        params += [state.business_id, state.member_id, posting.reward_text, new_rewards]
    if posting.redeems_reward_id is not None:
        params += [posting.redeems_reward_id]
    if posting.makes_lot:
        params += [state.business_id, state.member_id, posting.points, posting.lot_remaining]
        params += [posting.lot_expires_on]
    if posting.takes:
        ids, amounts = [take.lot_id for take in posting.takes], [take.points for take in posting.takes]
        params += [ids, amounts, state.business_id, ids, amounts]
    if undoes and undoes.rewards:
        params += [list(undoes.rewards)]
    if undoes and undoes.reopened_reward_id is not None:
        params += [undoes.reopened_reward_id]
    if events:
        params += emit.event_params(state.business_id, events)
    sql = _pg_statement(
        rewards=new_rewards > 0,
        redeemed=posting.redeems_reward_id is not None,
        lot=posting.makes_lot,
        takes=bool(posting.takes),
        events=len(events),
        undone=bool(undoes and undoes.rewards),
        reopened=bool(undoes and undoes.reopened_reward_id is not None),
        takes_visit=posting.takes_visit,
    )
    rows = db.run(sql, params)
    return rows[0][0] if rows else None


_SQLITE_CARD = _CARD.format(visit=_VISITED.format(moment="%s"))
_SQLITE_CARD_BACK = _CARD.format(visit="%s")
_SQLITE_ENTRY = f"INSERT INTO ledger_entry ({_ENTRY_COLUMNS}) VALUES ({', '.join(['%s'] * 19)}) RETURNING id"


def _post_sqlite(state: CardState, posting: Posting, events: Sequence[emit.NewEvent]) -> int | None:
    with transaction.atomic(savepoint=False):
        sql = _SQLITE_CARD_BACK if posting.takes_visit else _SQLITE_CARD
        rows = db.run(sql, _card_params(state, posting))
        if not rows:
            return None
        entry_id: int = db.run(_SQLITE_ENTRY, [*_entry_params(state, posting), *rows[0]])[0][0]
        owner = (state.business_id, state.member_id)
        if posting.new_rewards:
            db.run(
                "INSERT INTO ledger_reward (business_id, card_id, text, earned_entry_id) VALUES "
                + ", ".join(["(%s, %s, %s, %s)"] * posting.new_rewards),
                (*owner, posting.reward_text, entry_id) * posting.new_rewards,
            )
        if posting.undoes is not None:
            _undo_sqlite(posting.undoes, entry_id)
        if posting.redeems_reward_id is not None:
            db.run(
                "UPDATE ledger_reward SET redeemed_entry_id = %s WHERE id = %s",
                (entry_id, posting.redeems_reward_id),
            )
        if posting.makes_lot:
            db.run(
                "INSERT INTO ledger_lot (business_id, card_id, entry_id, points, remaining, expires_on) "
                "VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    *owner,
                    entry_id,
                    posting.points,
                    posting.lot_remaining,
                    db.calendar_day(posting.lot_expires_on),
                ),
            )
        for take in posting.takes:
            db.run(
                "UPDATE ledger_lot SET remaining = remaining - %s WHERE id = %s", (take.points, take.lot_id)
            )
            db.run(
                "INSERT INTO ledger_lotuse (business_id, lot_id, entry_id, points) VALUES (%s, %s, %s, %s)",
                (state.business_id, take.lot_id, entry_id, take.points),
            )
        emit.emit(business_id=state.business_id, events=events, entry_id=entry_id)
        return entry_id


def _undo_sqlite(undoes: Undoing, entry_id: int) -> None:
    if undoes.rewards:
        db.run(
            f"UPDATE ledger_reward SET undone_entry_id = %s WHERE {db.any_of('id')}",
            (entry_id, db.numbers(undoes.rewards)),
        )
    if undoes.reopened_reward_id is not None:
        db.run(
            "UPDATE ledger_reward SET redeemed_entry_id = NULL WHERE id = %s", (undoes.reopened_reward_id,)
        )


def lock_cards(*, business_id: int, member_ids: Collection[int]) -> None:
    """Let nobody else change these cards until the caller's transaction ends. Locked in the order of ids,
    so that two who lock the same cards do not wait for each other. Cards that are not there are left out.
    """
    if db.is_postgresql():  # on SQLite the write transaction is the lock
        db.run(
            "SELECT 1 FROM ledger_card WHERE business_id = %s AND member_id = ANY(%s) "
            "ORDER BY member_id FOR UPDATE",
            (business_id, sorted(member_ids)),
        )


def open_card(
    *, business_id: int, member_id: int, qr_code: str, timezone: str, occurred_at: dt.datetime
) -> Card:
    """Give a new member their card and enter it in the ledger. Within the caller's transaction."""
    card = Card.objects.create(member_id=member_id, business_id=business_id, qr_code=qr_code)
    Entry.objects.create(
        business_id=business_id,
        card=card,
        kind=Entry.Kind.ENROL,
        stamps_after=0,
        points_after=0,
        occurred_at=occurred_at,
        day=business_day(timezone, occurred_at),
    )
    return card


def replace_code(*, business_id: int, member_id: int, qr_code: str) -> bool:
    """Give a card another code; whether the business has that card. Within the caller's transaction.

    No entry tells about it, and `version` stays: what lies on the card is as before.
    """
    return bool(
        db.run(
            "UPDATE ledger_card SET qr_code = %s WHERE member_id = %s AND business_id = %s "
            "RETURNING member_id",
            (qr_code, member_id, business_id),
        )
    )


_TOTALS = (
    *("stamps", "total_stamps", "stamps_spent", "total_visits", "pending_rewards", "rewards_earned"),
    *("rewards_redeemed", "points", "points_earned", "points_spent", "points_expired", "version"),
)
# What both cards were given for one occasion keeps its name on one of them, so that it is given no more.
_MOVE_ENTRIES = """
UPDATE ledger_entry SET card_id = %s, occasion = CASE WHEN EXISTS (
    SELECT 1 FROM ledger_entry o WHERE o.card_id = %s AND o.occasion = ledger_entry.occasion
) THEN NULL ELSE occasion END WHERE card_id = %s AND business_id = %s"""
_ADD_CARD = f"""
UPDATE ledger_card SET {", ".join(f"{column} = ledger_card.{column} + o.{column}" for column in _TOTALS)},
    last_visit_at = CASE WHEN ledger_card.last_visit_at IS NULL OR o.last_visit_at > ledger_card.last_visit_at
                         THEN COALESCE(o.last_visit_at, ledger_card.last_visit_at)
                         ELSE ledger_card.last_visit_at END
FROM ledger_card o WHERE ledger_card.member_id = %s AND o.member_id = %s AND o.business_id = %s"""


def move_card(*, business_id: int, member_id: int, into_id: int) -> None:
    """Put all that lies on a card on another one, with the entries that explain it; the empty card is gone.

    Within the caller's transaction, which has locked both and noted that the member was merged
    (docs/decisions/0022): the database lets entries move for nothing else. Nothing of an entry changes but
    whose it is. A debt moves as it is: before, whoever merges lets the points of one card pay what the other
    owes, so when one is left there are no points on either.
    """
    db.run(_MOVE_ENTRIES, (into_id, into_id, member_id, business_id))
    for table in ("reward", "lot", "pointsadjustment"):
        db.run(
            f"UPDATE ledger_{table} SET card_id = %s WHERE card_id = %s AND business_id = %s",
            (into_id, member_id, business_id),
        )
    db.run(_ADD_CARD, (into_id, member_id, business_id))
    db.run("DELETE FROM ledger_card WHERE member_id = %s AND business_id = %s", (member_id, business_id))


def erase_history(*, business_id: int, member_id: int) -> None:
    """Delete a member's card with all that it explains. Within the caller's transaction.

    The one place where entries go: a member's right to erasure is stronger than an append-only history.
    """
    of_card = "card_id = %s AND business_id = %s"
    # A lot is found by the entry that made it: only those with points left have an index by card.
    of_entries = f"entry_id IN (SELECT id FROM ledger_entry WHERE {of_card})"
    of_lots = f"lot_id IN (SELECT id FROM ledger_lot WHERE {of_entries})"
    for table, which in (
        ("pointsadjustment", of_card),
        ("lotuse", of_lots),
        ("lot", of_entries),
        ("reward", of_card),
        ("entry", of_card),
        ("card", "member_id = %s AND business_id = %s"),
    ):
        db.run(f"DELETE FROM ledger_{table} WHERE {which}", (member_id, business_id))
