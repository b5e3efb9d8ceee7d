"""Doing something at the counter, once for each client id, however often it is sent."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.counter import kinds, limits, moments, scanning
from regulars.counter.finding import find_member
from regulars.counter.kinds import Doing, Outcome
from regulars.counter.models import Action, Scan
from regulars.counter.operators import Operator
from regulars.counter.refusals import CardUnconfirmed, ClientIdReused, NeedsNetwork, SeveralMembers
from regulars.counter.scanning import Place
from regulars.counter.settings import REASON_LENGTH
from regulars.rules.errors import InvalidInput, NotFound
from regulars.rules.text import clean_line
from regulars.tenants.idempotency import request_hash
from regulars.tenants.models import Branch, Staff

SCAN: Final = "scan"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of action is done. `earns`: the limits count it; `offline`: it may wait for the network;
    `newcomer`: whom it is for becomes a member by it.
    """

    run: Callable[[Doing, dict[str, Any]], Outcome]
    fields: frozenset[str]
    earns: bool = False
    offline: bool = False
    # Whether a reason is asked for, when the settings say so.
    reasoned: bool = False
    # Whether it is for a member who is known before.
    member: bool = True
    newcomer: bool = False


_NEW: Final = frozenset(
    {"name", "phone", "email", "birthday", "language", "marketing", "marketing_text", "blank_code"}
)
KINDS: Final[Mapping[str, Kind]] = {
    "stamps": Kind(kinds.stamps, frozenset({"count"}), earns=True, offline=True, reasoned=True),
    "points": Kind(
        kinds.points, frozenset({"points", "promotion_id"}), earns=True, offline=True, reasoned=True
    ),
    "button": Kind(
        kinds.button, frozenset({"promotion_id", "label", "points"}), earns=True, offline=True, reasoned=True
    ),
    "sale": Kind(kinds.sale, frozenset({"amount"}), earns=True, offline=True),
    "reward": Kind(kinds.reward, frozenset({"reward"})),
    "voucher_issue": Kind(kinds.voucher_issue, frozenset({"voucher_id"})),
    "voucher_redeem": Kind(kinds.voucher_redeem, frozenset({"voucher_code", "amount"}), member=False),
    "scratch_issue": Kind(kinds.scratch_issue, frozenset({"campaign_id"})),
    "scratch_redeem": Kind(kinds.scratch_redeem, frozenset({"token"}), member=False),
    "card_code": Kind(kinds.card_code, frozenset({"qr_code"})),
    "enrol": Kind(kinds.enrol, _NEW, offline=True, member=False, newcomer=True),
}
REASON_KINDS: Final = tuple(name for name, kind in KINDS.items() if kind.reasoned)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator wants done: for whom by `member_id`, by the `code` that was scanned without the
    network, or by the client id of an enrolment (`enrol_id`); in the course of the scan `scan_id`.

    What waited for the network is `offline` and says when it happened, where (`branch_id`), and who did it
    (`done_by`), who need not be who sends it; `as_now`: it counts as now, being too old for its own time.
    `gives` is False when the member came from an address that no operator scanned or typed.
    """

    kind: str
    client_id: uuid.UUID
    fields: Mapping[str, Any] = field(default_factory=dict)
    member_id: int | None = None
    code: str = ""
    enrol_id: uuid.UUID | None = None
    scan_id: uuid.UUID | None = None
    reason: str = ""
    offline: bool = False
    occurred_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None
    branch_id: int | None = None
    done_by: int | None = None
    as_now: bool = False
    gives: bool = True

    def hash(self) -> str:
        """What makes two wishes the same: not when, by which way, or in which language they came."""
        who = [self.member_id, self.code, self.enrol_id and str(self.enrol_id)]
        said = {name: value for name, value in self.fields.items() if name != "marketing_text"}
        content = [self.kind, who, self.reason, said]
        try:
            return request_hash(orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str))
        except TypeError:  # lists in lists in lists
            raise InvalidInput.at("body", "holds values that no action has") from None


@dataclass(frozen=True, slots=True)
class Done:
    """What was done; None when a scan gave nothing. `repeated` when it had been done before."""

    action: Action | None
    member_id: int | None
    scan: Scan | None
    repeated: bool = False


def act(*, operator: Operator, wish: Wish) -> Done:
    """Do something for a member, or hear again what came of it: once for each client id.

    A refusal keeps nothing, so that the same client id may try again.

    Raises:
        InvalidInput: a value is unusable, or there is no such kind; the message names it.
        NotFound: the business has no such member or other record.
        ClientIdReused: something else was done under this id.
        NeedsNetwork, TooOld: it waited for the network, for too long or although it must not.
        LimitReached: the member was served as often as the limits allow.
        NotAllowed: this operator may not.
        BranchClosed: the branch was closed meanwhile.
        CardUnconfirmed, SeveralMembers: nobody knows for certain whose card it is.
        Refusal: what the rooms below refuse: Suspended, NothingToRedeem, NotEnoughPoints and others.
    """
    if wish.kind == SCAN:
        _check_fields(wish, frozenset())
        return scanning.once_more(lambda: _scan(operator, wish))
    kind = KINDS.get(wish.kind)
    if kind is None:
        raise InvalidInput.at("kind", f"must be one of {', '.join((*KINDS, SCAN))}")
    _check_fields(wish, kind.fields, newcomer=kind.newcomer)
    return scanning.once_more(lambda: _act(operator, wish, kind))


def _check_fields(wish: Wish, known: frozenset[str], *, newcomer: bool = False) -> None:
    """Refuse what an action has no place for: for a newcomer that is also a member who is there already."""
    unknown = set(wish.fields.keys() - known)
    if newcomer:
        whose = {"member_id": wish.member_id, "code": wish.code or None, "enrol_id": wish.enrol_id}
        unknown |= {name for name, value in whose.items() if value is not None}
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of this action")


def _scan(operator: Operator, wish: Wish) -> Done:
    """A scan that waited for the network."""
    with transaction.atomic(), scope(business=operator.business):
        row = Scan.objects.filter(client_id=wish.client_id).first()
        repeated = row is not None
        if row is None:
            place, member_id = _place(operator, wish), _member_id(operator, wish)
            if member_id is None:
                raise InvalidInput.at("member_id", "is needed")
            row = scanning.record(place, client_id=wish.client_id, member_id=member_id, gives=wish.gives)
        else:
            # Whose code it was may be nobody's by now, which takes nothing from what was done.
            with suppress(NotFound, CardUnconfirmed, SeveralMembers):
                scanning.check_same(row, _member_id(operator, wish))
    return Done(scanning.given_by(operator, row), row.member_id, row, repeated=repeated)


def _act(operator: Operator, wish: Wish, kind: Kind) -> Done:
    with transaction.atomic(), scope(business=operator.business):
        # Of several who send it at once, one does it, and the others hear of it.
        db.serialise("counter action", operator.business_id, wish.client_id)
        known = _known(wish)
        if known is not None:
            return known
        if wish.offline and not kind.offline:
            raise NeedsNetwork("This needs the network.")
        place, reason = _place(operator, wish), _reason(operator, wish, kind)
        member_id = _member_id(operator, wish)
        if member_id is None and kind.member:
            raise InvalidInput.at("member_id", "is needed")
        row = None
        if member_id is not None:
            row = scanning.of_action(
                place,
                scan_id=wish.scan_id,
                client_id=wish.client_id,
                member_id=member_id,
                gives=wish.gives,
            )
            if kind.earns:
                limits.use(row, operator.settings, timezone=operator.business.timezone)
        doing = Doing(place, row.member if row is not None else None, reason, row)
        outcome = kind.run(doing, dict(wish.fields))
        # A prize belongs to whose card it was, whoever holds it.
        member_id = outcome.member_id or member_id
        if row is not None and row.member_id != member_id:
            row = None
        action = _keep(doing, wish, outcome, member_id, row)
    return Done(action, action.member_id, row)


def _known(wish: Wish) -> Done | None:
    found = Action.objects.select_related("staff", "branch", "member", "scan")
    action = found.filter(client_id=wish.client_id).first()
    if action is None:
        return None
    if action.request_hash != wish.hash():
        raise ClientIdReused(
            "Something else was done under this id.", fields={"client_id": "belongs to another action"}
        )
    return Done(action, action.member_id, action.scan, repeated=True)


def _keep(doing: Doing, wish: Wish, outcome: Outcome, member_id: int | None, row: Scan | None) -> Action:
    operator = doing.place.operator
    action = Action.objects.create(
        business_id=operator.business_id,
        client_id=wish.client_id,
        kind=wish.kind,
        member_id=member_id,
        scan=row,
        staff=doing.place.staff,
        device=operator.device,
        branch_id=doing.place.branch_id,
        request_hash=wish.hash(),
        reason=doing.reason,
        said=outcome.said | ({"offline": True} if wish.offline else {}),
        done=outcome.done,
        occurred_at=doing.place.at,
    )
    return Action.objects.select_related("staff", "branch", "member").get(pk=action.pk)


def _place(operator: Operator, wish: Wish) -> Place:
    at = moments.happened_at(
        offline=wish.offline,
        occurred_at=wish.occurred_at,
        sent_at=wish.sent_at,
        now=timezone.now(),
        as_now=wish.as_now,
    )
    done_by = _done_by(operator, wish)
    return Place(operator, at, _branch(operator, wish, done_by), done_by, wish.offline)


def _done_by(operator: Operator, wish: Wish) -> Staff | None:
    """Who did what waited for the network, if not who sends it; they may have left the team meanwhile.

    An id that is nobody's here is left out: nobody is to lose a stamp for that.
    """
    if not wish.offline or wish.done_by in {None, operator.staff.pk}:
        return None
    return Staff.history.filter(pk=wish.done_by).first()


def _branch(operator: Operator, wish: Wish, done_by: Staff | None) -> int | None:
    """Where it happened. A branch that was closed since is left out of what waited for the network, and one
    at which whoever did it does not work any more.
    """
    if not wish.offline:
        operator.check_branch()
        return operator.branch_id
    if wish.branch_id is None:
        return operator.branch_id
    branch = Branch.objects.filter(pk=wish.branch_id).first()
    if branch is None:
        raise NotFound(
            f"There is no branch {wish.branch_id}.", fields={"branch_id": "is not an active branch"}
        )
    works_there = (done_by or operator.staff).branch_id in {None, branch.pk}
    return branch.pk if works_there and branch.is_active else None


def _reason(operator: Operator, wish: Wish, kind: Kind) -> str:
    reason = clean_line(wish.reason, field="reason", max_length=REASON_LENGTH)
    settings = operator.settings
    if not reason:
        if kind.reasoned and settings.reason_required and not wish.offline:
            raise InvalidInput.at("reason", "is needed")
        return ""
    # What was chosen from a list that has changed since was right at its time; so is what had no reason.
    if settings.reasons and reason not in settings.reasons and not wish.offline:
        raise InvalidInput.at("reason", "must be one of the counter's reasons")
    return reason


def _member_id(operator: Operator, wish: Wish) -> int | None:
    """For whom it is. A member of another business is found nowhere."""
    if wish.member_id is not None:
        return wish.member_id
    if wish.enrol_id is not None:
        found = Action.objects.filter(client_id=wish.enrol_id, kind=Action.Kind.ENROL, member__isnull=False)
        member_id = found.values_list("member_id", flat=True).first()
        if member_id is None:
            raise NotFound("Nobody was enrolled under this id.", fields={"enrol_id": "is unknown"})
        return member_id
    if wish.code:
        return scanning.known_member(find_member(business=operator.business, text=wish.code))
    return None
