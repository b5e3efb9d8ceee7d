"""The declarations of all types of events. What they look like on the page is in `catalogue`.

An example's fields are the payload's fields. What a field means is in `meanings`, unless it means something
else in one type of event.
"""

from __future__ import annotations

from regulars.outbox.declared_offers import OFFERS, Declaration
from regulars.outbox.meanings import SOMEBODY

__all__ = ["DECLARED", "Declaration"]

DECLARED: dict[str, Declaration] = {
    "member.enrolled": Declaration(
        "A customer got a card. `code` is the customer's number in words that people can read "
        "out, `email` and `phone` are empty text when not given.",
        {
            "customer_id": 12,
            "code": "M000012",
            "qr_code": "8c1f4e0b7a92d635",
            "name": "Nora Whitfield",
            "email": "",
            "phone": "+447700900123",
        },
        own={
            "code": ("text", "The customer's number in words that people can read out"),
            "name": ("text", "The whole name"),
        },
    ),
    "member.updated": Declaration(
        "A customer's profile was changed. `changed` names the fields whose value is another "
        "one now, by their names in the [RPC API](rpc.md) (a new group or branch is `group` or "
        "`branch`).",
        {
            "customer_id": 12,
            "code": "M000012",
            "name": "Nora Whitfield-Shaw",
            "email": "nora@whitfield.example",
            "phone": "+447700900123",
            "changed": ["email", "last_name", "name"],
        },
        own={
            "code": ("text", "The customer's number in words that people can read out"),
            "name": ("text", "The whole name"),
        },
    ),
    "member.group_changed": Declaration(
        "A customer is in another group: they reached a tier or fell out of one, or, with `by_hand`, "
        "somebody put them there. `group` and `previous` are codes, null for none. A `member.updated` "
        "comes with it.",
        {"customer_id": 12, "group": "gold", "previous": "silver", "by_hand": False},
    ),
    "member.deleted": Declaration(
        "A customer was erased.",
        {"customer_id": 12},
    ),
    "member.merged": Declaration(
        "Another record of the same person was merged into the customer's. Everything of "
        "`merged_customer_id` is the customer's from now on, and its cards and codes are, too. "
        "No customer has that number any more.",
        {
            "customer_id": 12,
            "merged_customer_id": 31,
            "merged_code": "M000031",
            "current_stamps": 5,
            "pending_rewards": 1,
            "balance": 120,
            "transaction_id": 511,
        },
        own={
            "merged_customer_id": ("number", "The record that is gone"),
            "merged_code": ("text", "The code that it had, which finds the customer now"),
        },
    ),
    "card.replaced": Declaration(
        "A customer got a card with another code, because theirs was lost or somebody else knew its code. "
        "What lies on it stays; the old code is nobody's.",
        {"customer_id": 12, "qr_code": "5be0d6c1a97f3e24"},
    ),
    "stamp.added": Declaration(
        "Stamps were put on a card, at the counter or as a birthday present.",
        {
            "customer_id": 12,
            "stamps_added": 2,
            "current_stamps": 1,
            "goal": 8,
            "rewards_earned": 1,
            "pending_rewards": 1,
            "branch_id": 2,
            "transaction_id": 501,
        },
    ),
    "reward.earned": Declaration(
        "Stamps completed one reward or several; it follows the `stamp.added` or `stamp.returned` of "
        "the same `transaction_id`. `count` says how many rewards, `reward` what they are.",
        {"customer_id": 12, "reward": "Free coffee", "count": 1, "pending_rewards": 1, "transaction_id": 501},
    ),
    "reward.redeemed": Declaration(
        "A reward was handed out.",
        {
            "customer_id": 12,
            "reward": "Free coffee",
            "pending_rewards": 0,
            "total_redeemed": 3,
            "branch_id": None,
            "transaction_id": 502,
        },
    ),
    "stamp.undone": Declaration(
        "Stamps that had been given by mistake were taken back, by a new entry in the ledger. When "
        "there were too few on the card, `rewards` that waited were turned back into stamps.",
        {
            "customer_id": 12,
            "stamps": 2,
            "rewards": 1,
            "current_stamps": 7,
            "pending_rewards": 0,
            "undoes": 501,
            "transaction_id": 508,
        },
    ),
    "stamp.taken": Declaration(
        "Stamps were taken off a card by hand, for a `reason`. Rewards that wait are not touched.",
        {
            "customer_id": 12,
            "stamps": 2,
            "reason": "Given twice last week",
            "current_stamps": 3,
            "pending_rewards": 0,
            "branch_id": None,
            "transaction_id": 512,
        },
        own={"reason": ("text", "Why")},
    ),
    "stamp.returned": Declaration(
        "Stamps that had been taken off a card by mistake came back, by a new entry in the ledger. When they "
        "completed a reward, a `reward.earned` follows.",
        {
            "customer_id": 12,
            "stamps": 2,
            "rewards_earned": 0,
            "current_stamps": 5,
            "pending_rewards": 0,
            "undoes": 512,
            "transaction_id": 513,
        },
        own={"stamps": ("number", "Stamps that came back onto the card")},
    ),
    "reward.unredeemed": Declaration(
        "A redemption was taken back, by a new entry in the ledger: the reward waits again.",
        {
            "customer_id": 12,
            "reward": "Free coffee",
            "pending_rewards": 1,
            "undoes": 502,
            "transaction_id": 509,
        },
    ),
    "points.earned": Declaration(
        "Points were credited. `balance` is what the card has afterwards.",
        {"customer_id": 12, "points": 50, "balance": 70, "transaction_id": 503},
        own={"points": ("number", "Points that were credited")},
    ),
    "points.spent": Declaration(
        "Points were taken; `points` is negative.",
        {"customer_id": 12, "points": -20, "balance": 50, "transaction_id": 504},
        own={"points": ("number", "Points that were taken, below zero")},
    ),
    "points.reversed": Declaration(
        "Points that had been earned were taken back, because what they were earned for was "
        "changed or undone; `points` is negative. How many, the business's refund policy "
        "decides; when none could be taken, there is no event.",
        {"customer_id": 12, "points": -20, "balance": 30, "transaction_id": 505},
        own={"points": ("number", "Points that were taken back, below zero")},
    ),
    "points.returned": Declaration(
        "Points that had been spent were given back, because what they were spent on was changed or undone.",
        {"customer_id": 12, "points": 20, "balance": 50, "transaction_id": 506},
        own={"points": ("number", "Points that were given back")},
    ),
    "points.expired": Declaration(
        "Points lapsed because their last day has passed; `points` is negative.",
        {"customer_id": 12, "points": -50, "balance": 0, "transaction_id": 507},
        own={"points": ("number", "Points that lapsed, below zero")},
    ),
    "sale.recorded": Declaration(
        "A sale was recorded. `points` is what the promotions made it worth; they are in the "
        "`points.earned` that follows it, and a sale that is worth nothing has none. A "
        "`total_value` below zero is a refund, whose `points` are negative.",
        {
            "customer_id": 12,
            "sale_id": 88,
            "code": "T000088",
            "total_value": "29.50",
            "points": 2,
            "branch_id": None,
        },
        own={"code": ("text", "The sale's code")},
    ),
    "sale.changed": Declaration(
        "A sale was edited. These are its facts from now on; what its points did to the card "
        "follows as an event of its own.",
        {
            "customer_id": 12,
            "sale_id": 88,
            "code": "T000088",
            "total_value": "45.00",
            "points": 4,
            "branch_id": 2,
        },
        own={"code": ("text", "The sale's code")},
    ),
    "sale.deleted": Declaration(
        "A sale was deleted. These were its facts.",
        {
            "customer_id": 12,
            "sale_id": 88,
            "code": "T000088",
            "total_value": "45.00",
            "points": 4,
            "branch_id": 2,
        },
        own={"code": ("text", "The sale's code")},
    ),
    **OFFERS,
    "campaign.started": Declaration(
        "A campaign was sent off: its recipients are chosen, and their messages wait to be sent.",
        {
            "campaign_id": 4,
            "name": "June Promo",
            "channel": "email",
            "segment_filter": "active_30d",
            "recipients": 67,
        },
        own={"name": ("text", "The campaign's name")},
    ),
    "campaign.finished": Declaration(
        "The last message of a campaign was dealt with. `sent`, `failed` and `skipped` add up "
        "to `recipients`.",
        {"campaign_id": 4, "name": "June Promo", "recipients": 67, "sent": 64, "failed": 1, "skipped": 2},
        own={"name": ("text", "The campaign's name")},
    ),
    "message.bounced": Declaration(
        "An address took no message, or its owner complained about one: nothing more is written "
        "to it. `customer_id` is null when the message was to somebody on the team.",
        {
            "customer_id": 12,
            "channel": "email",
            "kind": "reward_earned",
            "why": "bounce",
            "detail": "550 5.1.1 no such user",
        },
        own={"customer_id": SOMEBODY},
    ),
    "webhook.test": Declaration(
        "Somebody asked for a test. Only the endpoint that it was asked for gets it, whatever "
        "types it wants.",
        {"endpoint_id": 3, "message": "This is a test."},
        own={"message": ("text", "Says that this is a test")},
    ),
}
