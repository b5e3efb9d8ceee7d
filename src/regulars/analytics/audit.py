"""Recomputes the rolled-up figures from the entries, and reports where they differ."""

from __future__ import annotations

from regulars import db
from regulars.analytics.models import Sums
from regulars.analytics.rollup import read_watermark
from regulars.ledger import audit as ledger
from regulars.ledger.audit import AuditReport

# What each figure is made of, in the ledger's own columns.
_OF_ENTRIES = {
    "stamps": "stamps",
    "visits": "visits",
    "members": "CASE WHEN kind = 'enrol' THEN 1 ELSE 0 END",
    "rewards_earned": "CASE WHEN rewards > 0 THEN rewards ELSE 0 END",
    "rewards_redeemed": "CASE WHEN rewards < 0 THEN -rewards ELSE 0 END",
    "points_earned": "CASE WHEN kind IN ('points_earn', 'points_reverse') THEN points ELSE 0 END",
    "points_used": (
        "CASE WHEN kind IN ('points_spend', 'points_expire', 'points_return') THEN -points ELSE 0 END"
    ),
}
_ACTIVE = "kind IN ('stamp_add', 'reward_redeem')"
_MOST_REPORTED = 100


def audit() -> AuditReport:
    """The ledger's audit, and beside it the figures: totals, days, and who was last seen when.

    All in one snapshot, so it may run while stamps are being given and figures are being rolled up.
    """
    with db.snapshot():
        report = ledger.audit()
        report.checked["day_total"] = int(db.run("SELECT COUNT(*) FROM analytics_daytotal")[0][0])
        for name, sql in _checks(_rolled_up()).items():
            for business_id, member_id, stored, computed in db.run(f"{sql} LIMIT {_MOST_REPORTED}"):
                report.add(name, business_id, member_id, stored, computed)
    return report


def _rolled_up() -> str:
    """The condition under which an entry is in the totals. Numbers of ours, so they may stand in the text."""
    watermark, gaps = read_watermark()
    outside = "".join(f" AND id NOT BETWEEN {int(first)} AND {int(last)}" for first, last, _ in gaps)
    return f"id <= {int(watermark)}{outside}"


def _checks(rolled: str) -> dict[str, str]:
    """Each check finds rows of (business, member or NULL, stored, computed) that differ."""
    checks = {}
    for column in Sums.COLUMNS:
        # Erased members count no more among the members, but what they did counts for ever.
        erased = "0" if column == "members" else f"COALESCE(x.{column}, 0)"
        checks[f"figures: {column} of all time"] = f"""
SELECT b.id, NULL, COALESCE(t.{column}, 0), COALESCE(e.total, 0) + {erased} FROM tenants_business b
LEFT JOIN analytics_total t ON t.business_id = b.id
LEFT JOIN (SELECT business_id, SUM({_OF_ENTRIES[column]}) AS total FROM ledger_entry WHERE {rolled}
           GROUP BY business_id) e ON e.business_id = b.id
LEFT JOIN analytics_erased x ON x.business_id = b.id
WHERE COALESCE(t.{column}, 0) <> COALESCE(e.total, 0) + {erased}"""
        erased = f"COALESCE(x.{column}, 0)" if column == "members" else "0"
        checks[f"figures: {column} by day"] = f"""
SELECT b.id, NULL, COALESCE(d.total, 0), COALESCE(t.{column}, 0) + {erased} FROM tenants_business b
LEFT JOIN analytics_total t ON t.business_id = b.id
LEFT JOIN (SELECT business_id, SUM({column}) AS total FROM analytics_daytotal GROUP BY business_id) d
    ON d.business_id = b.id
LEFT JOIN analytics_erased x ON x.business_id = b.id
WHERE COALESCE(d.total, 0) <> COALESCE(t.{column}, 0) + {erased}"""
    checks["figures: pending rewards"] = f"""
SELECT t.business_id, NULL, t.pending, COALESCE(e.total, 0) FROM analytics_total t
LEFT JOIN (SELECT business_id, SUM(rewards) AS total FROM ledger_entry WHERE {rolled} GROUP BY business_id) e
    ON e.business_id = t.business_id
WHERE t.pending <> COALESCE(e.total, 0)"""
    checks["figures: a day below its entries"] = f"""
SELECT e.business_id, NULL, COALESCE(d.stamps, 0), e.total
FROM (SELECT business_id, COALESCE(branch_id, 0) AS branch_key, day, SUM(stamps) AS total FROM ledger_entry
      WHERE {rolled} GROUP BY business_id, COALESCE(branch_id, 0), day) e
LEFT JOIN analytics_daytotal d
    ON d.business_id = e.business_id AND d.branch_key = e.branch_key AND d.day = e.day
WHERE COALESCE(d.stamps, 0) < e.total"""
    checks["figures: visits of a member"] = f"""
SELECT e.business_id, e.card_id, COALESCE(s.visits, 0), e.total
FROM (SELECT business_id, card_id, 0 AS branch_key, SUM(visits) AS total, MAX(day) AS day FROM ledger_entry
      WHERE {_ACTIVE} AND {rolled} GROUP BY business_id, card_id
      UNION ALL
      SELECT business_id, card_id, branch_id, SUM(visits), MAX(day) FROM ledger_entry
      WHERE {_ACTIVE} AND {rolled} AND branch_id IS NOT NULL GROUP BY business_id, card_id, branch_id) e
LEFT JOIN analytics_lastseen s ON s.member_id = e.card_id AND s.branch_key = e.branch_key
WHERE s.id IS NULL OR s.visits <> e.total OR s.day <> e.day"""
    # At a branch an erased member stays counted on the day on which they were last there.
    checks["figures: members last seen on a day"] = """
SELECT business_id, NULL, SUM(members), SUM(seen)
FROM (SELECT business_id, branch_key, day, members, 0 AS seen FROM analytics_lastseenday
      UNION ALL
      SELECT business_id, branch_key, day, 0, COUNT(*) FROM analytics_lastseen
      GROUP BY business_id, branch_key, day) d
GROUP BY business_id, branch_key, day
HAVING CASE WHEN branch_key = 0 THEN SUM(members) <> SUM(seen) ELSE SUM(members) < SUM(seen) END"""
    return checks
