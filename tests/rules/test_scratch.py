"""Which prize a card holds, and until when it is good."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules import scratch
from regulars.rules.errors import InvalidInput
from regulars.rules.scratch import NoPrizeLeft, Odds

DAY = dt.date(2026, 6, 2)
WEIGHTS = st.decimals(0, 1_000_000, places=4)
# Four degrees of freedom: a fair draw is above this once in a million.
CHI_SQUARED = 33.4


def odds(*weights: float) -> list[Odds]:
    return [Odds(Decimal(str(weight))) for weight in weights]


def test_100_000_draws_come_as_their_weights_say() -> None:
    weights, draws = (10, 30, 59.5, 0.5, 20), 100_000
    drawn = Counter(scratch.draw(odds(*weights)) for _ in range(draws))
    expected = [draws * weight / sum(weights) for weight in weights]
    assert sum((drawn[place] - wanted) ** 2 / wanted for place, wanted in enumerate(expected)) < CHI_SQUARED


def test_a_draw_that_leans_is_noticed_by_that_measure() -> None:
    expected, drawn = [10_000, 30_000, 60_000], [10_600, 30_000, 59_400]
    assert (
        sum((got - wanted) ** 2 / wanted for got, wanted in zip(drawn, expected, strict=True)) > CHI_SQUARED
    )


@given(st.lists(WEIGHTS, min_size=1, max_size=8).filter(any))
def test_only_a_prize_with_a_weight_is_drawn(weights: list[Decimal]) -> None:
    assert weights[scratch.draw([Odds(weight) for weight in weights])] > 0


def test_each_ticket_belongs_to_one_prize(monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = iter(range(10))

    class Drum:
        def randrange(self, total: int) -> int:
            assert total == 10
            return next(tickets)

    monkeypatch.setattr(scratch, "_random", Drum())
    prizes = odds(0.0003, 0, 0.0006, 0.0001)
    assert [scratch.draw(prizes) for _ in range(10)] == [0] * 3 + [2] * 6 + [3]


def test_a_used_up_prize_leaves_the_draw() -> None:
    prizes = [Odds(Decimal(999), issued=3, max_cards=3), Odds(Decimal("0.0001"), issued=3, max_cards=4)]
    assert {scratch.draw(prizes) for _ in range(50)} == {1}
    assert scratch.chances(prizes) == [0, 100]
    gone = [Odds(Decimal(1), issued=1, max_cards=1), Odds(Decimal(0))]
    assert scratch.chances(gone) == [0, 0]
    with pytest.raises(NoPrizeLeft, match="used up"):
        scratch.draw(gone)


def test_chances_are_percent() -> None:
    assert scratch.chances(odds(10, 30, 60)) == [10, 30, 60]
    assert scratch.chances(odds(1, 1, 1)) == [Decimal("33.33")] * 3


@pytest.mark.parametrize(
    ("weights", "field"),
    [((), "prizes"), ((0, 0), "prizes"), ((1, -1), "prizes.1.probability"), ((1,) * 51, "prizes")],
)
def test_weights_of_which_nothing_can_be_drawn_are_refused(weights: tuple[int, ...], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        scratch.check_weights([Decimal(weight) for weight in weights])
    assert set(refusal.value.fields) == {field}


def test_any_positive_sum_will_do() -> None:
    scratch.check_weights([Decimal("0.0001"), Decimal(0)])
    scratch.check_weights([Decimal(1)] * 50)


@pytest.mark.parametrize(
    ("days", "ends", "last"),
    [
        (14, None, dt.date(2026, 6, 16)),
        (14, dt.date(2026, 8, 31), dt.date(2026, 6, 16)),
        (30, dt.date(2026, 6, 20), dt.date(2026, 6, 20)),
        (10**9, None, dt.date.max),
    ],
)
def test_a_card_is_good_until_its_own_day_or_the_campaigns(
    days: int, ends: dt.date | None, last: dt.date
) -> None:
    assert scratch.last_day(DAY, days=days, campaign_ends=ends) == last


def test_the_last_day_is_included() -> None:
    assert not scratch.has_passed(DAY, DAY)
    assert scratch.has_passed(DAY, DAY + dt.timedelta(days=1))
    assert not scratch.has_passed(None, dt.date.max)


def test_tokens_are_long_and_new() -> None:
    tokens = {scratch.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(map(scratch.is_token, tokens))


TOKEN = "4f2a9c1e" * 4


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (TOKEN, (TOKEN, False)),
        (f"  {TOKEN.upper()}\n", (TOKEN, False)),
        (f"https://shop.example/scratch/{TOKEN}", (TOKEN, False)),
        (f"https://shop.example/scratch/{TOKEN}/", (TOKEN, False)),
        ("4F2A-9C1E", ("4f2a9c1e", True)),
        ("4f2a 9c1e", ("4f2a9c1e", True)),
        ("", None),
        ("4F2A-9C1", None),
        ("4F2A-9C1G", None),
        (TOKEN[:-1], None),
        (f"{TOKEN}0", None),
    ],
)
def test_what_is_scanned_or_typed_is_read(text: str, read: tuple[str, bool] | None) -> None:
    assert scratch.read_code(text) == read


def test_the_short_code_that_is_shown_can_be_read() -> None:
    assert scratch.short_code(TOKEN) == "4F2A-9C1E"
    assert scratch.read_code(scratch.short_code(TOKEN)) == (TOKEN[:8], True)


def test_a_simulation_draws_as_cards_are_drawn() -> None:
    some = [
        scratch.Odds(Decimal(1), issued=2, max_cards=5),
        scratch.Odds(Decimal(9)),
        scratch.Odds(Decimal(0)),
    ]
    drawn = scratch.simulate(some, 500)
    assert sum(drawn) == 500
    assert drawn[0] <= 3
    assert drawn[2] == 0
    assert scratch.simulate([scratch.Odds(Decimal(1), max_cards=2)], 10) == [2]
    assert scratch.simulate(some, 0) == [0, 0, 0]
    with pytest.raises(ValueError, match="cannot draw"):
        scratch.simulate(some, -1)
