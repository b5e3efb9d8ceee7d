"""Writes about members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.members import access, merged, personal_data, tiers
from regulars.members import profile as fields
from regulars.members.models import Member
from regulars.members.queries import by_contact_ever
from regulars.outbox import emit
from regulars.rules import codes
from regulars.rules.errors import AlreadyEnrolled, Conflict, NotFound
from regulars.rules.text import clean_text
from regulars.tenants.models import Business
from regulars.tenants.plans import check_room
from regulars.tenants.queries import hold_numbers, next_number

_CODE_LENGTH: Final = 50
# How long an erasure waits for a lock before it gives way, in milliseconds: less than it takes PostgreSQL to
# look for deadlocks, by default 1000. And how often, before it waits as long as it must.
_PATIENCE: Final = 200
_PATIENT_TRIES: Final = 20


def create_member(
    *,
    business: Business,
    name: str = "",
    phone: str = "",
    email: str = "",
    birthday: dt.date | None = None,
    code: str = "",
    joined_at: dt.datetime,
    joined_by_page: bool = False,
    unique_contact: bool = True,
    **profile: Any,
) -> Member:
    """Store a new member. Within the caller's transaction, which gives them a card.

    `profile` takes the further fields of a member (`members.profile.FIELDS`): among them `first_name` and
    `last_name` instead of `name`, and `cell` and `date_of_birth` as other names of `phone` and `birthday`.
    `joined_by_page` says that they typed it themselves, with nobody of the shop looking.
    Phones are read as numbers of the business's country. Without a `code` one is numbered. With
    `unique_contact` the phone or e-mail of another member is refused; two requests at once cannot both pass.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such group or branch.
        AlreadyEnrolled: a member of the business has this phone or e-mail, or a record merged into them had.
        Conflict: a member of the business has this code.
        PlanLimit: the plan allows no more members.
    """
    values = profile | {"email": email}
    # Each has two names; the other one, when it was given, counts.
    for field, value, others in (
        ("name", name, fields.NAMES),
        ("phone", phone, ("cell",)),
        ("birthday", birthday, ("date_of_birth",)),
    ):
        if value or not any(other in profile for other in others):
            values[field] = value
    code = clean_text(code, field="code", max_length=_CODE_LENGTH)
    with scope(business=business):
        stored = fields.clean(values, country=business.country, today=_day(business, joined_at))
        # Other enrolments of the business wait here, so that neither contacts nor places are taken twice.
        number = next_number(business.pk, "member")
        if unique_contact:
            _check_contact(business.pk, stored, values.keys())
        _check_places(business)
        return Member.objects.create(
            business=business,
            code=_check_code(business.pk, code) if code else _free_code(business, number),
            joined_at=joined_at,
            joined_by_page=joined_by_page,
            search_text=fields.search_text(stored["name"], stored["email"], stored["cell"]),
            group_by_hand=stored.get("group") is not None,
            **stored,
        )


def edit_member(
    *, business_id: int, pk: int, unique_contact: bool = False, by_member: bool = False, **changes: Any
) -> Member:
    """Change a member; what is not named stays, empty text and None erase.

    `changes` are `members.profile.FIELDS` and `code`, which every member has. With `unique_contact` a new
    phone or e-mail that another member has is refused. When the shop or one of its programs gives a member
    another e-mail address, they are signed out everywhere and their password is gone: links for a new one go
    there. With `by_member` they changed it themselves, and who stays signed in is the caller's to say. Into
    another group they are put by hand: no tier moves them from then on.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such member, group or branch.
        AlreadyEnrolled: another member of the business has this phone or e-mail, or a record merged into
            them had.
        Conflict: another member of the business has this code.
    """
    with transaction.atomic(), scope(business=business_id):
        if unique_contact or "code" in changes:
            # Nobody may take the same code or contact meanwhile. Before the member: enrolments lock in this
            # order, too.
            hold_numbers(business_id, "member")
        member = _locked(business_id, pk)
        code = changes.pop("code", member.code)
        stored = fields.clean(
            changes,
            country=member.business.country,
            today=_day(member.business, timezone.now()),
            current=member,
        )
        stored["code"] = clean_text(code or "", field="code", max_length=_CODE_LENGTH, required=True)
        changed = {column: value for column, value in stored.items() if getattr(member, column) != value}
        if unique_contact:
            _check_contact(business_id, changed, changes.keys(), but=pk)
        if "code" in changed:
            _check_code(business_id, changed["code"], but=pk)
        if changed:
            _store(member, changed, by_member=by_member)
    return member


def confirm_email(*, business_id: int, pk: int, address: str) -> bool:
    """Note that somebody with access to the mailbox of `address` said so; whether it is the member's still.

    Confirmed again, it stays confirmed since the first time.
    """
    with scope(business=business_id):
        rows = Member.objects.filter(pk=pk, email=address).exclude(email="")
        return (
            bool(rows.filter(email_confirmed_at=None).update(email_confirmed_at=timezone.now()))
            or rows.exists()
        )


def _locked(business_id: int, pk: int) -> Member:
    rows = Member.objects.select_related("business", "group", "branch")
    # Locked, so that of two who edit at once the second sees what the first has made of it.
    member = rows.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if member is None:
        raise merged.nobody(business_id=business_id, member_id=pk)
    return member


def _store(member: Member, changed: dict[str, Any], *, by_member: bool) -> None:
    previous = member.group.code if member.group else None
    for column, value in changed.items():
        setattr(member, column, value)
    member.search_text = fields.search_text(member.name, member.email, member.cell)
    more = ["search_text", "modified_at"]
    if "email" in changed:
        member.email_confirmed_at = None
        more.append("email_confirmed_at")
    events = [emit.NewEvent("member.updated", member.pk, tiers.told(member, list(changed)))]
    if "group" in changed:
        member.group_by_hand = True
        more.append("group_by_hand")
        events.append(tiers.group_changed(member.pk, previous, member.group, by_hand=True))
    member.save(update_fields=[*changed, *more])
    emit.emit(business_id=member.business_id, events=events)
    if changed.get("suspended"):
        access.sign_out(business_id=member.business_id, member_id=member.pk)
    if "email" in changed and not by_member:
        access.take_back(business_id=member.business_id, member_id=member.pk)


def _day(business: Business, at: dt.datetime) -> dt.date:
    return at.astimezone(ZoneInfo(business.timezone)).date()


def _others(but: int | None) -> QuerySet[Member]:
    return Member.objects.all() if but is None else Member.objects.exclude(pk=but)


def _check_code(business_id: int, code: str, *, but: int | None = None) -> str:
    if merged.code_is_taken(business_id=business_id, code=code, but=but):
        raise Conflict(f"There is a member with code {code}.", fields={"code": "belongs to another member"})
    return code


def _free_code(business: Business, number: int) -> str:
    # A code may have been given by hand that the counter reaches only now.
    while merged.code_is_taken(business_id=business.pk, code=(code := codes.member_code(number))):
        number = next_number(business.pk, "member")
    return code


def _check_contact(
    business_id: int, stored: Mapping[str, Any], given: Collection[str], *, but: int | None = None
) -> None:
    phone = "cell" if "cell" in given else "phone"
    for field, column in ((phone, "cell"), ("email", "email")):
        value = stored.get(column)
        if not value:
            continue
        contact = {"email": "", "cell": "", column: value}
        rows = _others(but).filter(by_contact_ever(business_id=business_id, **contact)).order_by("id")
        known = rows.values_list("pk", flat=True).first()
        if known is not None:
            raise AlreadyEnrolled(
                f"A customer with this {field} is already enrolled.",
                fields={field: "belongs to another customer"},
                customer_id=known,
            )


def _check_places(business: Business) -> None:
    check_room(business, "max_members", Member.objects.count)


def delete_member(*, business_id: int, member_id: int) -> None:
    """Erase a member for good: their profile, card, history and events. Daily totals stay, without a name.

    It needs every row about the member, and those who sell to them at this moment took theirs in orders of
    their own: it gives way to them, and begins again.

    Raises:
        NotFound: the business has no such member.
    """
    for most in (*[_PATIENCE] * _PATIENT_TRIES, None):
        with suppress(db.StillLocked):
            _erase(business_id, member_id, most)
            return


def _erase(business_id: int, member_id: int, patience: int | None) -> None:
    with transaction.atomic(), scope(business=business_id), db.patience(patience):
        # Locked, so that of two who delete at once the second finds nobody.
        if Member.objects.select_for_update().filter(pk=member_id).only("pk").first() is None:
            raise NotFound(f"There is no customer {member_id}.")
        for holding in personal_data.holdings():
            holding.erase(business_id=business_id, member_id=member_id)
        gone = emit.NewEvent("member.deleted", None, {"customer_id": member_id})
        emit.emit(business_id=business_id, events=[gone])
