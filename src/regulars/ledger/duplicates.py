"""Members who may be the same person: with one phone, one e-mail address, or one name and birthday."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django_scopes import scope

from regulars import db
from regulars.ledger.models import Card
from regulars.ledger.queries import Page
from regulars.members.models import Member

PHONE, EMAIL, BIRTHDAY = "phone", "email", "birthday"
# So many of a group are shown; nobody has more records than that, but a shop's own number may.
MOST_SHOWN: Final = 5
# Further is not counted.
MOST_COUNTED: Final = 100
# At so many members is looked at once; whoever wants to know more looks further.
LOOK: Final = 2_000
_BIGGEST_ID: Final = 2**63 - 1

# Those of the look have the limit, so that no planner goes through an index of everybody in place of it.
_LOOK: Final = """
WITH look AS (
    SELECT id, cell, email, date_of_birth, UPPER(name) AS named FROM members_member
    WHERE business_id = %s AND id < %s ORDER BY id DESC LIMIT %s)"""
# Who else has the same is asked of an index that holds nothing else, in the index's own words.
_SAME: Final = {
    PHONE: "business_id = %s AND cell = {cell} AND NOT (cell = '')",
    EMAIL: "business_id = %s AND email = {email} AND NOT (email = '')",
    BIRTHDAY: "business_id = %s AND date_of_birth = {born} AND date_of_birth IS NOT NULL"
    " AND UPPER(name) = {named}",
}
_OF_LOOK: Final = {
    "cell": "w.cell",
    "email": "w.email",
    "born": "w.date_of_birth",
    "named": "w.named",
}
_GIVEN: Final = {"cell": "%s", "email": "%s", "born": "%s", "named": "UPPER(%s)"}


def _of_kind(why: str, same: str, born: str, by: str, there: str) -> str:
    """The values that the look has and another member too, unless somebody newer than the look has it."""
    # The OFFSET keeps PostgreSQL from reading everybody at once in place of asking for each value.
    others = (
        f"SELECT 1 FROM members_member WHERE {_SAME[why].format(**_OF_LOOK)} AND id {{}} LIMIT 1 OFFSET 0"
    )
    return f"""
SELECT '{why}' AS why, {same} AS same, {born} AS born, newest
FROM (SELECT {by}, MAX(id) AS newest FROM look WHERE {there} GROUP BY {by}) w
WHERE EXISTS ({others.format("<> w.newest")})
AND (%s = 0 OR NOT EXISTS ({others.format(">= %s")}))"""


_GROUPS: Final = (
    _LOOK
    + " UNION ALL ".join(
        (
            _of_kind(PHONE, "cell", "''", "cell", "NOT (cell = '')"),
            _of_kind(EMAIL, "email", "''", "email", "NOT (email = '')"),
            _of_kind(
                BIRTHDAY,
                "named",
                "CAST(date_of_birth AS VARCHAR(10))",
                "date_of_birth, named",
                "date_of_birth IS NOT NULL",
            ),
        )
    )
    + " ORDER BY newest DESC, why"
)
_END: Final = """
SELECT id FROM members_member WHERE business_id = %s AND id < %s ORDER BY id DESC LIMIT 2 OFFSET %s"""

Wanted = tuple[str, str, str]  # the kind, the phone, address or name, and the birthday


@dataclass(frozen=True, slots=True)
class Group:
    """Records that may be one person's: what is the same, how many there are (further than `MOST_COUNTED`
    nobody counts), and the first of them.
    """

    why: str
    number: int
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Look(Page[Group]):
    """Who of a look may be there twice. `further` goes on with those who joined before: `before` of the next
    look; None when there is nobody.
    """

    further: int | None = None


def suggestions(
    *, business_id: int, before: int | None = None, page: int = 1, per_page: int = 20, look: int = LOOK
) -> Look:
    """Who of the newest members may be there twice, the newest first. Nobody decides it but a person: two may
    share a phone.

    It looks at `look` members, those newer than whom is `before`, and through indexes for their equals among
    all: what it costs does not grow with the members. Whom a newer look tells of is not told again.
    """
    first = _BIGGEST_ID if before is None else before
    end = db.run(_END, (business_id, first, look - 1))
    own = (business_id, int(before is not None), business_id, first)
    groups = db.run(_GROUPS, (business_id, first, look, *own * len(_SAME)))
    start = (page - 1) * per_page
    rows = [(why, same, str(born)) for why, same, born, _newest in groups[start : start + per_page]]
    further = int(end[0][0]) if len(end) > 1 else None
    return Look(_filled(business_id, rows), len(groups), page, per_page, further)


def duplicates_of(*, business_id: int, member_id: int) -> list[Card]:
    """Other records that may be this member's, the oldest first, at most a handful."""
    with scope(business=business_id):
        member = Member.objects.filter(pk=member_id).first()
    if member is None:
        return []
    wanted: list[Wanted] = []
    if member.cell:
        wanted.append((PHONE, member.cell, ""))
    if member.email:
        wanted.append((EMAIL, member.email, ""))
    if member.date_of_birth is not None:
        wanted.append((BIRTHDAY, member.name, member.date_of_birth.isoformat()))
    found = _ids(business_id, wanted, MOST_SHOWN + 1)
    others = sorted({pk for ids in found for pk in ids} - {member_id})[:MOST_SHOWN]
    cards = _cards(business_id, others)
    return [cards[pk] for pk in others if pk in cards]


def _filled(business_id: int, wanted: Sequence[Wanted]) -> list[Group]:
    """The groups with their cards, in two statements however many groups there are."""
    found = _ids(business_id, wanted, MOST_COUNTED)
    cards = _cards(business_id, [pk for ids in found for pk in ids[:MOST_SHOWN]])
    return [
        Group(why, len(ids), [cards[pk] for pk in ids[:MOST_SHOWN] if pk in cards])
        for (why, _same, _born), ids in zip(wanted, found, strict=True)
    ]


def _ids(business_id: int, wanted: Sequence[Wanted], most: int) -> list[list[int]]:
    """For each of what is wanted the ids of those who have it, the oldest first, at most so many."""
    found: list[list[int]] = [[] for _ in wanted]
    parts: list[str] = []
    values: list[Any] = []
    for place, (why, same, born) in enumerate(wanted):
        has = _SAME[why].format(**_GIVEN)
        one = f"SELECT {place} AS place, id FROM members_member WHERE {has} ORDER BY id LIMIT %s"
        parts.append(f"SELECT place, id FROM ({one}) AS one")
        values += [business_id, *((born, same) if why == BIRTHDAY else (same,)), most]
    if parts:
        for place, pk in sorted(db.run(" UNION ALL ".join(parts), values)):
            found[place].append(pk)
    return found


def _cards(business_id: int, ids: Sequence[int]) -> dict[int, Card]:
    with scope(business=business_id):
        return {card.pk: card for card in Card.objects.select_related("member").filter(pk__in=ids)}
