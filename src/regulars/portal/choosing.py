"""A member chooses a voucher for their points."""

from __future__ import annotations

from typing import Final

from django_scopes import scope

from regulars.rules.errors import AlreadyGiven, InvalidInput
from regulars.rules.text import is_storable
from regulars.rules.vouchers import NotEligible
from regulars.vouchers import issuing
from regulars.vouchers.models import Voucher, VoucherIssue

TOKEN_MIN: Final = 8
TOKEN_MAX: Final = 40


def choose(*, business_id: int, member_id: int, voucher_id: int, token: str) -> VoucherIssue:
    """Give a member a voucher of their own choice for its points; the issue has its codes at hand.

    `token` is a random text of the form: sent twice, or by two tabs at once, it gives once.

    Raises:
        InvalidInput: the token is not from a form of ours.
        NotFound: the business has no such member or voucher.
        NotEligible: the member may not choose it (any more), or not yet.
        Suspended, LimitReached, NotEnoughPoints: as it happened in this very moment.
    """
    if not TOKEN_MIN <= len(token) <= TOKEN_MAX or not is_storable(token):
        raise InvalidInput.at("token", f"must have {TOKEN_MIN} to {TOKEN_MAX} characters")
    occasion = f"chosen:{token}"
    if (earlier := _issue(business_id, member_id, voucher_id, occasion)) is not None:
        return earlier
    selectable = issuing.self_selectable(business_id=business_id, member_id=member_id)
    if voucher_id not in {voucher.pk for voucher in selectable}:
        raise NotEligible("This voucher cannot be chosen now.", fields={"voucher": "cannot be chosen now"})
    try:
        return issuing.issue_voucher(
            business_id=business_id, voucher_id=voucher_id, member_id=member_id, occasion=occasion
        )
    except AlreadyGiven:  # the same form, sent twice at once
        made = _issue(business_id, member_id, voucher_id, occasion)
        if made is None:
            raise
        return made


def find_offer(*, business_id: int, member_id: int, voucher_id: int) -> Voucher:
    """A voucher that a member may choose now and can pay.

    Raises:
        NotFound: the business has no such member.
        NotEligible: the member cannot choose it now, or there is no such voucher.
    """
    for voucher in issuing.self_selectable(business_id=business_id, member_id=member_id):
        if voucher.pk == voucher_id:
            return voucher
    raise NotEligible("This voucher cannot be chosen now.", fields={"voucher": "cannot be chosen now"})


def _issue(business_id: int, member_id: int, voucher_id: int, occasion: str) -> VoucherIssue | None:
    with scope(business=business_id):
        rows = VoucherIssue.objects.select_related("voucher").prefetch_related("codes")
        return rows.filter(member_id=member_id, voucher_id=voucher_id, occasion=occasion).first()
