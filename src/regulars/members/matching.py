"""How texts are compared in the database: without regard to case, with `*` for any text."""

from __future__ import annotations

import re
from typing import Any, Final

from django.db.models import CharField, Q, Value
from django.db.models.functions import Upper
from django.db.models.lookups import Exact, Lookup

from regulars.rules.errors import InvalidInput

MOST_WILDCARDS: Final = 5


class Like(Lookup):
    """SQL's LIKE with a backslash before characters that mean themselves."""

    lookup_name = "like"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """The comparison as SQL."""
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} LIKE {right} ESCAPE '\\'", (*left_params, *right_params)


def upper_text(text: str) -> Any:
    """A text in the case in which the database compares; the database itself changes it."""
    return Upper(Value(text, output_field=CharField()))


def like_pattern(text: str, field: str) -> str:
    """A text with `*` for any text, as LIKE wants it, with a backslash before what means itself.

    Raises:
        InvalidInput: there are more than five `*`.
    """
    if text.count("*") > MOST_WILDCARDS:
        raise InvalidInput.at(field, f"may hold * at most {MOST_WILDCARDS} times")
    return re.sub(r"([\\%_])", r"\\\1", text).replace("*", "%")


def matches(expression: Any, text: str, field: str) -> Q:
    """The condition that an expression equals a text without regard to case; `*` stands for any text.

    Raises:
        InvalidInput: there are more than five `*`.
    """
    if "*" not in text:
        return Q(Exact(Upper(expression), upper_text(text)))
    return Q(Like(Upper(expression), upper_text(like_pattern(text, field))))
