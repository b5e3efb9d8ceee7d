"""Undoing what was done at the counter by mistake."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars.counter import limits
from regulars.counter.models import Action, Scan
from regulars.counter.operators import Operator
from regulars.counter.refusals import CannotUndo, NotAllowed, TooLate
from regulars.ledger import adjustments, queries
from regulars.ledger import undoing as ledger
from regulars.rules.errors import AlreadyUndone, HasHistory, NotFound
from regulars.sales import actions as sales
from regulars.tenants.models import Business
from regulars.tenants.queries import same_code
from regulars.vouchers import issuing, redeeming
from regulars.vouchers.models import VoucherCode

# For how long an owner may undo what anybody did.
OWNER: Final = dt.timedelta(days=1)
MOST_RECENT: Final = 20
# Kinds that nobody undoes here, and a word for why.
LASTING: Final = {
    Action.Kind.SCRATCH_ISSUE.value: "scratch_drawn",
    Action.Kind.SCRATCH_REDEEM.value: "prize_given",
    Action.Kind.ENROL.value: "member_exists",
    Action.Kind.CARD_CODE.value: "card_replaced",
}
_EARNING: Final = (
    Action.Kind.STAMPS.value,
    Action.Kind.POINTS.value,
    Action.Kind.BUTTON.value,
    Action.Kind.SALE.value,
)


@dataclass(frozen=True, slots=True)
class Chance:
    """Whether an operator may undo an action, until when, and a word for why not: one of `LASTING`, or
    "undone", "somebody_else", "too_late".
    """

    may: bool
    until: dt.datetime | None = None
    why: str = ""


def chance(operator: Operator, action: Action) -> Chance:
    """Whether an operator may undo an action now."""
    if action.undone_at is not None:
        return Chance(may=False, why="undone")
    if action.kind in LASTING:
        return Chance(may=False, why=LASTING[action.kind])
    if not operator.is_owner and action.staff_id != operator.staff.pk:
        return Chance(may=False, why="somebody_else")
    lasts = OWNER if operator.is_owner else dt.timedelta(minutes=operator.settings.undo_minutes)
    until = action.recorded_at + lasts
    if timezone.now() > until:
        return Chance(may=False, why="too_late")
    return Chance(may=True, until=until)


def undo(*, operator: Operator, action_id: int) -> Action:
    """Take back what was done, once; to ask again is no error, and changes nothing.

    Operators take back their own actions within `undo_minutes`, an owner everybody's for a day. When nothing
    else was earned in the same scan, it does not count against the limits any more.

    Raises:
        NotFound: the business has no such action.
        CannotUndo: actions of this kind last, or the points that it gave cannot all be taken back.
        NotAllowed: somebody else did it.
        TooLate: the time for it is over.
        Refusal: what the rooms below refuse, such as StampsSpent when the stamps are in a redeemed reward.
    """
    with transaction.atomic(), scope(business=operator.business):
        rows = Action.objects.select_for_update(of=("self",)).select_related(
            "staff", "branch", "member", "scan"
        )
        action = rows.filter(pk=action_id).first()
        if action is None:
            raise NotFound(f"There is no action {action_id}.", fields={"action_id": "is unknown"})
        if action.undone_at is not None:
            return action
        _check(operator, action)
        if action.member_id is not None:
            limits.hold(action.member_id)
        latest = queries.latest_entry(business_id=operator.business_id, member_id=action.member_id)
        _UNDO[action.kind](operator, action.done)
        _check_exact(operator, action.member_id, latest)
        action.undone_at, action.undone_by = timezone.now(), operator.staff
        action.save(update_fields=["undone_at", "undone_by"])
        if action.scan is not None and action.kind in _EARNING:
            _release(action.scan)
        return action


def action_of(*, operator: Operator, client_id: uuid.UUID) -> int:
    """The id of the action that was done under a client id.

    Raises:
        NotFound: nothing was.
    """
    with scope(business=operator.business):
        pk = Action.objects.filter(client_id=client_id).values_list("pk", flat=True).first()
    if pk is None:
        raise NotFound("Nothing was done under this id.", fields={"client_id": "is unknown"})
    return pk


def _check(operator: Operator, action: Action) -> None:
    found = chance(operator, action)
    if found.may:
        return
    if found.why == "somebody_else":
        raise NotAllowed("Somebody else did this. They undo it, or the owner.")
    if found.why == "too_late":
        raise TooLate("The time for undoing this is over.")
    raise CannotUndo("This is not undone at the counter.", why=found.why)


def _release(scan: Scan) -> None:
    """Let a scan not count any more when all that was earned in it has been undone."""
    if not Action.objects.filter(scan=scan, undone_at=None, kind__in=_EARNING).exists():
        scan.earned = False
        scan.save(update_fields=["earned"])


def _check_exact(operator: Operator, member_id: int | None, latest: int) -> None:
    """Refuse an undo that left points behind, because they were spent meanwhile or are kept by the policy.

    Otherwise whoever gives points, turns them into a voucher, and undoes both in that order makes points.
    """
    if queries.left_behind_since(business_id=operator.business_id, member_id=member_id, entry_id=latest):
        keep = operator.business.refund_policy == Business.RefundPolicy.KEEP
        why = "points_kept" if keep else "points_spent"
        raise CannotUndo("The points that this gave cannot all be taken back.", why=why)


# What somebody has undone or deleted by another way is taken for undone.


def _entry(operator: Operator, done: dict[str, Any]) -> None:
    with suppress(AlreadyUndone):
        ledger.undo(business_id=operator.business_id, entry_id=done["entry"], staff_id=operator.staff.pk)


def _adjustments(operator: Operator, done: dict[str, Any]) -> None:
    for pk in sorted(done["adjustments"]):
        with suppress(NotFound):
            adjustments.delete_adjustment(business_id=operator.business_id, pk=pk)


def _sale(operator: Operator, done: dict[str, Any]) -> None:
    with suppress(NotFound):
        sales.delete_sale(business_id=operator.business_id, pk=done["sale"])


def _issue(operator: Operator, done: dict[str, Any]) -> None:
    with suppress(NotFound):
        try:
            issuing.delete_issue(business_id=operator.business_id, pk=done["issue"])
        except HasHistory:
            raise CannotUndo("This voucher was redeemed.", why="voucher_used") from None


def _voucher(operator: Operator, done: dict[str, Any]) -> None:
    code = VoucherCode.objects.filter(same_code(done["voucher_code"])).first()
    # Reset by another way, it may have been redeemed again since, which is not this action's.
    if code is None or code.redeemed_at is None or code.redeemed_at.isoformat() != done["redeemed_at"]:
        return
    redeeming.reset(business_id=operator.business_id, code=code.code, staff_id=operator.staff.pk)


_UNDO: Final[dict[str, Callable[[Operator, dict[str, Any]], None]]] = {
    Action.Kind.STAMPS.value: _entry,
    Action.Kind.REWARD.value: _entry,
    Action.Kind.POINTS.value: _adjustments,
    Action.Kind.BUTTON.value: _adjustments,
    Action.Kind.SALE.value: _sale,
    Action.Kind.VOUCHER_ISSUE.value: _issue,
    Action.Kind.VOUCHER_REDEEM.value: _voucher,
}


def recent(*, operator: Operator, most: int = MOST_RECENT) -> list[Action]:
    """What was done last, newest first: the operator's own actions, for an owner everybody's."""
    with scope(business=operator.business):
        rows = Action.objects.select_related("staff", "branch", "member")
        if not operator.is_owner:
            rows = rows.filter(staff=operator.staff)
        return list(rows.order_by("-pk")[:most])
