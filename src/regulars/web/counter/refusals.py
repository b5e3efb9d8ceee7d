"""Refusals as the counter says them: a status, and a sentence in the page's language that says what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.counter import refusals
from regulars.portal import money
from regulars.rules import errors

# The nearest class counts.
STATUSES: Final[dict[type[errors.Refusal], int]] = {
    errors.Refusal: 400,
    errors.InvalidInput: 400,
    refusals.NotSignedIn: 401,
    refusals.WrongLogin: 401,
    refusals.WrongPin: 401,
    refusals.WrongCode: 401,
    refusals.NotAllowed: 403,
    errors.Suspended: 403,
    errors.Closed: 403,
    errors.PlanRequired: 403,
    errors.PlanLimit: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooManyRequests: 429,
}


def status_of(refusal: errors.Refusal) -> int:
    """The HTTP status of a refusal."""
    return next(STATUSES[kind] for kind in type(refusal).__mro__ if kind in STATUSES)


def told(refusal: errors.Refusal) -> dict[str, Any]:
    """A refusal as JSON: code, message, fields and details, ready to be shown."""
    fields = {name: _of_field(name, problem) for name, problem in refusal.fields.items()}
    details = {name: _plain(value) for name, value in refusal.details.items()}
    if isinstance(refusal, errors.AlreadyEnrolled):
        details["member_id"] = details.pop("customer_id", None)
    if isinstance(refusal, errors.TooManyRequests) and refusal.retry_after is not None:
        details["retry_after"] = max(refusal.retry_after, 1)
    message = _message(refusal, fields)
    if isinstance(refusal, refusals.WrongPin | refusals.WrongCode):
        fields = dict.fromkeys(fields, message)
    return {"code": refusal.code, "message": message, "fields": fields, **details}


def internal_error() -> dict[str, Any]:
    """A fault of ours, told like a refusal; its status is 500."""
    message = _("Something went wrong on our side. Try again in a moment.")
    return {"code": "internal_error", "message": message, "fields": {}}


def unavailable() -> dict[str, Any]:
    """That the database does not answer, told like a refusal; its status is 503."""
    message = _("The shop's server is busy. Try again in a moment.")
    return {"code": "unavailable", "message": message, "fields": {}}


def closed() -> str:
    """What staff are told of a business that its operator keeps closed."""
    return _("This business is closed for now by its operator; what waits here is kept.")


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


def _message(refusal: errors.Refusal, fields: dict[str, str]) -> str:
    if isinstance(refusal, errors.NotFound):
        return _not_found(refusal)
    sentence = _SENTENCES.get(refusal.code)
    if sentence is not None:
        return sentence(refusal)
    if isinstance(refusal, errors.InvalidInput) and fields:
        return next(iter(fields.values()))
    return refusal.message


def _wrong_pin(refusal: errors.Refusal) -> str:
    left, closed = refusal.details.get("tries_left"), refusal.details.get("retry_after")
    if closed:
        return _closed_for(closed)
    if not left:
        return _("This is not the PIN.")
    return ngettext(
        "This is not the PIN. %(left)s more try.", "This is not the PIN. %(left)s more tries.", left
    ) % {"left": left}


def _pin_closed(refusal: errors.Refusal) -> str:
    return _closed_for(getattr(refusal, "retry_after", None) or 60)


def _closed_for(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many wrong PINs. Wait %(minutes)s minute, or ask the owner for a new PIN.",
        "Too many wrong PINs. Wait %(minutes)s minutes, or ask the owner for a new PIN.",
        minutes,
    ) % {"minutes": minutes}


def _below_minimum(refusal: errors.Refusal) -> str:
    least, currency = (str(refusal.details.get(name, "")) for name in ("min_value", "currency"))
    amount = money.money(Decimal(least), currency)
    return _("This voucher needs a sale of %(amount)s at least.") % {"amount": amount}


def _cannot_undo(refusal: errors.Refusal) -> str:
    return why_not(str(refusal.details.get("why", "")))


def why_not(why: str) -> str:
    """Why something is not undone, by the word for it."""
    return {
        "scratch_drawn": _("A scratch card cannot be taken back: its prize has been drawn."),
        "prize_given": _("A prize that was handed out cannot be taken back."),
        "member_exists": _("A new member stays. An owner can erase them."),
        "card_replaced": _("The old card does not come back. Give the member another card."),
        "voucher_used": _("This voucher was used. Undo that first."),
        "points_spent": _("These points are in a voucher or were spent. Undo that first."),
        "points_kept": _("Members keep their points here, as the owner has set it."),
        "somebody_else": _("Somebody else did this. They can undo it, or the owner."),
        "too_late": _("The time for undoing this is over. Ask the owner."),
    }.get(why, "")


def _code_needed(refusal: errors.Refusal) -> str:
    match refusal.details.get("codes"):
        case "recovery":
            return _("Enter a recovery code. Your passkey works in the back office, not here.")
        case "none":
            return _(
                "Your passkey works in the back office, not here. Sign in with a PIN on a device of the shop."
            )
    return _("Enter the code from your app, or a recovery code.")


_SENTENCES: Final[dict[str, Callable[[errors.Refusal], str]]] = {
    "not_signed_in": lambda _r: _("You are signed out. Sign in again."),
    "wrong_login": lambda _r: _("The e-mail address or the password is wrong."),
    "wrong_pin": _wrong_pin,
    "pin_closed": _pin_closed,
    "choose_business": lambda _r: _("Choose for which business you work now."),
    "password_must_change": lambda _r: _("This password is temporary. Choose your own."),
    "invitation_open": lambda _r: _("Enter the temporary password from the invitation, too."),
    "code_needed": _code_needed,
    "wrong_code": lambda _r: _("This code is wrong, was used, or is too old. Try the next one."),
    "not_allowed": lambda _r: _("You may not do this here. Ask the owner."),
    "branch_closed": lambda _r: _("This branch was closed. Choose another one."),
    "branch_fixed": lambda _r: _("This counter belongs to one branch."),
    "limit_reached": lambda _r: _("This member has been here already. The limit of visits is reached."),
    "client_id_reused": lambda _r: _("Something went wrong on this device. Scan the card again."),
    "needs_network": lambda _r: _("This needs the network. Try again when you are online."),
    "too_old": lambda _r: _("This is more than seven days old. It can only be sent as now."),
    "button_changed": lambda _r: _("The buttons have changed. Scan the card again."),
    "card_unconfirmed": lambda _r: _("Nobody has confirmed yet whose card this is. Scan it while online."),
    "several_members": lambda _r: _("Several members have this. Choose one while online."),
    "cannot_undo": _cannot_undo,
    "too_late": lambda _r: _("The time for undoing this is over. Ask the owner."),
    "not_undoable": lambda _r: _("This cannot be undone any more."),
    "stamps_spent": lambda _r: _("These stamps are in a reward that was handed out. Undo the reward first."),
    "stamps_taken": lambda _r: _("These stamps were taken off the card by the shop. Ask the owner."),
    "suspended": lambda _r: _("This card is paused: nothing can be collected or redeemed. Ask the owner."),
    "business_closed": lambda _r: closed(),
    "no_pending_reward": lambda _r: _("No reward is waiting. It may have been handed out already."),
    "other_reward_first": lambda r: (
        _("Another reward comes first: %(reward)s.") % {"reward": r.details["reward"]}
    ),
    "not_enough_points": lambda _r: _("There are not enough points for this."),
    "already_enrolled": lambda _r: _(
        "Somebody with this phone number or e-mail address is a member already."
    ),
    "plan_limit": lambda _r: _("Your plan allows no more members. Ask the owner."),
    "plan_required": lambda _r: _("Your plan does not include this. Ask the owner."),
    "rate_limited": lambda _r: _("Too many tries. Wait a minute."),
    "voucher_not_eligible": lambda _r: _("This voucher is not for this member, branch or day."),
    "voucher_limit_reached": lambda _r: _("The member has had this voucher as often as one member may."),
    "voucher_already_redeemed": lambda _r: _("This voucher was used before."),
    "voucher_expired": lambda _r: _("This voucher has expired."),
    "voucher_not_yet_valid": lambda _r: _("This voucher is not valid yet."),
    "voucher_reserved": lambda _r: _("Another till holds this voucher. Try again in some minutes."),
    "voucher_below_minimum": _below_minimum,
    "voucher_wrong_branch": lambda _r: _("This voucher is for another branch."),
    "voucher_wrong_sku": lambda _r: _("This voucher is for another article."),
    "scratch_campaign_paused": lambda _r: _("These scratch cards are paused."),
    "scratch_campaign_ended": lambda _r: _("These scratch cards have ended."),
    "scratch_limit_reached": lambda _r: _("There are no more of these scratch cards for this member."),
    "scratch_no_prize_left": lambda _r: _("Every prize of these scratch cards is used up."),
    "scratch_not_revealed": lambda _r: _("This card is not scratched yet. The member scratches it first."),
    "scratch_already_redeemed": lambda _r: _("This prize was handed out before."),
    "scratch_expired": lambda _r: _("This scratch card has expired."),
}


def _not_found(refusal: errors.Refusal) -> str:
    for field in refusal.fields:
        known = _UNKNOWN.get(field)
        if known is not None:
            return known()
    return _("This is not here any more. Scan the card again.")


_UNKNOWN: Final[dict[str, Callable[[], str]]] = {
    "text": lambda: _("Nothing fits this. Check the code, or make a new member."),
    "code": lambda: _("There is no such code, or it is not valid any more."),
    "branch_id": lambda: _("This branch is closed. Choose another one."),
    "blank_code": lambda: _("This printed card cannot be used. Take another one."),
    "qr_code": lambda: _("This card cannot be used. Take another one."),
    "voucher_code": lambda: _("There is no such voucher."),
    "token": lambda: _("There is no such scratch card."),
    "temp_password": lambda: _("The temporary password is wrong, or older than seven days."),
    "enrol_id": lambda: _("The new member could not be enrolled."),
    "device_id": lambda: _("There is no such device."),
}


def _of_field(name: str, problem: str) -> str:
    """A sentence about one field. What is not known here is said as the API says it."""
    if name in {"phone", "cell"}:
        return _phone(problem)
    if name == "email":
        return _email(problem)
    sentence = _FIELDS.get(name)
    if sentence is not None:
        return sentence()
    return problem if problem[:1].isupper() else f"{name} {problem}."


def _phone(problem: str) -> str:
    known = next((sentence for words, sentence in _PHONES.items() if words in problem), None)
    return known() if known is not None else _("This is not a phone number.")


def _email(problem: str) -> str:
    if "needed" in problem:
        return _("A phone number or an e-mail address is needed.")
    if "belongs" in problem:
        return _("A member has this e-mail address already.")
    return _("This is not an e-mail address.")


_PHONES: Final[dict[str, Callable[[], str]]] = {
    "one digit short": lambda: _("This phone number is one digit short."),
    "one digit too many": lambda: _("This phone number has one digit too many."),
    "in use": lambda: _("There is no such phone number. Check its digits."),
    "too short": lambda: _("This phone number is too short."),
    "too long": lambda: _("This phone number is too long."),
    "area code": lambda: _("This phone number lacks its area code."),
    "needed": lambda: _("A phone number or an e-mail address is needed."),
    "belongs": lambda: _("A member has this phone number already."),
}


_FIELDS: Final[dict[str, Callable[[], str]]] = {
    "name": lambda: _("Enter a name of up to 200 letters."),
    "birthday": lambda: _("This is not a day on which somebody living was born."),
    "count": lambda: _("So many stamps cannot be given at once."),
    "points": lambda: _("Enter a whole number of points that is not too large."),
    "amount": lambda: _("Enter the amount of the sale. It may be too small or too large."),
    "reason": lambda: _("Choose a reason."),
    "pin": lambda: _("Enter the digits of the PIN."),
    "text": lambda: _("Scan or type a code, a phone number or a name."),
    "occurred_at": lambda: _("The clock of this device goes wrong. Set it and try again."),
    "qr_code": lambda: _("This card cannot be used. Take another one."),
    "blank_code": lambda: _("This printed card cannot be used. Take another one."),
    "latitude": lambda: _("The position of this device is unknown. Choose the branch yourself."),
    "longitude": lambda: _("The position of this device is unknown. Choose the branch yourself."),
    "temp_password": lambda: _("Enter the temporary password from the invitation."),
}
