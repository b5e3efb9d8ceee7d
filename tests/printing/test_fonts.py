"""What texts are set in, also where there are no fonts, or only one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import reportlab

from regulars.printing import fonts, pen
from regulars.printing.fonts import Face, NoFont

# A font that comes with the library which makes PDF: Latin letters of all Europe, no Greek, no Devanagari.
FOLDER = str(Path(reportlab.__file__).parent / "fonts")


@pytest.fixture
def _one_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "Vera.ttf").symlink_to(Path(FOLDER, "Vera.ttf"))
    (tmp_path / "Broken.ttf").write_bytes(b"no font at all")
    monkeypatch.setattr(fonts, "FOLDERS", (str(tmp_path),))


@pytest.fixture
def _no_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", (str(tmp_path),))


@pytest.mark.usefixtures("_no_font")
@pytest.mark.parametrize("text", ["Café Ångström", "50 % für „alle“ 3 €", "Joe's (old) bar & grill"])
def test_western_texts_need_no_font_of_the_system(text: str) -> None:
    assert fonts.set_in(text)[1] == fonts.Type(Face("Helvetica"), Face("Helvetica"))
    assert fonts.set_in(text, bold=True)[1].western == Face("Helvetica-Bold")


@pytest.mark.usefixtures("_no_font")
@pytest.mark.parametrize("text", ["सूर्योदय", "Michał", "Κρήτη", "مقهى", "🍕"])
def test_what_no_font_has_is_refused_and_named(text: str) -> None:
    with pytest.raises(NoFont, match="No font on this machine has all letters of") as refused:
        fonts.set_in(text)
    assert refused.value.details == {"text": text}
    assert text in refused.value.message


@pytest.mark.usefixtures("_one_font")
def test_other_letters_are_set_in_a_font_of_the_system_that_has_them() -> None:
    text, faces = fonts.set_in("Michał")
    assert text == "Michał"
    assert faces.other.path.endswith("Vera.ttf")
    assert faces.runs(text) == [(text, faces.other)], "one face for all of it, where one has it all"
    picture, below = fonts.pictured((text, faces.other), size=20, colour="#0f766e")
    assert picture.getbbox() is not None
    assert picture.height > 20 * fonts.PICTURE_DPI / 72
    assert 0 < below < 20
    with pytest.raises(NoFont):
        fonts.set_in("Κρήτη")


@pytest.mark.usefixtures("_no_font")
def test_little_pictures_are_left_out_where_no_font_has_them() -> None:
    assert fonts.set_in("Joe's 🍕\ufe0f  Bar")[0] == "Joe's Bar"


def test_letters_of_two_kinds_are_drawn_in_two_faces() -> None:
    hebrew = Face(path=str(Path(FOLDER, "Vera.ttf")))  # whatever has no such letters: only places are asked
    faces = fonts.Type(Face("Helvetica"), hebrew)
    assert [text for text, _ in faces.runs("Bar שלום 7 (new)")] == ["Bar ", "שלום 7 (", "new)"]
    assert [face for _, face in faces.runs("Bar שלום")] == [faces.western, hebrew]
    assert [text for text, _ in faces.runs("שלום Bar")] == ["Bar", "שלום "], "it begins at the right"


@pytest.mark.usefixtures("_no_font")
def test_texts_are_as_large_as_their_place_allows() -> None:
    place: dict[str, Any] = {"width": 60.0, "largest": 40.0, "smallest": 10.0}
    short = pen.lay("Free coffee", most=2, **place)
    long = pen.lay("Free coffee and a slice of the cake of the day", most=3, **place)
    assert short.size > long.size > 10
    for laid, most in ((short, 2), (long, 3)):
        assert len(laid.lines) <= most
        assert all(sum(map(fonts.width_of, runs)) * laid.size <= 60 * pen.MM for runs in laid.lines)
    assert pen.lay("Tea", most=2, **place).size == 40


@pytest.mark.usefixtures("_no_font")
def test_texts_that_are_too_long_even_in_small_type_are_cut() -> None:
    laid = pen.lay("abcdefghij" * 30, width=40, largest=20, smallest=12, most=2)
    first, last = ("".join(text for text, _ in runs) for runs in laid.lines)
    assert laid.size == 12
    assert last.endswith("…")
    assert ("abcdefghij" * 30).startswith(first + last[:-1])
    assert all(sum(map(fonts.width_of, runs)) * 12 <= 40 * pen.MM for runs in laid.lines)
