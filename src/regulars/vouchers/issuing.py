"""Issuing vouchers: by hand, on an event, by the member's own choice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django_scopes import scope

from regulars.ledger.post import business_day
from regulars.members.models import Member
from regulars.rules import values
from regulars.rules import vouchers as rules
from regulars.rules.errors import NotFound, Refusal
from regulars.rules.text import clean_text
from regulars.vouchers import revision
from regulars.vouchers.lookups import (
    check_branch,
    find_person,
    find_voucher,
    lock_cards,
    place_of,
    terms_of,
)
from regulars.vouchers.models import Voucher, VoucherCode, VoucherIssue
from regulars.vouchers.orders import (
    MAX_QTY,
    Order,
    carry_out,
    check_code,
    check_force,
    check_occasion,
    check_room,
    loaded,
    may_have,
    price,
    spendable_points,
    try_carry_out,
    writing,
)

MAX_CODE = 50


def issue_voucher(
    *,
    business_id: int,
    voucher_id: int,
    qty: int = 1,
    member_id: int | None = None,
    code: str = "",
    occurred_at: dt.datetime | None = None,
    points_used: int | None = None,
    branch_id: int | None = None,
    staff_id: int | None = None,
    force_value: Decimal | None = None,
    occasion: str | None = None,
) -> VoucherIssue:
    """Issue `qty` codes of a voucher to a member, or to whoever bears them.

    A member pays `points_used`, or else what the voucher requires for each code. `force_value` is what each
    code is worth instead of the voucher's value: an amount, or a percentage for value type 1. Its codes are
    `issue.codes`, in the business's scope.

    Raises:
        InvalidInput: a value is unusable; the message names the field.
        NotFound: the business has no such voucher or member, or no such active branch.
        Conflict: the code is taken.
        AlreadyGiven: it was issued to the member for this occasion before.
        Suspended: the member is suspended.
        NotEligible: the voucher is for another day, group or branch.
        LimitReached: the member may not have so many.
        NotEnoughPoints: the member cannot pay.
    """
    code = clean_text(code, field="code", max_length=MAX_CODE)
    qty = values.whole_number(qty, field="qty", least=1, most=MAX_QTY)
    now = values.moment(occurred_at or timezone.now(), field="occurred_at", now=timezone.now())
    with writing(business_id, code):
        lock_cards(business_id, [member_id])
        voucher, place = find_voucher(voucher_id), place_of(business_id)
        person = find_person(member_id)
        check_branch(branch_id)
        today = business_day(place.timezone, now)
        rules.check_eligible(terms_of(voucher), today=today, person=person, branch_id=branch_id)
        check_room(voucher, member_id, qty)
        check_code(code)
        check_occasion(voucher, member_id, occasion)
        made = carry_out(
            business_id,
            Order(
                voucher=voucher,
                place=place,
                qty=qty,
                member_id=member_id,
                points_used=price(voucher, qty, member_id, points_used),
                occurred_at=now,
                code=code,
                branch_id=branch_id,
                staff_id=staff_id,
                force_value=check_force(force_value, voucher),
                occasion=occasion,
            ),
        )
        return loaded(made.pk)


def edit_issue(*, business_id: int, pk: int, **changes: Any) -> VoucherIssue:
    """Change an issue: `qty`, `member_id`, `voucher_id`, `occurred_at`, `points_used`, `branch_id`,
    `force_value`; what is not named stays, what is empty is erased.

    Codes and points follow. Points that were what the voucher requires become what it requires now, unless
    `points_used` says otherwise. More codes are made; of fewer, the last ones that nobody has redeemed or
    holds go, and a pre-loaded code is not issued again. To whom, of what and for how much it was issued
    cannot change once a code is redeemed. What the ledger has keeps its date.

    Raises:
        InvalidInput: a value is unusable; the message names the field.
        NotFound: the business has no such issue, voucher, member or active branch.
        Conflict: a code is redeemed or reserved.
        Suspended, NotEligible, LimitReached: another member or voucher does not go together.
        NotEnoughPoints: the member cannot pay.
    """
    with writing(business_id):
        return loaded(revision.revise(business_id, pk, changes))


def edit_code(*, business_id: int, pk: int, **changes: Any) -> VoucherCode:
    """Change one voucher code: `force_value` (empty: what the voucher says now) or `expires_on`.

    A percentage stays one, and an amount an amount, when only its value changes.

    Raises:
        InvalidInput: a value is unusable; the message names the field.
        NotFound: the business has no such voucher code.
        AlreadyRedeemed: it is redeemed.
        ReservedElsewhere: a till holds it.
    """
    with writing(business_id):
        return revision.revise_code(business_id, pk, changes)


def delete_issue(*, business_id: int, pk: int) -> None:
    """Take back an issue: its codes are gone, and the member gets back the points that it took.

    Raises:
        NotFound: the business has no such issue.
        HasHistory: a code of it is redeemed.
        ReservedElsewhere: a till holds a code of it.
    """
    with writing(business_id):
        revision.withdraw(business_id, pk)


def issue_on_event(
    *, business_id: int, member_id: int, event: str, occasion: str, at: dt.datetime | None = None
) -> list[VoucherIssue]:
    """Issue all vouchers that are allocated on an event, each once per member and occasion.

    What the member may not have, or cannot pay, is left out without a word. A voucher of a branch goes to
    members of that branch.

    Raises:
        NotFound: the business has no such member.
    """
    now = at or timezone.now()
    with scope(business=business_id):
        vouchers = list(Voucher.objects.filter(auto_allocate_on_event=event).order_by("pk"))
        if not vouchers:
            return []
    with writing(business_id):
        lock_cards(business_id, [member_id])
        place, person = place_of(business_id), find_person(member_id)
        made = []
        for voucher in vouchers:
            order = Order(
                voucher=voucher,
                place=place,
                qty=1,
                member_id=member_id,
                points_used=voucher.points_required,
                occurred_at=now,
                occasion=occasion,
            )
            if may_have(order, person) and (issue := try_carry_out(business_id, order)) is not None:
                made.append(issue.pk)
        return [loaded(pk) for pk in made]


def self_selectable(*, business_id: int, member_id: int, at: dt.datetime | None = None) -> list[Voucher]:
    """The vouchers that a member may choose now and can pay, in the order in which they were defined.

    Raises:
        NotFound: the business has no such member.
    """
    now = at or timezone.now()
    with scope(business=business_id):
        member = Member.objects.filter(pk=member_id).first()
        if member is None:
            raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
        today = business_day(place_of(business_id).timezone, now)
        return choosable(member, spendable=spendable_points(member_id, today), today=today)


def choosable(member: Member, *, spendable: int, today: dt.date) -> list[Voucher]:
    """The same for a member who is at hand, with so many points to spend. Within the business's scope."""
    person = rules.Person(member.suspended, member.group_id, member.branch_id)
    found = []
    chosen = Voucher.objects.filter(available_for_self_selection=True, points_required__lte=spendable)
    for voucher in chosen.select_related("sku", "group", "branch").order_by("pk"):
        try:
            rules.check_eligible(terms_of(voucher), today=today, person=person)
            check_room(voucher, member.pk, 1)
        except Refusal:
            continue
        found.append(voucher)
    return found
