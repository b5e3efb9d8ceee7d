"""How pages wear a shop's accent: everything that is read or pressed is seen, whatever the colour."""

from __future__ import annotations

import re

import pytest

from regulars.rules import colours
from regulars.web import look

pytestmark = pytest.mark.once

ACCENTS = ["#0f766e", "#fde047", "#facc15", "#000000", "#ffffff", "#808080", "#1e3a8a", "#9d174d"]


def parts(accent: str) -> tuple[dict[str, str], dict[str, str]]:
    """The variables in light, and those that are others in the dark."""
    light, dark, switched = re.split(r"@media|:root\[data-theme", look.sheet(accent))
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in (light, dark, switched)]
    assert found[1] == found[2]
    return found[0], found[1]


@pytest.mark.parametrize("accent", ACCENTS)
def test_text_in_and_on_any_accent_can_be_read(accent: str) -> None:
    for found, ground in zip(parts(accent), (look.LIGHT_GROUND, look.DARK_GROUND), strict=True):
        assert colours.contrast(found["accent"], found["on-accent"]) >= 4.5
        assert colours.contrast(found["accent-ink"], ground) >= 4.5


@pytest.mark.parametrize("accent", ACCENTS)
def test_what_is_pressed_stands_out_from_its_ground(accent: str) -> None:
    light, dark = parts(accent)
    for ground in (look.LIGHT_GROUND, look.LIGHT_PAPER):
        assert colours.contrast(light["accent-edge"], ground) >= 3
    assert light["accent"] == accent
    assert colours.contrast(dark["accent"], look.DARK_GROUND) >= 3
    assert colours.contrast(dark["accent-edge"], look.DARK_GROUND) >= 3


@pytest.mark.parametrize("accent", ACCENTS)
def test_a_card_has_its_shops_own_colour_day_and_night(accent: str) -> None:
    light, dark = parts(accent)
    assert light["face"] == accent
    assert colours.contrast(light["face"], light["on-face"]) >= 4.5
    assert not {"face", "on-face"} & dark.keys()
