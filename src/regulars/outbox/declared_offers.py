"""What a declaration of events is, and those of vouchers and scratch cards. The others: `declarations`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars.outbox.meanings import SOMEBODY


@dataclass(frozen=True, slots=True)
class Declaration:
    """A type of event: what it means (Markdown), a payload, and what its fields mean only here."""

    meaning: str
    example: Mapping[str, Any]
    own: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    version: int = 1


OFFERS: dict[str, Declaration] = {
    "voucher.issued": Declaration(
        "A voucher was issued: `voucher_codes` are its codes, one for each that was asked for. "
        "`issue_id` and `code` are the issue's own, `voucher_id`, `voucher` and `name` say "
        "which voucher it is. `points_used` were taken for it; they are in a `points.spent` of "
        "the same moment. `occasion` is set when it was issued for something that counts once, "
        "such as `birthday:2026` or `signup`, and null otherwise. `customer_id` is null when it "
        "was issued to nobody in particular: whoever bears a code redeems it. Changing the "
        "issue later writes no event of its own.",
        {
            "customer_id": 12,
            "issue_id": 31,
            "code": "I000031",
            "voucher_id": 4,
            "voucher": "V000004",
            "name": "Free muffin",
            "voucher_codes": ["7HXK3MQPA9D", "R4WNC6TGEYJ"],
            "points_used": 20,
            "occasion": None,
        },
        own={
            "code": ("text", "The issue's code"),
            "name": ("text", "The voucher's name"),
            "customer_id": (
                "number or null",
                "The customer, or null when it was issued to nobody in particular",
            ),
        },
    ),
    "voucher.reserved": Declaration(
        "A voucher code is held for somebody who is paying, until `reserved_until`, in UTC. "
        "Here and in the following events `value` is what the code is worth: percent of the "
        "sale when `value_type` is 1, otherwise an amount of currency. `customer_id` is null "
        "when the code was nobody's in particular.",
        {
            "customer_id": 12,
            "voucher_id": 4,
            "voucher": "V000004",
            "voucher_code": "7HXK3MQPA9D",
            "value": "5.00",
            "value_type": 0,
            "branch_id": 2,
            "reserved_until": "2026-11-07 14:30:00",
        },
        own={"customer_id": SOMEBODY},
    ),
    "voucher.released": Declaration(
        "A reservation was given up, or it ran out: then this is written when the hourly round "
        "finds it, though the code can be redeemed again as soon as `reserved_until` has "
        "passed.",
        {
            "customer_id": 12,
            "voucher_id": 4,
            "voucher": "V000004",
            "voucher_code": "7HXK3MQPA9D",
            "value": "5.00",
            "value_type": 0,
        },
        own={"customer_id": SOMEBODY},
    ),
    "voucher.redeemed": Declaration(
        "A voucher code was redeemed; each is redeemed once, unless it is reset. "
        "`points_credited` is 0 unless the voucher is one that can be redeemed for points; they "
        "are in a `points.earned` of the same moment.",
        {
            "customer_id": 12,
            "voucher_id": 4,
            "voucher": "V000004",
            "voucher_code": "7HXK3MQPA9D",
            "value": "5.00",
            "value_type": 0,
            "branch_id": 2,
            "points_credited": 0,
        },
        own={"customer_id": SOMEBODY},
    ),
    "voucher.reset": Declaration(
        "A redemption was undone: the code can be redeemed again. `reason` is what was said "
        "about it, or empty text. Points that were credited are taken back; how many, the "
        "`points.reversed` of the same moment says.",
        {
            "customer_id": 12,
            "voucher_id": 4,
            "voucher": "V000004",
            "voucher_code": "7HXK3MQPA9D",
            "value": "5.00",
            "value_type": 0,
            "reason": "Wrong customer",
        },
        own={"customer_id": SOMEBODY},
    ),
    "voucher.expired": Declaration(
        "The last day of a voucher code has passed, and it was not redeemed.",
        {
            "customer_id": 12,
            "voucher_id": 4,
            "voucher": "V000004",
            "voucher_code": "7HXK3MQPA9D",
            "value": "5.00",
            "value_type": 0,
            "expired_on": "2026-10-31",
        },
        own={"customer_id": SOMEBODY},
    ),
    "scratch_card.issued": Declaration(
        "A scratch card was issued. The prize is drawn by then and stays covered until the card "
        "is scratched. `customer_id` is null when the card was given to nobody in particular: "
        "whoever has the link scratches it.",
        {
            "customer_id": 12,
            "card_id": 73,
            "campaign_id": 2,
            "campaign": "Summer Spin",
            "card_url": "https://shop.example/scratch/4f2a9c1e5b7d8036a1c2e3f405162738",
            "expires_at": "2026-06-16",
        },
        own={"customer_id": SOMEBODY},
    ),
    "scratch_card.revealed": Declaration(
        "A scratch card was scratched, and its prize seen.",
        {
            "customer_id": 12,
            "card_id": 73,
            "campaign_id": 2,
            "campaign": "Summer Spin",
            "prize": "Free Coffee",
            "is_winner": True,
        },
        own={"customer_id": SOMEBODY},
    ),
    "scratch_card.redeemed": Declaration(
        "The prize of a scratch card was handed out.",
        {
            "customer_id": 12,
            "card_id": 73,
            "campaign_id": 2,
            "campaign": "Summer Spin",
            "prize": "Free Coffee",
            "is_winner": True,
            "branch_id": None,
        },
        own={"customer_id": SOMEBODY},
    ),
}
