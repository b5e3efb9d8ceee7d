"""Records that were merged into others: they are no members, and still found (docs/decisions/0022)."""

from __future__ import annotations

from django_scopes import scope

from regulars import db
from regulars.members.models import MergedMember
from regulars.rules.errors import Merged, NotFound

_BY_ID = "SELECT member_id FROM members_mergedmember WHERE id = %s AND business_id = %s"
# Its index leaves empty codes out, and saying so in its words lets it be used.
BY_CODE = """
SELECT member_id FROM members_mergedmember
WHERE business_id = %s AND UPPER(code) = UPPER(%s) AND NOT (code = '')"""
_TAKEN = """
SELECT 1 FROM members_member WHERE business_id = %s AND UPPER(code) = UPPER(%s) AND id <> %s
UNION ALL
SELECT 1 FROM members_mergedmember
WHERE business_id = %s AND UPPER(code) = UPPER(%s) AND NOT (code = '') AND member_id <> %s
LIMIT 1"""
# Each part has an index of its own, and says so in its words.
BY_CONTACT = """
SELECT member_id FROM members_mergedmember WHERE business_id = %s AND email = %s AND NOT (email = '')
UNION SELECT member_id FROM members_mergedmember WHERE business_id = %s AND cell = %s AND NOT (cell = '')"""
BY_OTHERS = f"""{BY_CONTACT}
UNION SELECT member_id FROM members_mergedmember
WHERE business_id = %s AND UPPER(secondary_code) = UPPER(%s) AND NOT (secondary_code = '')
ORDER BY 1 LIMIT %s"""


def merged_into(*, business_id: int, member_id: int) -> int | None:
    """Who has everything of a record that was merged; None when it was not."""
    rows = db.run(_BY_ID, (member_id, business_id))
    return int(rows[0][0]) if rows else None


def by_code(*, business_id: int, code: str) -> int | None:
    """The member into whom a record with this code was merged, in whatever case; None for none."""
    rows = db.run(BY_CODE, (business_id, code))
    return int(rows[0][0]) if rows else None


def code_is_taken(*, business_id: int, code: str, but: int | None = None) -> bool:
    """Whether a member, or a record that was merged, has this code, in whatever case. `but` does not count,
    nor does who was merged into them.
    """
    owner = (business_id, code, but or 0)
    return bool(db.run(_TAKEN, owner * 2))


def find(*, business_id: int, text: str, cell: str, most: int) -> list[int]:
    """The members into whom records were merged that had this code, else this secondary code, e-mail address
    or number; at most so many. For texts that no member has: theirs count first.
    """
    named = by_code(business_id=business_id, code=text)
    if named is not None:
        return [named]
    values = (business_id, text.lower(), business_id, cell, business_id, text, most)
    return [int(row[0]) for row in db.run(BY_OTHERS, values)]


def nobody(*, business_id: int, member_id: int, field: str = "") -> NotFound:
    """The refusal of an id that is no member's. Of one that was merged it says into whom."""
    into = merged_into(business_id=business_id, member_id=member_id)
    if into is None:
        fields = {field: "is unknown"} if field else None
        return NotFound(f"There is no customer {member_id}.", fields=fields)
    fields = {field: f"was merged into customer {into}"} if field else None
    return Merged(f"Customer {member_id} was merged into customer {into}.", fields=fields, customer_id=into)


def merged_records(*, business_id: int, member_id: int) -> list[MergedMember]:
    """The records that were merged into a member, the latest first."""
    with scope(business=business_id):
        return list(MergedMember.objects.filter(member_id=member_id).order_by("-merged_at", "-pk"))
