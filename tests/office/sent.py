"""What a browser sends of a form that nobody has changed yet."""

from __future__ import annotations

from typing import Any

from tests.office.seat import Seat


def as_is(seat: Seat, name: str, **ids: Any) -> dict[str, Any]:
    """The fields of a page's form with what stands in them; an unticked box is not sent."""
    form = seat.get(name, **ids).context["form"]
    values = {field.html_name: field.value() for field in form}
    return {
        key: "on" if value is True else value
        for key, value in values.items()
        if value is not None and value is not False
    }
