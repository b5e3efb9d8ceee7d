"""Where an operator works and what the counter offers there, as the page keeps it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson

from regulars.counter import buttons, doing, kinds, operators
from regulars.counter.operators import Operator
from regulars.counter.showing import may_choose
from regulars.tenants.models import Business
from regulars.web import look
from regulars.web.counter import shapes, texts

_LOGO_SIZE = 128


def business(row: Business) -> dict[str, Any]:
    """A business: how it looks, and its programme."""
    return {
        "id": row.pk,
        "name": row.name,
        "accent": row.accent_color,
        "logo": look.logo_url(row, size=_LOGO_SIZE),
        "currency": row.currency,
        "timezone": row.timezone,
        "language": row.language,
        "stamps": row.program.is_active,
        "points": row.points_active,
        "goal": row.program.stamps_required,
        "reward": row.program.reward_description,
    }


def where(operator: Operator | None) -> dict[str, Any]:
    """At which branch somebody works, and which they may choose."""
    if operator is None:
        return {"branch": None, "branches": [], "branch_fixed": False, "branch_closed": False}
    return {
        "branch": shapes.branch(operator.branch),
        "branches": [
            {"id": row.pk, "name": row.name, "has_place": row.latitude is not None}
            for row in operators.branches(operator)
        ],
        "branch_fixed": operator.branch_fixed,
        "branch_closed": operator.branch_closed,
    }


def settings(operator: Operator, live: buttons.Live | None = None) -> dict[str, Any]:
    """What the counter offers without a member, and a digest by which the page sees that it has changed.

    `live` are the promotions of today, when they are known already.
    """
    row = operator.settings
    if live is None:
        live = buttons.live_on(business_id=operator.business_id, day=shapes.today_of(operator.business))
    offered = buttons.offered(row, live, branch_id=operator.branch_id)
    found = {
        "stamps_at_once": row.stamps_at_once if operator.business.program.is_active else 0,
        "reasons": row.reasons,
        "reason_required": row.reason_required,
        "reason_kinds": list(doing.REASON_KINDS),
        "chooses_vouchers": may_choose(operator),
        "enrols": operator.is_owner or row.enrols,
        "may_change_code": kinds.may_change_code(row, is_owner=operator.is_owner),
        "undo_minutes": row.undo_minutes,
        "free_most": buttons.MOST_FREE,
        "marketing_text": texts.marketing(),
        "setup_url": _setup_url(operator.business) if operator.is_owner else None,
        **shapes.offered(offered),
    }
    seen = orjson.dumps([business(operator.business), found])
    return found | {"digest": blake2b(seen, digest_size=8).hexdigest()}


def _setup_url(row: Business) -> str:
    """The page of the back office that says what can be given. It is not reversed: the counter does not load
    the addresses of the back office.
    """
    collects = row.program.is_active or row.points_active
    return f"/office/{row.slug}/{'settings/counter' if collects else 'programme'}/"
