"""Recomputes every total from the entries and reports where they differ."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from regulars import db

# Each check finds the rows that are wrong: what they belong to, what is stored, what it should be.
_SUMS = """
SELECT c.member_id, c.business_id, c.{column}, COALESCE(s.total, 0)
FROM ledger_card c
LEFT JOIN (SELECT card_id, SUM({entry}) AS total FROM ledger_entry GROUP BY card_id) s
    ON s.card_id = c.member_id
WHERE c.{column} <> COALESCE(s.total, 0)"""

_CARD_TOTALS = {
    "stamps": "stamps - stamps_spent",
    "total_stamps": "stamps",
    "stamps_spent": "stamps_spent",
    "total_visits": "visits",
    "pending_rewards": "rewards",
    "rewards_earned": "CASE WHEN kind IN ('reward_redeem', 'reward_undo') THEN 0 ELSE rewards END",
    "rewards_redeemed": "CASE WHEN kind IN ('reward_redeem', 'reward_undo') THEN -rewards ELSE 0 END",
    "points": "points",
    "points_earned": "CASE WHEN kind IN ('points_earn', 'points_reverse') THEN points ELSE 0 END",
    "points_spent": "CASE WHEN kind IN ('points_spend', 'points_return') THEN -points ELSE 0 END",
    "points_expired": "CASE WHEN kind = 'points_expire' THEN -points ELSE 0 END",
}

_OTHERS = {
    "version": """
SELECT c.member_id, c.business_id, c.version, COALESCE(s.total, 0) FROM ledger_card c
LEFT JOIN (SELECT card_id, COUNT(*) AS total FROM ledger_entry WHERE kind <> 'enrol' GROUP BY card_id) s
    ON s.card_id = c.member_id
WHERE c.version <> COALESCE(s.total, 0)""",
    "rewards waiting": """
SELECT c.member_id, c.business_id, c.pending_rewards, COALESCE(s.total, 0) FROM ledger_card c
LEFT JOIN (
    SELECT card_id, COUNT(*) AS total FROM ledger_reward
    WHERE redeemed_entry_id IS NULL AND undone_entry_id IS NULL GROUP BY card_id
) s ON s.card_id = c.member_id
WHERE c.pending_rewards <> COALESCE(s.total, 0)""",
    "redemption of a reward": """
SELECT e.card_id, e.business_id, CASE WHEN r.id IS NULL THEN 0 ELSE 1 END,
       CASE WHEN u.id IS NULL THEN 1 ELSE 0 END
FROM ledger_entry e
LEFT JOIN ledger_reward r ON r.redeemed_entry_id = e.id
LEFT JOIN ledger_entry u ON u.reverses_id = e.id
WHERE e.kind = 'reward_redeem' AND (r.id IS NULL) <> (u.id IS NOT NULL)""",
    "undo of an entry": """
SELECT u.card_id, u.business_id, u.stamps, COALESCE(-e.stamps, 0)
FROM ledger_entry u LEFT JOIN ledger_entry e ON e.id = u.reverses_id
WHERE u.reverses_id IS NOT NULL AND (
    e.id IS NULL OR e.card_id <> u.card_id OR e.business_id <> u.business_id OR e.stamps <> -u.stamps
    OR e.visits <> -u.visits OR e.text <> u.text OR u.points <> 0
    OR COALESCE(e.branch_id, 0) <> COALESCE(u.branch_id, 0)
    OR u.kind <> CASE WHEN e.kind IN ('stamp_add', 'birthday_bonus', 'stamp_take') THEN 'stamp_undo'
                      WHEN e.kind = 'reward_redeem' THEN 'reward_undo' ELSE '' END
    OR (u.kind = 'reward_undo' AND (u.rewards <> 1 OR u.stamps_spent <> 0)))""",
    # A reward gives as many stamps as it took. Stamps that come back take none, and may complete some.
    "rewards taken by an undo": """
SELECT u.card_id, u.business_id, -u.stamps_spent, COALESCE(t.stamps, 0)
FROM ledger_entry u
LEFT JOIN (SELECT r.undone_entry_id, COUNT(*) AS rewards, SUM(e.stamps_spent / NULLIF(e.rewards, 0)) AS stamps
           FROM ledger_reward r JOIN ledger_entry e ON e.id = r.earned_entry_id
           WHERE r.undone_entry_id IS NOT NULL GROUP BY r.undone_entry_id) t ON t.undone_entry_id = u.id
