"""What a business calls the nine fields of its own, `metadata01` to `metadata09`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django_scopes import scope

from regulars import db
from regulars.members.models import FieldLabel
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_line

FIELDS: Final = tuple(f"metadata{number:02d}" for number in range(1, 10))
LABEL_LENGTH: Final = 60


def labels(*, business_id: int) -> dict[str, str]:
    """The label of each of the nine fields; empty: the business does not use it."""
    with scope(business=business_id):
        stored = dict(FieldLabel.objects.values_list("field", "label"))
    return {field: stored.get(field, "") for field in FIELDS}


def set_labels(*, business_id: int, given: Mapping[str, str]) -> dict[str, str]:
    """Name some of the nine fields; an empty name takes one away, what is not given stays. All of them.

    What members have in a field stays, whatever it is called.

    Raises:
        InvalidInput: there is no such field, or a label is unusable or another field's; the field is named.
    """
    cleaned = {}
    for field, label in given.items():
        if field not in FIELDS:
            raise InvalidInput.at(field, f"must be one of {', '.join(FIELDS)}")
        cleaned[field] = clean_line(label or "", field=field, max_length=LABEL_LENGTH)
    with transaction.atomic(), scope(business=business_id):
        db.serialise("labels", business_id)
        _check_different(labels(business_id=business_id) | cleaned, cleaned)
        for field, label in cleaned.items():
            if label:
                FieldLabel.objects.update_or_create(
                    business_id=business_id, field=field, defaults={"label": label}
                )
        FieldLabel.objects.filter(field__in=[field for field, label in cleaned.items() if not label]).delete()
    return labels(business_id=business_id)


def _check_different(after: Mapping[str, str], changed: Mapping[str, str]) -> None:
    for field, label in changed.items():
        others = {other.casefold() for name, other in after.items() if name != field}
        if label and label.casefold() in others:
            raise InvalidInput.at(field, "is the name of another field")
