"""The refusals: one class for each reason why the product says no.

A refusal is an answer, not a fault. Its `code` is stable and may be relied upon by programs, its
message is for people, and each API dialect decides by one table of its own which status it becomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The request was understood and is not carried out; nothing was changed.

    `fields` says by input field what is wrong with it; `details` holds further keys for the answer,
    such as `customer_id`.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message: str = message
        self.fields: dict[str, str] = dict(fields or {})
        self.details: dict[str, Any] = details


class InvalidInput(Refusal):
    """A value is missing, malformed or out of range. The message names the field."""

    code = "invalid_input"

    @classmethod
    def at(cls, field: str, problem: str) -> Self:
        """The refusal of one field: `at("count", "must be whole")` reads "count must be whole"."""
        return cls(f"{field} {problem}", fields={field: problem})


class Gathered:
    """What is wrong with several fields, so that all of it is refused at once.

    `with gathered:` around the check of each field, then `gathered.refuse()`. Refusals that are not about
    the value of a field pass through.
    """

    def __init__(self) -> None:
        self._found: list[InvalidInput] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, InvalidInput) or not error.fields:
            return False
        self._found.append(error)
        return True

    def refuse(self) -> None:
        """Raise what was found, if anything.

        Raises:
            InvalidInput: of one field as it was, or of all of them.
        """
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            fields = {name: problem for one in self._found for name, problem in one.fields.items()}
            raise InvalidInput("; ".join(one.message for one in self._found), fields=fields)


class NotFound(Refusal):
    """No such record in this business. A record of another business is answered the same way."""

    code = "not_found"


class Merged(NotFound):
    """The record was merged into another one of the same person. Details: `customer_id`, who has it all."""

    code = "merged"


class Conflict(Refusal):
    """The request is well formed but does not fit the present state."""

    code = "conflict"


class TooManyRequests(Refusal):
    """So much is not done in a minute. `retry_after` says after how many seconds it is again, if known."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: int | None = None, **more: Any) -> None:
        super().__init__(message, **more)
        self.retry_after = retry_after


class AlreadyEnrolled(Conflict):
    """A member of the business has this phone or e-mail. Details: `customer_id`."""

    code = "already_enrolled"


class NothingToRedeem(Conflict):
    """The card has no pending reward."""

    code = "no_pending_reward"


class AlreadyUndone(Conflict):
    """Somebody has taken it back before."""

    code = "already_undone"


class NotUndoable(Conflict):
    """It is of a kind that is not taken back, or happened too long ago."""

    code = "not_undoable"


class StampsSpent(Conflict):
    """The stamps are in a reward that was redeemed; its redemption has to be undone first."""

    code = "stamps_spent"


class StampsTakenSince(Conflict):
    """The stamps were taken off the card since; that has to be undone first."""

    code = "stamps_taken"


class AlreadyGiven(Conflict):
    """The occasion has happened to this card before. Whoever gives something once takes it for done."""


class HasHistory(Conflict):
    """The record cannot be deleted because recorded history refers to it."""

    code = "has_history"


class LastOwner(Conflict):
    """A business always keeps one owner."""

    code = "last_owner"


class NotEnoughStamps(Conflict):
    """There are fewer stamps on the card than are to be taken. Details: `stamps` asked for, `available`."""

    code = "not_enough_stamps"


class NotEnoughPoints(Conflict):
    """The spendable points do not cover the request. Details: `points` asked for, `available`."""

    code = "not_enough_points"


class Suspended(Refusal):
    """The member is suspended and may neither earn nor redeem."""

    code = "suspended"


class Closed(Refusal):
    """The operator keeps the business closed. Nothing of it is lost, and nothing of it is open.

    `business` is its name where it was known, for pages that say which one is closed.
    """

    code = "business_closed"

    def __init__(
        self,
        message: str = "This business is closed for now. Nothing of it is lost.",
        *,
        business: str = "",
        **more: Any,
    ) -> None:
        super().__init__(message, **more)
        self.business = business


class PlanRequired(Refusal):
    """The plan of the business does not include this feature. The message says which plans do."""

    code = "plan_required"


class PlanLimit(Refusal):
    """The plan includes the feature, and its limit is reached."""

    code = "plan_limit"


class ScopeRequired(Refusal):
    """The API key may be used for other things only. Details: `scope`, which it would need."""

    code = "scope_required"
