"""Members who may be the same person: with one phone, one e-mail address, or one name and birthday."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Upper
from django_scopes import scope

from regulars import db
from regulars.ledger.models import Card
from regulars.ledger.queries import Page

PHONE, EMAIL, BIRTHDAY = "phone", "email", "birthday"
# So many of a group are shown; nobody has more records than that, but a shop's own number may.
MOST_SHOWN: Final = 5

# Each part goes through an index that holds nothing else, and says so in the index's own words.
_GROUPS: Final = """
SELECT 'phone' AS why, cell AS same, '' AS born, COUNT(*) AS number, MAX(id) AS newest FROM members_member
WHERE business_id = %s AND NOT (cell = '') GROUP BY cell HAVING COUNT(*) > 1
UNION ALL
SELECT 'email', email, '', COUNT(*), MAX(id) FROM members_member
WHERE business_id = %s AND NOT (email = '') GROUP BY email HAVING COUNT(*) > 1
UNION ALL
SELECT 'birthday', UPPER(name), CAST(date_of_birth AS VARCHAR(10)), COUNT(*), MAX(id) FROM members_member
WHERE business_id = %s AND date_of_birth IS NOT NULL
GROUP BY date_of_birth, UPPER(name) HAVING COUNT(*) > 1"""
_PAGE: Final = (
    f"SELECT why, same, born, number FROM ({_GROUPS}) g ORDER BY newest DESC, why LIMIT %s OFFSET %s"
)
_TOTAL: Final = f"SELECT COUNT(*) FROM ({_GROUPS}) g"


@dataclass(frozen=True, slots=True)
class Group:
    """Records that may be one person's: what is the same, how many there are, and the first of them."""

    why: str
    number: int
    cards: Sequence[Card]


def suggestions(*, business_id: int, page: int = 1, per_page: int = 20) -> Page[Group]:
    """Who may be there twice, the newest first. Nobody decides it but a person: two may share a phone."""
    owners = (business_id,) * 3
    total = int(db.run(_TOTAL, owners)[0][0])
    start = (page - 1) * per_page
    rows = db.run(_PAGE, (*owners, per_page, start)) if start < total else []
    with scope(business=business_id):
        groups = _filled(rows)
    return Page(groups, total, page, per_page)


def duplicates_of(*, business_id: int, member_id: int) -> list[Card]:
    """Other records that may be this member's, the oldest first, at most a handful."""
    with scope(business=business_id):
        own = Card.objects.select_related("member").filter(member_id=member_id).first()
        if own is None:
            return []
        same, member = Q(), own.member
        if member.cell:
            same |= _has("cell", member.cell)
        if member.email:
            same |= _has("email", member.email)
        cards = Card.objects.select_related("member").alias(upper=Upper("member__name"))
        if member.date_of_birth is not None:
            same |= Q(member__date_of_birth=member.date_of_birth, upper=member.name.upper())
        if not same:
            return []
        return list(cards.filter(same).exclude(pk=member_id).order_by("pk")[:MOST_SHOWN])


def _has(column: str, value: str) -> Q:
    return Q((f"member__{column}", value)) & ~Q((f"member__{column}", ""))


def _filled(rows: Sequence[db.Row]) -> list[Group]:
    """The groups with their cards: one statement for each kind, however many groups there are."""
    finders: dict[str, tuple[Callable[[db.Row], Any], Callable[[Card], Any]]] = {
        PHONE: (lambda row: row[1], lambda card: card.member.cell),
        EMAIL: (lambda row: row[1], lambda card: card.member.email),
        BIRTHDAY: (lambda row: (row[1], str(row[2])), _name_and_birthday),
    }
    found: dict[tuple[str, Any], list[Card]] = {}
    for why, (key_of_row, key_of_card) in finders.items():
        wanted = {key_of_row(row) for row in rows if row[0] == why}
        if not wanted:
            continue
        for card in _cards(why, wanted):
            found.setdefault((why, key_of_card(card)), []).append(card)
    return [
        Group(why, int(number), found.get((why, finders[why][0]((why, same, born))), [])[:MOST_SHOWN])
        for why, same, born, number in rows
    ]


def _name_and_birthday(card: Any) -> tuple[str, str]:
    return card.upper, str(card.member.date_of_birth)


def _cards(why: str, wanted: set[Any]) -> QuerySet[Any]:
    cards: QuerySet[Any] = Card.objects.select_related("member").order_by("pk")
    if why == PHONE:
        return cards.filter(member__cell__in=wanted)
    if why == EMAIL:
        return cards.filter(member__email__in=wanted)
    named: QuerySet[Any] = cards.annotate(upper=Upper("member__name"))
    born = {day for _, day in wanted}
    return named.filter(member__date_of_birth__in=born, upper__in={name for name, _ in wanted})
