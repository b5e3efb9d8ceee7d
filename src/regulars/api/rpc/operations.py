"""Methods that are not about one kind of record alone: what is done to a voucher code, and events.

`redeem_voucher_code` is the seed's; the others stand beside it (docs/rpc.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.api.rpc.answers import Answer, Row
from regulars.api.rpc.entity import Field
from regulars.api.rpc.errors import bad_value, missing, to_error, unknown_field
from regulars.api.rpc.extras import code_status
from regulars.api.rpc.method import DONE, Caller, Method, check_options
from regulars.api.rpc.tree import Call
from regulars.api.rpc.types import Day, FieldType, MemberRef, Moment, Number, Ref, Whole, local
from regulars.catalog.models import Sku
from regulars.promotions.occasions import happened
from regulars.rules.errors import Refusal
from regulars.rules.text import clean_text
from regulars.sales import worth
from regulars.tenants.models import Branch
from regulars.vouchers import redeeming

# Events that a program outside may tell of; the others happen by themselves.
EVENTS = ("first_login", "quickscan", "quickscan_button")


@dataclass(frozen=True, slots=True)
class OneOf(FieldType):
    """One of a few words."""

    words: tuple[str, ...] = ()

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        return "one of " + ", ".join(self.words)

    def read(self, caller: Caller, name: str, text: str) -> str:
        """See `FieldType`."""
        word = text.strip().lower()
        if word not in self.words:
            raise bad_value(name, f"must be one of {', '.join(self.words)}")
        return word


@dataclass(frozen=True, slots=True)
class Words(FieldType):
    """Free text that lives in no column."""

    most: int = 50

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        return f"text, at most {self.most} characters"

    def read(self, caller: Caller, name: str, text: str) -> str:
        """See `FieldType`."""
        return clean_text(text, field=name, max_length=self.most)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method with its fields. `does` gets their values by argument name and returns the row to show."""

    name: str
    says: str
    fields: tuple[Field, ...]
    does: Callable[..., Row]
    of_seed: bool = False
    write: bool = True

    def run(self, caller: Caller, call: Call) -> Answer:
        """Carry out a call.

        Raises:
            RpcError: the fields are not right, or the rooms refuse.
        """
        check_options(call)
        by_name = {field.name: field for field in self.fields}
        for name in call.fields:
            if name not in by_name:
                raise unknown_field(name)
        for field in self.fields:
            if field.required and not call.fields.get(field.name, "").strip():
                raise missing(field.name)
        try:
            with scope(business=caller.business_id):
                values = {
                    by_name[name].passed_as: by_name[name].type.read(caller, name, text)
                    for name, text in call.fields.items()
                    if text.strip()
                }
                return Answer(DONE, [self.does(caller, **values)])
        except Refusal as refusal:
            renames = {field.passed_as: field.name for field in self.fields}
            raise to_error(refusal, renames) from refusal


_CODE_ROW = """
SELECT c.code, v.code, v.name, c.value, c.value_type, c.status, c.expires_on, c.reserved_until, c.redeemed_at,
       m.code, m.name, k.points
FROM vouchers_vouchercode c
JOIN vouchers_voucher v ON v.id = c.voucher_id
LEFT JOIN members_member m ON m.id = c.member_id
LEFT JOIN ledger_card k ON k.member_id = c.member_id
WHERE c.business_id = %s AND UPPER(c.code) = UPPER(%s)"""
_MONEY, _DAY, _MOMENT = Number(), Day(), Moment()


def _code_row(caller: Caller, code: str, **more: Any) -> Row:
    (row,) = db.run(_CODE_ROW, (caller.business_id, code))
    said, voucher, name, value, value_type, status, expires_on, until, redeemed_at, member, who, points = row
    shown: list[tuple[str, Any]] = [
        ("voucher_code", said),
        ("voucher", voucher),
        ("voucher_name", name),
        ("value", _MONEY.show(caller, value)),
        ("value_type", value_type),
        ("status", code_status(caller, timezone.now(), status, expires_on, until)),
        ("expires_on", _DAY.show(caller, expires_on)),
        ("redeemed_at", _MOMENT.show(caller, redeemed_at)),
        ("member", member),
        ("member_name", who),
        ("points_balance", points),
    ]
    return shown + list(more.items())


def _redeem(caller: Caller, **values: Any) -> Row:
    done = redeeming.redeem(business_id=caller.business_id, **values)
    return _code_row(caller, done.voucher_code, points_credited=done.points_credited)


