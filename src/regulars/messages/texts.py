"""The words of automatic messages: the product's own, and what a business made of them."""

from __future__ import annotations

from dataclasses import dataclass

from django_scopes import scope

from regulars.messages.kinds import Button, Kind, automatic
from regulars.messages.letter import Look, Rendered, Words, compose
from regulars.messages.models import MessageText
from regulars.tenants.queries import business_by_id

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
    button: str
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
    label = kind.button.label if kind.button else ""
    if chosen is None:
        return Text(kind, "", enabled, kind.subject, kind.body, label, own=False)
    return Text(
        kind,
        chosen.name,
        enabled,
        chosen.subject or (usual.subject if usual else "") or kind.subject,
        chosen.body or (usual.body if usual else "") or kind.body,
        chosen.button or (usual.button if usual else "") or label,
        own=bool(chosen.subject or chosen.body or chosen.button),
    )


def words(kind: Kind, *, subject: str, body: str, button: str = "") -> Words:
    """A letter's words for a kind; `button` is what its button says, if not the product's own."""
    return Words(
        subject=subject,
        body=body,
        known=kind.known,
        links=frozenset(placeholder.name for placeholder in kind.placeholders if placeholder.link),
        codes=frozenset(placeholder.name for placeholder in kind.placeholders if placeholder.code),
        button=Button(button, kind.button.target) if kind.button and button else kind.button,
        why=WHY_MEMBER if kind.to == "member" else WHY_STAFF,
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
    return kind.samples | {name: value for name, value in own.items() if name in kind.known}


def preview(
    *,
    business_id: int,
    kind: str,
    name: str = "",
    subject: str | None = None,
    body: str | None = None,
    button: str | None = None,
) -> Rendered:
    """A message of a kind with sample values, in the words that the business has, or in these.

    Raises:
        NotFound: there is no such kind.
        InvalidInput: the words use an unknown placeholder; the field is named.
    """
    found = automatic(kind)
    text = text_of(business_id=business_id, kind=found, name=name)
    values = samples(business_id=business_id, kind=found)
    return compose(
        look=Look.of(business_by_id(business_id)),
        words=words(
            found,
            subject=subject or text.subject,
            body=body or text.body,
            button=button or text.button,
        ),
        values=values,
        unsubscribe=values.get("unsubscribe_url", ""),
    )
