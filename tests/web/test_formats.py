"""How pages write days and times in each language."""

from __future__ import annotations

import datetime as dt

import pytest
from babel.dates import get_month_names
from django.utils import formats, translation

from regulars.formats.months import MONTHS
from regulars.rules.languages import LANGUAGES

pytestmark = pytest.mark.once


@pytest.mark.parametrize("language", LANGUAGES)
def test_months_are_called_as_people_call_them(language: str) -> None:
    called = get_month_names("wide", locale=language)
    with translation.override(language):
        assert [str(MONTHS[number]) for number in range(1, 13)] == [called[number] for number in range(1, 13)]
        for number in range(1, 13):
            assert called[number] in formats.date_format(dt.date(2026, number, 7), "DATE_FORMAT")


@pytest.mark.parametrize("language", LANGUAGES)
def test_hours_go_from_0_to_23(language: str) -> None:
    with translation.override(language):
        assert formats.time_format(dt.time(14, 25), "TIME_FORMAT") == "14:25"
        assert "14:25" in formats.date_format(
            dt.datetime(2026, 5, 3, 14, 25, tzinfo=dt.UTC), "DATETIME_FORMAT"
        )


@pytest.mark.parametrize(
    ("language", "day", "month"),
    [
        ("en", "3 May", "May 2026"),
        ("de", "3. Mai", "Mai 2026"),
        ("es", "3 de mayo", "mayo de 2026"),
        ("fr", "3 mai", "mai 2026"),
        ("hi", "3 मई", "मई 2026"),
        ("pt", "3 de maio", "maio de 2026"),
    ],
)
def test_parts_of_dates_are_written_as_each_language_writes_them(language: str, day: str, month: str) -> None:
    with translation.override(language):
        assert formats.date_format(dt.date(2026, 5, 3), "MONTH_DAY_FORMAT") == day
        assert formats.date_format(dt.date(2026, 5, 3), "YEAR_MONTH_FORMAT") == month


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "1,234,567"),
        ("de", "1.234.567"),
        ("es", "1 234 567"),
        ("fr", "1 234 567"),
        ("hi", "12,34,567"),
        ("pt", "1.234.567"),
    ],
)
def test_large_numbers_are_written_in_groups(language: str, written: str) -> None:
    with translation.override(language):
        found = formats.number_format(1_234_567, force_grouping=True)
    assert found.replace("\u202f", " ").replace("\xa0", " ") == written
