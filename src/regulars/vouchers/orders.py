"""What every way of issuing shares: the checks, taking the points, making the issue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger import points as ledger
from regulars.ledger.models import Card
from regulars.ledger.post import business_day
from regulars.outbox.emit import NewEvent, emit
from regulars.rules import values
from regulars.rules import vouchers as rules
from regulars.rules.errors import AlreadyGiven, Conflict, InvalidInput, NotFound, Refusal
from regulars.tenants import numbers
from regulars.tenants.queries import same_code
from regulars.vouchers import making
from regulars.vouchers.lookups import Place, terms_of
from regulars.vouchers.models import Voucher, VoucherIssue, VoucherLog

MAX_QTY = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be issued, after all that is asked for was checked. The member's card is locked."""

    voucher: Voucher
    place: Place
    qty: int
    member_id: int | None
    points_used: int
    occurred_at: dt.datetime
    code: str = ""
    branch_id: int | None = None
    staff_id: int | None = None
    force_value: Decimal | None = None
    occasion: str | None = None


@contextmanager
def writing(business_id: int, code: str = "") -> Iterator[None]:
    """A transaction in the business. Of two at once who want the same code, the second hears so.

    What else a constraint of the database stops, such as a branch that was deleted at this moment, is raised
    as it is: whoever asks again finds it gone.
    """
    try:
        with transaction.atomic(), scope(business=business_id):
            yield
    except IntegrityError:
        with scope(business=business_id):
            check_code(code)
        raise


def check_code(code: str) -> None:
    """Refuse the code of another issue, with Conflict."""
    if code and VoucherIssue.objects.filter(same_code(code)).exists():
        raise Conflict(
            f"There is an issued voucher with code {code} already.",
            fields={"code": "belongs to another issued voucher"},
        )


def check_room(voucher: Voucher, member_id: int | None, qty: int, *, but_issue: int | None = None) -> None:
    """Refuse more codes than one member may have, with LimitReached."""
    room = making.room_left(voucher, member_id, but_issue=but_issue)
    if room is not None and qty > room:
        raise rules.LimitReached(
            f"A member may have {voucher.limited_to_per_member} of {voucher.name}, and {room} are left.",
            fields={"qty": f"is more than the {room} that are left"},
            limit=voucher.limited_to_per_member,
        )


def check_occasion(voucher: Voucher, member_id: int | None, occasion: str | None) -> None:
    """Refuse to give twice for one occasion, with AlreadyGiven."""
    if occasion is None or member_id is None:
        return
    if VoucherIssue.objects.filter(voucher=voucher, member_id=member_id, occasion=occasion).exists():
        raise AlreadyGiven(f"{voucher.name} was issued for this occasion already.")


def check_force(value: Decimal | None, voucher: Voucher) -> Decimal | None:
    """A value that is to stand instead of the voucher's own, or InvalidInput."""
    if value is None:
        return None
    return rules.check_value(value, field="force_value", value_type=voucher.value_type)


def price(voucher: Voucher, qty: int, member_id: int | None, points_used: int | None) -> int:
    """How many points an issue takes: those that somebody named, else what the voucher requires.

    Raises:
        InvalidInput: the number is unusable, or nobody is there to pay.
    """
    if points_used is not None:
        points_used = values.whole_number(points_used, field="points_used")
        if points_used and member_id is None:
            raise InvalidInput.at("points_used", "must be 0 when there is no member to take them from")
        return points_used
    if member_id is None:
        return 0
    return values.whole_number(voucher.points_required * qty, field="points_used")


def carry_out(business_id: int, order: Order) -> VoucherIssue:
    """Take the points and make the issue with its codes. Within the caller's transaction and scope.

    Raises:
        NotEnoughPoints, Suspended, NotFound: before anything was written.
    """
    pk = db.next_id("vouchers_voucherissue")
    if order.points_used and order.member_id is not None:
        ledger.spend_points(
            business_id=business_id,
            member_id=order.member_id,
            points_to_spend=order.points_used,
            source=source_of(pk),
            branch_id=order.branch_id,
            staff_id=order.staff_id,
            text=order.voucher.name,
            occurred_at=order.occurred_at,
        )
    issue = VoucherIssue.objects.create(
        pk=pk,
        business_id=business_id,
        voucher=order.voucher,
        code=order.code or _free_code(business_id),
        qty=order.qty,
        member_id=order.member_id,
        occurred_at=order.occurred_at,
        points_used=order.points_used,
        branch_id=order.branch_id,
        staff_id=order.staff_id,
        force_value=order.force_value,
        occasion=order.occasion,
    )
    made = making.make_codes(issue, making.Worth(order.voucher, order.place, order.force_value), order.qty)
    making.log_codes(issue, made, VoucherLog.Action.ISSUE, at=timezone.now())
    emit(business_id=business_id, events=[_issued_event(issue, order, list(made.values()))])
    return issue


def source_of(issue_id: int) -> str:
    """Under which name the ledger has the points of an issue."""
    return f"issue:{issue_id}"


def _free_code(business_id: int) -> str:
    while True:
        code = numbers.draw_code(business_id=business_id, letter="I", table="vouchers_voucherissue")
        # A code may have been given by hand that the numbers reach only now.
        if not VoucherIssue.objects.filter(same_code(code)).exists():
            return code


def _issued_event(issue: VoucherIssue, order: Order, made: list[str]) -> NewEvent:
    data = {
        "customer_id": issue.member_id,
        "issue_id": issue.pk,
        "code": issue.code,
        "voucher_id": order.voucher.pk,
        "voucher": order.voucher.code,
        "name": order.voucher.name,
        "voucher_codes": made,
        "points_used": issue.points_used,
        "occasion": issue.occasion,
    }
    return NewEvent("voucher.issued", issue.member_id, data)


def loaded(pk: int) -> VoucherIssue:
    """An issue with all that it refers to. Its codes, which may be many, are read by whoever wants them.

    Within the caller's scope.

    Raises:
        NotFound: there is no such issue.
    """
    rows = VoucherIssue.objects.select_related("voucher", "member", "branch")
    issue = rows.filter(pk=pk).first()
    if issue is None:
        raise NotFound(f"There is no issued voucher {pk}.", fields={"code": "is unknown"})
    return issue


def may_have(order: Order, person: rules.Person | None) -> bool:
    """Whether a voucher may be issued by itself: terms, limit and occasion. The card is locked."""
    today = business_day(order.place.timezone, order.occurred_at)
    try:
        rules.check_eligible(terms_of(order.voucher), today=today, person=person, by_itself=True)
        check_room(order.voucher, order.member_id, order.qty)
        check_occasion(order.voucher, order.member_id, order.occasion)
    except Refusal:
        return False
    return True


def try_carry_out(business_id: int, order: Order) -> VoucherIssue | None:
    """Like `carry_out`; None when the member cannot pay."""
    try:
        return carry_out(business_id, order)
    except Refusal:  # points are taken before anything is written
        return None


def spendable_points(member_id: int, today: dt.date, *, balance: int | None = None) -> int:
    """The points that a member of the scope's business can spend on a day; `balance` when it is known."""
    if balance is None:
        balance = Card.objects.values_list("points", flat=True).get(pk=member_id)
    if balance <= 0:
        return 0
    rows = db.run(
        "SELECT COALESCE(SUM(remaining), 0) FROM ledger_lot WHERE card_id = %s AND remaining > 0 "
        "AND (expires_on IS NULL OR expires_on >= %s)",
        (member_id, db.calendar_day(today)),
    )
    return min(balance, int(rows[0][0]))
