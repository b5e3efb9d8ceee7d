"""A member's fields as they come from outside, made fit to be stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from regulars.members import phones
from regulars.members.models import Member, MemberGroup
from regulars.rules import names
from regulars.rules.errors import Gathered, InvalidInput
from regulars.rules.languages import check_language
from regulars.rules.text import clean_line, clean_text, is_blank
from regulars.tenants.checks import check_email
from regulars.tenants.models import Branch
from regulars.tenants.queries import own

# Text fields that are stored as given, with the most characters that each may have.
TEXTS: Final = {
    "secondary_code": 50,
    "company_name": 200,
    "telephone": 40,
    "street_address": 300,
    "street_address2": 300,
    "street_suburb": 100,
    "street_city": 100,
    "street_zipcode": 20,
    "street_state": 100,
    **{f"metadata{number:02d}": 500 for number in range(1, 10)},
}
FLAGS: Final = ("optout_email", "optout_text", "optout_post", "suspended")
# The REST dialect says phone and birthday, the RPC dialect cell and date_of_birth.
PHONES: Final = ("phone", "cell")
BIRTHDAYS: Final = ("birthday", "date_of_birth")
NAMES: Final = ("first_name", "last_name")
_SUBSCRIPTION: Final = ("subscription_date_from", "subscription_date_to")
FIELDS: Final = frozenset(
    (
        *TEXTS,
        *FLAGS,
        *PHONES,
        *BIRTHDAYS,
        *NAMES,
        *_SUBSCRIPTION,
        "name",
        "email",
        "language",
        "group_id",
        "branch_id",
    )
)

OLDEST_BIRTHDAY: Final = dt.date(1900, 1, 1)
_NAME_LENGTH: Final = 200
# All other texts are one line.
_OF_SEVERAL_LINES: Final = ("metadata", "street_address")


def clean(
    values: Mapping[str, Any], *, country: str, today: dt.date, current: Member | None = None
) -> dict[str, Any]:
    """The columns to store for `values`; what `values` does not name stays as `current` has it.

    Within the business's scope. Empty text and None erase. `group_id` and `branch_id` become the records
    themselves. `country` is that of phones without a country code; `today` is the business's own day,
    the last one on which somebody can be born.

    Raises:
        InvalidInput: a field is unknown or its value unusable; the message names it.
        NotFound: the business has no such group or branch.
    """
    unknown = values.keys() - FIELDS
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of a member")
    stored: dict[str, Any] = {field: bool(values[field]) for field in FLAGS if field in values}
    gathered = Gathered()
    with gathered:
        stored |= _names(values, current)
    stored |= _contacts(values, country, gathered)
    for field, most in TEXTS.items():
        if field in values:
            with gathered:
                stored[field] = _cleaner(field)(values[field] or "", field=field, max_length=most)
    with gathered:
        if "language" in values:  # empty: whatever the business speaks
            stored["language"] = check_language(values["language"]) if values["language"] else ""
    with gathered:
        stored |= _dates(values, today, current)
    gathered.refuse()
    for column, model in (("group", MemberGroup), ("branch", Branch)):
        if (field := f"{column}_id") in values:
            stored[column] = own(model, values[field], field)
    return stored


def _cleaner(field: str) -> Callable[..., str]:
    return clean_text if field.startswith(_OF_SEVERAL_LINES) else clean_line


def _names(values: Mapping[str, Any], current: Member | None) -> dict[str, str]:
    parts = [field for field in NAMES if field in values]
    if "name" in values:
        if parts:
            raise InvalidInput.at("name", f"cannot be given beside {parts[0]}")
        given = clean_line(values["name"] or "", field="name", max_length=_NAME_LENGTH, required=True)
        name = names.tidy_name(given)
        first, last = names.split_name(name)
        return {"name": name, "first_name": first, "last_name": last}
    if not parts:
        return {}
    first, last = (
        names.tidy_name(
            clean_line(
                values.get(field, getattr(current, field, "")) or "", field=field, max_length=_NAME_LENGTH
            )
        )
        for field in NAMES
    )
    name = names.join_name(first, last)
    if is_blank(name):
        raise InvalidInput.at("first_name", "must not be empty unless there is a last name")
    if len(name) > _NAME_LENGTH:
        raise InvalidInput.at(
            "last_name", f"must have at most {_NAME_LENGTH} characters together with the first name"
        )
    return {"name": name, "first_name": first, "last_name": last}


def _contacts(values: Mapping[str, Any], country: str, gathered: Gathered) -> dict[str, str]:
    stored = {}
    for field in PHONES:
        if field in values:
            with gathered:
                stored["cell"] = phones.normalise(values[field] or "", country=country, field=field)
    if "email" in values:
        with gathered:
            email = clean_text(values["email"] or "", field="email", max_length=254)
            stored["email"] = check_email(email, field="email") if email else ""
    return stored


def _dates(values: Mapping[str, Any], today: dt.date, current: Member | None) -> dict[str, dt.date | None]:
    stored = {field: values[field] or None for field in _SUBSCRIPTION if field in values}
    begins, ends = (stored.get(field, getattr(current, field, None)) for field in _SUBSCRIPTION)
    if stored and begins is not None and ends is not None and begins > ends:
        raise InvalidInput.at(next(reversed(stored)), "must not let the subscription end before it begins")
    for field in BIRTHDAYS:
        if field in values:
            stored["date_of_birth"] = born = values[field] or None
            if born is not None and not OLDEST_BIRTHDAY <= born <= today:
                raise InvalidInput.at(field, f"must be a date from {OLDEST_BIRTHDAY} to today")
    return stored


def search_text(name: str, email: str, cell: str) -> str:
    """What a search looks through: name, e-mail and phone in lower case."""
    return f"{name}\n{email}\n{cell}".lower()
