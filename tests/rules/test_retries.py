"""When a webhook is tried again."""

import datetime as dt

import pytest

from regulars.rules import retries
from regulars.rules.retries import Verdict

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
TABLE = (
    5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        (200, Verdict.DELIVERED), (204, Verdict.DELIVERED), (299, Verdict.DELIVERED), (199, Verdict.RETRY),
        (300, Verdict.RETRY), (301, Verdict.RETRY), (308, Verdict.RETRY), (400, Verdict.RETRY),
        (404, Verdict.RETRY), (410, Verdict.GONE), (429, Verdict.RETRY), (500, Verdict.RETRY),
        (None, Verdict.RETRY),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int | None, meant: Verdict) -> None:
    assert retries.verdict(status) is meant


@pytest.mark.parametrize("failed", range(1, 10))
def test_pauses_follow_the_table(failed: int) -> None:
    pause = TABLE[failed - 1]
    assert retries.next_attempt(failed=failed, now=NOW, chance=500) == NOW + pause
    assert retries.next_attempt(failed=failed, now=NOW, chance=0) == NOW + 0.9 * pause
    assert retries.next_attempt(failed=failed, now=NOW, chance=retries.CHANCES) == NOW + 1.1 * pause


def test_the_tenth_failure_is_the_last() -> None:
    assert retries.ATTEMPTS == 10
    assert retries.next_attempt(failed=10, now=NOW, chance=500) is None
    assert retries.next_attempt(failed=10, now=NOW, chance=500, wish=HOUR) is None


def test_a_wish_makes_it_later_never_earlier() -> None:
    for wish, pause in ((HOUR, HOUR), (SECOND, 5 * SECOND), (9 * 24 * HOUR, 24 * HOUR)):
        assert retries.next_attempt(failed=1, now=NOW, chance=500, wish=wish) == NOW + pause


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("120", 120 * SECOND), (" 0 ", 0 * SECOND), ("999999999999999", 24 * HOUR),
        ("Mon, 02 Mar 2026 10:00:00 GMT", HOUR), ("Mon, 02 Mar 2026 08:00:00 GMT", 0 * SECOND),
        ("Mon, 02 Mar 2026 10:00:00 -0000", HOUR), ("Tue, 02 Mar 2032 10:00:00 GMT", 24 * HOUR),
        ("soon", None), ("-5", None), ("1.5", None), ("", None), ("²", None),
        ("Mon, 02 Mar 99999999999999999999 10:00:00 GMT", None),
        ("Mon, 02 Mar 2026 99999999999999999999:00:00 GMT", None),
        ("Mon, 02 Mar 2026 10:00:00 +99999999999999999999", None),
    ],
)  # fmt: skip
def test_retry_after_is_read(text: str, wish: dt.timedelta | None) -> None:
    assert retries.wish_of({"retry-after": text}, NOW) == wish


def test_without_the_header_nothing_is_wished() -> None:
    assert retries.wish_of({"content-type": "text/plain"}, NOW) is None


def test_a_receiver_that_keeps_failing_is_asked_at_growing_distances() -> None:
    pauses = [retries.probe_pause(failures) for failures in (0, 4, 5, 6, 7, 10, 11, 12, 10_000)]
    assert pauses == [
        None, None, 5 * SECOND, 10 * SECOND, 20 * SECOND, 160 * SECOND, 5 * MINUTE, 5 * MINUTE, 5 * MINUTE,
    ]  # fmt: skip
