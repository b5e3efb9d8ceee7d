"""The words of automatic messages: the product's own, and what a business made of them."""

from __future__ import annotations

from dataclasses import dataclass

from django_scopes import scope

from regulars.messages.kinds import Kind
from regulars.messages.letter import Words
from regulars.messages.models import MessageText

WHY_MEMBER = "You get this because you are a member of our programme."
WHY_STAFF = "You get this because you work with us."


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one kind in one business: `own` when they are not the product's."""

    kind: Kind
    name: str
    enabled: bool
    subject: str
    body: str
    own: bool


def is_enabled(*, business_id: int, kind: str) -> bool:
    """Whether messages of a kind go out; those of campaigns always do."""
    with scope(business=business_id):
        off = MessageText.objects.filter(kind=kind, name="", enabled=False).exists()
    return not off


def text_of(*, business_id: int, kind: Kind, name: str = "") -> Text:
    """The words of a kind, or those that have a name; when nobody has that name, the usual ones."""
    with scope(business=business_id):
        rows = {row.name.upper(): row for row in MessageText.objects.filter(kind=kind.name)}
    usual = rows.get("")
    chosen = rows.get(name.strip().upper(), usual)
    enabled = usual is None or usual.enabled
    if chosen is None:
        return Text(kind, "", enabled, kind.subject, kind.body, own=False)
    return Text(
        kind,
        chosen.name,
        enabled,
        chosen.subject or (usual.subject if usual else "") or kind.subject,
        chosen.body or (usual.body if usual else "") or kind.body,
        own=bool(chosen.subject or chosen.body),
    )


def words(kind: Kind, *, subject: str, body: str) -> Words:
    """A letter's words for a kind."""
    return Words(
        subject=subject,
        body=body,
        known=kind.known,
        links=frozenset(placeholder.name for placeholder in kind.placeholders if placeholder.link),
        button=kind.button,
        why=WHY_MEMBER if kind.to == "member" else WHY_STAFF,
    )
