"""The page about messages names every kind and every placeholder, and the figures are those of the code."""

from __future__ import annotations

import pytest

from regulars.messages import automatic, daily, tasks
from regulars.messages.kinds import AUTOMATIC, CAMPAIGN
from regulars.tenants import passwords
from tests.docs import pages

PAGE = pages.DOCS / "messages.md"

pytestmark = pytest.mark.once


def first_cells(title: str) -> list[str]:
    return [
        name
        for table in pages.tables(pages.section(PAGE, title).text)
        for row in table
        for name in pages.code(next(iter(row.values())))
    ]


def test_every_kind_is_told_of() -> None:
    assert first_cells("What is sent, and when") == list(AUTOMATIC)


def test_every_placeholder_of_campaigns_is_told_of() -> None:
    table = first_cells("Your own words")
    assert table == [placeholder.name for placeholder in CAMPAIGN.placeholders]


def test_the_figures_are_those_of_the_code() -> None:
    text = pages.read(PAGE)
    assert f"{daily.REMIND.days} days before the last day" in text
    assert f"from {daily.MORNING} in the morning" in text
    assert f"more than {automatic.NEWS.total_seconds() / 3600:.0f} hours ago" in text
    assert f"Entries stay for {tasks.KEEP.days} days" in pages.read(pages.DOCS / "rest.md")
    assert passwords.LINK_LASTS.total_seconds() == 3600
    assert "once, for one hour" in text
    assert passwords.MAILS_A_MINUTE == 1
