"""What this room and the outbox below it hold about a member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.db.models import Model

from regulars import db
from regulars.auditlog.models import Record
from regulars.members.models import BlankCard, CardAlias, Consent, Member, MergedMember
from regulars.members.personal_data import Part, named, without_keys
from regulars.outbox.models import Delivery, DeliveryAttempt, Event

PARTS: Final = (
    Part(
        "profile",
        "Who you are to us, what we noted about you, and what you want to hear of.",
        Member,
        "pk",
        named(
            *("id", "code", "secondary_code", "name", "first_name", "last_name", "company_name"),
            *("email", "email_confirmed_at", "cell", "telephone", "date_of_birth"),
            *("street_address", "street_address2", "street_suburb", "street_city", "street_zipcode"),
            *("street_state", "optout_email", "optout_text", "optout_post", "language", "suspended"),
            *("subscription_date_from", "subscription_date_to"),
            *(f"metadata0{number}" for number in range(1, 10)),
            *("joined_at", "joined_by_page", "created_at", "modified_at", "group_by_hand"),
            group="group__name",
            branch="branch__name",
        ),
        withheld={"search_text": "name, e-mail and phone once more, for searching"},
        one=True,
    ),
    Part(
        "consents",
        "What you agreed to or took back, when and where, in the words that you saw.",
        Consent,
        "member_id",
        named("purpose", "given", "text", "source", "at"),
    ),
    Part(
        "further_card_codes",
        "Codes of cards that somebody got who joined with your phone or e-mail.",
        CardAlias,
        "member_id",
        named("qr_code", "name", "created_at", "confirmed_at"),
    ),
    Part(
        "printed_cards",
        "Printed cards that were given to you.",
        BlankCard,
        "member_id",
        named("number", "qr_code", "printed_at", "used_at"),
    ),
    Part(
        "merged_records",
        "Other records of yours that were put together with this one: what they said, and what they brought.",
        MergedMember,
        "member_id",
        named(
            *("id", "code", "secondary_code", "name", "email", "cell", "profile", "brought", "merged_at"),
        ),
    ),
)


def _host(row: dict[str, Any]) -> str:
    return urlsplit(row["receiver"]).hostname or ""


OUTBOX_PARTS: Final = (
    Part(
        "events",
        "What was noted about you to be passed on: to our own programs, and to those of the next part.",
        Event,
        "member_id",
        named(id="uid", type="type", at="created_at", told="payload"),
        withheld={"version": "of the form of the event", "pending": "how far the work on it is"},
        shown={"told": lambda row: without_keys(row["told"])},
    ),
    Part(
        "passed_on",
        "Which of these events were sent to other servers, and to which.",
        Delivery,
        "event__member_id",
        named("status", "created_at", "delivered_at", event="event__uid", receiver="endpoint__url"),
        # Addresses of webhooks often hold a secret.
        shown={"receiver": _host},
        withheld={
            "member_id": "the member of the event",
            **dict.fromkeys(
                ("attempts", "next_at", "lease", "leased_until", "last_attempt_at"), "how sending is done"
            ),
            **dict.fromkeys(("last_status", "last_error"), "what the other server said about the request"),
        },
    ),
)
OUTBOX_APART: Final[Mapping[type[Model], str]] = {
    DeliveryAttempt: "how another server answered each request; what it was sent is in passed_on and events",
}


AUDIT_PARTS: Final = (
    Part(
        "changes_by_the_shop",
        "What people of the shop changed in what is noted about you, when, and why.",
        Record,
        "member_id",
        named("at", "action", "before", "after", "reason", which="label"),
        withheld={
            "object_id": "the number of the row that was changed",
            "kind": "the table of the row that was changed",
            **dict.fromkeys(
                ("user", "staff", "actor", "role", "by_operator", "address"),
                "who of the shop's people did it",
            ),
        },
    ),
)


def erase_profile(*, business_id: int, member_id: int) -> None:
    """Delete the member's row and what stands around it. Within the caller's transaction, after all the rest.

    Printed cards stay, used and nobody's, so that their codes are never given twice.
    """
    of_member = "member_id = %s AND business_id = %s"
    for statement in (
        f"DELETE FROM members_consent WHERE {of_member}",
        f"DELETE FROM members_cardalias WHERE {of_member}",
        f"DELETE FROM members_mergedmember WHERE {of_member}",
        f"UPDATE members_blankcard SET member_id = NULL WHERE {of_member}",
        "DELETE FROM members_member WHERE id = %s AND business_id = %s",
    ):
        db.run(statement, (member_id, business_id))
