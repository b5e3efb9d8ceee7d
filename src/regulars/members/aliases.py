"""Codes given to those who joined with the contact of somebody who is a member already.

Nobody but the member may learn that there is one: such a code shows an empty card until the member confirms
it, by a link sent to them or at the counter. From then on it is another code of the member's card. It stays
for good, as the card of somebody new does: one that went away would tell whose contact it was.
"""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.members.models import CardAlias, Member
from regulars.rules import codes
from regulars.rules.errors import NotFound
from regulars.rules.text import clean_text

MAX_NAME: Final = 200
_MAX_CODE: Final = 32

_BY_CODE = """
SELECT id, business_id, qr_code, member_id, name, created_at, confirmed_at
FROM members_cardalias WHERE qr_code = %s"""
_OF_BUSINESS = f"{_BY_CODE} AND business_id = %s"


def resolve(*, business_id: int | None, qr_code: str) -> CardAlias | None:
    """The alias with this code, confirmed or not; None when there is none. One statement.

    Of any business when `business_id` is None: for a page whose address is the code alone.
    """
    if "\0" in qr_code or not 0 < len(qr_code) <= _MAX_CODE:
        return None
    if business_id is None:
        rows = db.run(_BY_CODE, (qr_code,))
    else:
        rows = db.run(_OF_BUSINESS, (qr_code, business_id))
    if not rows:
        return None
    pk, business, code, member, name, created, confirmed = rows[0]
    return CardAlias(
        id=pk,
        business_id=business,
        qr_code=code,
        member_id=member,
        name=name,
        created_at=db.to_moment(created),
        confirmed_at=confirmed and db.to_moment(confirmed),
    )


def confirmed_member(*, business_id: int, qr_code: str) -> int | None:
    """The member whose card a code is by a confirmed alias; None when it is none."""
    alias = resolve(business_id=business_id, qr_code=qr_code)
    return None if alias is None or alias.confirmed_at is None else alias.member_id


def create_alias(*, business_id: int, member_id: int, name: str, qr_code: str = "") -> CardAlias:
    """A code of its own for somebody who says to be this member. It is not confirmed.

    `name` is kept as typed. `qr_code` is that of a printed card which they hold; empty: a new one. That it
    is nobody's card is the caller's to know.

    Raises:
        InvalidInput: the name is too long.
        NotFound: the business has no such member.
    """
    name = clean_text(name, field="name", max_length=MAX_NAME)
    with scope(business=business_id):
        if not Member.objects.filter(pk=member_id).exists():
            raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
        return CardAlias.objects.create(
            business_id=business_id,
            member_id=member_id,
            name=name,
            qr_code=qr_code or codes.new_qr_code(),
            created_at=timezone.now(),
        )


def confirm_alias(*, business_id: int, qr_code: str) -> CardAlias:
    """From now on the code is the member's. Again is no error: it stays confirmed since the first time.

    Raises:
        NotFound: the business has no such alias.
    """
    alias = resolve(business_id=business_id, qr_code=qr_code)
    if alias is not None and alias.confirmed_at is None:
        with scope(business=business_id):
            CardAlias.objects.filter(pk=alias.pk, confirmed_at=None).update(confirmed_at=timezone.now())
        alias = resolve(business_id=business_id, qr_code=qr_code)
    if alias is None:
        raise NotFound("There is no such card.", fields={"qr_code": "is unknown"})
    return alias


def forget_confirmed(*, business_id: int, member_id: int) -> None:
    """The codes that opened a member's card are nobody's from now on: one of them may be the lost one.

    Those that nobody confirmed stay the empty cards that they are (docs/decisions/0018).
    """
    with scope(business=business_id):
        CardAlias.objects.filter(member_id=member_id).exclude(confirmed_at=None).delete()
