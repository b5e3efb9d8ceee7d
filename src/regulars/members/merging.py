"""Two records of one person: what of their profiles counts, and who it was that is no member any more.

`ledger.merging` merges them; this is the part of it that is about members (docs/decisions/0022).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final

from django.utils import timezone

from regulars import db
from regulars.members import actions, consents
from regulars.members.merged import nobody
from regulars.members.models import CardAlias, Member, MergedMember
from regulars.rules.errors import InvalidInput
from regulars.tenants.queries import same_code

# What may be taken from the other record, in one piece, and the columns that it is.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("first_name", "last_name"),
    "phone": ("cell",),
    "email": ("email",),
    "birthday": ("date_of_birth",),
    "secondary_code": ("secondary_code",),
    "company_name": ("company_name",),
    "telephone": ("telephone",),
    "address": (
        "street_address",
        "street_address2",
        "street_suburb",
        "street_city",
        "street_zipcode",
        "street_state",
    ),
    "group": ("group_id",),
    "branch": ("branch_id",),
    "language": ("language",),
    "subscription": ("subscription_date_from", "subscription_date_to"),
    **{(field := f"metadata{number:02d}"): (field,) for number in range(1, 10)},
}
# What a purpose needs, by which its opt-out is one that somebody may have meant.
_CONTACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": CHOICES["email"],
    "text": CHOICES["phone"],
    "post": CHOICES["address"],
}
# What a merged record keeps beside its codes and contacts.
_KEPT: Final = (
    *("first_name", "last_name", "company_name", "email_confirmed_at", "telephone", "date_of_birth"),
    *CHOICES["address"],
    *(*consents.OPT_OUTS.values(), "suspended", "joined_by_page", "language"),
    *("subscription_date_from", "subscription_date_to"),
    *(f"metadata{number:02d}" for number in range(1, 10)),
    *("joined_at", "created_at"),
)


def check_choices(take: Collection[str]) -> frozenset[str]:
    """What is to be taken from the other record, as names of `CHOICES`.

    Raises:
        InvalidInput: one of them is none; `take` is named.
    """
    unknown = sorted(set(take) - CHOICES.keys())
    if unknown:
        raise InvalidInput.at("take", f"names {unknown[0]!r}, which is none of {', '.join(CHOICES)}")
    return frozenset(take)


def differences(kept: Member, other: Member) -> list[str]:
    """Of which of `CHOICES` the two records say something different, so that somebody may choose.

    That the kept one is in no group says something when somebody decided it.
    """
    return [
        name
        for name, columns in CHOICES.items()
        if (_has(kept, columns) or (name == "group" and kept.group_by_hand))
        and _has(other, columns)
        and _values(kept, columns) != _values(other, columns)
    ]


def changes(kept: Member, other: Member, take: Collection[str]) -> dict[str, Any]:
    """What becomes of the kept profile, for `edit_member`.

    What `take` names comes from the other record, and so does what the kept one does not say. Nothing is
    emptied. Whoever opted out on either record has opted out, unless that record was merely never asked (see
    `opt_outs`), and whoever is suspended on either is suspended. A tier is no group to take over by itself:
    it is reached by what is on the card; and nothing goes before a hand that decided about the kept one's
    group.
    """
    found: dict[str, Any] = {}
    for name, columns in CHOICES.items():
        if not _has(other, columns) or (name not in take and _has(kept, columns)):
            continue
        by_itself = name == "group" and name not in take
        if by_itself and (kept.group_by_hand or (other.group is not None and other.group.measure)):
            continue
        found |= {column: getattr(other, column) for column in columns}
    found |= {"suspended": kept.suspended or other.suspended, **opt_outs(kept, other)}
    return {column: value for column, value in found.items() if getattr(kept, column) != value}


def opt_outs(kept: Member, other: Member) -> dict[str, bool]:
    """Of what the two together have opted out, by column.

    An opt-out of either counts. But a record without the address or number in question may be opted out
    because nobody was asked: that gives way to a consent which is written down of the other one, unless the
    last that is written down of it is a no. Within the caller's scope.
    """
    return {
        flag: _refused(purpose, kept, other) or _refused(purpose, other, kept)
        for purpose, flag in consents.OPT_OUTS.items()
    }


def _refused(purpose: str, member: Member, other: Member) -> bool:
    """Whether a member's opt-out, if there is one, counts when they turn out to be another one, too."""
    flag = consents.OPT_OUTS[purpose]
    if not getattr(member, flag) or getattr(other, flag) or _has(member, _CONTACTS[purpose]):
        return bool(getattr(member, flag))
    return _last_word(member, purpose) is False or _last_word(other, purpose) is not True


