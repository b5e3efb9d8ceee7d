"""Reads about members."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.expressions import RawSQL
from django_scopes import scope

from regulars import db
from regulars.members import merged, phones
from regulars.members.models import Member
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.rules.text import clean_text
from regulars.tenants.models import Business
from regulars.tenants.queries import same_code

_LONGEST_REFERENCE = 254
# So many digits look like part of a phone number.
_LEAST_DIGITS = 3
# So many members are named to the database one by one.
_FEW = 1_000

_BY_CODE = "SELECT id FROM members_member WHERE business_id = %s AND UPPER(code) = UPPER(%s)"

# Each part has an index of its own, which leaves empty values out: saying so in its words lets it be used.
# With OR in place of UNION, SQLite might as well read all members of the business.
_BY_CONTACT = """
SELECT id FROM members_member WHERE business_id = %s AND email = %s AND NOT (email = '')
UNION SELECT id FROM members_member WHERE business_id = %s AND cell = %s AND NOT (cell = '')"""
_BY_CONTACT_EVER = f"""{_BY_CONTACT}
UNION {merged.BY_CONTACT}"""
_BY_OTHERS = f"""{_BY_CONTACT}
UNION SELECT id FROM members_member
WHERE business_id = %s AND UPPER(secondary_code) = UPPER(%s) AND NOT (secondary_code = '')
ORDER BY 1 LIMIT %s"""
# All that `find_member` asks one after the other; what stands first counts.
_BY_ALL = f"""
SELECT 0, id FROM ({_BY_CODE}) AS coded
UNION ALL SELECT 1, id FROM ({_BY_OTHERS}) AS known
UNION ALL SELECT 2, member_id FROM ({merged.BY_CODE}) AS merged_coded
UNION ALL SELECT 3, member_id FROM ({merged.BY_OTHERS}) AS merged_known"""


def find_member(*, business_id: int, reference: str) -> int:
    """The id of the member that a till names: by code, else by secondary code, e-mail or cell.

    The latter three count when exactly one member has it. What nobody has finds the member into whom a record
    was merged that had it. Codes and e-mails are found without regard to case; a cell may be written as
    people write it in the business's country.

    Raises:
        NotFound: nobody is named so.
        Conflict: several members are.
    """
    wanted = clean_text(reference, field="member", max_length=_LONGEST_REFERENCE)
    rows = db.run(_BY_CODE, (business_id, wanted))
    if not rows and wanted:
        cell = _as_cell(business_id, wanted)
        ids = ids_by_others(business_id=business_id, text=wanted, cell=cell, most=2)
        ids = ids or merged.find(business_id=business_id, text=wanted, cell=cell, most=2)
    else:
        ids = [row[0] for row in rows]
    if not ids:
        raise NotFound(f"There is no member {wanted!r}.", fields={"member": "is unknown"})
    if len(ids) > 1:
        raise _several(wanted, "member")
    return ids[0]


def find_by_contact(*, business_id: int, contact: str) -> int | None:
    """The id of the member whom `find_member` finds by an e-mail address in lower case, or by a number in
    E.164; None for nobody, and for several.

    For everybody it is one and the same statement, so that how long it takes does not tell whether somebody
    is a member, nor by what. `find_member` asks less of whom a till names by code.
    """
    cell = "" if "@" in contact else contact
    code, others = (business_id, contact), (business_id, contact, business_id, cell, business_id, contact, 2)
    rows = db.run(_BY_ALL, (*code, *others) * 2)
    first = min((place for place, _ in rows), default=None)
    ids = [pk for place, pk in rows if place == first]
    return ids[0] if len(ids) == 1 else None


def ids_by_others(*, business_id: int, text: str, cell: str, most: int) -> list[int]:
    """The ids of the members who have `text` as their secondary code or e-mail address, in whatever case, or
    `cell` as their number in E.164; at most so many, the lowest first. Nobody has an empty one.
    """
    values = (business_id, text.lower(), business_id, cell, business_id, text, most)
    return [row[0] for row in db.run(_BY_OTHERS, values)]


def by_contact(*, business_id: int, email: str, cell: str) -> Q:
    """A condition for `filter`: a member of the business has this e-mail address, or this number."""
    values = (business_id, email, business_id, cell)
    return Q(pk__in=RawSQL(_BY_CONTACT, values))  # noqa: S611 - no text of anybody's is in the statement


def by_contact_ever(*, business_id: int, email: str, cell: str) -> Q:
    """As `by_contact`, or a record had it that was merged into the member."""
    values = (business_id, email, business_id, cell) * 2
    return Q(pk__in=RawSQL(_BY_CONTACT_EVER, values))  # noqa: S611 - as above


def member_by_id(*, business_id: int, member_id: int) -> Member:
    """A member of the business.

    Raises:
        NotFound: the business has no such member.
        Merged: the record was merged into another one.
    """
    with scope(business=business_id):
        member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise merged.nobody(business_id=business_id, member_id=member_id)
    return member


# Records that were merged into others are `MergedMember`s and no members: nobody has to leave them out.


def search(q: str, of: str = "") -> Q:
    """A condition for `filter`: part of a member's name, e-mail or phone is `q`; `of` leads to the member."""
    wanted = " ".join(q.lower().split())
    if not wanted:
        return Q()
    either = Q((f"{of}search_text__contains", wanted))
    digits = "".join(filter(str.isdigit, wanted))
    if len(digits) >= _LEAST_DIGITS and not any(map(str.isalpha, wanted)):
        # A phone typed as people write it: with blanks, dashes, or the trunk zero that E.164 drops.
        either |= Q((f"{of}cell__contains", digits.lstrip("0") or digits))
    return either


