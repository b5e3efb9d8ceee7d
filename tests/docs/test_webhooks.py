"""The page about webhooks says the numbers of the code."""

from __future__ import annotations

import datetime as dt

import pytest

from regulars import outbound
from regulars.outbox import actions, cleaning, deliver, resending
from regulars.rules import retries
from tests.docs import pages

PAGE = pages.DOCS / "webhooks.md"

pytestmark = pytest.mark.once


def in_words(pause: dt.timedelta) -> str:
    seconds = int(pause.total_seconds())
    for unit, of in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % of == 0:
            return f"{seconds // of} {unit}{'s' if seconds > of else ''}"
    raise AssertionError(pause)


def test_the_table_of_attempts_is_the_one_that_is_followed() -> None:
    (table,) = pages.tables(pages.section(PAGE, "When it fails").text)
    assert [row["After"] for row in table] == ["at once", *map(in_words, retries.PAUSES)]
    assert [row["Attempt"] for row in table] == [str(n + 1) for n in range(retries.ATTEMPTS)]


@pytest.mark.parametrize(
    "sentence",
    [
        f"within {outbound.TIMEOUT:g} seconds",
        f"Each worker has up to {deliver.IN_FLIGHT_EACH} requests under way to one endpoint",
        f"fails {retries.CIRCUIT_OPENS_AFTER} times in a row",
        f"at most {outbound.MAX_ANSWER // 1024} KB of an answer",
        f"For {actions.OVERLAP_HOURS} hours",
        f"(0 to {actions.MAX_OVERLAP_HOURS})",
        f"up\nto {retries.LONGEST_WISH.total_seconds() / 3600:g} hours",
    ],
)
def test_the_page_says_the_numbers_of_the_code(sentence: str) -> None:
    assert sentence in pages.read(PAGE)


def test_the_guide_says_the_limits() -> None:
    guide = pages.read(pages.DOCS / "rest.md")
    assert f"A business has {actions.MAX_ENDPOINTS} endpoints at most" in guide
    assert f"More than {resending.MAX_RESENT:,} events are `400`" in guide
    assert f"are kept for {cleaning.KEEP_DELIVERED.days} days" in guide
    assert f"Events are kept for {cleaning.KEEP_EVENTS.days} days" in guide