def _last_word(member: Member, purpose: str) -> bool | None:
    said = consents.latest(business_id=member.business_id, member_id=member.pk).get(purpose)
    return said.given if said is not None else None


def _values(member: Member, columns: Collection[str]) -> list[Any]:
    return [getattr(member, column) for column in columns]


def _has(member: Member, columns: Collection[str]) -> bool:
    return any(_values(member, columns))


def lock_both(*, business_id: int, member_id: int, other_id: int) -> tuple[Member, Member]:
    """Both records, the other one locked against whoever would write something of it.

    Within the caller's transaction and scope. Locked in the order of ids.

    Raises:
        NotFound: the business has no such member.
        Merged: one of them was merged already.
    """
    rows = Member.objects.select_related("business", "group", "branch").order_by("pk")
    for pk in sorted((member_id, other_id)):
        # Whoever refers to the kept one may go on; nobody may refer to one that goes.
        locked = Member.objects.select_for_update(no_key=pk == member_id).filter(pk=pk)
        if locked.values_list("pk", flat=True).first() is None:
            raise nobody(business_id=business_id, member_id=pk)
    found = {member.pk: member for member in rows.filter(pk__in=(member_id, other_id))}
    return found[member_id], found[other_id]


def take_over(kept: Member, other: Member, take: Collection[str]) -> None:
    """Give the kept record the profile that counts. Within the caller's transaction and scope."""
    change = changes(kept, other, take)
    if change:
        actions.edit_member(business_id=kept.business_id, pk=kept.pk, **change)
    now = Member.objects.get(pk=kept.pk)
    more: dict[str, Any] = {}
    if other.joined_at < now.joined_at:
        more["joined_at"] = other.joined_at
    if now.email and now.email == other.email and now.email_confirmed_at is None:
        more["email_confirmed_at"] = other.email_confirmed_at
    if more:
        Member.objects.filter(pk=kept.pk).update(**more)


def remember(
    kept: Member, other: Member, *, qr_code: str, brought: Mapping[str, int], at: dt.datetime | None = None
) -> MergedMember:
    """Note who the other record was, and let its card be one of the kept member's from now on.

    Within the caller's transaction and scope, before anything moves: the database lets entries move for
    this note only. `qr_code` is that of a card which is gone when the transaction ends.
    """
    now = at or timezone.now()
    # Whoever had been merged into the other one is now the kept one's, too.
    MergedMember.objects.filter(member_id=other.pk).update(member_id=kept.pk)
    # A code that the other one had taken over from such a record finds the kept one by that record's note.
    noted = MergedMember.objects.filter(same_code(other.code)).exists()
    merged = MergedMember.objects.create(
        id=other.pk,
        business_id=kept.business_id,
        member=kept,
        code="" if noted else other.code,
        secondary_code=other.secondary_code,
        name=other.name,
        email=other.email,
        cell=other.cell,
        profile=_profile(other),
        brought=dict(brought),
        merged_at=now,
    )
    CardAlias.objects.create(
        business_id=kept.business_id,
        qr_code=qr_code,
        member=kept,
        name=other.name,
        created_at=now,
        confirmed_at=now,
    )
    return merged


def _profile(member: Member) -> dict[str, Any]:
    values = {column: getattr(member, column) for column in _KEPT}
    values |= {
        "group": member.group.name if member.group else "",
        "branch": member.branch.name if member.branch else "",
    }
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in values.items()
        if value
    }


def move(*, business_id: int, member_id: int, into_id: int) -> None:
    """Give what stands around a member to another one. Within the caller's transaction."""
    for table in ("consent", "cardalias", "blankcard"):
        db.run(
            f"UPDATE members_{table} SET member_id = %s WHERE member_id = %s AND business_id = %s",
            (into_id, member_id, business_id),
        )


def forget(*, business_id: int, member_id: int) -> None:
    """Delete the record of a member of whom nothing is left. Within the caller's transaction, at its end.

    The database refuses it when anything still refers to them: then a room has not moved all that it has.
    """
    db.run("DELETE FROM members_member WHERE id = %s AND business_id = %s", (member_id, business_id))