def _reserve(caller: Caller, **values: Any) -> Row:
    held = redeeming.reserve(business_id=caller.business_id, **values)
    more = {"reservation": held.reservation, "reserved_until": local(caller, held.until)}
    return _code_row(caller, held.voucher_code, **more)


def _release(caller: Caller, **values: Any) -> Row:
    redeeming.release(business_id=caller.business_id, **values)
    return _code_row(caller, values["code"])


def _reset(caller: Caller, **values: Any) -> Row:
    redeeming.reset(business_id=caller.business_id, **values)
    return _code_row(caller, values["code"])


def _worth(caller: Caller, *, member_id: int | None = None, **values: Any) -> Row:
    business_id = caller.business_id
    earned = (
        worth.worth_to_anybody(business_id=business_id, **values)
        if member_id is None
        else worth.worth(business_id=business_id, member_id=member_id, **values)
    )
    shares = [[("code", share.code), ("points", share.points)] for share in earned.shares]
    return [("points", earned.points), ("promotions", shares)]


def _record_event(caller: Caller, **values: Any) -> Row:
    values.setdefault("occasion", "first_login" if values["event"] == "first_login" else "")
    if not values["occasion"]:
        raise missing("occasion")
    if values["event"] != "first_login":
        values["occasion"] = f"{values['event']}:{values['occasion']}"
    given = happened(business_id=caller.business_id, **values)
    codes = [[("voucher", issue.voucher.code), ("code", issue.code)] for issue in given.vouchers]
    return [("points", given.points), ("vouchers_issued", codes)]


_CODE = Field("voucher_code", Words(), argument="code", required=True)
_SALE_VALUE = Field("sale_value", Number(), note="the sale that it is used on, for vouchers with a minimum")
_BRANCH = Field("branch", Ref(model=Branch, kind="branch"), argument="branch_id")
_SKU = Field("sku_code", Ref(model=Sku, kind="SKU"), argument="sku_id")
_MEMBER = Field(
    "member",
    MemberRef(),
    argument="member_id",
    note="who gets the points that it credits, when it belongs to nobody in particular",
)
_RESERVATION = Field("reservation", Words(), required=True, note="what reserve_voucher_code answered")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "redeem_voucher_code",
        "Redeems a voucher code. However many ask at once, exactly one succeeds.",
        (_CODE, _SALE_VALUE, _BRANCH, _SKU, _MEMBER),
        _redeem,
        of_seed=True,
    ),
    Operation(
        "reserve_voucher_code",
        "Holds a voucher code for a sale that is not paid yet. Nobody else can redeem it meanwhile.",
        (
            _CODE,
            Field("minutes", Whole(least=1, most=1440), note="how long it is held; 15 when left out"),
            _SALE_VALUE,
            _BRANCH,
            _SKU,
        ),
        _reserve,
    ),
    Operation(
        "capture_voucher_code",
        "Redeems a voucher code that was reserved.",
        (_CODE, _RESERVATION, _SALE_VALUE, _BRANCH, _SKU, _MEMBER),
        _redeem,
    ),
    Operation(
        "release_voucher_code",
        "Gives a reserved voucher code free again.",
        (_CODE, _RESERVATION),
        _release,
    ),
    Operation(
        "reset_voucher_code",
        "Makes a redeemed voucher code good again, and takes back the points that it credited.",
        (_CODE, Field("reason", Words(most=300), note="kept in the code's history")),
        _reset,
    ),
    Operation(
        "get_transaction_worth",
        "Tells what a sale would earn today, and by which promotions. Nothing is recorded.",
        (
            Field("total_value", Number(), required=True),
            Field("member", MemberRef(), argument="member_id", note="in whose group they may be"),
            _BRANCH,
            _SKU,
        ),
        _worth,
        write=False,
    ),
    Operation(
        "record_event",
        "Tells of an event that promotions and vouchers may wait for. Each occasion counts once.",
        (
            Field("member", MemberRef(), argument="member_id", required=True),
            Field("event", OneOf(words=EVENTS), required=True),
            Field(
                "occasion",
                Words(most=40),
                note="your own name of this scan or press, so that a retry gives nothing twice; "
                "not needed for first_login",
            ),
            _BRANCH,
        ),
        _record_event,
    ),
)

METHODS = [Method(operation.name, write=operation.write, run=operation.run) for operation in OPERATIONS]
