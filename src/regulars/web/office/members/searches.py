"""The filters of members as a list shows them and a sentence tells them. Their table is `members.filters`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.http import QueryDict
from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from regulars.members import labels
from regulars.members.filters import FILTERS, Filter, as_text, clean, condition
from regulars.members.models import MemberGroup
from regulars.rules.errors import Refusal
from regulars.tenants.models import Branch
from regulars.web.office import filters as office
from regulars.web.office.desk import Desk

# From and to of one thing stand beside each other.
_ENDS: Final = ("_from", "_to")
# What most people look for comes first.
_FIRST: Final = (
    "group_id",
    "branch_id",
    "suspended",
    "near_reward",
    "rewards",
    "stamps",
    "points",
    "visits",
    "absent_for",
    "seen_within",
    "joined_within",
    "joined",
    "visited",
    "birthday_month",
    "has_email",
)
_TO: Final = "\N{EN DASH}"
_CONTROLS: Final = {"whole": "number", "days": "number", "day": "date", "text": "text"}


@dataclass(frozen=True)
class Words:
    """What the filters are called in one business, and the choices that they give."""

    desk: Desk

    @cached_property
    def own(self) -> dict[str, str]:
        """The names of the business's own fields."""
        return labels.labels(business_id=self.desk.business.pk)

    @cached_property
    def groups(self) -> list[tuple[str, str]]:
        """The groups, by id."""
        rows = MemberGroup.objects.order_by("name", "pk").values_list("pk", "name")
        return [(str(pk), name) for pk, name in rows]

    @cached_property
    def branches(self) -> list[tuple[str, str]]:
        """The branches, by id."""
        return [
            (str(pk), name) for pk, name in Branch.objects.order_by("name", "pk").values_list("pk", "name")
        ]

    def label(self, one: Filter) -> str:
        """What a filter is called: an own field by its name."""
        return self.own.get(one.name) or str(one.label)

    def choices(self, one: Filter, chosen: str = "") -> list[tuple[str, str]]:
        """The values of a filter that has a few; a group or a branch that is `chosen` may be deleted."""
        known = self._choices(one)
        if one.kind in ("group", "branch") and chosen and chosen not in dict(known):
            return [*known, (chosen, _("one that was deleted"))]
        return known

    def _choices(self, one: Filter) -> list[tuple[str, str]]:
        match one.kind:
            case "flag":
                return [("1", _("Yes")), ("0", _("No"))]
            case "group":
                return [("0", _("In no group")), *self.groups]
            case "branch":
                return [("0", _("Of no branch")), *self.branches]
            case "month":
                return [(str(number), str(name)) for number, name in MONTHS.items()]
            case _:
                return []

    def value(self, one: Filter, value: Any) -> str:
        """A kept value of a filter, in words."""
        if one.kind == "day":
            return date_format(dt.date.fromisoformat(str(value)), "SHORT_DATE_FORMAT")
        key = str(int(value)) if one.kind == "flag" else str(value)
        return next((label for name, label in self.choices(one, key) if name == key), key)

    def sentence(self, kept: Mapping[str, Any]) -> str:
        """A whole search, in words."""
        told = (
            f"{self.label(FILTERS[name])}: {self.value(FILTERS[name], value)}" for name, value in _known(kept)
        )
        return " · ".join(told)


