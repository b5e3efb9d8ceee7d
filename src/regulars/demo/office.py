"""What the owners of the demo have set up in their back office: fields of their own, searches they keep."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_scopes import scope

from regulars.members import labels, segments
from regulars.members.actions import edit_member
from regulars.members.models import Member

_KNOWN_OF = 40


@dataclass(frozen=True, slots=True)
class Office:
    """`field` is what the shop calls its first own field, `values` what stands there; `searches` by name."""

    field: str
    values: tuple[str, ...]
    searches: Mapping[str, Mapping[str, Any]]


def furnish(*, business_id: int, office: Office) -> None:
    """Name the field, fill it for the longest-standing members, and keep the searches."""
    labels.set_labels(business_id=business_id, given={"metadata01": office.field})
    draw = random.Random(office.field)
    with scope(business=business_id):
        oldest = list(Member.objects.order_by("pk").values_list("pk", flat=True)[:_KNOWN_OF])
    for member_id in oldest:
        edit_member(business_id=business_id, pk=member_id, metadata01=draw.choice(office.values))
    for name, given in office.searches.items():
        segments.add_segment(business_id=business_id, name=name, given=given)
