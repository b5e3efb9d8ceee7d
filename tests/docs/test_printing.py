"""The commands of the page about printing do what it says."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from regulars.commands import app, database
from regulars.members import blank_cards
from tests.api.printing_routes import picture
from tests.docs import pages
from tests.factories import make_shop
from tests.printing import pdf

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def test_the_commands_of_the_page_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop("Harbour Coffee")
    shop.enrol("Priya Sharma")
    monkeypatch.setattr(database, "check", lambda _: None)
    monkeypatch.chdir(tmp_path)
    Path("logo.png").write_bytes(picture())
    blocks = [block for block in pages.blocks(pages.DOCS / "printing.md") if block.language == "sh"]
    lines = [line for block in blocks for line in block.text.splitlines()]
    assert len(lines) == 6
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "regulars"
        assert app.run(arguments) == 0, line
    made = {file.stem: pdf.pages(file.read_bytes()) for file in tmp_path.glob("*.pdf")}
    assert {name: len(found) for name, found in made.items()} == {
        "poster": 1,
        "tent": 1,
        "cards": 5,
        "again": 1,
        "theirs": 1,
    }
    assert "No. 11" in pdf.texts(made["again"][0])
    assert blank_cards.counts(shop.id).last == 50
