"""From a message's row to what is sent. Each kind has one renderer; rooms above enter theirs here."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Protocol

from django.conf import settings
from django.utils import formats, translation

from regulars import seal
from regulars.members.models import Member
from regulars.messages import texts, unsubscribe
from regulars.messages.kinds import AUTOMATIC, CAMPAIGN, KINDS, Kind
from regulars.messages.letter import Look, Rendered, Words, compose
from regulars.messages.models import Message
from regulars.rules.errors import NotFound
from regulars.rules.placeholders import one_line
from regulars.tenants.models import Business


class Renderer(Protocol):
    """Makes what is sent out of a message's row."""

    def __call__(self, *, message: Message, business: Business, member: Member | None) -> Rendered:
        """Make it."""


_MOST_KEPT: Final = 256
# Placeholders that tell a day: what made the message wrote it as YYYY-MM-DD.
_DAYS: Final = frozenset({"last_day"})
_registry: dict[str, Renderer] = {}


def register(kind: str, renderer: Renderer) -> None:
    """Let a kind be rendered by this, once, when the application starts."""
    _registry[kind] = renderer


def render_message(*, message: Message, business: Business, member: Member | None) -> Rendered:
    """What is sent for a message, as things are now.

    To be quick, read `business` with its programme and `member` with its card (`select_related`).

    Raises:
        NotFound: nobody renders this kind.
        InvalidInput: its words cannot be filled in.
        regulars.seal.Unsealable: what it keeps secret was sealed under another key.
    """
    if message.kind in AUTOMATIC:
        return _automatic(message, business, member)
    renderer = _registry.get(message.kind)
    if renderer is None:
        raise NotFound(f"There is no kind of message {message.kind!r}.")
    return renderer(message=message, business=business, member=member)


def _automatic(message: Message, business: Business, member: Member | None) -> Rendered:
    kind = AUTOMATIC[message.kind]
    told = {name: value for name, value in message.context.items() if isinstance(value, str)}
    if message.sealed:
        told |= json.loads(seal.unseal(message.sealed))
    # A sample says in which language it is to be.
    language = told.get("language") or language_of(business, member)
    told = {name: _day(value, language) if name in _DAYS else value for name, value in told.items()}
    text = texts.text_of(business_id=business.pk, kind=kind, name=told.get("text", ""), language=language)
    if member is not None:
        return letter(
            business=business,
            member=member,
            subject=text.subject,
            body=text.kind.short if kind.short and message.channel == "sms" else text.body,
            button=text.button,
            message_id=message.pk,
            channel=message.channel,
            values=told,
            kind=kind,
        )
    # Of services, those to somebody who is no member yet: to an address that is to be confirmed.
    words = _words(kind.name, text.subject, text.body, text.button, language, not kind.service)
    known = {"business_name": business.name}
    # A sample of what members get has their foot too; its link leads to a page that says so.
    stop = told.get("unsubscribe_url", "") if kind.to == "member" else ""
    rendered = compose(look=Look.of(business), words=words, values=known | told, unsubscribe=stop)
    rendered.headers.update(_headers(business))
    return rendered


def letter(
    *,
    business: Business,
    member: Member,
    subject: str,
    body: str,
    message_id: int,
    channel: str = "email",
    values: Mapping[str, str] | None = None,
    kind: Kind = CAMPAIGN,
    button: str = "",
) -> Rendered:
    """A message to a member in these words; but for services, with the link that says no to more of them.

    `values` are those beside what is known of the member; `button` is what the button says, if not the
    usual. Words are put together once and remembered, so a letter costs little when thousands are written in
    the same.

    Raises:
        InvalidInput: the words use a placeholder that the kind does not have.
    """
    stop = ""
    if not kind.service:
        stop = unsubscribe.url(
            business_id=business.pk, member_id=member.pk, message_id=message_id, channel=channel
        )
    known = member_values(business=business, member=member) | {"unsubscribe_url": stop}
    rendered = compose(
        look=Look.of(business),
        words=_words(
            kind.name,
            subject,
            body,
            button,
            language_of(business, member),
            member.email_confirmed_at is not None,
        ),
        values=known | dict(values or {}),
        unsubscribe=stop,
        channel=channel,
    )
    if channel == "email":
        rendered.headers.update(_headers(business))
    if channel == "email" and stop:
        rendered.headers["List-Unsubscribe"] = f"<{stop}>"
        rendered.headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return rendered


@lru_cache(maxsize=_MOST_KEPT)
def _words(kind: str, subject: str, body: str, button: str, language: str, confirmed: bool) -> Words:  # noqa: FBT001, PLR0917 - private, and remembered by all of them
    return texts.words(
        KINDS[kind], subject=subject, body=body, button=button, language=language, confirmed=confirmed
    )


def language_of(business: Business, member: Member | None) -> str:
    """What messages to somebody speak where the business has not written its own words."""
    return (member.language if member is not None else "") or business.language


def _day(value: str, language: str) -> str:
    """A day that is told, written as the language writes it; any other text as it is."""
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        return value
    with translation.override(language):
        return formats.date_format(day, "DATE_FORMAT")


def member_values(*, business: Business, member: Member) -> dict[str, str]:
    """What every message to a member may tell: of the member, the card and the programme.

    Names that a stranger may have typed are empty (`Member.told_names`).
    """
    card, program = member.card, business.program
    return {
        **member.told_names(was_here=card.total_visits > 0),
        "code": member.code,
        "business_name": business.name,
        "program_name": program.program_name,
        "program_reward": program.reward_description,
        "stamps": str(card.stamps),
        "stamps_required": str(program.stamps_required),
        "stamps_missing": str(max(program.stamps_required - card.stamps, 0)),
        "pending_rewards": str(card.pending_rewards),
        "points": str(card.points),
        "card_url": f"{settings.REGULARS_PUBLIC_URL}/card/{card.qr_code}",
    }


def _headers(business: Business) -> dict[str, str]:
    # No answering machine should answer.
    headers = {"Auto-Submitted": "auto-generated"}
    if business.reply_to:
        headers["Reply-To"] = one_line(business.reply_to)
    return headers
