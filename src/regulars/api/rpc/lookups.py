"""Records by their codes, and the columns behind paths. How texts are compared is in `members.matching`."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, Model

from regulars.members.matching import like_pattern, matches
from regulars.rules.text import clean_text
from regulars.tenants.queries import same_code

__all__ = ["column_of", "id_by_code", "like_pattern", "matches"]

_LONGEST_CODE = 50


def id_by_code(model: type[Model], field: str, code: str) -> int | None:
    """The id of the business's record with a code; None when there is none.

    Raises:
        InvalidInput: it cannot be a code; the message names `field`.
    """
    table: Any = model
    wanted = clean_text(code, field=field, max_length=_LONGEST_CODE)
    pk: int | None = table.objects.filter(same_code(wanted)).values_list("pk", flat=True).first()
    return pk


def column_of(model: type[Model], path: str) -> Field[Any, Any]:
    """The column behind a path such as `branch__code`."""
    found: Any = None
    here: Any = model
    for step in path.split("__"):
        found = here._meta.get_field(step)  # noqa: SLF001 - Django documents it under this name
        here = found.related_model
    column: Field[Any, Any] = found
    return column
