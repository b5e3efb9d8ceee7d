"""How points are given at the counter, as an owner chooses it: the text of `rules.quickscan` as fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.rules import quickscan
from regulars.rules.errors import InvalidInput
from regulars.rules.values import MAX_POINTS
from regulars.web.office.forms import MoneyField, OfficeForm, WholeField

AMOUNT, BUTTONS, NUMBER, VISIT, NONE = "amount", "buttons", "number", "visit", "none"
_KINDS: Final = {"calc": AMOUNT, "buttons": BUTTONS, "free": NUMBER, "auto": VISIT}
# So many empty rows stand below the buttons that there are, and so many rows there are at least and at most.
_SPARE: Final = 2
_LEAST_ROWS: Final = 4
_MOST_ROWS: Final = 30
_CHOICES: Final = (
    (
        AMOUNT,
        gettext_lazy("Staff type the amount of the purchase, and your promotions make it into points"),
    ),
    (BUTTONS, gettext_lazy("Staff tap a button that gives its points")),
    (NUMBER, gettext_lazy("Staff type how many points")),
    (VISIT, gettext_lazy("Each visit gives the same number of points, by itself")),
    (NONE, gettext_lazy("Not at the counter")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row for a button: what it is called, and what it gives."""

    label: BoundField
    points: BoundField


def initial(text: str) -> dict[str, Any]:
    """What the fields show of a text of `rules.quickscan`, empty for stamps only."""
    try:
        now = quickscan.parse(text) if text else None
    except InvalidInput:  # stored before the grammar knew better
        now = None
    if now is None:
        return {"points_by": NONE}
    found: dict[str, Any] = {"points_by": _KINDS[now.kind], "least_amount": now.minimum}
    if now.kind == "auto":
        found["visit_points"] = now.points
    if now.kind == "buttons":
        for at, one in enumerate(now.buttons, start=1):
            found |= {f"button_{at}_label": one.label, f"button_{at}_points": one.points}
    return found


class GivingForm(OfficeForm):
    """How points are given; `said` has it as `quickscan_function`."""

    points_by = forms.ChoiceField(
        label=gettext_lazy("How points are given"),
        choices=_CHOICES,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Promotions on events may bring buttons of their own besides."),
    )
    least_amount = MoneyField(
        label=gettext_lazy("Smallest purchase"),
        help_text=gettext_lazy("Empty: any."),
        required=False,
    )
    visit_points = WholeField(1, MAX_POINTS, label=gettext_lazy("Points for a visit"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given: Mapping[str, Any] = self.data if self.is_bound else self.initial
        self._rows = _rows_in(given)
        for at in range(1, self._rows + 1):
            label = forms.CharField(label=_("Name of button %(number)d") % {"number": at}, required=False)
            label.max_length = quickscan.MAX_LENGTH
            label.widget.attrs |= {"class": "form-control", "dir": "auto", "id": f"id_button_{at}_label"}
            points = WholeField(
                1, MAX_POINTS, label=_("Points of button %(number)d") % {"number": at}, required=False
            )
            points.widget.attrs |= {"class": "form-control", "id": f"id_button_{at}_points"}
            self.fields |= {f"button_{at}_label": label, f"button_{at}_points": points}
        self.fields["least_amount"].shown_when = f"points_by={AMOUNT}"  # type: ignore[attr-defined]
        self.fields["visit_points"].shown_when = f"points_by={VISIT}"  # type: ignore[attr-defined]

    @property
    def buttons(self) -> Iterator[Row]:
        """The rows of buttons."""
        for at in range(1, self._rows + 1):
            yield Row(self[f"button_{at}_label"], self[f"button_{at}_points"])

    def clean(self) -> dict[str, Any]:
        """What was chosen, which must make a text that `rules.quickscan` reads."""
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            self._made = self._text(given)
        return given

    def said(self) -> dict[str, Any]:
        """With `quickscan_function`, the text that says how points are given."""
        return super().said() | {"quickscan_function": self._made}

    def _text(self, given: dict[str, Any]) -> str:
        match given["points_by"]:
            case "amount":
                least = given["least_amount"]
                return "calc" if not least else f"calc min:{least}"
            case "buttons":
                return self._button_text(given)
            case "number":
                return "free"
            case "visit":
                if not given["visit_points"]:
                    self.add_error("visit_points", _("This is needed."))
                return f"auto:{given['visit_points']}"
        return ""

    def _button_text(self, given: dict[str, Any]) -> str:
        """The rows in which something was typed, as a text; what is wrong with one is said there."""
        parts: list[str] = []
        shown: set[str] = set()
        for at in range(1, self._rows + 1):
            label, points = given[f"button_{at}_label"], given[f"button_{at}_points"]
            if not label and points is None:
                continue
            if points is None:
                self.add_error(f"button_{at}_points", _("Say how many points it gives."))
                continue
            part = f"{label}:{points}" if label else str(points)
            name = (label or str(points)).casefold()
            if not _is_button(part):
                self.add_error(f"button_{at}_label", _("A button cannot have this name."))
            elif name in shown:
                self.add_error(f"button_{at}_label", _("Another button shows the same."))
            shown.add(name)
            parts.append(part)
        if not parts and not self.errors:
            self.add_error("points_by", _("Write at least one button."))
        text = ", ".join(parts)
        if len(text) > quickscan.MAX_LENGTH:
            self.add_error("points_by", _("These are too many buttons, or their names are too long."))
        return text


def _rows_in(given: Mapping[str, Any]) -> int:
    """How many rows there are for what was typed, or what stands in them."""
    filled = (
        at
        for at in range(1, _MOST_ROWS + 1)
        if given.get(f"button_{at}_label") or given.get(f"button_{at}_points")
    )
    return min(max(_LEAST_ROWS, max(filled, default=0) + _SPARE), _MOST_ROWS)


def _is_button(part: str) -> bool:
    """Whether a part of a text is one button, and not something that only reads so."""
    try:
        found = quickscan.parse(part)
    except InvalidInput:
        return False
    return found.kind == "buttons" and len(found.buttons) == 1