WHERE u.kind = 'stamp_undo' AND CASE WHEN u.stamps > 0
    THEN u.rewards < 0 OR u.stamps_spent < 0 OR t.rewards IS NOT NULL
    ELSE u.rewards <> -COALESCE(t.rewards, 0) OR u.stamps_spent <> -COALESCE(t.stamps, 0) END""",
    "stamps of an entry": """
SELECT card_id, business_id, stamps, 0 FROM ledger_entry
WHERE (kind = 'stamp_take' AND (stamps >= 0 OR stamps_spent <> 0 OR rewards <> 0 OR visits <> 0))
   OR (stamps < 0 AND kind NOT IN ('stamp_take', 'stamp_undo'))
   OR (stamps > 0 AND kind NOT IN ('stamp_add', 'birthday_bonus', 'stamp_undo'))""",
    "points in lots": """
SELECT c.member_id, c.business_id, CASE WHEN c.points > 0 THEN c.points ELSE 0 END, COALESCE(s.total, 0)
FROM ledger_card c
LEFT JOIN (SELECT card_id, SUM(remaining) AS total FROM ledger_lot GROUP BY card_id) s
    ON s.card_id = c.member_id
WHERE CASE WHEN c.points > 0 THEN c.points ELSE 0 END <> COALESCE(s.total, 0)""",
    # What a lot began with is its points, less the debt that they paid.
    "points left in a lot": """
SELECT l.card_id, l.business_id, l.remaining, l.began - COALESCE(u.total, 0)
FROM (SELECT o.id, o.card_id, o.business_id, o.remaining, CASE WHEN e.points_after >= o.points THEN o.points
             WHEN e.points_after > 0 THEN e.points_after ELSE 0 END AS began
      FROM ledger_lot o JOIN ledger_entry e ON e.id = o.entry_id) l
LEFT JOIN (SELECT lot_id, SUM(points) AS total FROM ledger_lotuse GROUP BY lot_id) u ON u.lot_id = l.id
WHERE l.remaining <> l.began - COALESCE(u.total, 0)""",
    # A reversal may take more than the lots held: the rest is a debt. What is given back pays a debt first.
    "points taken by entry": """
SELECT t.card_id, t.business_id, t.taken, COALESCE(s.total, 0)
FROM (SELECT id, card_id, business_id, CASE
          WHEN kind IN ('points_spend', 'points_expire') THEN -points
          WHEN kind = 'points_reverse' AND points_after >= 0 THEN -points
          WHEN kind = 'points_reverse' AND points_after - points > 0 THEN points_after - points
          WHEN kind = 'points_return' AND points_after >= points THEN -points
          WHEN kind = 'points_return' AND points_after > 0 THEN -points_after
          ELSE 0 END AS taken
      FROM ledger_entry) t
LEFT JOIN (SELECT entry_id, SUM(points) AS total FROM ledger_lotuse GROUP BY entry_id) s ON s.entry_id = t.id
WHERE t.taken <> COALESCE(s.total, 0)""",
    "signs of an entry": """
SELECT card_id, business_id, points, shortfall FROM ledger_entry
WHERE (points > 0 AND kind NOT IN ('points_earn', 'points_return'))
   OR (points < 0 AND kind NOT IN ('points_spend', 'points_expire', 'points_reverse'))
   OR (shortfall > 0 AND kind <> 'points_reverse')
   OR (shortfall < 0 AND kind <> 'points_earn')""",
    "lot of an entry": """
SELECT e.card_id, e.business_id, CASE WHEN e.kind = 'points_earn' THEN e.points ELSE 0 END,
       COALESCE(l.points, 0)
FROM ledger_entry e LEFT JOIN ledger_lot l ON l.entry_id = e.id
WHERE CASE WHEN e.kind = 'points_earn' THEN e.points ELSE 0 END <> COALESCE(l.points, 0)""",
    "balance after the last entry": """
