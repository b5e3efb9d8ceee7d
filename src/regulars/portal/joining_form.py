"""What somebody fills in who joins, made fit to be stored."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from regulars.members import phones
from regulars.members import profile as fields
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_line, clean_text, without_controls
from regulars.tenants.checks import check_email
from regulars.tenants.models import Business, Microsite

# Mail greets by the name: it must not carry what a mail program makes a link of, with a full stop of any
# script.
_WEB_ADDRESS: Final = re.compile("://|[.\u3002]\\w{2}")


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody filled in, fit to be stored."""

    name: str
    phone: str
    email: str
    birthday: dt.date | None


def clean(
    business: Business, site: Microsite, *, name: str, phone: str, email: str, birthday: dt.date | None
) -> Form:
    """The fields that the business asks for; others are left out.

    Raises:
        InvalidInput: values are unusable; all of them are named.
    """
    wrong: dict[str, str] = {}
    contact = Microsite.Contact
    wanted = {
        "phone": phone if site.join_contact != contact.EMAIL else "",
        "email": email if site.join_contact != contact.PHONE else "",
    }
    checks: dict[str, Callable[[], Any]] = {
        "name": lambda: check_name(name),
        "phone": lambda: phones.normalise_typed(wanted["phone"], country=business.country),
        "email": lambda: _email(wanted["email"]),
        "birthday": lambda: check_birthday(business, birthday if site.join_asks_birthday else None),
    }
    clean: dict[str, Any] = {}
    for field, check in checks.items():
        try:
            clean[field] = check()
        except InvalidInput as refusal:
            wrong |= refusal.fields
    missing = [
        field
        for field, value in wanted.items()
        if not value.strip() and site.join_contact in {field, "either"}
    ]
    if len(missing) == (2 if site.join_contact == contact.EITHER else 1):
        wrong |= dict.fromkeys(missing, "is needed")
    if wrong:
        raise InvalidInput("; ".join(f"{field} {problem}" for field, problem in wrong.items()), fields=wrong)
    return Form(**clean)


def check_name(value: str) -> str:
    """The name that somebody gives themselves, in one line.

    Raises:
        InvalidInput: there is none, it is too long, or holds a web address; `name` is named.
    """
    name = clean_line(without_controls(value), field="name", max_length=200, required=True)
    seen = "".join(char for char in unicodedata.normalize("NFKC", name) if unicodedata.category(char) != "Cf")
    if _WEB_ADDRESS.search(seen):
        raise InvalidInput.at("name", "must not hold a web address")
    return name


def _email(value: str) -> str:
    email = clean_text(value, field="email", max_length=254)
    return check_email(email, field="email") if email else ""


def check_birthday(business: Business, day: dt.date | None) -> dt.date | None:
    """The day somebody says they were born on; None for none.

    Raises:
        InvalidInput: it is yet to come where the business is, or too long ago; `birthday` is named.
    """
    today = timezone.now().astimezone(ZoneInfo(business.timezone)).date()
    if day is not None and day < fields.OLDEST_BIRTHDAY:
        raise InvalidInput.at("birthday", f"must be {fields.OLDEST_BIRTHDAY} or later")
    if day is not None and day > today:
        raise InvalidInput.at("birthday", "must not be in the future")
    return day
