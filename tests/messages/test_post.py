"""Addresses for letters: a list for a spreadsheet, and labels to print."""

import csv
import io
import re
import zlib
from base64 import a85decode

import pytest

from regulars.members.models import Member
from regulars.messages.channels import labels
from regulars.messages.channels.labels import labels_pdf
from regulars.messages.channels.post import COLUMNS, address_lines, addresses_csv

pytestmark = pytest.mark.once


def member(code: str = "M1", **fields: str) -> Member:
    usual = {
        "name": "Ann Lee",
        "street_address": "1 Main St",
        "street_city": "Cork",
        "street_zipcode": "T12 ABC",
    }
    return Member(code=code, **(usual | fields))


def test_the_list_opens_in_a_spreadsheet_and_runs_nothing() -> None:
    people = [
        member(street_address2='=cmd|"/C calc"!A0', name="Zoë, Åsa"),
        member("M2", company_name="+91", street_suburb="a\nb"),
    ]
    text = "".join(addresses_csv(people))
    assert text.startswith("\ufeff")
    first, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert tuple(first) == COLUMNS
    assert rows == [
        ["M1", "Zoë, Åsa", "", "1 Main St", '\'=cmd|"/C calc"!A0', "", "Cork", "", "T12 ABC"],
        ["M2", "Ann Lee", "'+91", "1 Main St", "", "a b", "Cork", "", "T12 ABC"],
    ]


def test_lines_of_an_address() -> None:
    assert address_lines(member(company_name="Bean  Ltd", street_state="")) == [
        "Ann Lee",
        "Bean Ltd",
        "1 Main St",
        "Cork T12 ABC",
    ]


def pdf(people: list[Member], country: str = "IE") -> tuple[labels.Printed, bytes, int]:
    """What was printed, all that is drawn, and the number of pages."""
    file = io.BytesIO()
    printed = labels_pdf(members=people, country=country, file=file)
    whole = file.getvalue()
    assert whole.startswith(b"%PDF")
    streams = re.findall(rb"/ASCII85Decode /FlateDecode[^>]*>>\s*stream\n(.*?)~>endstream", whole, re.DOTALL)
    drawn = b"".join(zlib.decompress(a85decode(stream)) for stream in streams)
    return printed, drawn, len(re.findall(rb"/Type /Page\b", whole))


@pytest.mark.parametrize(("country", "on_a_page"), [("IE", 24), ("US", 30)])
def test_labels_fill_sheets(country: str, on_a_page: int) -> None:
    people = [member(f"M{number}", name=f"Ann {number}x") for number in range(on_a_page + 1)]
    printed, drawn, pages = pdf(people, country)
    assert (printed.labels, printed.left_out, pages) == (on_a_page + 1, [], 2)
    assert drawn.count(b"1 Main St") == on_a_page + 1
    assert b"Ann 0x" in drawn


LONG = {
    "name": "Maximiliane Wilhelmine Charlotte von Hohenlohe-Schillingsfürst zu Waldenburg",
    "company_name": "Gesellschaft für Wissenschaft und Verwaltung in Mitteleuropa mbH & Co. KG",
    "street_address": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengasse 117",
    "street_city": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
}


@pytest.mark.parametrize("country", ["IE", "US"])
def test_a_long_address_is_printed_whole(country: str) -> None:
    fields = LONG if country == "IE" else {"name": LONG["name"], "street_city": LONG["street_city"]}
    printed, drawn, pages = pdf([member(**fields)], country)
    assert (printed.labels, printed.left_out, pages) == (1, [], 1)
    shown = re.findall(rb"\((.*?)\) Tj", drawn)
    found = b"".join(shown).replace(b" ", b"")
    for text in fields.values():
        written = re.sub(rb"[^ -~]", b"", text.replace(" ", "").encode("ascii", "ignore"))
        assert written in re.sub(rb"\\\d{3}", b"", found)
    assert all(len(line) < 60 for line in shown)


def test_what_is_too_long_for_a_label_is_listed_and_not_cut() -> None:
    printed, drawn, pages = pdf([member(name="W" * 200), member("M2", name="Wo " * 200), member("M3")], "US")
    assert (printed.labels, printed.left_out, pages) == (1, ["M1", "M2"], 2)
    assert b"WWWW" not in drawn
    assert b"M1 M2" in drawn
    assert pdf([member(name="W" * 120)])[0].labels == 1


def test_letters_that_cannot_be_drawn_are_listed_and_not_drawn_wrong() -> None:
    printed, drawn, pages = pdf([member(), member("M2", name="प्रिया"), member("M3", name="\U000e0041")])
    assert (printed.labels, printed.left_out, pages) == (1, ["M2", "M3"], 2)
    assert b"2 addresses are not printed" in drawn
    assert b"M2 M3" in drawn


def test_other_alphabets_are_drawn_by_a_font_of_the_system() -> None:
    if not any(path.name == "DejaVuSans.ttf" for path in labels._font_files()):
        pytest.skip("no font here has them")
    printed, _, _ = pdf(
        [member(name="Ζωή Παππά"), member("M2", name="Łukasz Żółć"), member("M3", name="Иван")]
    )
    assert (printed.labels, printed.left_out) == (3, [])


def test_without_any_font_western_letters_are_printed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_system_fonts", list)
    printed, _, _ = pdf([member(name="Zoë Åberg"), member("M2", name="Łukasz")])
    assert (printed.labels, printed.left_out) == (1, ["M2"])


def test_nobody_is_a_page_that_says_so() -> None:
    printed, drawn, pages = pdf([])
    assert (printed.labels, pages) == (0, 1)
    assert b"Nobody is left" in drawn
