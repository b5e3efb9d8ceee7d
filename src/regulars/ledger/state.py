"""What is known of a card before something happens to it: read in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from regulars import db


@dataclass(frozen=True, slots=True)
class CardState:
    """A card as it was read, with what the rules need to know beside it."""

    member_id: int
    business_id: int
    version: int
    stamps: int
    pending_rewards: int
    rewards_redeemed: int
    points: int
    suspended: bool
    goal: int
    reward_text: str
    timezone: str
    points_expire_months: int | None
    refund_policy: str
    branch_found: int | None
    branch_active: bool
    next_reward_id: int | None = None
    next_reward_text: str = ""


_STATE = """
SELECT c.member_id, c.business_id, c.version, c.stamps, c.pending_rewards, c.rewards_redeemed, c.points,
       m.suspended, p.stamps_required, p.reward_description, b.timezone, b.points_expire_months,
       b.refund_policy, br.id, br.is_active{more}
FROM ledger_card c
JOIN members_member m ON m.id = c.member_id
JOIN tenants_business b ON b.id = c.business_id
JOIN tenants_program p ON p.business_id = c.business_id
LEFT JOIN tenants_branch br ON br.id = %s AND br.business_id = c.business_id{join}
WHERE c.{by} = %s AND c.business_id = %s"""

_NEXT_REWARD_JOIN = """
LEFT JOIN ledger_reward r ON r.id = (
    SELECT min(o.id) FROM ledger_reward o WHERE o.card_id = c.member_id
    AND o.redeemed_entry_id IS NULL AND o.undone_entry_id IS NULL)"""


@cache
def _state_sql(by: str, *, with_reward: bool) -> str:
    more, join = (", r.id, r.text", _NEXT_REWARD_JOIN) if with_reward else ("", "")
    return _STATE.format(by=by, more=more, join=join)


def read_card(
    *,
    business_id: int,
    qr_code: str | None = None,
    member_id: int | None = None,
    branch_id: int | None = None,
    with_reward: bool = False,
) -> CardState | None:
    """The state of one card of a business, found by QR code or by member; None when there is none.

    `branch_id` is looked up on the way; `with_reward` also finds the oldest pending reward.
    """
    by, value = ("qr_code", qr_code) if qr_code is not None else ("member_id", member_id)
    rows = db.run(_state_sql(by, with_reward=with_reward), (branch_id, value, business_id))
    if not rows:
        return None
    member, business, version, stamps, pending, redeemed, points, *more = rows[0]
    suspended, goal, reward_text, zone, months, policy, found, active, *reward = more
    return CardState(
        member_id=member,
        business_id=business,
        version=version,
        stamps=stamps,
        pending_rewards=pending,
        rewards_redeemed=redeemed,
        points=points,
        suspended=bool(suspended),
        goal=goal,
        reward_text=reward_text,
        timezone=zone,
        points_expire_months=months,
        refund_policy=policy,
        branch_found=found,
        branch_active=bool(active),
        next_reward_id=reward[0] if reward else None,
        next_reward_text=(reward[1] or "") if reward else "",
    )
