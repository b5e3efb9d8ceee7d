"""Whether a voucher code may be used now, by this till, for this sale."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django_scopes import scope

from regulars.ledger.post import business_day
from regulars.members.models import Member
from regulars.rules import values
from regulars.rules import vouchers as rules
from regulars.rules.errors import Conflict, NotFound, Suspended
from regulars.vouchers.models import VoucherCode
from regulars.vouchers.states import CodeState


@dataclass(frozen=True, slots=True)
class Bearer:
    """The member who comes with a code."""

    id: int
    code: str
    name: str
    suspended: bool


@dataclass(frozen=True, slots=True)
class Use:
    """How somebody wants to use a code: `now` by our clock, `occurred_at` by theirs."""

    now: dt.datetime
    occurred_at: dt.datetime
    sale_value: Decimal | None
    branch_id: int | None
    sku_id: int | None
    staff_id: int | None
    bearer: Bearer | None = None

    def which(self, business_id: int, code: str) -> dict[str, Any]:
        """The arguments of `states.read`."""
        return {
            "business_id": business_id,
            "code": code.strip(),
            "branch_id": self.branch_id,
            "sku_id": self.sku_id,
        }


def use_of(
    *,
    occurred_at: dt.datetime | None,
    sale_value: Decimal | None,
    branch_id: int | None,
    sku_id: int | None,
    staff_id: int | None,
    bearer: Bearer | None = None,
) -> Use:
    """A use of a code now, checked as far as it can be without the code, or InvalidInput."""
    if sale_value is not None:
        sale_value = values.amount(sale_value, field="sale_value", digits=14, places=2)
    now = timezone.now()
    occurred_at = values.moment(occurred_at or now, field="occurred_at", now=now)
    return Use(now, occurred_at, sale_value, branch_id, sku_id, staff_id, bearer)


def find_bearer(business_id: int, member_id: int | None) -> Bearer | None:
    """A member of the business, None for nobody in particular.

    Raises:
        NotFound: the business has no such member.
    """
    if member_id is None:
        return None
    with scope(business=business_id):
        row = Member.objects.values_list("pk", "code", "name", "suspended").filter(pk=member_id).first()
    if row is None:
        raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
    return Bearer(*row)


def borne(state: CodeState, use: Use) -> CodeState:
    """The code as if it belonged to its bearer, when it is for points and nobody in particular has it."""
    bearer = use.bearer
    if bearer is None or not state.credits_points or state.member_id is not None:
        return state
    return replace(state, member_id=bearer.id, member_code=bearer.code, member_name=bearer.name)


def check(state: CodeState, use: Use, reservation: str) -> None:
    """Refuse a use that the code's state or the voucher's terms do not allow."""
    if use.branch_id is not None and not state.branch_active:
        raise NotFound(
            f"There is no active branch {use.branch_id}.", fields={"branch_id": "is not an active branch"}
        )
    if use.sku_id is not None and not state.sku_known:
        raise NotFound(f"There is no SKU {use.sku_id}.", fields={"sku_id": "is unknown"})
    _check_state(state, use, reservation)
    if state.suspended or (use.bearer is not None and use.bearer.suspended):
        raise Suspended("This customer is suspended and can neither collect nor redeem.")
    if not reservation:
        _check_days(state, business_day(state.timezone, use.occurred_at))
    if state.min_value is not None and use.sale_value is not None and use.sale_value < state.min_value:
        raise rules.BelowMinimum(
            f"The voucher {state.voucher_name} needs a sale of {state.min_value} at least.",
            fields={"sale_value": f"must be at least {state.min_value}"},
            min_value=str(state.min_value),
        )
    if state.branch_id is not None and use.branch_id not in (None, state.branch_id):
        raise rules.WrongBranch(
            f"The voucher {state.voucher_name} is for another branch.",
            fields={"branch_id": "is not the voucher's branch"},
        )
    if state.sku_id is not None and use.sku_id not in (None, state.sku_id):
        raise rules.WrongSku(
            f"The voucher {state.voucher_name} is for another SKU.",
            fields={"sku_id": "is not the voucher's SKU"},
        )


def check_bearer(state: CodeState, use: Use) -> None:
    """Refuse somebody else's code, and points that nobody would get."""
    if state.member_id is None and use.bearer is None and state.credits_points:
        raise Conflict(
            f"The voucher {state.voucher_name} credits points, and the code {state.code} belongs to nobody.",
            fields={
                "member_id": "is needed: this voucher credits points, and belongs to nobody in particular"
            },
        )
    if state.member_id is not None and use.bearer is not None and use.bearer.id != state.member_id:
        raise Conflict(
            f"The voucher code {state.code} belongs to another customer.",
            fields={"member_id": "is not the member whom this voucher code belongs to"},
        )


def _check_state(state: CodeState, use: Use, reservation: str) -> None:
    if state.status == VoucherCode.Status.REDEEMED and state.redeemed_at is not None:
        raise rules.AlreadyRedeemed(
            f"The voucher code {state.code} was redeemed at {in_words(state.redeemed_at)} UTC.",
            fields={"voucher_code": "was redeemed before"},
            redeemed_at=in_words(state.redeemed_at),
        )
    held = (
        state.status == VoucherCode.Status.RESERVED
        and state.reserved_until is not None
        and state.reserved_until > use.now
    )
    if reservation and not (held and same_reservation(state.reservation, reservation)):
        raise not_reserved(state)
    if held and not reservation and state.reserved_until is not None:
        raise rules.ReservedElsewhere(
            f"The voucher code {state.code} is reserved until {in_words(state.reserved_until)} UTC.",
            fields={"voucher_code": "is reserved"},
            reserved_until=in_words(state.reserved_until),
        )


def _check_days(state: CodeState, today: dt.date) -> None:
    if state.expires_on is not None and today > state.expires_on:
        raise rules.Expired(
            f"The last day of the voucher code {state.code} was {state.expires_on}.",
            fields={"voucher_code": "has expired"},
            expires_on=state.expires_on.isoformat(),
        )
    if state.date_from is not None and today < state.date_from:
        raise rules.NotYetValid(
            f"The voucher code {state.code} is valid from {state.date_from} on.",
            fields={"voucher_code": "is not valid yet"},
            date_from=state.date_from.isoformat(),
        )


def same_reservation(stored: str, said: str) -> bool:
    """Whether somebody named the reservation, compared in constant time."""
    return secrets.compare_digest(stored.encode(), said.encode("utf-8", "surrogatepass"))


def not_reserved(state: CodeState) -> rules.NotReserved:
    """The refusal of a reservation that does not hold the code."""
    return rules.NotReserved(
        f"There is no such reservation of the voucher code {state.code}, or it has run out.",
        fields={"reservation": "is unknown or has run out"},
    )


def in_words(moment: dt.datetime) -> str:
    """A moment as messages and events say it, in UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"
