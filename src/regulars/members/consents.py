"""What members agreed to and took back: written down each time, in the words that they saw."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone
from django_scopes import scope

from regulars.members.models import Consent, Member
from regulars.rules.errors import InvalidInput, NotFound
from regulars.rules.text import clean_text

MAX_TEXT: Final = 20_000
SOURCES: Final = frozenset({"join", "card", "microsite", "counter", "confirmed", "unsubscribe"})
# By which column of a member a purpose is refused. The programme has none: who leaves it is erased.
OPT_OUTS: Final = {"email": "optout_email", "text": "optout_text", "post": "optout_post"}


def record(
    *,
    business_id: int,
    member_id: int,
    purpose: str,
    given: bool,
    text: str,
    source: str,
    at: dt.datetime | None = None,
) -> Consent:
    """Write down what a member said: yes or no to a purpose (`Consent.Purpose`), and where (`SOURCES`).

    `text` is what they agreed to, as it stood on the page; it may be empty for a no. Nothing else changes:
    the caller sets the member's opt-outs, in the same transaction.

    Raises:
        InvalidInput: there is no such purpose or source, or the text cannot be stored.
        NotFound: the business has no such member.
    """
    if purpose not in Consent.Purpose.values:
        raise InvalidInput.at("purpose", f"must be one of {', '.join(Consent.Purpose.values)}")
    if source not in SOURCES:
        raise InvalidInput.at("source", f"must be one of {', '.join(sorted(SOURCES))}")
    text = clean_text(text, field="text", max_length=MAX_TEXT)
    with scope(business=business_id):
        if not Member.objects.filter(pk=member_id).exists():
            raise NotFound(f"There is no customer {member_id}.")
        return Consent.objects.create(
            business_id=business_id,
            member_id=member_id,
            purpose=purpose,
            given=given,
            text=text,
            source=source,
            at=at or timezone.now(),
        )


def latest(*, business_id: int, member_id: int) -> dict[str, Consent]:
    """What a member said last, by purpose; a purpose of which they never spoke is not there."""
    with scope(business=business_id):
        return {row.purpose: row for row in Consent.objects.filter(member_id=member_id).order_by("id")}


def history(*, business_id: int, member_id: int) -> list[Consent]:
    """All that a member ever said, oldest first."""
    with scope(business=business_id):
        return list(Consent.objects.filter(member_id=member_id).order_by("id"))
