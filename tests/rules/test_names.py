"""A name that came in whole goes out whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.names import join_name, split_name, tidy_name

words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=12)
spaces = st.text(" \t\n\u00a0\u2003", min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("Priya Sharma", ("Priya", "Sharma")),
        ("Priya", ("Priya", "")),
        ("Gabriel José García Márquez", ("Gabriel José García", "Márquez")),
        ("  Priya \t Devi\u00a0 Sharma\n", ("Priya Devi", "Sharma")),
        ("", ("", "")),
        ("   ", ("", "")),
    ],
)
def test_a_name_splits_at_its_last_space(full: str, parts: tuple[str, str]) -> None:
    assert split_name(full) == parts


@given(names=st.lists(words, min_size=1, max_size=5), data=st.data())
def test_names_join_back_unchanged(names: list[str], data: st.DataObject) -> None:
    full = names[0]
    for name in names[1:]:
        full += data.draw(spaces) + name
    first, last = split_name(data.draw(st.one_of(st.just(""), spaces)) + full + data.draw(spaces))
    assert join_name(first, last) == " ".join(names)
    assert last == (names[-1] if len(names) > 1 else "")


@given(full=st.text())
def test_names_of_any_text_join_back_tidy(full: str) -> None:
    assert join_name(*split_name(full)) == tidy_name(full) == " ".join(full.split())


@given(full=st.text())
def test_a_last_name_is_one_word_and_comes_with_a_first(full: str) -> None:
    first, last = split_name(full)
    assert len(last.split()) <= 1
    assert first or not last


@pytest.mark.parametrize(
    ("first", "last", "full"),
    [
        ("Priya", "Sharma", "Priya Sharma"),
        ("Priya", "", "Priya"),
        ("", "Sharma", "Sharma"),
        ("", "", ""),
        (" Ludwig ", " van  Beethoven ", "Ludwig van Beethoven"),
    ],
)
def test_join(first: str, last: str, full: str) -> None:
    assert join_name(first, last) == full
