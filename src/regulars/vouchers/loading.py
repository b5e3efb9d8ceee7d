"""Loading many codes for a voucher at once, as a list that was written or printed elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models.functions import Upper
from django_scopes import scope

from regulars.catalog.records import MAX_CODE
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_text
from regulars.vouchers.lookups import find_voucher
from regulars.vouchers.models import Precode, VoucherCode

# The most codes at once.
MOST: Final = 10_000
_BATCH: Final = 500
# What stands above codes in the first line of a list, and is none.
_HEADING: Final = re.compile(
    r"(?:(?:gift|voucher|coupon|promo|discount)[ _-]*)?(?:gift|card|voucher|coupon)?[ _-]*(?:codes?|numbers?)"
    r"|vouchers?|coupons?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not loaded, and why. `line` counts from 1."""

    line: int
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many codes were loaded, and the lines that were not."""

    added: int
    refused: list[Refused]


def load_precodes(*, business_id: int, voucher_id: int, codes: Sequence[str]) -> Loaded:
    """Load the codes of a list for a voucher, in their order; empty lines count as lines and are left out.

    A code that is loaded or issued already, comes twice or is too long is left out and told; so is the
    heading of a list, such as "Code" or "voucher_code" in its first line. They are loaded
    in parts, each in a transaction of its own: what breaks off leaves those before it, and is begun again.

    Raises:
        InvalidInput: there is no code, or there are more than 10,000 lines.
        NotFound: the business has no such voucher.
    """
    if len(codes) > MOST:
        raise InvalidInput.at("codes", f"must have at most {MOST} lines")
    wanted: dict[str, tuple[int, str]] = {}
    refused: list[Refused] = []
    for line, text in enumerate(codes, start=1):
        if not text.strip():
            continue
        try:
            code = clean_text(text, field="code", max_length=MAX_CODE, required=True)
        except InvalidInput as error:
            refused.append(Refused(line, text.strip()[:MAX_CODE], error.fields["code"]))
            continue
        if line == 1 and _HEADING.fullmatch(code):
            refused.append(Refused(line, code, "is the heading of the list"))
        elif code.upper() in wanted:
            refused.append(Refused(line, code, f"is also in line {wanted[code.upper()][0]}"))
        else:
            wanted[code.upper()] = (line, code)
    if not wanted and not refused:
        raise InvalidInput.at("codes", "must have at least one code")
    with scope(business=business_id):
        return _load(business_id, find_voucher(voucher_id).pk, wanted, refused)


def _load(
    business_id: int, voucher_id: int, wanted: dict[str, tuple[int, str]], refused: list[Refused]
) -> Loaded:
    said = list(wanted)
    added = 0
    for start in range(0, len(said), _BATCH):
        some = said[start : start + _BATCH]
        taken = _taken(some)
        refused += [Refused(*wanted[one], taken[one]) for one in some if one in taken]
        fresh = [one for one in some if one not in taken]
        rows = [Precode(business_id=business_id, voucher_id=voucher_id, code=wanted[one][1]) for one in fresh]
        try:
            _insert(rows)
            added += len(rows)
        except IntegrityError:  # somebody loaded one of them at this moment
            for one, row in zip(fresh, rows, strict=True):
                try:
                    _insert([row])
                    added += 1
                except IntegrityError:
                    if one not in _taken([one]):
                        raise
                    refused.append(Refused(*wanted[one], "is loaded already"))
    return Loaded(added, sorted(refused, key=lambda one: one.line))


def _insert(rows: list[Precode]) -> None:
    """Add some in a short transaction: a long one would keep everybody from writing, on SQLite."""
    with transaction.atomic():
        Precode.objects.bulk_create(rows)


def _taken(said: list[str]) -> dict[str, str]:
    """Those that are codes already, in capitals, and why they cannot be loaded."""
    taken: dict[str, str] = {}
    for model, why in ((Precode, "is loaded already"), (VoucherCode, "belongs to an issued voucher")):
        rows = model.objects.annotate(said=Upper("code")).filter(said__in=said)
        taken |= dict.fromkeys(rows.values_list("said", flat=True), why)
    return taken
