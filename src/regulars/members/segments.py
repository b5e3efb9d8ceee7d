"""Saved segments: searches for members under a name. Who is in one is always found anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Upper
from django_scopes import scope

from regulars import db
from regulars.members import filters
from regulars.members.models import Member, SavedSegment
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.rules.text import clean_line
from regulars.tenants.models import Business
from regulars.tenants.queries import same_code

NAME_LENGTH: Final = 100
# Lists and choices show all segments of a business.
MOST: Final = 100


def add_segment(*, business_id: int, name: str, given: Mapping[str, Any]) -> SavedSegment:
    """Keep a search under a name; `given` is what `filters.clean` takes.

    Raises:
        InvalidInput: the name or a filter is unusable, or nothing is searched for; the field is named.
        NotFound: a filter names a group or a branch that the business does not have.
        Conflict: the business has a segment of this name, or as many as it can have.
    """
    segment = SavedSegment(business_id=business_id)
    with transaction.atomic(), scope(business=business_id):
        db.serialise("segments", business_id)
        if SavedSegment.objects.count() >= MOST:
            raise Conflict(f"A business can have {MOST} segments: delete one that nobody uses.")
        _fill(segment, name, given)
    return segment


def edit_segment(
    *, business_id: int, pk: int, name: str | None = None, given: Mapping[str, Any] | None = None
) -> SavedSegment:
    """Give a segment another name or another search, which replaces the whole earlier one.

    A filter that stays as it was may be of a group or a branch that was deleted, or be none any more: it goes
    on finding nobody.

    Raises:
        InvalidInput, NotFound, Conflict: as for `add_segment`; also NotFound for an unknown segment.
    """
    with transaction.atomic(), scope(business=business_id):
        segment = SavedSegment.objects.select_for_update().filter(pk=pk).first()
        if segment is None:
            raise NotFound(f"There is no segment {pk}.")
        _fill(segment, segment.name if name is None else name, segment.filters if given is None else given)
    return segment


def delete_segment(*, business_id: int, pk: int) -> None:
    """Delete a segment. Members stay as they are; a campaign for it that was not sent has to get another one.

    Raises:
        NotFound: the business has no such segment.
    """
    with transaction.atomic(), scope(business=business_id):
        gone, _ = SavedSegment.objects.filter(pk=pk).delete()
        if not gone:
            raise NotFound(f"There is no segment {pk}.")


def saved_segments(*, business_id: int) -> list[SavedSegment]:
    """All saved segments of a business, by name."""
    with scope(business=business_id):
        return list(SavedSegment.objects.order_by(Upper("name"), "pk"))


def segment_by_id(*, business_id: int, pk: int) -> SavedSegment:
    """A saved segment of a business.

    Raises:
        NotFound: the business has no such segment.
    """
    with scope(business=business_id):
        segment = SavedSegment.objects.filter(pk=pk).first()
    if segment is None:
        raise NotFound(f"There is no segment {pk}.")
    return segment


def members_of(
    segment: SavedSegment, *, business: Business, now: dt.datetime | None = None
) -> QuerySet[Member]:
    """Who is in a segment at this moment, in no order. Within the business's scope; it has its programme."""
    return filters.find(business, segment.filters, now=now)


def _fill(segment: SavedSegment, name: str, given: Mapping[str, Any]) -> None:
    segment.name = clean_line(name or "", field="name", max_length=NAME_LENGTH, required=True)
    segment.filters = filters.clean(given, business_id=segment.business_id, kept=segment.filters)
    if not segment.filters:
        raise InvalidInput.at("filters", "must say something that members are looked for by")
    taken = Conflict(
        f"There is a segment called {segment.name}.", fields={"name": "belongs to another segment"}
    )
    if SavedSegment.objects.filter(same_code(segment.name, "name")).exclude(pk=segment.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError as error:  # somebody made it at this moment
        raise taken from error