SELECT c.member_id, c.business_id, c.points * 1000000 + c.stamps, e.points_after * 1000000 + e.stamps_after
FROM ledger_card c
JOIN (SELECT card_id, MAX(id) AS id FROM ledger_entry GROUP BY card_id) last ON last.card_id = c.member_id
JOIN ledger_entry e ON e.id = last.id
WHERE c.stamps <> e.stamps_after OR c.points <> e.points_after""",
    "business of an entry": """
SELECT e.card_id, e.business_id, e.business_id, c.business_id FROM ledger_entry e
JOIN ledger_card c ON c.member_id = e.card_id WHERE c.business_id <> e.business_id""",
    "business of a card": """
SELECT c.member_id, c.business_id, c.business_id, m.business_id FROM ledger_card c
JOIN members_member m ON m.id = c.member_id WHERE c.business_id <> m.business_id""",
    "member without a card": """
SELECT m.id, m.business_id, 0, 1 FROM members_member m
LEFT JOIN ledger_card c ON c.member_id = m.id WHERE c.member_id IS NULL""",
}

# What documents are worth is worth the same in the ledger: the sum of points less shortfall over the entries
# under a document's source, on its member's card. On other cards, and once it is gone, that is nothing.
_DOCUMENTS = """
SELECT s.card_id, s.business_id, COALESCE(d.worth, 0), s.total
FROM (SELECT business_id, card_id, source, SUM(points - shortfall) AS total FROM ledger_entry
      WHERE source IS NOT NULL AND substr(source, 1, {length}) = '{kind}:'
      GROUP BY business_id, card_id, source) s
LEFT JOIN (SELECT '{kind}:' || id AS source, business_id, {member} AS card_id, {worth} AS worth
           FROM {table}) d
    ON d.source = s.source AND d.card_id = s.card_id AND d.business_id = s.business_id
WHERE s.total <> COALESCE(d.worth, 0)
UNION ALL
SELECT d.{member}, d.business_id, {worth}, 0 FROM {table} d
WHERE {worth} <> 0 AND NOT EXISTS (
    SELECT 1 FROM ledger_entry e WHERE e.card_id = d.{member} AND e.source = '{kind}:' || d.id)"""

_MOST_REPORTED = 100

_registered: dict[str, str] = {}


def register(name: str, sql: str) -> None:
    """Enter a check of a room above, once, when the application starts.

    Its statement finds the rows that are wrong: member or NULL, business, what is stored, what it should be.
    """
    _registered[name] = sql


def register_documents(kind: str, *, table: str, worth: str, member: str = "member_id") -> None:
    """Enter the check that a kind of document is worth in the ledger what it says.

    Its source is "<kind>:<id>"; `worth` is an expression over the columns of `table`, in points: positive
    when it earns, negative when it spends. `member` is the column that says whose card it moves.
    """
    sql = _DOCUMENTS.format(kind=kind, length=len(kind) + 1, table=table, worth=worth, member=member)
    register(f"points of each {kind}", sql)


@dataclass(slots=True)
class AuditReport:
    """What was compared, and every difference that was found (the first hundred)."""

    checked: dict[str, int] = field(default_factory=dict)
    differences: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether ledger and totals agree."""
        return not self.differences

    def add(self, check: str, business_id: int, customer_id: int | None, stored: Any, computed: Any) -> None:
        """Report a difference."""
        self.differences.append(
            {
                "check": check,
                "business_id": business_id,
                "customer_id": customer_id,
                "stored": int(stored),
                "computed": int(computed),
            }
        )

    def as_json(self) -> str:
        """The report as one line."""
        return json.dumps({"ok": self.ok, "checked": self.checked, "differences": self.differences})


def audit() -> AuditReport:
    """Compare all cards of all businesses with the sums of their entries, rewards and lots.

    It reads one snapshot, so it may run while stamps are being given.
    """
    report = AuditReport()
    checks = {name: _SUMS.format(column=name, entry=entry) for name, entry in _CARD_TOTALS.items()} | _OTHERS
    checks |= _registered
    with db.snapshot():
        for table in ("card", "entry", "reward", "lot"):
            report.checked[table] = int(db.run(f"SELECT COUNT(*) FROM ledger_{table}")[0][0])
        for name, sql in checks.items():
            for member_id, business_id, stored, computed in db.run(f"{sql} LIMIT {_MOST_REPORTED}"):
                report.add(name, business_id, member_id, stored, computed)
    return report
