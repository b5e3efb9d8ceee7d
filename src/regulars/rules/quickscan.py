"""What the counter's amount field offers, as a short text describes it.

========================  =======================================================
``7``                     one button that gives 7 points
``3,5,10,20``             several buttons
``Eggs:3, Bacon:5``       buttons with names
``free``                  any number of points
``calc``                  the amount of a sale, which promotions turn into points
``calc min:10``           the same for sales of at least 10
``auto:7``                7 points at the scan itself
========================  =======================================================

The grammar is that of the product whose interface the RPC dialect is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_text
from regulars.rules.values import MAX_POINTS

Kind = Literal["buttons", "free", "calc", "auto"]

FIELD: Final = "quickscan_function"
MAX_LENGTH: Final = 300

_WHOLE: Final = re.compile("[0-9]{1,10}")
_CALC: Final = re.compile(r"calc(?:\s+min\s*:\s*(?P<minimum>.*))?", re.IGNORECASE | re.DOTALL)
_AUTO: Final = re.compile(r"auto\s*:(?P<points>[^,]*)", re.IGNORECASE)
_MONEY: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
# Names that a button cannot have, because with it the text would mean something else.
_RESERVED: Final = re.compile(r"auto|free|calc(\s.*)?", re.IGNORECASE | re.DOTALL)


class Button(NamedTuple):
    """A button that gives points. Without a label it shows their number."""

    label: str
    points: int


@dataclass(frozen=True, slots=True)
class QuickScan:
    """What the counter offers. `auto` has one button without a label, which is pressed by the scan.

    `minimum` is the smallest sale that `calc` takes; None for any.
    """

    kind: Kind
    buttons: tuple[Button, ...] = ()
    minimum: Decimal | None = None

    @property
    def points(self) -> int:
        """What the scan itself gives."""
        return self.buttons[0].points if self.kind == "auto" else 0


def parse(text: str) -> QuickScan:
    """Read the text of a QuickScan function. Case and space around its parts do not matter.

    Raises:
        InvalidInput: it is none; the message says which part is wrong.
    """
    said = clean_text(text, field=FIELD, max_length=MAX_LENGTH, required=True)
    if said.lower() == "free":
        return QuickScan("free")
    calc = _CALC.fullmatch(said)
    if calc is not None and "," not in said:
        return QuickScan("calc", minimum=_minimum(calc["minimum"]))
    auto = _AUTO.fullmatch(said)
    if auto is not None:
        return QuickScan("auto", buttons=(Button("", _points(auto["points"])),))
    buttons = tuple(_button(part.strip()) for part in said.split(","))
    shown = [button.label.lower() or str(button.points) for button in buttons]
    for label in shown:
        if shown.count(label) > 1:
            raise InvalidInput.at(FIELD, f"has the button {label!r} twice")
    return QuickScan("buttons", buttons=buttons)


def to_text(function: QuickScan) -> str:
    """The text that `parse` reads as this function, in its plainest form."""
    if function.kind == "free":
        return "free"
    if function.kind == "calc":
        return "calc" if function.minimum is None else f"calc min:{function.minimum}"
    if function.kind == "auto":
        return f"auto:{function.points}"
    named = any(button.label for button in function.buttons)
    parts = [
        f"{button.label}:{button.points}" if button.label else str(button.points)
        for button in function.buttons
    ]
    return (", " if named else ",").join(parts)


def _minimum(text: str | None) -> Decimal | None:
    if text is None:
        return None
    if _MONEY.fullmatch(text) is None:
        raise InvalidInput.at(FIELD, f"needs an amount such as 10 or 9.50 after min:, not {text!r}")
    return Decimal(text)


def _points(text: str) -> int:
    number = text.strip()
    if _WHOLE.fullmatch(number) is None or not 1 <= int(number) <= MAX_POINTS:
        raise InvalidInput.at(
            FIELD, f"needs points as a whole number from 1 to {MAX_POINTS}, not {number!r}: {_EXAMPLES}"
        )
    return int(number)


def _button(part: str) -> Button:
    if not part:
        raise InvalidInput.at(FIELD, "has nothing between two commas")
    label, colon, points = part.rpartition(":")
    label = label.strip()
    if colon and not label:
        raise InvalidInput.at(FIELD, f"has a button without a name before the colon: {part!r}")
    if _RESERVED.fullmatch(label):
        raise InvalidInput.at(FIELD, f"cannot have {label!r} as one of several buttons: it stands alone")
    return Button(label, _points(points))


_EXAMPLES: Final = "write 7, or 3,5,10, or Eggs:3, Bacon:5, or free, or calc, or calc min:10, or auto:7"
