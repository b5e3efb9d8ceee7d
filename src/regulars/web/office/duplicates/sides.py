"""Two records side by side: what is on their cards, and what each says of the person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.ledger.models import Card
from regulars.members import labels, merging
from regulars.members.models import Member
from regulars.rules import stamps

_LABELS: Final = {
    "name": gettext_lazy("Name"),
    "phone": gettext_lazy("Mobile phone"),
    "email": gettext_lazy("E-mail"),
    "birthday": gettext_lazy("Birthday"),
    "secondary_code": gettext_lazy("Second code"),
    "company_name": gettext_lazy("Company"),
    "telephone": gettext_lazy("Telephone"),
    "address": gettext_lazy("Address"),
    "group": gettext_lazy("Group"),
    "branch": gettext_lazy("Branch"),
    "language": gettext_lazy("Language"),
    "subscription": gettext_lazy("Subscription"),
}
_MESSAGES: Final = {
    "optout_email": gettext_lazy("e-mail"),
    "optout_text": gettext_lazy("text messages"),
    "optout_post": gettext_lazy("post"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of both cards, and what it is together."""

    label: str
    kept: int
    other: int
    together: int


@dataclass(frozen=True, slots=True)
class Field:
    """What both say. Where they differ somebody chooses; `takes_other` is what stands or was chosen."""

    name: str
    label: str
    kept: str
    other: str
    differs: bool
    takes_other: bool

    @property
    def result(self) -> str:
        """What stays."""
        return self.other if self.takes_other else self.kept


def figures(kept: Card, other: Card, *, goal: int) -> list[Figure]:
    """What is on the two cards, and on the one that becomes of them."""
    card = stamps.complete(stamps=kept.stamps + other.stamps, goal=goal)
    waiting = kept.pending_rewards + other.pending_rewards + card.rewards_earned
    return [
        Figure(_("Stamps"), kept.stamps, other.stamps, card.stamps),
        Figure(_("Points"), kept.points, other.points, kept.points + other.points),
        Figure(_("Rewards waiting"), kept.pending_rewards, other.pending_rewards, waiting),
        Figure(_("Visits"), kept.total_visits, other.total_visits, kept.total_visits + other.total_visits),
    ]


def fields(kept: Member, other: Member, taken: Collection[str]) -> list[Field]:
    """What the two records say, field by field; those that neither fills are left out."""
    own = labels.labels(business_id=kept.business_id)
    differing = set(merging.differences(kept, other))
    changing = merging.changes(kept, other, taken)
    found = []
    for name, columns in merging.CHOICES.items():
        mine, theirs = _told(kept, name, columns), _told(other, name, columns)
        if mine or theirs:
            label = _LABELS.get(name) or own.get(name) or _("Own field %(number)s") % {"number": name[-1]}
            takes = any(column in changing for column in columns)
            found.append(Field(name, str(label), mine, theirs, name in differing, takes))
    return found


def wants(kept: Member, other: Member) -> str:
    """Which messages the one whom the two become may be sent, in a sentence; empty where nobody said no."""
    refused = merging.opt_outs(kept, other)
    no = [str(label) for flag, label in _MESSAGES.items() if refused[flag]]
    yes = [str(label) for flag, label in _MESSAGES.items() if not refused[flag]]
    if not no:
        return ""
    told = _("Afterwards: no %(messages)s") % {"messages": ", ".join(no)}
    return told + (_("; yes to %(messages)s.") % {"messages": ", ".join(yes)} if yes else ".")


def _told(member: Member, name: str, columns: Collection[str]) -> str:
    if name == "name":
        return member.name
    if name in ("group", "branch"):
        found: Any = getattr(member, name)
        return found.name if found is not None else ""
    values = [getattr(member, column) for column in columns]
    said = [
        value if isinstance(value, str) else date_format(value, "DATE_FORMAT") for value in values if value
    ]
    return (" \N{EN DASH} " if name == "subscription" else ", ").join(said)
