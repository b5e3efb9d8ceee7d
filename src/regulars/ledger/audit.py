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
    "rewards_earned": "CASE WHEN rewards > 0 THEN rewards ELSE 0 END",
    "rewards_redeemed": "CASE WHEN rewards < 0 THEN -rewards ELSE 0 END",
    "points": "points",
    "points_earned": "CASE WHEN points > 0 THEN points ELSE 0 END",
    "points_spent": "CASE WHEN points < 0 AND kind <> 'points_expire' THEN -points ELSE 0 END",
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
    SELECT card_id, COUNT(*) AS total FROM ledger_reward WHERE redeemed_entry_id IS NULL GROUP BY card_id
) s ON s.card_id = c.member_id
WHERE c.pending_rewards <> COALESCE(s.total, 0)""",
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
    "points taken by entry": """
SELECT e.card_id, e.business_id, -e.points, COALESCE(s.total, 0) FROM ledger_entry e
LEFT JOIN (SELECT entry_id, SUM(points) AS total FROM ledger_lotuse GROUP BY entry_id) s ON s.entry_id = e.id
WHERE e.kind IN ('points_spend', 'points_expire') AND -e.points <> COALESCE(s.total, 0)""",
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

_MOST_REPORTED = 100


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
    with db.snapshot():
        for table in ("card", "entry", "reward", "lot"):
            report.checked[table] = int(db.run(f"SELECT COUNT(*) FROM ledger_{table}")[0][0])
        for name, sql in checks.items():
            for member_id, business_id, stored, computed in db.run(f"{sql} LIMIT {_MOST_REPORTED}"):
                report.add(name, business_id, member_id, stored, computed)
    return report
