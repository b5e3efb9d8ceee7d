"""The words of automatic messages: the product's own, and what a business made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_noop
from django_scopes import scope

from regulars.messages.kinds import Button, Kind, automatic
from regulars.messages.letter import Look, Rendered, Words, check_words, compose
from regulars.messages.models import MessageText
from regulars.rules import languages
from regulars.rules.errors import InvalidInput, NotFound
from regulars.rules.text import clean_text
from regulars.tenants.queries import business_by_id

MAX_BODY: Final = 20_000
MAX_SUBJECT: Final = 200
MAX_BUTTON: Final = 60
MAX_NAME: Final = 100

WHY_MEMBER = gettext_noop("You get this because you are a member of our programme.")
WHY_ADDRESS = gettext_noop("You get this because this address was given to us for a card.")
WHY_STAFF = gettext_noop("You get this because you work with us.")


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one kind in one business: `own` when they are not the product's.

    `language` is that of the words; empty where the business wrote them for everybody.
    """

    kind: Kind
    name: str
    language: str
    enabled: bool
    subject: str
    body: str
    button: str
    own: bool


def is_enabled(*, business_id: int, kind: str) -> bool:
    """Whether messages of a kind go out; those of campaigns always do."""
    with scope(business=business_id):
        off = MessageText.objects.filter(kind=kind, name="", enabled=False).exists()
    return not off


def text_of(*, business_id: int, kind: Kind, name: str = "", language: str = "") -> Text:
    """The words of a kind, or those that have a name; when nobody has that name, the usual ones.

    They are those that the business wrote in the `language`, or else for everybody; or else the product's
    own in the language, or in that of the business.
    """
    with scope(business=business_id):
        rows = list(MessageText.objects.filter(kind=kind.name))
    spoken = language or business_by_id(business_id).language
    return text_among(rows, kind=kind, name=name, language=spoken)


def text_among(
    rows: Iterable[MessageText], *, kind: Kind, name: str = "", language: str = languages.USUAL
) -> Text:
    """The same, of rows that were read already."""
    kind = kind.spoken(language)
    found = {(row.name.upper(), row.language): row for row in rows if row.kind == kind.name}
    switch = found.get(("", ""))
    wanted = name.strip().upper()
    named = [found.get((wanted, spoken)) for spoken in (language, "")] if wanted else []
    usual = [found.get(("", spoken)) for spoken in (language, "")]
    chosen = [row for row in (*named, *usual) if row is not None]
    own = {
        field: next((value for row in chosen if (value := getattr(row, field))), "")
        for field in ("subject", "body", "button")
    }
    first = next((row for row in chosen if row.subject or row.body or row.button), None)
    return Text(
        kind,
        next((row.name for row in named if row is not None), ""),
        language if first is None else first.language,
        switch is None or switch.enabled,
        own["subject"] or kind.subject,
        own["body"] or kind.body,
        own["button"] or (kind.button.label if kind.button else ""),
        own=any(own.values()),
    )


def clean_line(text: str, field: str, most: int) -> str:
    """Text of one line without white space at its ends, or InvalidInput."""
    text = clean_text(text, field=field, max_length=most)
    if "\n" in text or "\t" in text:
        raise InvalidInput.at(field, "must be one line")
    return text


def check_name(kind: Kind, name: str) -> str:
    """The name of a text of a kind, empty for the usual one, or InvalidInput."""
    name = clean_line(name, "name", MAX_NAME)
    if name and not kind.variants:
        raise InvalidInput.at("name", f"must be empty: {kind.name} has one text")
    return name


def existing_name(*, business_id: int, kind: Kind, name: str) -> str:
    """The name of a text that a business has, empty for the usual one.

    Raises:
        NotFound: the business has no text of that name.
        InvalidInput: it is nothing that a text can be called.
    """
    name = clean_line(name, "name", MAX_NAME)
    if name:
        with scope(business=business_id):
            rows = MessageText.objects.filter(kind=kind.name).exclude(name="")
            known = {row.name.upper() for row in rows}
        if name.upper() not in known:
            raise NotFound(f"{kind.name} has no text {name!r}.", fields={"name": "is unknown"})
    return name


