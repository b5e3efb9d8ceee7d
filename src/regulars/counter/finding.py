"""What was scanned or typed: whose card, which voucher, which scratch card."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from django_scopes import scope

from regulars.ledger import queries as ledger
from regulars.ledger.models import Card
from regulars.members import aliases, blank_cards, merged, phones
from regulars.members import queries as members
from regulars.members.models import BlankCard, CardAlias, Member
from regulars.rules import scratch
from regulars.rules.errors import InvalidInput, NotFound
from regulars.rules.text import clean_line
from regulars.scratchcards.models import ScratchCard
from regulars.tenants.models import Business
from regulars.tenants.queries import same_code
from regulars.vouchers.models import VoucherCode

MAX_TEXT: Final = 500
# As many as an operator looks through.
MOST_TO_CHOOSE: Final = 8
# So many letters look like part of a name, and so many like a whole one, such as Li or Jo.
_LEAST_OF_A_NAME: Final = 3
_LEAST_NAME: Final = 2
_CARD_CODE: Final = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a text names: one of these, or `member_ids` to choose from; `more` when there are still others.

    A voucher or a scratch card that belongs to a member comes with that member. What was found by part of a
    name is not `certain`, also when it is one member alone.
    """

    member_ids: tuple[int, ...] = ()
    more: bool = False
    certain: bool = True
    voucher: VoucherCode | None = None
    scratch_card: ScratchCard | None = None
    blank: BlankCard | None = None
    alias: CardAlias | None = None


def find(*, business: Business, text: str) -> Found:
    """What a text names: a card's code or address, a member's code, phone, e-mail address or name, a
    voucher code, a scratch card's token, address or short code, the code of a printed card.

    Raises:
        InvalidInput: nothing was typed, or it is too long.
        NotFound: it names nothing of this business.
    """
    kind, wanted = _read(text, field="text")
    with scope(business=business):
        found = _look(business, kind, wanted)
    if found is None:
        raise NotFound("Nothing fits this.", fields={"text": "is unknown"})
    return found


def _read(text: str, *, field: str) -> tuple[str, str]:
    """What a text is about, as `_of_address` says; looked at again, because an address says `%00` for NUL."""
    kind, wanted = _of_address(clean_line(text, field=field, max_length=MAX_TEXT, required=True))
    return kind, clean_line(wanted, field=field, max_length=MAX_TEXT)


def _of_address(text: str) -> tuple[str, str]:
    """What an address is about: ("card" or "scratch", its code), ("member", a code) for the RPC seed's
    `?Scan&code=`; any other text is ("", itself).
    """
    if "/" not in text and "?" not in text:
        return "", text
    try:
        parts = urlsplit(text)
    except ValueError:  # such as an unclosed bracket
        return "", text
    query = parse_qs(parts.query, keep_blank_values=True)
    if "code" in query and any(name.lower() == "scan" for name in query):
        return "member", query["code"][0]
    path = [part for part in parts.path.split("/") if part]
    for kind in ("card", "scratch"):
        if kind in path[:-1]:
            return kind, path[path.index(kind) + 1]
    return "", text


def _look(business: Business, kind: str, text: str) -> Found | None:
    """The first that fits, the likeliest first: a card, a member, a voucher, a scratch card, a name."""
    if not text:
        return None
    found = None
    if kind in {"", "card"}:
        found = _card(business.pk, text.lower())
    if found is None and kind in {"", "member"}:
        found = _member(business, text)
    if found is None and not kind:
        found = _voucher(text)
    if found is None and kind in {"", "scratch"}:
        found = _scratch_card(text)
    if found is None and not kind:
        found = _named(business.pk, text)
    if found is None and kind in {"", "member"}:
        found = _merged(business, text)
    return found


def _card(business_id: int, code: str) -> Found | None:
    if _CARD_CODE.fullmatch(code) is None:
        return None
    member_id = Card.objects.values_list("pk", flat=True).filter(qr_code=code).first()
    if member_id is not None:
        return Found((member_id,))
    alias = aliases.resolve(business_id=business_id, qr_code=code)
    if alias is not None:
        return Found((alias.member_id,), alias=None if alias.confirmed_at else alias)
    blank = blank_cards.find_blank(business_id=business_id, qr_code=code)
    return Found(blank=blank) if blank is not None else None


def _member(business: Business, text: str) -> Found | None:
    by_code = Member.objects.filter(same_code(text)).values_list("pk", flat=True).first()
    if by_code is not None:
        return Found((by_code,))
    cell = _cell(business, text)
    ids = members.ids_by_others(business_id=business.pk, text=text, cell=cell, most=MOST_TO_CHOOSE + 1)
    return _several(ids) if ids else None


def _merged(business: Business, text: str) -> Found | None:
    """Whom a record was merged into that had this code or contact."""
    cell = _cell(business, text)
    ids = merged.find(business_id=business.pk, text=text, cell=cell, most=MOST_TO_CHOOSE + 1)
    return _several(ids) if ids else None


def _cell(business: Business, text: str) -> str:
    if not any(map(str.isdigit, text)):
        return ""
    try:
        return phones.normalise(text, country=business.country)
    except InvalidInput:
        return ""


def _voucher(text: str) -> Found | None:
    code = VoucherCode.objects.select_related("voucher").filter(same_code(text)).first()
    if code is None:
        return None
    return Found((code.member_id,) if code.member_id else (), voucher=code)


def _scratch_card(text: str) -> Found | None:
    read = scratch.read_code(text)
    if read is None:
        return None
    token, short = read
    rows = ScratchCard.objects.select_related("campaign", "prize")
    # Hex digits sort before "g" in every order of letters, so the index on tokens finds those that begin so.
    rows = rows.filter(token__gte=token, token__lt=f"{token}g") if short else rows.filter(token=token)
    found = list(rows[:2])
    if len(found) != 1:  # two with one short code: the QR code tells them apart
        return None
    card = found[0]
    return Found((card.member_id,) if card.member_id else (), scratch_card=card)


def _named(business_id: int, text: str) -> Found | None:
    most = MOST_TO_CHOOSE + 1
    kinds = [unicodedata.category(letter)[0] for letter in text]
    written = sum(kind in "LMN" for kind in kinds)  # a vowel may be a mark on its consonant
    if written >= _LEAST_OF_A_NAME:
        ids = ledger.newest_customers(business_id=business_id, q=text, most=most)
    elif written == len(text) == _LEAST_NAME and kinds[0] == "L" and "N" not in kinds:
        ids = ledger.newest_named(business_id=business_id, word=text, most=most)
    else:
        return None
    return _several(ids, certain=False) if ids else None


def _several(member_ids: list[int], *, certain: bool = True) -> Found:
    more = len(member_ids) > MOST_TO_CHOOSE
    return Found(tuple(member_ids[:MOST_TO_CHOOSE]), more=more, certain=certain)


def find_member(*, business: Business, text: str) -> Found:
    """The members whom a card's code or address, a member's code, phone or e-mail address names: what can be
    told apart without anybody looking.

    Raises:
        InvalidInput: nothing was scanned, or it is too long.
        NotFound: it names no member of this business.
    """
    kind, wanted = _read(text, field="code")
    with scope(business=business):
        found = _card(business.pk, wanted.lower()) if kind in {"", "card"} else None
        if found is None and kind in {"", "member"} and wanted:
            found = _member(business, wanted) or _merged(business, wanted)
    if found is None or not found.member_ids:
        raise NotFound("Nobody has this card.", fields={"code": "is unknown"})
    return found
