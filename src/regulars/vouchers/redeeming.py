"""Redeeming voucher codes: at once, or reserved first and then captured or released; and undoing it."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger import adjustments
from regulars.ledger.models import PointsAdjustment
from regulars.outbox.emit import NewEvent
from regulars.rules import values
from regulars.rules import vouchers as rules
from regulars.rules.errors import NotFound
from regulars.rules.text import clean_text
from regulars.vouchers import states
from regulars.vouchers.lookups import lock_cards
from regulars.vouchers.models import VoucherCode, VoucherLog
from regulars.vouchers.states import Change, CodeState
from regulars.vouchers.uses import (
    Use,
    borne,
    check,
    check_bearer,
    find_bearer,
    in_words,
    not_reserved,
    same_reservation,
    use_of,
)

MAX_MINUTES = 1_440
_BATCH = 500

_ACTIVE = VoucherCode.Status.ACTIVE.value
_RESERVED = VoucherCode.Status.RESERVED.value
_REDEEMED = VoucherCode.Status.REDEEMED.value


@dataclass(frozen=True, slots=True)
class Named:
    """A record that an answer names."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What was redeemed. `value` is percent of the sale for value type 1, else an amount of currency.

    `member` is None when nobody in particular had it. `points_credited` are those that the member got.
    """

    voucher: Named
    voucher_code: str
    member: Named | None
    value: Decimal
    value_type: int
    points_credited: int
    redeemed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Reserved:
    """A code that is held: `reservation` is the key with which it is captured or released before `until`."""

    reservation: str
    until: dt.datetime
    voucher: Named
    voucher_code: str
    member: Named | None
    value: Decimal
    value_type: int


def redeem(
    *,
    business_id: int,
    code: str,
    sale_value: Decimal | None = None,
    branch_id: int | None = None,
    sku_id: int | None = None,
    staff_id: int | None = None,
    reservation: str = "",
    occurred_at: dt.datetime | None = None,
    member_id: int | None = None,
) -> Redeemed:
    """Redeem a voucher code (RPC `redeem_voucher_code`); exactly one caller ever succeeds.

    With `reservation` it captures what `reserve` held, also when the code's last day has passed in between.
    The smallest sale, the branch and the SKU of the voucher count when the caller says them. A voucher that
    can be redeemed for points credits them to its member; when it belongs to nobody in particular, to
    `member_id`, who bears it.

    Raises:
        InvalidInput: the sale value or `occurred_at` is unusable.
        NotFound: the business has no such voucher code, SKU or member, or no such active branch.
        Conflict: it belongs to another member than `member_id`, or there is nobody to credit points to.
        AlreadyRedeemed, Expired, NotYetValid, ReservedElsewhere, NotReserved, BelowMinimum, WrongBranch,
        WrongSku: as their names say.
        Suspended: the member is suspended.
    """
    use = use_of(
        occurred_at=occurred_at,
        sale_value=sale_value,
        branch_id=branch_id,
        sku_id=sku_id,
        staff_id=staff_id,
        bearer=find_bearer(business_id, member_id),
    )

    which = use.which(business_id, code)
    first = states.read(**which)
    credit = first.credits_points

    def decide(state: CodeState) -> Change:
        check(state, use, reservation)
        check_bearer(state, use)
        return _redemption(borne(state, use), use, credit)

    if credit and borne(first, use).member_id is not None:
        state = _redeem_for_points(decide, which, first, use)
    else:
        wanted = decide(first)
        state = first if states.change(first, wanted) else states.settle(decide, **which)[0]
    return Redeemed(
        voucher=_voucher(state),
        voucher_code=state.code,
        member=_member(state),
        value=state.value,
        value_type=state.value_type,
        points_credited=credit,
        redeemed_at=use.occurred_at,
    )


def _redemption(state: CodeState, use: Use, credit: int) -> Change:
    return Change(
        status=_REDEEMED,
        action=VoucherLog.Action.REDEEM.value,
        at=use.now,
        redeemed_at=use.occurred_at,
        redeemed_branch_id=use.branch_id,
        redeemed_value=rules.taken_off(state.value, state.value_type, use.sale_value),
        branch_id=use.branch_id,
        staff_id=use.staff_id,
        sale_value=use.sale_value,
        event=_event("voucher.redeemed", state, branch_id=use.branch_id, points_credited=credit),
    )


def _redeem_for_points(decide: states.Decide, which: dict[str, Any], first: CodeState, use: Use) -> CodeState:
    with transaction.atomic():
        if first.member_id is None:  # no card of its own lets one after the other have it
            db.serialise("voucher code", first.id)
        lock_cards(first.business_id, [borne(first, use).member_id])
        state = borne(states.settle(decide, **which)[0], use)
        credit = adjustments.add_adjustment(
            business_id=state.business_id,
            member_id=state.member_id or 0,
            points=first.credits_points,
            occurred_at=use.occurred_at,
            internal_notes=f"{state.voucher_name}: {state.code}",
            branch_id=use.branch_id,
            staff_id=use.staff_id,
            origin=PointsAdjustment.Origin.VOUCHER.value,
        )
        db.run("UPDATE vouchers_vouchercode SET credit_id = %s WHERE id = %s", (credit.pk, state.id))
        return state


def reserve(
    *,
    business_id: int,
    code: str,
    minutes: int = 15,
    sale_value: Decimal | None = None,
    branch_id: int | None = None,
    sku_id: int | None = None,
    staff_id: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> Reserved:
    """Hold a voucher code for some minutes, so that nobody else redeems it while a sale is being paid.

    Raises:
        InvalidInput: `minutes` is outside 1 to 1440, or the sale value is unusable.
        NotFound, AlreadyRedeemed, Expired, NotYetValid, ReservedElsewhere, BelowMinimum, WrongBranch,
        WrongSku, Suspended: as for `redeem`.
    """
    minutes = values.whole_number(minutes, field="minutes", least=1, most=MAX_MINUTES)
    use = use_of(
        occurred_at=occurred_at,
        sale_value=sale_value,
        branch_id=branch_id,
        sku_id=sku_id,
        staff_id=staff_id,
    )
    until, token = use.now + dt.timedelta(minutes=minutes), secrets.token_urlsafe(24)

    def decide(state: CodeState) -> Change:
        check(state, use, "")
        return Change(
            status=_RESERVED,
            action=VoucherLog.Action.RESERVE.value,
            at=use.now,
            reserved_until=until,
            reservation=token,
            branch_id=branch_id,
            staff_id=staff_id,
            sale_value=use.sale_value,
            event=_event("voucher.reserved", state, branch_id=branch_id, reserved_until=in_words(until)),
        )

    state, _ = states.settle(decide, **use.which(business_id, code))
    return Reserved(
        reservation=token,
        until=until,
        voucher=_voucher(state),
        voucher_code=state.code,
        member=_member(state),
        value=state.value,
        value_type=state.value_type,
    )


def release(*, business_id: int, code: str, reservation: str, staff_id: int | None = None) -> None:
    """Give up a reservation. One that has run out may still be given up.

    Raises:
        NotFound: the business has no such voucher code.
        NotReserved: it is not reserved under this reservation.
    """

    def decide(state: CodeState) -> Change:
        if state.status != _RESERVED or not same_reservation(state.reservation, reservation):
            raise not_reserved(state)
        return _released(state, timezone.now(), staff_id)

    states.settle(decide, business_id=business_id, code=code.strip())


def reset(*, business_id: int, code: str, staff_id: int | None = None, reason: str = "") -> None:
    """Undo a redemption: the code can be redeemed again, and the points that it credited are taken back
    by the refund policy of the business.

    Raises:
        InvalidInput: the reason is unusable.
        NotFound: the business has no such voucher code.
        NotRedeemed: it has not been redeemed.
    """
    text = clean_text(reason, field="reason", max_length=300)
    which: dict[str, Any] = {"business_id": business_id, "code": code.strip()}

    def decide(state: CodeState) -> Change:
        if state.status != _REDEEMED:
            raise rules.NotRedeemed(
                f"The voucher code {state.code} has not been redeemed.",
                fields={"voucher_code": "has not been redeemed"},
            )
        return Change(
            status=_ACTIVE,
            action=VoucherLog.Action.RESET.value,
            at=timezone.now(),
            staff_id=staff_id,
            text=text,
            event=_event("voucher.reset", state, reason=text),
        )

    with transaction.atomic():
        first = states.read(**which)
        if first.member_id is None:
            db.serialise("voucher code", first.id)
            first = states.read(**which)
        if first.credit_id is None:
            lock_cards(business_id, [first.member_id])
        else:
            adjustments.lock_adjustment(
                business_id=business_id, pk=first.credit_id, other_member_id=first.member_id
            )
        state, _ = states.settle(decide, **which)
        if state.credit_id is not None:
            db.run("UPDATE vouchers_vouchercode SET credit_id = NULL WHERE id = %s", (state.id,))
            adjustments.delete_adjustment(business_id=business_id, pk=state.credit_id)


def release_expired(*, business_id: int, now: dt.datetime | None = None) -> int:
    """Give up all reservations that have run out; how many there were. Safe to run at any time."""
    moment = now or timezone.now()
    released, last = 0, 0
    while True:
        with scope(business=business_id):
            due = VoucherCode.objects.filter(status=_RESERVED, reserved_until__lte=moment, pk__gt=last)
            some = list(due.order_by("pk").values_list("pk", "code")[:_BATCH])
        if not some:
            return released
        last = some[-1][0]
        for _, code in some:
            try:
                state = states.read(business_id=business_id, code=code)
            except NotFound:
                continue
            late = state.status == _RESERVED and state.reserved_until and state.reserved_until <= moment
            # When somebody was quicker it is not ours to release any more.
            if late and states.change(state, _released(state, moment, None)):
                released += 1


def _released(state: CodeState, now: dt.datetime, staff_id: int | None) -> Change:
    return Change(
        status=_ACTIVE,
        action=VoucherLog.Action.RELEASE.value,
        at=now,
        staff_id=staff_id,
        event=_event("voucher.released", state),
    )


def _voucher(state: CodeState) -> Named:
    return Named(state.voucher_id, state.voucher_code, state.voucher_name)


def _member(state: CodeState) -> Named | None:
    if state.member_id is None:
        return None
    return Named(state.member_id, state.member_code, state.member_name)


def _event(kind: str, state: CodeState, **more: Any) -> NewEvent:
    data = {
        "customer_id": state.member_id,
        "voucher_id": state.voucher_id,
        "voucher": state.voucher_code,
        "voucher_code": state.code,
        "value": str(state.value),
        "value_type": state.value_type,
        **more,
    }
    return NewEvent(kind, state.member_id, data)