def check_language(language: str) -> str:
    """The code of a language, empty for words that hold for everybody, or InvalidInput."""
    code = clean_text(language, field="language", max_length=len(language))
    return languages.check_language(code) if code else ""


def clean_words(kind: Kind, *, subject: str | None, body: str | None, button: str | None) -> dict[str, str]:
    """Those words that are given, fit to be stored and sent.

    Raises:
        InvalidInput: one is unusable, or uses an unknown placeholder; the field is named.
    """
    clean = {}
    if subject is not None:
        clean["subject"] = clean_line(subject, "subject", MAX_SUBJECT)
    if button is not None:
        clean["button"] = clean_line(button, "button", MAX_BUTTON)
    if body is not None:
        clean["body"] = clean_text(body, field="body", max_length=MAX_BODY)
    check_words(subject=clean.get("subject", ""), body=clean.get("body", ""), known=kind.known)
    return clean


def words(
    kind: Kind,
    *,
    subject: str,
    body: str,
    button: str = "",
    language: str = languages.USUAL,
    confirmed: bool = True,
) -> Words:
    """A letter's words for a kind; `button` is what its button says, if not the product's own, which is in
    the `language`, as the foot is. It goes to an address that its owner `confirmed`, or may be a stranger's.
    """
    kind = kind.spoken(language)
    with translation.override(language):
        of_member = WHY_MEMBER if confirmed else WHY_ADDRESS
        reason = of_member if kind.to == "member" else WHY_STAFF
        why = gettext(reason)
    return Words(
        subject=subject,
        body=body,
        known=kind.known,
        links=frozenset(placeholder.name for placeholder in kind.placeholders if placeholder.link),
        codes=frozenset(placeholder.name for placeholder in kind.placeholders if placeholder.code),
        button=Button(button, kind.button.target) if kind.button and button else kind.button,
        why=why,
        language=language,
    )


def samples(*, business_id: int, kind: Kind) -> dict[str, str]:
    """A value of each placeholder of a kind: the business's own where it is the same in all messages."""
    business = business_by_id(business_id)
    program = business.program
    own = {
        "business_name": business.name,
        "program_name": program.program_name,
        "program_reward": program.reward_description,
        "stamps_required": str(program.stamps_required),
        "stamps_missing": str(max(program.stamps_required - int(kind.samples.get("stamps", "0")), 0)),
    }
    return kind.samples | sample_links(kind) | {name: own[name] for name in own if name in kind.known}


def sample_links(kind: Kind) -> dict[str, str]:
    """Addresses for the links of a sample: pages of this installation that say what they are."""
    return {
        one.name: f"{settings.REGULARS_PUBLIC_URL}/sample/{one.name.removesuffix('_url').replace('_', '-')}"
        for one in kind.placeholders
        if one.link
    }


def preview(
    *,
    business_id: int,
    kind: str,
    name: str = "",
    language: str = "",
    subject: str | None = None,
    body: str | None = None,
    button: str | None = None,
) -> Rendered:
    """A message of a kind with sample values, in the words that the business has, or in these.

    It is as somebody gets it who has chosen the `language`, or that of the business.

    Raises:
        NotFound: there is no such kind, or no text of that name.
        InvalidInput: the words are unusable or use an unknown placeholder; the field is named.
    """
    found = automatic(kind)
    tried = clean_words(found, subject=subject, body=body, button=button)
    name = existing_name(business_id=business_id, kind=found, name=name)
    business = business_by_id(business_id)
    spoken = check_language(language) or business.language
    text = text_of(business_id=business_id, kind=found, name=name, language=spoken)
    values = samples(business_id=business_id, kind=found)
    return compose(
        look=Look.of(business),
        words=words(
            found,
            subject=tried.get("subject") or text.subject,
            body=tried.get("body") or text.body,
            button=tried.get("button") or text.button,
            language=spoken,
        ),
        values=values,
        unsubscribe=values.get("unsubscribe_url", ""),
    )
