"""What members can be looked for by: one table behind the list, the saved segments and the REST dialect.

A search is a mapping of filters to values, all of which must fit. Values are kept as JSON has them: text,
whole numbers, true or false, days as YYYY-MM-DD. `clean` makes such of what a form or an address says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.members import phones
from regulars.members.filter_values import TEXT_LENGTH, Value, read
from regulars.members.matching import matches
from regulars.members.models import Member
from regulars.members.queries import has, search
from regulars.rules import segments
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_line, clean_text
from regulars.tenants.models import Business
from regulars.tenants.queries import same_code

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose members are looked for, and when that is."""

    business: Business
    now: dt.datetime

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the business's days."""
        return ZoneInfo(self.business.timezone)

    @property
    def today(self) -> dt.date:
        """The business's day."""
        return self.now.astimezone(self.zone).date()

    def midnight(self, day: dt.date) -> dt.datetime:
        """When a day of the business begins."""
        return dt.datetime.combine(day, dt.time(), self.zone)

    def first_of(self, days: int) -> dt.datetime:
        """When the first of the last `days` days began, of which today is one."""
        return self.midnight(segments.first_day(self.today, days))


Condition = Callable[[Any, Asked], Q]


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing by which members can be looked for.

    `kind` says what its values are: "text" (whole, without regard to case; `*` is any text), "flag", "whole",
    "day", "days" (a number of days up to today), "month", "group" or "branch" (an id, 0 for none).
    """

    name: str
    label: StrPromise
    kind: str
    part: str
    condition: Condition


def _search(value: str, _asked: Asked) -> Q:
    """What somebody types who looks for a member: part of a name or a contact, or a whole code."""
    code = clean_text(value, field="q", max_length=TEXT_LENGTH)
    return search(value) | Q(same_code(code)) if code else Q()


def _text(column: str) -> Condition:
    def fits(value: str, _asked: Asked) -> Q:
        said = clean_text(value, field=column, max_length=TEXT_LENGTH)
        line = clean_line(value, field=column, max_length=TEXT_LENGTH)
        found = matches(F(column), said, column)
        # What is one line is stored with single spaces and without marks of direction.
        return found if line == said else found | matches(F(column), line, column)

    return fits


def _email(value: str, _asked: Asked) -> Q:
    said = clean_text(value, field="email", max_length=TEXT_LENGTH)
    # Addresses are stored in lower case; a whole one is found by its index.
    return matches(F("email"), said, "email") if "*" in said else has(email=said.lower())


def _second_code(value: str, asked: Asked) -> Q:
    found = _text("secondary_code")(value, asked)
    # Saying so lets the index be used, in which are those that have one.
    return found if "*" in value else found & ~Q(secondary_code="")


def _phone(value: str, asked: Asked) -> Q:
    if "*" in value:
        return matches(F("cell"), value, "cell")
    try:
        return has(cell=phones.normalise(value, country=asked.business.country))
    except InvalidInput:
        return has(cell=value)


def _flag(when: Q) -> Condition:
    return lambda value, _asked: when if value else ~when


def _least(column: str) -> Condition:
    return lambda value, _asked: Q((f"{column}__gte", value))


def _most(column: str) -> Condition:
    return lambda value, _asked: Q((f"{column}__lte", value))


def _day(column: str, way: str) -> Condition:
    return lambda value, _asked: Q((f"{column}__{way}", dt.date.fromisoformat(value)))


def _since(column: str) -> Condition:
    return lambda value, asked: Q((f"{column}__gte", asked.midnight(dt.date.fromisoformat(value))))


def _until(column: str) -> Condition:
    def fits(value: str, asked: Asked) -> Q:
        return Q((f"{column}__lt", asked.midnight(dt.date.fromisoformat(value) + dt.timedelta(days=1))))

    return fits


def _within(column: str) -> Condition:
    return lambda value, asked: Q((f"{column}__gte", asked.first_of(value)))


def _absent(value: int, asked: Asked) -> Q:
    since = asked.first_of(value)
    return Q(joined_at__lt=since) & (Q(card__last_visit_at__lt=since) | Q(card__last_visit_at=None))


def _near(value: Any, asked: Asked) -> Q:
    near = Q(card__stamps__gte=segments.stamps_near(asked.business.program.stamps_required))
    return near if value else ~near


def _reference(column: str) -> Condition:
    return lambda value, _asked: Q((f"{column}_id", value)) if value else Q((f"{column}__isnull", True))


def _of_text(part: str, names: Mapping[str, StrPromise]) -> list[Filter]:
    return [Filter(name, label, "text", part, _text(name)) for name, label in names.items()]


def _numbers(part: str, name: str, column: str, least: StrPromise, most: StrPromise) -> list[Filter]:
    return [
        Filter(f"{name}_from", least, "whole", part, _least(column)),
        Filter(f"{name}_to", most, "whole", part, _most(column)),
    ]


_ALL: Final = (
    Filter("q", _("Name, e-mail or phone"), "text", "search", _search),
    Filter("group_id", _("Group"), "group", "membership", _reference("group")),
    Filter("branch_id", _("Branch"), "branch", "membership", _reference("branch")),
    Filter("suspended", _("Suspended"), "flag", "membership", _flag(Q(suspended=True))),
    Filter("joined_from", _("Joined on or after"), "day", "membership", _since("joined_at")),
    Filter("joined_to", _("Joined on or before"), "day", "membership", _until("joined_at")),
    Filter("joined_within", _("Joined in the last days"), "days", "membership", _within("joined_at")),
    Filter("changed_from", _("Changed on or after"), "day", "membership", _since("modified_at")),
    Filter("changed_to", _("Changed on or before"), "day", "membership", _until("modified_at")),
    *(
        Filter(f"{column}_{end}", label, "day", "membership", _day(column, way))
        for column, end, way, label in (
            ("subscription_date_from", "from", "gte", _("Subscription begins on or after")),
            ("subscription_date_from", "to", "lte", _("Subscription begins on or before")),
            ("subscription_date_to", "from", "gte", _("Subscription ends on or after")),
            ("subscription_date_to", "to", "lte", _("Subscription ends on or before")),
        )
    ),
    *_numbers("activity", "stamps", "card__stamps", _("Stamps, at least"), _("Stamps, at most")),
    Filter("near_reward", _("Close to a reward"), "flag", "activity", _near),
    *_numbers(
        "activity",
        "rewards",
        "card__pending_rewards",
        _("Rewards waiting, at least"),
        _("Rewards waiting, at most"),
    ),
    *_numbers("activity", "points", "card__points", _("Points, at least"), _("Points, at most")),
    *_numbers(
        "activity",
        "points_earned",
        "card__points_earned",
        _("Points ever earned, at least"),
        _("Points ever earned, at most"),
    ),
    *_numbers("activity", "visits", "card__total_visits", _("Visits, at least"), _("Visits, at most")),
    Filter("visited_from", _("Last visit on or after"), "day", "activity", _since("card__last_visit_at")),
    Filter("visited_to", _("Last visit on or before"), "day", "activity", _until("card__last_visit_at")),
    Filter("seen_within", _("Visited in the last days"), "days", "activity", _within("card__last_visit_at")),
    Filter("absent_for", _("Not seen for so many days"), "days", "activity", _absent),
    *_of_text("person", {"code": _("Code")}),
    Filter("secondary_code", _("Second code"), "text", "person", _second_code),
    *_of_text(
        "person",
        {
            "name": _("Whole name"),
            "first_name": _("First name"),
            "last_name": _("Last name"),
            "company_name": _("Company"),
        },
    ),
    Filter("email", _("E-mail"), "text", "person", _email),
    Filter("cell", _("Mobile phone"), "text", "person", _phone),
    *_of_text("person", {"telephone": _("Telephone")}),
    Filter("date_of_birth", _("Date of birth"), "day", "person", _day("date_of_birth", "exact")),
    Filter(
        "birthday_month",
        _("Birthday in month"),
        "month",
        "person",
        lambda value, _asked: Q(date_of_birth__month=value),
    ),
    *_of_text(
        "address",
        {
            "street_address": _("Street"),
            "street_address2": _("Street, second line"),
            "street_suburb": _("Suburb"),
            "street_city": _("City"),
            "street_zipcode": _("Postcode"),
            "street_state": _("State"),
        },
    ),
    Filter("has_email", _("Has an e-mail address"), "flag", "contact", _flag(~Q(email=""))),
    Filter("has_cell", _("Has a mobile phone"), "flag", "contact", _flag(~Q(cell=""))),
    Filter("optout_email", _("Wants no e-mail"), "flag", "contact", _flag(Q(optout_email=True))),
    Filter("optout_text", _("Wants no text messages"), "flag", "contact", _flag(Q(optout_text=True))),
    Filter("optout_post", _("Wants no post"), "flag", "contact", _flag(Q(optout_post=True))),
    *_of_text(
        "own",
        {
            "metadata01": _("Own field 1"),
            "metadata02": _("Own field 2"),
            "metadata03": _("Own field 3"),
            "metadata04": _("Own field 4"),
            "metadata05": _("Own field 5"),
            "metadata06": _("Own field 6"),
            "metadata07": _("Own field 7"),
            "metadata08": _("Own field 8"),
            "metadata09": _("Own field 9"),
        },
    ),
)

FILTERS: Final[dict[str, Filter]] = {one.name: one for one in _ALL}
# The parts of the table in their order, for people.
PARTS: Final[dict[str, StrPromise]] = {
    "search": _("Search"),
    "membership": _("Membership"),
    "activity": _("Activity"),
    "person": _("Person"),
    "address": _("Address"),
    "contact": _("Contact"),
    "own": _("Own fields"),
}


def clean(
    given: Mapping[str, Any], *, business_id: int, kept: Mapping[str, Any] | None = None
) -> dict[str, Value]:
    """The filters that are given, as they are kept; what is empty is left out.

    What is already `kept` stays as it is, though it could not be given anew: a group that was deleted since,
    a filter that is none any more.

    Raises:
        InvalidInput: there is no such filter, or it cannot have this value; the filter is named.
        NotFound: the business has no such group or branch.
    """
    cleaned: dict[str, Value] = {}
    for name, value in given.items():
        if kept is not None and name in kept and as_text(kept[name]) == as_text(value):
            cleaned[name] = kept[name]
            continue
        if name not in FILTERS:
            raise InvalidInput.at(name, "is not a filter of members")
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        cleaned[name] = read(FILTERS[name].kind, value, field=name, business_id=business_id)
    _check_order(cleaned)
    return cleaned


def as_text(value: Any) -> str:
    """A value that is kept as a form and an address say it."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _check_order(cleaned: Mapping[str, Any]) -> None:
    for name, value in cleaned.items():
        base, _dot, end = name.rpartition("_")
        if end == "from" and (last := cleaned.get(f"{base}_to")) is not None and value > last:
            raise InvalidInput.at(f"{base}_to", f"must not be before {name}")


def condition(business: Business, filters: Mapping[str, Any], *, now: dt.datetime | None = None) -> Q:
    """The condition that a member fits cleaned filters. `business` comes with its programme.

    What was kept and is no filter any more fits nobody: a segment must not grow by itself.
    """
    asked = Asked(business, now or timezone.now())
    wanted = Q()
    for name, value in filters.items():
        if name not in FILTERS:
            return Q(pk__in=())
        wanted &= FILTERS[name].condition(value, asked)
    return wanted


def find(
    business: Business, filters: Mapping[str, Any], *, now: dt.datetime | None = None
) -> QuerySet[Member]:
    """The members who fit cleaned filters. Within the business's scope."""
    return Member.objects.filter(condition(business, filters, now=now))
