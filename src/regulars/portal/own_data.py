"""All that a business keeps about a member, for the member to take along."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from django.db.models import Model
from django.utils import timezone
from django_scopes import scope

from regulars.ledger.models import Card, Entry, Lot, PointsAdjustment, Reward
from regulars.members.models import CardAlias, Consent, Member
from regulars.messages.models import Message
from regulars.portal.models import Account, Session
from regulars.rules.errors import NotFound
from regulars.sales.models import Sale
from regulars.scratchcards.models import ScratchCard
from regulars.vouchers.models import VoucherCode

# Of each kind of record, the most in one file, newest first.
MOST: Final = 50_000
# What is ours and says nothing about the member: secrets, hashes, how rows are found and kept.
_OURS: Final = frozenset(
    {
        *("business", "password", "token_hash", "search_text", "version", "credential", "context", "key"),
        *("lease", "leased_until", "attempts", "next_at", "reservation", "prize"),
    }
)


def collect(*, business_id: int, member_id: int) -> dict[str, Any]:
    """A member's data as JSON can hold it: their profile, and every record about them.

    Raises:
        NotFound: the business has no such member.
    """
    with scope(business=business_id):
        rows = Member.objects.select_related("business", "group", "branch")
        member = rows.filter(pk=member_id).first()
        if member is None:
            raise NotFound(f"There is no customer {member_id}.")
        return {
            "business": member.business.name,
            "made_at": _plain(timezone.now()),
            "profile": _record(member)
            | {
                "group": member.group.name if member.group else "",
                "branch": member.branch.name if member.branch else "",
            },
            "card": [_record(one) for one in Card.objects.filter(pk=member_id)],
            "further_card_codes": _all(CardAlias, member_id=member_id),
            "history": _all(Entry, card_id=member_id),
            "points_by_expiry": _all(Lot, card_id=member_id),
            "rewards": _all(Reward, card_id=member_id),
            "purchases": _all(Sale, member_id=member_id),
            "points_given_by_hand": _all(PointsAdjustment, card_id=member_id),
            "vouchers": _vouchers(member_id),
            "scratch_cards": _scratch_cards(member_id),
            "consents": _all(Consent, member_id=member_id),
            "messages": _all(Message, member_id=member_id),
            "account": _all(Account, member_id=member_id, order="pk"),
            "sessions": _all(Session, member_id=member_id),
        }


def _all(model: Any, *, order: str = "-pk", **wanted: int) -> list[dict[str, Any]]:
    return [_record(row) for row in model.objects.filter(**wanted).order_by(order)[:MOST]]


def _vouchers(member_id: int) -> list[dict[str, Any]]:
    rows = VoucherCode.objects.select_related("voucher").filter(member_id=member_id)
    return [_record(row) | {"voucher": row.voucher.name} for row in rows.order_by("-pk")[:MOST]]


def _scratch_cards(member_id: int) -> list[dict[str, Any]]:
    """Cards that nobody scratched keep what they hold to themselves here, too."""
    rows = ScratchCard.objects.select_related("campaign", "prize").filter(member_id=member_id)
    return [
        _record(row)
        | {"campaign": row.campaign.name, "prize": row.prize.label if row.revealed_at else "(covered)"}
        for row in rows.order_by("-pk")[:MOST]
    ]


def _record(row: Model) -> dict[str, Any]:
    """The columns of a row that hold something, by their names."""
    found = {}
    for column in row._meta.concrete_fields:  # noqa: SLF001 - documented by Django as public
        if column.name in _OURS or column.name.endswith("sealed"):
            continue
        value = _plain(getattr(row, column.attname))
        if value not in (None, ""):
            found[column.attname] = value
    return found


def _plain(value: Any) -> Any:
    match value:
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            return value
