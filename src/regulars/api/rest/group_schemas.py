"""What comes in and what goes out about groups, saved segments and the names of own fields."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from regulars.api.rest.schemas import Exact, Id, Incoming, Moment, whole
from regulars.members.groups import MAX_MONTHS
from regulars.rules.values import MAX_POINTS

Measure = Literal["", "points", "visits"]
Threshold = Annotated[int, Field(ge=1, le=MAX_POINTS), BeforeValidator(whole)]
Months = Annotated[int, Field(ge=1, le=MAX_MONTHS), BeforeValidator(whole)]
# What the filters take is in `members.filters`; they refuse by name what they cannot have.
Filters = Annotated[
    dict[str, str | int | bool | None], Field(examples=[{"points_from": 100, "absent_for": 60}])
]


class GroupOut(BaseModel):
    """A group; with a `measure` it is a tier."""

    id: int
    code: str
    name: str
    measure: Measure
    threshold: int | None
    window_months: int | None
    stays: bool
    members: int


class GroupIn(Incoming):
    """A new group."""

    code: Annotated[str, Field(examples=["gold"])]
    name: str = ""
    measure: Measure = ""
    threshold: Threshold | None = None
    window_months: Months | None = None
    stays: Exact = False


class GroupPatch(Incoming):
    """Fields to change; null takes a number away."""

    code: str | None = None
    name: str | None = None
    measure: Measure | None = None
    threshold: Threshold | None = None
    window_months: Months | None = None
    stays: Exact | None = None


class PutInGroup(Incoming):
    """The group into which a customer is put by hand, null for none; or that the tiers decide."""

    group_id: Id | None = None
    by_itself: Exact = False


class InGroup(BaseModel):
    """In which group a customer is, and whether somebody put them there."""

    id: int
    group_id: int | None
    by_hand: bool


class SavedSegmentRow(BaseModel):
    """A saved segment as the list has it."""

    id: int
    name: str
    filters: dict[str, str | int | bool]
    created_at: Moment


class SavedSegmentOut(SavedSegmentRow):
    """A saved segment, and how many are in it now."""

    members: int


class SavedSegmentIn(Incoming):
    """A search to keep under a name."""

    name: Annotated[str, Field(examples=["Regulars whom we miss"])]
    filters: Filters


class SavedSegmentPatch(Incoming):
    """Fields to change; `filters` replaces the whole search."""

    name: str | None = None
    filters: Filters | None = None


class FilterOut(BaseModel):
    """Something that customers can be looked for by."""

    name: str
    label: str
    kind: Literal["text", "flag", "whole", "day", "days", "month", "group", "branch"]


class Labels(BaseModel):
    """The names of the nine fields of a business's own; empty: not used."""

    metadata01: str
    metadata02: str
    metadata03: str
    metadata04: str
    metadata05: str
    metadata06: str
    metadata07: str
    metadata08: str
    metadata09: str


class LabelsPatch(Incoming):
    """Names to give; an empty one takes a name away."""

    metadata01: str | None = None
    metadata02: str | None = None
    metadata03: str | None = None
    metadata04: str | None = None
    metadata05: str | None = None
    metadata06: str | None = None
    metadata07: str | None = None
    metadata08: str | None = None
    metadata09: str | None = None
