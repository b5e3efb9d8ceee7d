"""`regulars print` and `regulars logo`: what they write, say and refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from regulars.commands import app, database
from regulars.members import blank_cards
from regulars.tenants import logos
from tests.api.printing_routes import picture
from tests.factories import Shop, make_shop
from tests.printing import pdf

pytestmark = [pytest.mark.once, pytest.mark.django_db]

Run = Callable[..., str]


@pytest.fixture
def shop() -> Shop:
    return make_shop("Bean")


@pytest.fixture
def run(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the test's database; what it says."""
    monkeypatch.setattr(database, "check", lambda _: None)

    def run(*arguments: str, refused: int = 0) -> str:
        assert app.run(list(arguments)) == refused
        said = capsys.readouterr()
        assert (said.out if refused else said.err) == ""
        return said.err.removeprefix("regulars: ").strip() if refused else said.out

    return run


@pytest.mark.parametrize("what", ["poster", "tent"])
def test_posters_and_tents_are_written(run: Run, shop: Shop, tmp_path: Path, what: str) -> None:
    file = tmp_path / f"{what}.pdf"
    said = run("print", what, "bean", "--output", str(file), "--language", "en", "--size", "letter")
    assert json.loads(said) == {"file": str(file), "bytes": file.stat().st_size}
    assert pdf.size(file.read_bytes()) == (216, 279)
    assert shop.business.join_code in pdf.texts(pdf.pages(file.read_bytes())[0])


def test_cards_are_made_printed_again_and_printed_for_members(run: Run, shop: Shop, tmp_path: Path) -> None:
    new, again, own = (tmp_path / f"{name}.pdf" for name in ("new", "again", "own"))
    run("print", "cards", "bean", "--output", str(new), "--count", "12")
    run("print", "cards", "bean", "--output", str(again), "--first", "1", "--last", "12")
    assert new.read_bytes() == again.read_bytes()
    assert [len(list(pdf.codes(page))) for page in pdf.pages(new.read_bytes())] == [10, 2]
    shop.enrol("Priya Sharma", email="priya@example.com")
    run("print", "cards", "bean", "--output", str(own), "--member", "priya@example.com")
    assert "Priya Sharma" in pdf.texts(pdf.pages(own.read_bytes())[0])
    assert blank_cards.counts(shop.id).printed == 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say one of --count, --first and --member."),
        (["--count", "2", "--first", "1"], "Say one of --count, --first and --member."),
        (["--count", "501"], "--count must be a whole number from 1 to 500"),
        (["--first", "7", "--last", "3"], "--last must not be below first"),
        (["--count", "2", "--size", "A3"], "--size must be A4 or Letter, not 'A3'"),
        (["--count", "2", "--language", "xx"], "--language must be one of"),
        (["--member", "nobody"], "--member is unknown"),
    ],
)
def test_what_cannot_be_printed_is_told_and_changes_nothing(
    run: Run, shop: Shop, tmp_path: Path, arguments: list[str], said: str
) -> None:
    file = tmp_path / "cards.pdf"
    file.write_text("the one of yesterday")
    assert said in run("print", "cards", "bean", "--output", str(file), *arguments, refused=2)
    assert file.read_text() == "the one of yesterday"
    assert blank_cards.counts(shop.id).printed == 0


def test_cards_are_not_numbered_for_a_folder_that_is_not_there(run: Run, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "cards.pdf"
    assert "no such folder" in run("print", "cards", "bean", "--output", str(file), "--count", "5", refused=2)
    assert blank_cards.counts(shop.id).printed == 0


def test_a_logo_is_set_and_removed(run: Run, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(picture())
    said = json.loads(run("logo", "bean", str(file)))
    assert said == {"logo": f"/look/logo/{logos.digest_of(shop.id)}.png", "width": 30, "height": 20}
    file.write_bytes(b"no picture")
    assert "must be a PNG, JPEG, WebP or GIF picture" in run("logo", "bean", str(file), refused=2)
    assert "No such file" in run("logo", "bean", str(tmp_path / "other.png"), refused=2)
    assert "Say the file of the logo" in run("logo", "bean", refused=2)
    assert json.loads(run("logo", "bean", "--remove")) == {"logo": None}
    assert logos.digest_of(shop.id) == ""
