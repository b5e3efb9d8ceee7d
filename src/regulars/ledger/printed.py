"""Cards that were printed before somebody had them: given to a new member, or in place of a lost card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from regulars.ledger import actions
from regulars.ledger.models import Card
from regulars.members import blank_cards
from regulars.rules import codes
from regulars.rules.errors import NotFound, Refusal
from regulars.tenants.models import Business

_FIELD = "qr_code"


def enrol(
    *,
    business: Business,
    qr_code: str,
    field: str = _FIELD,
    occurred_at: dt.datetime | None = None,
    **profile: Any,
) -> Card:
    """Make somebody a member whose card is the printed one with this code; with an empty one, a new card.

    `profile` as for `actions.enrol`. Refusals that are about the code name `field`.

    Raises:
        NotFound: the business printed no such card, or somebody has it.
        Conflict: somebody had it, or was faster.
        and what `actions.enrol` raises; the printed card stays nobody's then.
    """
    with _naming(field):
        code = _found(business.pk, qr_code)
        with transaction.atomic():
            card = actions.enrol(business=business, qr_code=code, occurred_at=occurred_at, **profile)
            _use(card, code, occurred_at)
    return card


def replace_card(*, business_id: int, member_id: int, qr_code: str, at: dt.datetime | None = None) -> Card:
    """Give a member the printed card with this code in place of theirs, or a new one with an empty code.

    The code of the card that they had is nobody's from now on, as `actions.replace_card` says.

    Raises:
        NotFound: the business has no such member, printed no such card, or somebody has it.
        Conflict: somebody had it, or was faster.
    """
    code = _found(business_id, qr_code)
    with transaction.atomic():
        card = actions.replace_card(business_id=business_id, member_id=member_id, qr_code=code)
        _use(card, code, at)
    return card


def _found(business_id: int, qr_code: str) -> str:
    code = qr_code.strip().lower()
    if not code:
        return ""
    if not codes.is_qr_code(code) or blank_cards.find_blank(business_id=business_id, qr_code=code) is None:
        raise NotFound("There is no such printed card.", fields={_FIELD: "is unknown"})
    return code


def _use(card: Card, code: str, at: dt.datetime | None) -> None:
    if code:
        blank_cards.use_blank(business_id=card.business_id, qr_code=code, member_id=card.pk, at=at)


@contextmanager
def _naming(field: str) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        refusal.fields = {field if name == _FIELD else name: said for name, said in refusal.fields.items()}
        raise
