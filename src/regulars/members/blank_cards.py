"""Printed cards that belong to nobody yet: their codes, and who got them.

A code is 64 random bits, as a card's own is, so that two of either kind never meet.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.members.models import BlankCard
from regulars.rules import codes
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.tenants.queries import next_number

# At once, and lying about unused.
MOST_AT_ONCE: Final = 500
MOST_UNUSED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cards were printed, how many of them nobody has yet, and the highest number."""

    printed: int
    unused: int
    last: int | None


def make_blanks(*, business_id: int, count: int, after: int | None = None) -> list[BlankCard]:
    """Draw the codes of cards about to be printed, and number them on from those printed before.

    With `after`, the last number that somebody saw (0 for none), they are made for that one look only: so a
    form that is sent twice makes them once.

    Raises:
        InvalidInput: `count` is not 1 to 500.
        Conflict: so many would lie about unused; or, naming `after`, there are cards after it.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise InvalidInput.at("count", f"must be a whole number from 1 to {MOST_AT_ONCE}")
    now = timezone.now()
    with transaction.atomic(), scope(business=business_id):
        # Other printings of the business wait here, so that the limit holds and numbers follow each other.
        number = [next_number(business_id, "blank_card") for _ in range(count)]
        if after is not None and number[0] != after + 1:
            raise Conflict(f"Cards after {after} were made meanwhile.", fields={"after": "is not the last"})
        unused = BlankCard.objects.filter(used_at=None).count()
        if unused + count > MOST_UNUSED:
            raise Conflict(f"{unused} printed cards are still unused; there may be {MOST_UNUSED}.")
        return BlankCard.objects.bulk_create(
            BlankCard(business_id=business_id, qr_code=codes.new_qr_code(), number=each, printed_at=now)
            for each in number
        )


def counts(business_id: int) -> Counts:
    """How many cards a business has printed."""
    with scope(business=business_id):
        found = BlankCard.objects.aggregate(
            printed=Count("pk"), unused=Count("pk", filter=Q(used_at=None)), last=Max("number")
        )
    return Counts(**found)


def find_blank(*, business_id: int | None, qr_code: str) -> BlankCard | None:
    """The printed card of a code, as long as nobody has it; None for any other code.

    A business's own only, unless `business_id` is None: a page whose address is the code knows no business.
    """
    owner = business_id
    if owner is None:
        rows = db.run("SELECT business_id FROM members_blankcard WHERE qr_code = %s", (qr_code,))
        if not rows:
            return None
        owner = int(rows[0][0])
    with scope(business=owner):
        return BlankCard.objects.filter(qr_code=qr_code, used_at=None).first()


def was_printed(*, business_id: int, qr_code: str) -> bool:
    """Whether a business printed a card with this code, whoever has it now."""
    with scope(business=business_id):
        return BlankCard.objects.filter(qr_code=qr_code).exists()


def use_blank(*, business_id: int, qr_code: str, member_id: int, at: dt.datetime | None = None) -> BlankCard:
    """Give a printed card to a member, of whom the caller makes sure that they are the business's.

    Within the caller's transaction, which makes the code that of the member's card. Of several who try at
    once, one succeeds.

    Raises:
        NotFound: the business printed no such card.
        Conflict: somebody has it, or had it.
    """
    with scope(business=business_id):
        rows = BlankCard.objects.filter(qr_code=qr_code)
        taken = rows.filter(used_at=None).update(used_at=at or timezone.now(), member_id=member_id)
        blank = rows.first()
    if blank is None:
        raise NotFound(f"There is no printed card {qr_code!r}.", fields={"qr_code": "is unknown"})
    if not taken:
        raise Conflict(
            f"The printed card {blank.number} was given to somebody already.",
            fields={"qr_code": "was given to somebody already"},
        )
    return blank
