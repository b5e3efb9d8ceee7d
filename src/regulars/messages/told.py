"""What the texts of messages may tell: placeholders that several kinds share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Something that a text may tell, by its name in braces.

    `link`: the value is an address to follow. `code`: it is to be read out or typed, so it stands out.
    """

    name: str
    meaning: str
    sample: str
    link: bool = False
    code: bool = False


BUSINESS: Final = Placeholder("business_name", "The name of the business.", "Corner Café")
MEMBER: Final = (
    Placeholder("first_name", "The customer's first name; it may be empty.", "Nora"),
    Placeholder("last_name", "The customer's last name; it may be empty.", "Whitfield"),
    Placeholder("name", "The customer's whole name; it may be empty.", "Nora Whitfield"),
    Placeholder("code", "The customer's number.", "M000012"),
    BUSINESS,
    Placeholder("program_name", "The name of the stamp programme.", "Corner Café Stamps"),
    Placeholder("program_reward", "What a full stamp card is good for.", "Free coffee"),
    Placeholder("stamps", "Stamps on the card now.", "5"),
    Placeholder("stamps_required", "Stamps that make a reward.", "8"),
    Placeholder("stamps_missing", "Stamps still missing for the next reward.", "3"),
    Placeholder("pending_rewards", "Rewards that wait to be redeemed.", "1"),
    Placeholder("points", "Points on the card now.", "120"),
    Placeholder(
        "card_url", "The address of the customer's card.", "https://shop.example/card/8c1f", link=True
    ),
    Placeholder(
        "unsubscribe_url",
        "Where the customer says no to more of this.",
        "https://shop.example/u/1",
        link=True,
    ),
)
# What tells of something that the customer did just now cannot be unsubscribed.
SERVICE: Final = tuple(placeholder for placeholder in MEMBER if placeholder.name != "unsubscribe_url")
VOUCHER: Final = (
    Placeholder("voucher", "The voucher's name.", "Free muffin"),
    Placeholder("voucher_value", "What it is worth; empty when that is nothing.", "5.00 EUR"),
    Placeholder("voucher_details", "What the voucher says about itself; it may be empty.", "One muffin."),
    Placeholder("last_day", "The last day on which it can be used; empty: no end.", "30 November 2026"),
)
STAFF: Final = (
    Placeholder("name", "The name of the person on the team.", "Tara Bose"),
    BUSINESS,
    Placeholder("email", "The e-mail address that they sign in with.", "tara@example.com"),
)
RESET_URL: Final = Placeholder(
    "reset_url", "Where the new password is chosen.", "https://shop.example/password/reset", link=True
)
SIGN_IN_CONFIRM_URL: Final = Placeholder(
    "confirm_url",
    "Where the address is confirmed.",
    "https://shop.example/account/confirm-email/7f/",
    link=True,
)
SIGN_IN_CHANGE: Final = (
    Placeholder("change", "What was changed.", "The password was changed."),
    Placeholder(
        "security_url",
        "Where somebody looks after how they sign in.",
        "https://shop.example/account/",
        link=True,
    ),
)
