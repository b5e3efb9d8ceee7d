"""Groups of members, and who is in which by hand. What makes a group a tier is in `members.tiers`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.jobs import actions as jobs
from regulars.members import tasks, tiers
from regulars.members.models import Member, MemberGroup
from regulars.rules import values
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotFound
from regulars.rules.text import clean_line, clean_text
from regulars.tenants.models import Business
from regulars.tenants.queries import own, same_code

CODE_LENGTH: Final = 50
NAME_LENGTH: Final = 100
MAX_MONTHS: Final = 120
# What is put into a group at once, at most.
MOST_AT_ONCE: Final = 1000
TIER: Final = ("measure", "threshold", "window_months", "stays")


def ensure_group(*, business: Business, code: str) -> MemberGroup:
    """The group with this code, without regard to case. An unknown one is made, named like its code.

    Raises:
        InvalidInput: the code is empty or too long.
    """
    code = _clean_code(code, field="group")
    with scope(business=business):
        known = MemberGroup.objects.filter(same_code(code)).first()
        if known is not None:
            return known
        try:
            with transaction.atomic():
                return MemberGroup.objects.create(business=business, code=code, name=code)
        except IntegrityError:  # somebody made it at this moment
            return MemberGroup.objects.get(same_code(code))


def add_group(*, business: Business, code: str, name: str = "", **tier: Any) -> MemberGroup:
    """A new group, named like its code unless said otherwise.

    With a `measure` ("points" earned or "visits") it is a tier: members come in by themselves who reach its
    `threshold` within `window_months` (None: ever). Whoever falls below leaves it unless it `stays`.

    Raises:
        InvalidInput: the code is empty, a text too long, or the tier's numbers do not fit each other.
        Conflict: the business has a group with this code, or a tier with another measure.
    """
    code = _clean_code(code, field="code")
    group = MemberGroup(business=business, code=code)
    group.name = clean_line(name, field="name", max_length=NAME_LENGTH) or code
    with transaction.atomic(), scope(business=business):
        _set_tier(group, tier)
        _save(group)
        if group.measure:
            _sort_later(business.pk)
    return group


def edit_group(*, business_id: int, pk: int, **changes: Any) -> MemberGroup:
    """Change a group: its `code`, `name`, and what makes it a tier; what is not named stays.

    Members are sorted anew by a job when its rule is another one.

    Raises:
        InvalidInput: a value is unusable; the message names the field.
        NotFound: the business has no such group.
        Conflict: another group has the code, or there is a tier with another measure.
    """
    with transaction.atomic(), scope(business=business_id):
        group = _locked(pk)
        if "code" in changes:
            group.code = _clean_code(changes.pop("code") or "", field="code")
        if "name" in changes:
            name = clean_line(changes.pop("name") or "", field="name", max_length=NAME_LENGTH)
            group.name = name or group.code
        before = [getattr(group, field) for field in TIER]
        _set_tier(group, changes)
        _save(group)
        if before != [getattr(group, field) for field in TIER]:
            _sort_later(business_id)
    return group


def delete_group(*, business_id: int, pk: int) -> None:
    """Delete a group. Its members are in none, until a tier takes them in.

    Raises:
        NotFound: the business has no such group.
        HasHistory: a voucher or a promotion is for its members.
    """
    with transaction.atomic(), scope(business=business_id):
        group = _locked(pk)
        Member.objects.filter(group=group).update(group_by_hand=False, modified_at=timezone.now())
        try:
            group.delete()
        except ProtectedError as error:
            raise HasHistory(
                f"The group {group.name} cannot be deleted, because a voucher or a promotion is for it."
            ) from error
        if MemberGroup.objects.exclude(measure="").exists():
            _sort_later(business_id)


def set_group(*, business_id: int, member_ids: Collection[int], group_id: int | None) -> int:
    """Put members into a group by hand, or out of all: no tier moves them from then on. How many moved.

    Raises:
        InvalidInput: they are more than 1,000.
        NotFound: the business has no such group, or lacks one of the members.
    """
    with transaction.atomic(), scope(business=business_id):
        # First the group, then its members: whoever deletes it locks them in the same order.
        group = own(MemberGroup, group_id, "group_id", hold=True)
        members = _members(member_ids)
        moved = [member for member in members if member.group_id != group_id]
        now = timezone.now()
        Member.objects.filter(pk__in=[member.pk for member in members]).update(
            group=group, group_by_hand=True, modified_at=now
        )
        tiers.tell_moved(business_id=business_id, moved=[(member, group) for member in moved], by_hand=True)
    return len(moved)


def leave_to_tiers(*, business_id: int, member_ids: Collection[int]) -> int:
    """Let the tiers decide about the group of members whom somebody had put into theirs; how many moved.

    Whoever is in a group that is no tier stays in it: take them out first.

    Raises:
        InvalidInput: they are more than 1,000.
        NotFound: the business lacks one of the members.
    """
    with transaction.atomic(), scope(business=business_id):
        members = _members(member_ids)
        Member.objects.filter(pk__in=[member.pk for member in members], group_by_hand=True).update(
            group_by_hand=False, modified_at=timezone.now()
        )
        return tiers.sort_members(business_id=business_id, member_ids=[member.pk for member in members])


# In the index of groups alone, which says nothing of businesses: the groups do.
_COUNTED = """
SELECT group_id, COUNT(*) FROM members_member
WHERE group_id IN (SELECT id FROM members_membergroup WHERE business_id = %s) GROUP BY group_id"""


@dataclass(frozen=True, slots=True)
class Counted:
    """A group and how many members are in it."""

    group: MemberGroup
    members: int


def groups(*, business_id: int) -> list[Counted]:
    """All groups with their members counted: tiers first, the highest first, then the others by name."""
    with scope(business=business_id):
        counted: dict[int, int] = dict(db.run(_COUNTED, (business_id,)))
        found = list(MemberGroup.objects.all())
    found.sort(key=lambda group: (not group.measure, -(group.threshold or 0), group.name.lower()))
    return [Counted(group, counted.get(group.pk, 0)) for group in found]


def is_sorting(*, business_id: int) -> bool:
    """Whether members are being sorted into tiers, or are about to be: then the numbers are not the last."""
    return jobs.is_under_way(key=tasks.key_of(business_id))


def number_in(group: MemberGroup) -> int:
    """How many members are in a group."""
    with scope(business=group.business_id):
        return Member.objects.filter(group=group).count()


def group_by_id(*, business_id: int, pk: int) -> MemberGroup:
    """A group of a business.

    Raises:
        NotFound: the business has no such group.
    """
    with scope(business=business_id):
        group = MemberGroup.objects.filter(pk=pk).first()
    if group is None:
        raise NotFound(f"There is no group {pk}.")
    return group


def _members(member_ids: Collection[int]) -> list[Member]:
    """These members, locked in the order of their ids."""
    wanted = set(member_ids)
    if len(wanted) > MOST_AT_ONCE:
        raise InvalidInput.at("member_ids", f"must be at most {MOST_AT_ONCE}")
    rows = Member.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted)
    found = list(rows.order_by("pk"))
    if len(found) < len(wanted):
        raise NotFound(f"There is no customer {min(wanted - {member.pk for member in found})}.")
    return found


def _locked(pk: int) -> MemberGroup:
    group = MemberGroup.objects.select_for_update().filter(pk=pk).first()
    if group is None:
        raise NotFound(f"There is no group {pk}.")
    return group


def _save(group: MemberGroup) -> None:
    taken = Conflict(f"There is a group with code {group.code}.", fields={"code": "belongs to another group"})
    if MemberGroup.objects.filter(same_code(group.code)).exclude(pk=group.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:  # somebody made it at this moment
        raise taken from error


def _set_tier(group: MemberGroup, given: Mapping[str, Any]) -> None:
    """Put what makes a group a tier into it, which is not stored yet."""
    for field, value in given.items():
        if field not in TIER:
            raise InvalidInput.at(field, "is not a field of a group")
        setattr(group, field, value)
    group.measure, group.stays = group.measure or "", bool(group.stays)
    if group.measure and group.measure not in MemberGroup.Measure.values:
        raise InvalidInput.at("measure", f"must be empty or one of {', '.join(MemberGroup.Measure.values)}")
    if not group.measure:
        if "measure" not in given and (group.threshold is not None or group.window_months is not None):
            raise InvalidInput.at("measure", "must be given for a tier")
        group.threshold, group.window_months, group.stays = None, None, False
        return
    values.whole_number(group.threshold, field="threshold", least=1)
    if group.window_months is not None:
        values.whole_number(group.window_months, field="window_months", least=1, most=MAX_MONTHS)
    db.serialise("tiers", group.business_id)
    others = MemberGroup.objects.exclude(measure="").exclude(measure=group.measure).exclude(pk=group.pk)
    if (other := others.first()) is not None:
        raise Conflict(
            f"The tier {other.name} goes by {other.measure}. All tiers of a business go by the same.",
            fields={"measure": f"must be {other.measure}, as in the other tiers"},
        )


def _sort_later(business_id: int) -> None:
    jobs.enqueue(
        tasks.sort_business,
        kwargs={"business_id": business_id},
        business_id=business_id,
        key=tasks.key_of(business_id),
        # One that is at work may have sorted some by the rules of before.
        afresh=True,
    )


def _clean_code(code: str, *, field: str) -> str:
    return clean_text(code, field=field, max_length=CODE_LENGTH, required=True)
