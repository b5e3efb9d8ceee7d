"""The PINs with which operators sign in at a paired counter.

A PIN has few digits, so what protects it is the device that must be paired, and that wrong ones close it: an
attempt is counted before it is looked at, so that however many come at once, no more than five are looked at.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars.counter.models import OperatorSession
from regulars.counter.refusals import PinClosed, WrongPin
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.models import Staff

LEAST_DIGITS: Final = 4
MOST_DIGITS: Final = 8
# So many wrong ones close it for a minute, each further one for twice as long, up to an hour.
TRIES: Final = 5
FIRST_CLOSING: Final = dt.timedelta(minutes=1)
LONGEST_CLOSING: Final = dt.timedelta(hours=1)
_MOST_COUNTED: Final = 100
# Runs up and down, over the end of the digits too.
_RUNS: Final = ("0123456789" * 2, "9876543210" * 2)
# The middle column of the keys, and pairs that are chosen most.
_COMMON: Final = frozenset({"2580", "0852", "1004", "2000", "1010", "1212", "1122", "1313", "6969", "4321"})


def set_pin(*, business_id: int, staff_id: int, pin: str) -> Staff:
    """Give somebody on the team a PIN of 4 to 8 digits, or with an empty one none. A closed one opens again.

    Whoever is signed in by the old PIN is signed out. It works also for somebody who has not accepted the
    invitation: the device and the PIN are both the business's own.

    Raises:
        InvalidInput: it has other characters or another length, or is one that everybody tries first.
        NotFound: the team has no such member.
    """
    with scope(business=business_id):
        # First of all: what is wrong with a PIN for nobody helps nobody.
        if not Staff.objects.filter(pk=staff_id).exists():
            raise NotFound(f"There is no team member {staff_id}.")
    hashed = make_password(_check(pin)) if pin else ""
    with transaction.atomic(), scope(business=business_id):
        changed = Staff.objects.filter(pk=staff_id).update(
            pin=hashed, pin_failures=0, pin_closed_until=None, modified_at=timezone.now()
        )
        if not changed:
            raise NotFound(f"There is no team member {staff_id}.")
        OperatorSession.objects.filter(staff_id=staff_id, device__isnull=False).delete()
        return Staff.objects.select_related("user").get(pk=staff_id)


def _check(pin: str) -> str:
    if not (pin.isascii() and pin.isdigit() and LEAST_DIGITS <= len(pin) <= MOST_DIGITS):
        raise InvalidInput.at("pin", f"must have {LEAST_DIGITS} to {MOST_DIGITS} digits")
    half = len(pin) // 2
    if len(set(pin)) == 1 or pin in _COMMON or any(pin in run for run in _RUNS) or pin[:half] == pin[half:]:
        raise InvalidInput.at("pin", "is one that everybody tries first")
    return pin


def prove(*, business_id: int, staff_id: int, pin: str) -> None:
    """Check somebody's PIN. A wrong one takes as long as for somebody who has none.

    Raises:
        WrongPin: it is not theirs, or they have none; `tries_left` when they have one, and when none is left
            `retry_after`, the seconds for which it is closed.
        PinClosed: there were too many wrong ones.
    """
    hashed, details = _take_try(business_id, staff_id)
    if hashed is None:
        make_password(pin)
        raise WrongPin("This is not the PIN.", fields={"pin": "is wrong"})
    if not check_password(pin, hashed):
        raise WrongPin("This is not the PIN.", fields={"pin": "is wrong"}, **details)
    with scope(business=business_id):
        Staff.objects.filter(pk=staff_id).update(pin_failures=0, pin_closed_until=None)


def _take_try(business_id: int, staff_id: int) -> tuple[str | None, dict[str, int]]:
    """Count an attempt as a wrong one until it is known to be right: the hash, and what to tell if it is."""
    now = timezone.now()
    with transaction.atomic(), scope(business=business_id):
        rows = Staff.objects.select_for_update().filter(pk=staff_id, is_active=True).exclude(pin="")
        staff = rows.first()
        if staff is None:
            return None, {}
        if staff.pin_closed_until is not None and staff.pin_closed_until > now:
            wait = -(-(staff.pin_closed_until - now) // dt.timedelta(seconds=1))
            raise PinClosed(f"There were too many wrong PINs. Try again in {wait} s.", retry_after=wait)
        staff.pin_failures = min(staff.pin_failures + 1, _MOST_COUNTED)
        details = {"tries_left": max(TRIES - staff.pin_failures, 0)}
        if staff.pin_failures >= TRIES:
            closing = _closing(staff.pin_failures)
            staff.pin_closed_until = now + closing
            details["retry_after"] = round(closing.total_seconds())
        staff.save(update_fields=["pin_failures", "pin_closed_until"])
        return staff.pin, details


def _closing(failures: int) -> dt.timedelta:
    # Beyond ten doublings it is the longest anyway.
    doublings = min(failures - TRIES, 10)
    return min(dt.timedelta(seconds=FIRST_CLOSING.total_seconds() * 2.0**doublings), LONGEST_CLOSING)
