"""Writes about messages: what a business makes of their words, and what is to be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import orjson
from django.db import transaction
from django_scopes import scope

from regulars import db, seal
from regulars.messages import texts
from regulars.messages.kinds import Kind, automatic
from regulars.messages.models import Message, MessageText, Suppression
from regulars.rules.errors import InvalidInput, NotFound, TooManyRequests
from regulars.tenants import checks, ratelimit

# How many further texts one kind may have in a business.
MAX_VARIANTS: Final = 100
# With what the keys of messages begin that only show what one would look like.
TEST_PREFIX: Final = "test:"
# So many of them a business may send in a minute, of campaigns and of kinds together.
TESTS_A_MINUTE: Final = 10


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be queued: see `Message`. `sealed_context` is kept unreadable, and gone once sent."""

    business_id: int
    kind: str
    key: str
    member_id: int | None = None
    to: str = ""
    channel: str = "email"
    context: Mapping[str, str] = field(default_factory=dict)
    sealed_context: Mapping[str, str] = field(default_factory=dict)


_INSERT = (
    'INSERT INTO messages_message (business_id, member_id, kind, channel, key, "to", context, sealed, '
    "status, reason, attempts, lease, provider_id) VALUES {rows} "
    "ON CONFLICT (business_id, key) DO NOTHING RETURNING id"
)
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, 'queued', '', 0, '', '')"
_POSTGRESQL_ROW = "(%s::bigint, %s::bigint, %s, %s, %s, %s, %s::jsonb, %s, 'queued', '', 0, '', '')"


def queue_messages(*, messages: Iterable[NewMessage]) -> list[int]:
    """Queue several messages; the ids of those whose key was not there yet. In the caller's transaction."""
    params: list[Any] = []
    number = 0
    for message in messages:
        secret = message.sealed_context
        number += 1
        params += [
            message.business_id,
            message.member_id,
            message.kind,
            message.channel,
            message.key,
            message.to,
            orjson.dumps(dict(message.context)).decode(),
            seal.seal(json.dumps(dict(secret))) if secret else "",
        ]
    if not number:
        return []
    row = _POSTGRESQL_ROW if db.is_postgresql() else _ROW
    return [found[0] for found in db.run(_INSERT.format(rows=", ".join([row] * number)), params)]


def queue_message(
    *,
    business_id: int,
    kind: str,
    key: str,
    member_id: int | None = None,
    to: str = "",
    context: Mapping[str, str] | None = None,
    sealed_context: Mapping[str, str] | None = None,
    channel: str = "email",
) -> Message | None:
    """Queue one message, to a member or to an address; None when its key was there.

    In the caller's transaction: it is sent when that is committed. `context` are further values of its
    text; those that nobody may read in the database come in `sealed_context`.
    """
    ids = queue_messages(
        messages=[
            NewMessage(business_id, kind, key, member_id, to, channel, context or {}, sealed_context or {})
        ]
    )
    if not ids:
        return None
    with scope(business=business_id):
        return Message.objects.get(pk=ids[0])


def set_text(
    *,
    business_id: int,
    kind: str,
    name: str = "",
    language: str = "",
    enabled: bool | None = None,
    subject: str | None = None,
    body: str | None = None,
    button: str | None = None,
) -> texts.Text:
    """Change the words of a kind, or whether it goes out at all; what is None stays.

    Empty words stand for the product's own; `button` is what the button says. With a `name` it is a further
    text of the kind, which a voucher may ask for; it is made when there is none. With a `language` the words
    are for those who have chosen it; those without hold for all others.

    Raises:
        NotFound: there is no such kind.
        InvalidInput: a value is unusable, the words use an unknown placeholder, the kind has no further
            texts, or it cannot be switched off; the field is named.
    """
    found = automatic(kind)
    name = texts.check_name(found, name)
    language = texts.check_language(language)
    _check_switch(found, name or language, enabled=enabled)
    changes: dict[str, Any] = texts.clean_words(found, subject=subject, body=body, button=button)
    if enabled is not None:
        changes["enabled"] = enabled
    with transaction.atomic(), scope(business=business_id):
        db.serialise("message texts", business_id)
        rows = MessageText.objects.filter(kind=kind)
        same = [row for row in rows if row.name.upper() == name.upper()]
        row = next((row for row in same if row.language == language), None)
        if row is None:
            others = {row.name.upper() for row in rows if row.name}
            if name and not same and len(others) >= MAX_VARIANTS:
                raise InvalidInput.at("name", f"would be one of more than {MAX_VARIANTS} texts of this kind")
            row = MessageText(
                business_id=business_id,
                kind=kind,
                name=same[0].name if same else name,
                language=language,
            )
        for column, value in changes.items():
            setattr(row, column, value)
        if changes or row.pk is None:
            row.save()
    return texts.text_of(business_id=business_id, kind=found, name=name, language=language)