@dataclass(frozen=True, slots=True)
class MemberFilter(office.Filter):
    """A filter of members, or the two of them that say from and to, as a chip."""

    words: Words
    names: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of the address: the names of the filters."""
        return self.names

    def given(self, query: QueryDict) -> dict[str, str]:
        """What the address says, in its words."""
        return {name: text for name in self.names if (text := self.value(query, name))}

    def _kept(self, query: QueryDict) -> dict[str, Any] | None:
        """What the address says, as it would be kept; None for what cannot be."""
        given = self.given(query)
        try:
            return dict(clean(given, business_id=self.words.desk.business.pk)) if given else {}
        except Refusal:
            return None

    def chosen(self, query: QueryDict) -> bool:
        """Whether it narrows anything."""
        return bool(self.given(query))

    def fields(self, query: QueryDict) -> list[office.Field]:
        """Its controls."""
        found = []
        for name in self.names:
            one = FILTERS[name]
            choices = self.words.choices(one, self.value(query, name))
            label = self.words.label(one)
            if len(self.names) > 1:
                label = _("From") if name.endswith("_from") else _("To")
            kind = "select" if choices else _CONTROLS[one.kind]
            everything = [("", _("All")), *choices] if choices else []
            found.append(office.Field(name, label, kind, self.value(query, name), everything))
        return found

    def told(self, query: QueryDict) -> str:
        """What is chosen, for people."""
        kept = self._kept(query)
        if kept is None:
            return _TO.join(self._unread(FILTERS[name], text) for name, text in self.given(query).items())
        texts = [self.words.value(FILTERS[name], value) for name, value in kept.items()]
        if len(self.names) == 1 or not texts:
            return "".join(texts)
        if len(texts) > 1:
            return _TO.join(texts)
        ends = (_("from %(value)s"), _("up to %(value)s"))
        return ends[next(iter(kept)).endswith("_to")] % {"value": texts[0]}

    def _unread(self, one: Filter, text: str) -> str:
        return dict(self.words.choices(one, text)).get(text, text)

    def narrowed(self, rows: office.Rows, query: QueryDict) -> office.Rows:
        """The members who fit: nobody fits what cannot be read, such as a group that was deleted.

        With many at once things are done to those who are listed; they must not become more by themselves.
        """
        kept = self._kept(query)
        return rows.none() if kept is None else rows.filter(condition(self.words.desk.business, kept))


def chips(desk: Desk) -> list[MemberFilter]:
    """All filters of members, those first that most people use.

    Own fields without a name are left out, unless the address asks for one.
    """
    words = Words(desk)
    known = [
        name
        for name in FILTERS
        if name != "q" and (name not in words.own or words.own[name] or desk.get.get(name))
    ]
    found: dict[str, list[str]] = {}
    for name in known:
        base = next((name.removesuffix(end) for end in _ENDS if _is_span(name, end)), name)
        found.setdefault(base, []).append(name)
    order = [*(base for base in _FIRST if base in found), *(base for base in found if base not in _FIRST)]
    return [MemberFilter(base, _label(words, base, found[base]), words, tuple(found[base])) for base in order]


def _is_span(name: str, end: str) -> bool:
    other = _ENDS[end == _ENDS[0]]
    return name.endswith(end) and name.removesuffix(end) + other in FILTERS


def _label(words: Words, base: str, names: list[str]) -> str:
    spans = {
        "joined": _("Joined"),
        "changed": _("Changed"),
        "subscription_date_from": _("Subscription begins"),
        "subscription_date_to": _("Subscription ends"),
        "stamps": _("Stamps"),
        "rewards": _("Rewards waiting"),
        "points": _("Points"),
        "points_earned": _("Points ever earned"),
        "visits": _("Visits"),
        "visited": _("Last visit"),
    }
    return spans[base] if len(names) > 1 else words.label(FILTERS[names[0]])


def given(desk: Desk, query: QueryDict) -> dict[str, str]:
    """The search that an address says, for the form of a segment: it refuses what cannot be kept."""
    found: dict[str, str] = {}
    for one in chips(desk):
        found |= one.given(query)
    if q := " ".join(query.get("q", "").replace("\0", "").split())[:200]:
        found["q"] = q
    return found


def query_of(filters: Mapping[str, Any]) -> str:
    """A kept search as the query of an address of the list."""
    query = QueryDict(mutable=True)
    for name, text in texts(filters):
        query[name] = text
    return query.urlencode()


def texts(filters: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """A kept search as an address and a form say it."""
    for name, value in _known(filters):
        yield name, as_text(value)


def _known(kept: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """What is kept, in the order of the table: databases keep JSON in an order of their own."""
    return ((name, kept[name]) for name in FILTERS if name in kept)
