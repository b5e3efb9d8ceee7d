"""Reads about cards and their entries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet
from django_scopes import scope

from regulars import db
from regulars.ledger.models import Card, Entry
from regulars.ledger.undoing import undone_by
from regulars.members import merged
from regulars.members.models import Member
from regulars.members.queries import search

T = TypeVar("T")

# What the REST dialect calls a transaction, by the name that it shows.
TRANSACTION_KINDS: dict[str, tuple[str, ...]] = {
    "stamp_add": (Entry.Kind.STAMP_ADD, Entry.Kind.BIRTHDAY_BONUS),
    "reward_redeem": (Entry.Kind.REWARD_REDEEM,),
    "stamp_take": (Entry.Kind.STAMP_TAKE,),
    "stamp_undo": (Entry.Kind.STAMP_UNDO,),
    "reward_undo": (Entry.Kind.REWARD_UNDO,),
}
# All of these take back an entry: they have an index of their own, for they are few.
_UNDOS = frozenset((Entry.Kind.STAMP_UNDO, Entry.Kind.REWARD_UNDO))
KIND_NAMES: dict[str, str] = {kind: name for name, kinds in TRANSACTION_KINDS.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class CardNow:
    """What lies on a card, whose it is, and a `version` that is another one after each entry."""

    business_id: int
    member_id: int
    version: int
    stamps: int
    pending_rewards: int
    points: int
    suspended: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, and how long the whole list is."""

    rows: list[T]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages there are; 0 for an empty list."""
        return -(-self.total // self.per_page)


def _page(rows: QuerySet[Any], page: int, per_page: int) -> Page[Any]:
    start = (page - 1) * per_page
    total = rows.count()
    return Page(list(rows[start : start + per_page]) if start < total else [], total, page, per_page)


def customers(
    *, business_id: int, page: int, per_page: int, q: str = "", among: QuerySet[Member] | None = None
) -> Page[Card]:
    """Cards with their members, newest member first; `q` is looked for in name, e-mail and phone.

    With `among` only those of these members.
    """
    with scope(business=business_id):
        found = Card.objects.select_related("member").filter(search(q, "member__")).order_by("-member_id")
        if among is not None:
            found = found.filter(member__in=among.order_by().values("pk"))
        return _page(found, page, per_page)


def newest_customers(*, business_id: int, q: str, most: int) -> list[int]:
    """The ids of the newest members whom `customers` finds, at most so many; nobody counts the rest."""
    with scope(business=business_id):
        found = Member.objects.filter(search(q)).order_by("-id")
        return list(found.values_list("id", flat=True)[:most])


def newest_named(*, business_id: int, word: str, most: int) -> list[int]:
    """The ids of the newest members one of whose names is `word`, or, when nobody is called so, begins with
    it; at most so many. For words so short that they are a part of nearly everybody's name.
    """
    word = word.lower()
    whole = _one_of(f"{word} ", f"{word}\n")  # the name is the first line of what is looked through
    with scope(business=business_id):
        for wanted in (whole, _one_of(word)):
            ids = list(Member.objects.filter(wanted).order_by("-id").values_list("id", flat=True)[:most])
            if ids:
                return ids
    return []


def _one_of(*beginnings: str) -> Q:
    """A condition: one of somebody's names begins like this."""
    found = Q()
    for text in beginnings:
        found |= Q(search_text__startswith=text) | Q(search_text__contains=f" {text}")
    return found


def customer(*, business_id: int, member_id: int) -> Card:
    """One member's card.

    Raises:
        NotFound: the business has no such member.
        Merged: the record was merged into another one.
    """
    with scope(business=business_id):
        card = Card.objects.select_related("member").filter(member_id=member_id).first()
    if card is None:
        raise merged.nobody(business_id=business_id, member_id=member_id)
    return card


def card_state(*, qr_code: str) -> CardNow | None:
    """The card with a QR code, of whatever business: its page is asked for by the code alone."""
    rows = db.run(
        "SELECT c.business_id, c.member_id, c.version, c.stamps, c.pending_rewards, c.points, m.suspended "
        "FROM ledger_card c JOIN members_member m ON m.id = c.member_id WHERE c.qr_code = %s",
        (qr_code,),
    )
    if not rows:
        return None
    business, member, version, stamps, pending, points, suspended = rows[0]
    return CardNow(business, member, version, stamps, pending, points, bool(suspended))


# An entry that knows whether it is `undone`, which is no column of its own.
Listed = Any


def recent_transactions(*, business_id: int, member_id: int, most: int = 20) -> list[Listed]:
    """A member's latest stamps, given and taken, redemptions and undos, newest first. Each knows if it is
    `undone` itself.
    """
    with scope(business=business_id):
        rows = Entry.objects.select_related("branch").filter(card_id=member_id, kind__in=KIND_NAMES)
        return list(rows.annotate(undone=undone_by()).order_by("-id")[:most])


def pending_rewards(*, business_id: int, page: int, per_page: int) -> Page[Card]:
    """Cards with rewards to redeem, most rewards first."""
    with scope(business=business_id):
        rows = Card.objects.select_related("member").filter(pending_rewards__gt=0)
        return _page(rows.order_by("-pending_rewards", "member_id"), page, per_page)


def transactions(
    *,
    business_id: int,
    page: int,
    per_page: int,
    kind: str | None = None,
    customer_id: int | None = None,
    branch_id: int | None = None,
    date_from: dt.date | None = None,
    date_to: dt.date | None = None,
) -> Page[Listed]:
    """Stamps, given and taken, redemptions and undos of a business, newest first. Each knows if it is
    `undone` itself. The dates are inclusive business days.

    A customer or a branch that the business does not have gives an empty list.
    """
    kinds = TRANSACTION_KINDS[kind] if kind else tuple(KIND_NAMES)
    wanted = Q(kind__in=kinds)
    if _UNDOS.issuperset(kinds):
        wanted &= Q(reverses__isnull=False)
    if customer_id is not None:
        wanted &= Q(card_id=customer_id)
    if branch_id is not None:
        wanted &= Q(branch_id=branch_id)
    if date_from is not None:
        wanted &= Q(day__gte=date_from)
    if date_to is not None:
        wanted &= Q(day__lte=date_to)
    with scope(business=business_id):
        rows = Entry.objects.select_related("branch", "card__member").filter(wanted)
        rows = rows.annotate(undone=undone_by())
        return _page(rows.order_by("-day", "-id"), page, per_page)


def latest_entry(*, business_id: int, member_id: int | None) -> int:
    """The id of a member's latest entry, 0 for none."""
    with scope(business=business_id):
        rows = Entry.objects.filter(card_id=member_id).order_by("-pk")
        return rows.values_list("pk", flat=True).first() or 0


def left_behind_since(*, business_id: int, member_id: int | None, entry_id: int) -> bool:
    """Whether an entry after this one could not take back all that it should have."""
    with scope(business=business_id):
        return Entry.objects.filter(card_id=member_id, pk__gt=entry_id, shortfall__gt=0).exists()
