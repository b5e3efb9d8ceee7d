"""The text that describes the counter's amount field."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.errors import InvalidInput
from regulars.rules.quickscan import MAX_LENGTH, Button, QuickScan, parse, to_text


def buttons(*given: tuple[str, int]) -> QuickScan:
    return QuickScan("buttons", buttons=tuple(Button(*one) for one in given))


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("7", buttons(("", 7))),
        ("3,5,10,20", buttons(("", 3), ("", 5), ("", 10), ("", 20))),
        ("Eggs:3, Bacon:5", buttons(("Eggs", 3), ("Bacon", 5))),
        ("free", QuickScan("free")),
        ("calc", QuickScan("calc")),
        ("calc min:10", QuickScan("calc", minimum=Decimal(10))),
        ("auto:7", QuickScan("auto", buttons=(Button("", 7),))),
        # and as people write them
        ("  3 , 5 ", buttons(("", 3), ("", 5))),
        ("007", buttons(("", 7))),
        ("FREE", QuickScan("free")),
        ("Calc  MIN : 9.50", QuickScan("calc", minimum=Decimal("9.50"))),
        ("Auto : 7", QuickScan("auto", buttons=(Button("", 7),))),
        ("Free coffee:10", buttons(("Free coffee", 10))),
        ("Calculator:3", buttons(("Calculator", 3))),
        ("12:30 special : 4, 5", buttons(("12:30 special", 4), ("", 5))),
        ("Crème brûlée:1000000000", buttons(("Crème brûlée", 1_000_000_000))),
    ],
)
def test_the_grammar(text: str, function: QuickScan) -> None:
    assert parse(text) == function
    assert parse(to_text(function)) == function


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must not be empty"),
        ("   ", "must not be empty"),
        ("x" * (MAX_LENGTH + 1), "at most 300 characters"),
        ("3\x00", "U\\+0000"),
        ("3,,5", "nothing between two commas"),
        ("3,", "nothing between two commas"),
        (",", "nothing between two commas"),
        ("0", "from 1 to 1000000000, not '0'"),
        ("-5", "not '-5'"),
        ("1.5", r"not '1\.5'"),
        ("1000000001", "not '1000000001'"),
        ("99999999999999999999", "not '99999999999999999999'"),
        ("\u0663", "not '\u0663'"),  # a digit, but not one of ours
        ("\u00b2", "not '\u00b2'"),
        ("Eggs", "not 'Eggs'"),
        ("Eggs:", "not ''"),
        ("Eggs:three", "not 'three'"),
        (":3", "a button without a name before the colon: ':3'"),
        ("3, 5, 3", "the button '3' twice"),
        ("Eggs:3, eggs:5", "the button 'eggs' twice"),
        ("auto:0", "not '0'"),
        ("auto:", "not ''"),
        ("auto", "not 'auto'"),
        ("auto:7, 5", "'auto' as one of several buttons: it stands alone"),
        ("5, Free:7", "'Free' as one of several buttons"),
        ("calc:5", "'calc' as one of several buttons"),
        ("calc min:10, 5", "'calc min' as one of several buttons"),
        ("calc min:", "an amount such as 10 or 9.50 after min:, not ''"),
        ("calc min:ten", "not 'ten'"),
        ("calc min:-1", "not '-1'"),
        ("calc min:1.005", r"not '1\.005'"),
        ("calc min:1e3", "not '1e3'"),
        ("calc max:10", "'calc max' as one of several buttons"),
    ],
)
def test_what_is_none_is_refused_with_the_part_that_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem) as caught:
        parse(text)
    assert list(caught.value.fields) == ["quickscan_function"]
    assert caught.value.message.startswith("quickscan_function ")


def test_only_auto_gives_points_by_the_scan() -> None:
    assert parse("auto:7").points == 7
    assert [parse(text).points for text in ("7", "free", "calc", "calc min:10")] == [0, 0, 0, 0]


NUMBERS = st.integers(1, 1_000_000_000)
LABELS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=","), max_size=8
).map(str.strip)
RESERVED = {"auto", "free", "calc"}


def usable(several: list[tuple[str, int]]) -> bool:
    shown = [label.lower() or str(points) for label, points in several]
    return len(set(shown)) == len(shown) and not RESERVED & {label.lower() for label, _ in several}


FUNCTIONS = st.one_of(
    st.just(QuickScan("free")),
    st.builds(QuickScan, st.just("calc"), minimum=st.none()),
    st.integers(0, 10**14 - 1).map(lambda n: QuickScan("calc", minimum=Decimal(n).scaleb(-2))),
    NUMBERS.map(lambda n: QuickScan("auto", buttons=(Button("", n),))),
    st.lists(st.tuples(LABELS, NUMBERS), min_size=1, max_size=10)
    .filter(usable)
    .map(lambda several: buttons(*several)),
)


@given(FUNCTIONS)
def test_every_function_has_a_text_that_says_it(function: QuickScan) -> None:
    text = to_text(function)
    assert len(text) <= MAX_LENGTH
    assert parse(text) == function


@given(st.text(max_size=40) | st.text("auto:frelcmin0123456789,. ", max_size=20))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    function: QuickScan | None
    try:
        function = parse(text)
    except InvalidInput as refused:
        named = list(refused.fields)
        function = None
    if function is None:
        assert named == ["quickscan_function"]
        return
    assert parse(to_text(function)) == function
    assert all(1 <= button.points <= 1_000_000_000 for button in function.buttons)
    assert bool(function.buttons) == (function.kind in {"buttons", "auto"})
