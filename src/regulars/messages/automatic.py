"""Messages that follow events by themselves: welcome, reward earned, voucher issued, scratch card.

Events come a batch at a time, of any number of businesses, within the transaction that passes them on. What
is sent is looked at once more when it is sent (`messages.checks`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from django.db.models import Min
from django.utils import timezone as clock
from django_scopes import scope

from regulars import db
from regulars.messages.actions import NewMessage, queue_messages
from regulars.outbox.consumers import Pending
from regulars.vouchers.models import Voucher, VoucherCode

# An event that is passed on later than this is no news any more.
NEWS: Final = dt.timedelta(hours=24)
# How many codes of one issue a message lists.
MOST_CODES: Final = 20
_BATCH: Final = 200

Context = dict[str, str]


def told_day(day: dt.date | None) -> str:
    """A date as messages keep it, YYYY-MM-DD, which are read in several languages; None is empty."""
    return "" if day is None else day.isoformat()


def worth(value: Decimal, value_type: int, currency: str) -> str:
    """What a voucher code is worth in words; nothing is empty."""
    if not value:
        return ""
    if value_type == Voucher.ValueType.PERCENT:
        return f"{value.normalize():f} %"
    return f"{value:.2f} {currency}"


def handle(*, events: list[Pending]) -> None:
    """Queue what follows these events. Within the transaction that passes them on."""
    since = clock.now() - NEWS
    fresh = [event for event in events if event.member_id is not None and event.created_at >= since]
    if not fresh:
        return
    off = _switched_off({event.business_id for event in fresh})
    wanted = [event for event in fresh if (event.business_id, KINDS_OF_EVENTS[event.type]) not in off]
    reached = _reached({event.member_id for event in wanted if event.member_id is not None})
    wanted = [event for event in wanted if (event.business_id, event.member_id) in reached]
    vouchers = _voucher_contexts([event for event in wanted if event.type == "voucher.issued"])
    found = [_message(event, vouchers) for event in wanted]
    for start in range(0, len(found), _BATCH):
        queue_messages(messages=found[start : start + _BATCH])


KINDS_OF_EVENTS: Final = {
    "member.enrolled": "welcome",
    "reward.earned": "reward_earned",
    "voucher.issued": "voucher_issued",
    "scratch_card.issued": "scratch_card",
}


def _message(event: Pending, vouchers: dict[str, Context]) -> NewMessage:
    kind = KINDS_OF_EVENTS[event.type]
    reason = event.member_id if kind == "welcome" else event.uid
    context = vouchers[event.uid] if event.type == "voucher.issued" else _TELL[event.type](event)
    return NewMessage(event.business_id, kind, f"{kind}:{reason}", event.member_id, context=context)


def _welcome(event: Pending) -> Context:
    return {}


def _reward(event: Pending) -> Context:
    return {"reward": str(event.payload["reward"]), "rewards_earned": str(event.payload["count"])}


def _scratch_card(event: Pending) -> Context:
    last_day = event.payload.get("expires_at")
    return {
        "scratch_campaign": str(event.payload["campaign"]),
        "scratch_url": str(event.payload["card_url"]),
        "last_day": told_day(dt.date.fromisoformat(last_day[:10]) if last_day else None),
    }


_TELL: Final[dict[str, Callable[[Pending], Context]]] = {
    "member.enrolled": _welcome,
    "reward.earned": _reward,
    "scratch_card.issued": _scratch_card,
}


def _switched_off(businesses: set[int]) -> set[tuple[int, str]]:
    rows = db.run(
        "SELECT business_id, kind FROM messages_messagetext "
        f"WHERE {db.any_of('business_id')} AND name = '' AND NOT enabled",
        (db.numbers(sorted(businesses)),),
    )
    return {(int(business), str(kind)) for business, kind in rows}


def _reached(members: set[int]) -> set[tuple[int, int]]:
    """Those who can be written to, with their businesses."""
    rows = db.run(
        f"SELECT business_id, id FROM members_member WHERE {db.any_of('id')} "
        "AND email <> '' AND NOT optout_email AND NOT suspended",
        (db.numbers(sorted(members)),),
    )
    return {(int(business), int(member)) for business, member in rows}


def _voucher_contexts(events: list[Pending]) -> dict[str, Context]:
    """What a message tells about each issue, by the event's uid."""
    by_business: dict[int, list[Pending]] = {}
    for event in events:
        by_business.setdefault(event.business_id, []).append(event)
    return {
        event.uid: context
        for business_id, of_business in by_business.items()
        for event, context in _of_business(business_id, of_business)
    }


def _of_business(business_id: int, events: list[Pending]) -> Iterator[tuple[Pending, Context]]:
    issues = [int(event.payload["issue_id"]) for event in events]
    with scope(business=business_id):
        of_issues = VoucherCode.objects.filter(issue_id__in=issues)
        firsts = list(of_issues.values("issue_id").annotate(first=Min("id")).values_list("first", flat=True))
        codes = VoucherCode.objects.select_related("voucher", "business").filter(pk__in=firsts)
        by_issue = {code.issue_id: code for code in codes}
    for event in events:
        names = [str(code) for code in event.payload["voucher_codes"]]
        listed = ", ".join(names[:MOST_CODES])
        if len(names) > MOST_CODES:
            listed = f"{listed} and {len(names) - MOST_CODES} more"
        context = {"voucher": str(event.payload["name"]), "voucher_codes": listed}
        code = by_issue.get(int(event.payload["issue_id"]))  # None: deleted meanwhile
        yield event, context | (voucher_context(code) if code else {})


def voucher_context(code: VoucherCode) -> Context:
    """What messages tell about a voucher code beside the code; read with its voucher and business."""
    return {
        "voucher_value": worth(code.value, code.value_type, code.business.currency),
        "voucher_details": code.voucher.voucher_details,
        "voucher_instructions": code.voucher.email_instructions,
        "last_day": told_day(code.expires_on),
        "text": code.voucher.optional_email_template,
    }