def of_found(q: str, of: str = "member") -> Q:
    """A condition for `filter` on rows of members, such as sales: part of the member's name, e-mail or phone
    is `q`. Within the business's scope; `of` leads to the member.

    A few members are found first and then their rows, by index; so the rows need not all be looked at to
    see that nobody is called so. Of many members the next row has one soon.
    """
    found = list(Member.objects.filter(search(q)).values_list("pk", flat=True)[: _FEW + 1])
    return Q((f"{of}__in", found)) if len(found) <= _FEW else search(q, f"{of}__")


def has(**contact: str) -> Q:
    """A condition for `filter`: a member has this contact, `email` or `cell`; nobody has an empty one.

    It says what the indexes say, so that SQLite knows them for these: they hold only what is not empty.
    """
    return Q(**contact) & ~Q(**dict.fromkeys(contact, ""))


def find_for_new_code(
    *, business_id: int, secondary_code: str = "", email: str = "", cell: str = ""
) -> int | None:
    """The id of the member who is to get a new code: by secondary code, else by e-mail, else by cell.

    None when no member has any of them.

    Raises:
        Conflict: several members have the first of them that anybody has; it is named.
    """
    second, mail, phone = (
        clean_text(value, field=field, max_length=_LONGEST_REFERENCE)
        for field, value in (("secondary_code", secondary_code), ("email", email), ("cell", cell))
    )
    number = _as_cell(business_id, phone)
    with scope(business=business_id):
        for field, value, same in (
            ("secondary_code", second, Q(same_code(second, "secondary_code")) & ~Q(secondary_code="")),
            ("email", mail, has(email=mail.lower())),
            ("cell", number, has(cell=number)),
        ):
            found = list(Member.objects.filter(same).values_list("pk", flat=True)[:2]) if value else []
            if len(found) > 1:
                raise _several(value, field)
            if found:
                return found[0]
    return None


def _several(value: str, field: str) -> Conflict:
    return Conflict(
        f"Several members have {value!r}. Name the member by its code.",
        fields={field: "fits more than one member"},
    )


def _as_cell(business_id: int, text: str) -> str:
    if not any(map(str.isdigit, text)):
        return ""
    country = Business.objects.values_list("country", flat=True).get(pk=business_id)
    try:
        return phones.normalise(text, country=country)
    except InvalidInput:
        return ""
