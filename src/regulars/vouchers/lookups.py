"""How vouchers, codes and members are found, and in which order their rows are locked.

Whoever changes several things of a member locks the card first, then issues, then codes, so that no two
wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from regulars.ledger import post
from regulars.members.models import Member
from regulars.rules.errors import NotFound
from regulars.rules.vouchers import Person, Terms
from regulars.tenants.models import Branch, Business
from regulars.vouchers.models import Voucher


@dataclass(frozen=True, slots=True)
class Place:
    """What of a business decides about vouchers: its days, and what a point is worth."""

    timezone: str
    point_value: Decimal


def place_of(business_id: int) -> Place:
    """The business's time zone and point value."""
    zone, value = Business.objects.values_list("timezone", "point_value").get(pk=business_id)
    return Place(zone, value)


def terms_of(voucher: Voucher) -> Terms:
    """To whom a voucher may be issued."""
    return Terms(voucher.date_from, voucher.date_to, voucher.group_id, voucher.branch_id)


def find_voucher(pk: int) -> Voucher:
    """A voucher of the scope's business.

    Raises:
        NotFound: there is none.
    """
    voucher = Voucher.objects.filter(pk=pk).first()
    if voucher is None:
        raise NotFound(f"There is no voucher {pk}.", fields={"voucher_id": "is unknown"})
    return voucher


def find_person(member_id: int | None) -> Person | None:
    """What of a member of the scope's business decides about vouchers; None for nobody in particular.

    Raises:
        NotFound: there is no such member.
    """
    if member_id is None:
        return None
    row = Member.objects.values_list("suspended", "group_id", "branch_id").filter(pk=member_id).first()
    if row is None:
        raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
    return Person(*row)


def check_branch(branch_id: int | None) -> None:
    """Refuse a branch that is closed or that the scope's business does not have, with NotFound."""
    if branch_id is not None and not Branch.objects.filter(pk=branch_id, is_active=True).exists():
        raise NotFound(
            f"There is no active branch {branch_id}.", fields={"branch_id": "is not an active branch"}
        )


def lock_cards(business_id: int, member_ids: Iterable[int | None]) -> None:
    """Keep everybody else from the cards of these members until the transaction ends."""
    known = {one for one in member_ids if one is not None}
    if known:
        post.lock_cards(business_id=business_id, member_ids=known)