def _check_switch(kind: Kind, name: str, *, enabled: bool | None) -> None:
    if enabled is None:
        return
    if name:
        raise InvalidInput.at("enabled", "belongs to the kind, not to one of its further texts")
    if not enabled and not kind.optional:
        raise InvalidInput.at("enabled", f"must be true: {kind.name} cannot be switched off")


def reset_text(
    *, business_id: int, kind: str, name: str = "", language: str = "", other_languages: bool = True
) -> texts.Text:
    """Go back to the product's own words; a text with a name is deleted. Whether the kind goes out stays.

    With a `language` only the words in that one go; without, those in all, or with `other_languages` false
    those for everybody alone.

    Raises:
        NotFound: there is no such kind, or no text of that name.
        InvalidInput: there is no such language.
    """
    found = automatic(kind)
    language = texts.check_language(language)
    with transaction.atomic(), scope(business=business_id):
        db.serialise("message texts", business_id)
        rows = [row for row in MessageText.objects.filter(kind=kind) if row.name.upper() == name.upper()]
        if name and not rows:
            raise NotFound(f"{kind} has no text {name!r}.", fields={"name": "is unknown"})
        for row in rows:
            if (language or not other_languages) and row.language != language:
                continue
            if name or row.language:
                row.delete()
            else:  # it also says whether the kind goes out
                row.subject = row.body = row.button = ""
                row.save()
    return texts.text_of(business_id=business_id, kind=found, language=language)


def take_test(*, business_id: int) -> None:
    """Count one message that is sent to see what it looks like.

    Raises:
        TooManyRequests: the business sent so many in the last minute already.
    """
    allowance = ratelimit.take(f"message-test:{business_id}", TESTS_A_MINUTE)
    if not allowance.allowed:
        raise TooManyRequests(
            f"{TESTS_A_MINUTE} tests a minute are the most. Try again in {allowance.retry_after} s.",
            retry_after=allowance.retry_after,
        )


def send_test(*, business_id: int, kind: str, to: str, name: str = "", language: str = "") -> Message:
    """Queue a message of a kind with sample values to an address, whether or not the kind is switched on.

    It is as somebody gets it who has chosen the `language`, or that of the business.

    Raises:
        NotFound: there is no such kind, or no text of that name.
        InvalidInput: `to` is no e-mail address, `name` nothing that a text can be called, or there is no such
            language.
        TooManyRequests: the business sent so many in the last minute already.
    """
    found = automatic(kind)
    to = checks.check_email(to, field="to")
    name = texts.existing_name(business_id=business_id, kind=found, name=name)
    language = texts.check_language(language)
    take_test(business_id=business_id)
    values = texts.samples(business_id=business_id, kind=found) | {"text": name, "language": language}
    message = queue_message(
        business_id=business_id, kind=kind, key=f"{TEST_PREFIX}{uuid4().hex}", to=to, context=values
    )
    assert message is not None  # noqa: S101 - nobody else has this key
    return message


def delete_suppression(*, business_id: int, pk: int) -> None:
    """Write to an address again that was reported as bad.

    Raises:
        NotFound: the business has no such record.
    """
    with scope(business=business_id):
        deleted, _ = Suppression.objects.filter(pk=pk).delete()
    if not deleted:
        raise NotFound(f"There is no suppression {pk}.")
