"""Recomputes the rolled-up figures from the entries, and reports where they differ."""

from __future__ import annotations

from functools import partial

from regulars import db
from regulars.analytics import facet_audit, tail
from regulars.analytics.models import Sums
from regulars.analytics.rollup import read_watermark
from regulars.ledger import audit as ledger
from regulars.ledger.audit import AuditReport

# What each figure is made of, in the ledger's own columns.
_OF_ENTRIES = {
    "stamps": "stamps",
    "visits": "visits",
    "members": "CASE kind WHEN 'enrol' THEN 1 WHEN 'merge' THEN -1 ELSE 0 END",
    "rewards_earned": "CASE WHEN kind IN ('reward_redeem', 'reward_undo') THEN 0 ELSE rewards END",
    "rewards_redeemed": "CASE WHEN kind IN ('reward_redeem', 'reward_undo') THEN -rewards ELSE 0 END",
    "points_earned": "CASE WHEN kind IN ('points_earn', 'points_reverse') THEN points ELSE 0 END",
    "points_used": (
        "CASE WHEN kind IN ('points_spend', 'points_expire', 'points_return') THEN -points ELSE 0 END"
    ),
    "points_expired": "CASE WHEN kind = 'points_expire' THEN -points ELSE 0 END",
}
_ACTIVE = "e.kind IN ('stamp_add', 'reward_redeem')"
# What somebody did at a branch, or (0) anywhere, that is in the totals. What was undone leaves no day.
_VISITS = """
SELECT e.business_id, e.card_id, {branch_key} AS branch_key, SUM(e.visits) AS total,
       MAX(CASE WHEN {active} AND u.id IS NULL THEN e.day END) AS day
FROM ledger_entry e LEFT JOIN ledger_entry u ON u.reverses_id = e.id AND {rolled_u}
WHERE ({active} OR e.kind IN ('stamp_undo', 'reward_undo')) AND {rolled_e}{branch}
GROUP BY e.business_id, e.card_id{group}"""
# Who is no member any more and had joined: erased, or merged into another one.
_JOINED = """COALESCE(x.members, 0) + (
    SELECT COUNT(*) FROM ledger_entry WHERE business_id = b.id AND kind = 'merge' AND {rolled})"""
_MOST_REPORTED = 100


def audit() -> AuditReport:
    """The ledger's audit, and beside it the figures: totals, days, and who was last seen when.

    All in one snapshot, so it may run while stamps are being given and figures are being rolled up.
    """
    with db.snapshot():
        report = ledger.audit()
        report.checked["day_total"] = int(db.run("SELECT COUNT(*) FROM analytics_daytotal")[0][0])
        rolled = tail.rolled_up(*read_watermark())
        for name, sql in (_checks(rolled) | facet_audit.checks(rolled)).items():
            for business_id, member_id, stored, computed in db.run(f"{sql} LIMIT {_MOST_REPORTED}"):
                report.add(name, business_id, member_id, stored, computed)
    return report


def _checks(is_rolled: str) -> dict[str, str]:
    """Each check finds rows of (business, member or NULL, stored, computed) that differ."""
    checks = {}
    rolled = is_rolled.format(entry="ledger_entry")
    visits = partial(
        _VISITS.format,
        active=_ACTIVE,
        rolled_e=is_rolled.format(entry="e"),
        rolled_u=is_rolled.format(entry="u"),
    )
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
        erased = _JOINED.format(rolled=rolled) if column == "members" else "0"
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
    # No day is above either, then: all of them together are what they should be ("stamps by day").
    checks["figures: a day below its entries"] = f"""
SELECT business_id, NULL, SUM(stored), SUM(total)
FROM (SELECT business_id, branch_key, day, stamps - stamps_erased AS stored, 0 AS total
      FROM analytics_daytotal
      UNION ALL
      SELECT business_id, COALESCE(branch_id, 0), day, 0, SUM(stamps) FROM ledger_entry WHERE {rolled}
      GROUP BY business_id, COALESCE(branch_id, 0), day) d
GROUP BY business_id, branch_key, day HAVING SUM(stored) < SUM(total)"""
    checks["figures: visits of a member"] = f"""
SELECT e.business_id, e.card_id, COALESCE(s.visits, 0), e.total
FROM ({visits(branch_key="0", branch="", group="")}
      UNION ALL
      {visits(branch_key="e.branch_id", branch=" AND e.branch_id IS NOT NULL", group=", e.branch_id")}) e
LEFT JOIN analytics_lastseen s ON s.member_id = e.card_id AND s.branch_key = e.branch_key
WHERE (e.day IS NULL AND (s.id IS NOT NULL OR e.total <> 0))
   OR (e.day IS NOT NULL AND (s.id IS NULL OR s.visits <> e.total OR s.day <> e.day))"""
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
