"""Posters, tents and cards: what stands on them, and that their codes are the right ones."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import pytest
import segno
from PIL import Image

from regulars.members import blank_cards
from regulars.printing import cards, fonts, poster
from regulars.printing.fonts import NoFont
from regulars.printing.sizes import A4, LETTER, Paper, paper_of
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import actions as tenants
from regulars.tenants import logos, queries
from regulars.tenants.models import Business
from tests.factories import Shop, make_shop
from tests.printing import pdf

pytestmark = pytest.mark.django_db

PAGE = "https://shop.example/card/"


def modules(content: str) -> list[list[int]]:
    """A QR code that survives a quarter of it being dirty."""
    return [list(row) for row in segno.make(content, error="q", micro=False, boost_error=False).matrix]


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 20), "#e07b00").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("paper", [A4, LETTER])
def test_a_poster_says_what_one_gets_and_leads_to_the_join_page(paper: Paper) -> None:
    shop = make_shop("Sunrise Café", reward_description="Free coffee", stamps_required=9)
    document = poster.poster(business_id=shop.id, language="en", paper=paper)
    [page] = pdf.pages(document)
    said = pdf.texts(page)
    for words in ("Sunrise Café", "Collect 9 stamps and get", "Free coffee", "Nothing to install"):
        assert words in said
    assert f"shop.example/join/{shop.business.join_code}" in said
    assert list(pdf.codes(page)) == [modules(queries.join_url(shop.business))]
    assert pdf.size(document) == (round(paper.width), round(paper.height))
    assert pdf.pictures(document) == 0
    assert document == poster.poster(business_id=shop.id, language="en", paper=paper)


def test_the_logo_is_on_it() -> None:
    shop = make_shop()
    logos.set_logo(business_id=shop.id, data=png())
    assert pdf.pictures(poster.poster(business_id=shop.id, language="en")) == 1


def test_a_programme_of_points_is_told_as_one() -> None:
    shop = make_shop(reward_description="Free tea")
    rows = Business.objects.filter(pk=shop.id)
    rows.update(points_active=True)
    [both] = pdf.pages(poster.poster(business_id=shop.id, language="en"))
    assert "Free tea" in pdf.texts(both)
    assert "And points with every purchase." in pdf.texts(both)
    program = queries.business_by_id(shop.id).program
    program.is_active = False
    program.save()
    [points] = pdf.pages(poster.poster(business_id=shop.id, language="en"))
    assert "Free tea" not in pdf.texts(points)
    assert "Points with every purchase" in pdf.texts(points).replace("\n", " ")


def test_a_tent_can_be_read_from_both_sides() -> None:
    shop = make_shop("Sunrise Café")
    [page] = pdf.pages(poster.table_tent(business_id=shop.id, language="en"))
    assert pdf.texts(page).count("Sunrise Café") == 2
    assert list(pdf.codes(page)) == [modules(queries.join_url(shop.business))] * 2
    # One of them is turned by half a circle about the middle of the sheet.
    assert b"-1 0 0 -1 595.2756 841.8898 cm" in page


def test_cards_are_ten_on_a_sheet_and_each_has_its_own_code() -> None:
    shop = make_shop("Sunrise Café", reward_description="Free coffee")
    made = blank_cards.make_blanks(business_id=shop.id, count=13)
    document = cards.blank_cards(business_id=shop.id, first=1, last=13, language="en")
    pages = pdf.pages(document)
    drawn = [code for page in pages for code in pdf.codes(page)]
    assert [len(list(pdf.codes(page))) for page in pages] == [10, 3]
    assert drawn == [modules(PAGE + blank.qr_code) for blank in made]
    assert all(f"No. {number}\n" in f"{pdf.texts(pages[0])}\n" for number in range(1, 11))
    assert pdf.texts(pages[1]).count("8 stamps: Free coffee") == 3


def test_cards_that_somebody_has_are_not_printed_again() -> None:
    shop = make_shop()
    first, second = blank_cards.make_blanks(business_id=shop.id, count=2)
    blank_cards.use_blank(business_id=shop.id, qr_code=first.qr_code, member_id=shop.enrol().pk)
    [page] = pdf.pages(cards.blank_cards(business_id=shop.id, first=1, last=9, language="en"))
    assert list(pdf.codes(page)) == [modules(PAGE + second.qr_code)]
    with pytest.raises(NotFound, match="No printed card from 1 to 1 is still free"):
        cards.blank_cards(business_id=shop.id, first=1, last=1, language="en")


def test_members_cards_have_their_names_and_codes() -> None:
    shop = make_shop("Sunrise Café")
    priya, rahul = shop.enrol("Priya Sharma"), shop.enrol("Rahul Mehta")
    document = cards.member_cards(
        business_id=shop.id, member_ids=[rahul.pk, priya.pk, rahul.pk], language="en", paper=LETTER
    )
    [page] = pdf.pages(document)
    assert list(pdf.codes(page)) == [modules(PAGE + card.qr_code) for card in (rahul, priya)]
    assert [name in pdf.texts(page) for name in ("Priya Sharma", "Rahul Mehta", "M000002")] == [True] * 3


def test_a_name_that_no_font_has_is_missing_and_the_card_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    shop = make_shop("Sunrise Café")
    card = shop.enrol("प्रिया")
    [page] = pdf.pages(cards.member_cards(business_id=shop.id, member_ids=[card.pk], language="en"))
    assert list(pdf.codes(page)) == [modules(PAGE + card.qr_code)]
    assert "M000001" in pdf.texts(page)


@pytest.mark.parametrize("make", [poster.poster, poster.table_tent])
def test_a_shop_whose_name_no_font_has_is_told_so(
    make: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    shop = make_shop("सूर्योदय")
    with pytest.raises(NoFont, match="सूर्योदय"):
        make(business_id=shop.id, language="en")


def test_the_longest_words_are_printed_somehow() -> None:
    shop = make_shop("Bakery " * 28, reward_description="cake and coffee " * 18, stamps_required=50)
    blank_cards.make_blanks(business_id=shop.id, count=1)
    tenants.update_look(business_id=shop.id, accent_color="#ffffff")
    for make in (
        poster.poster,
        poster.table_tent,
        partial(cards.blank_cards, first=1, last=1),
    ):
        assert "Bakery" in pdf.texts(pdf.pages(make(business_id=shop.id, language="en"))[0])


def test_cards_of_another_shop_are_unknown() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    blank_cards.make_blanks(business_id=other.id, count=3)
    theirs = other.enrol().pk
    with pytest.raises(NotFound, match="No printed card"):
        cards.blank_cards(business_id=shop.id, first=1, last=3, language="en")
    with pytest.raises(NotFound, match=f"There is no customer {theirs}"):
        cards.member_cards(business_id=shop.id, member_ids=[shop.enrol().pk, theirs], language="en")


@pytest.mark.parametrize(("first", "last"), [(5, 4), (1, 501)])
def test_numbers_that_make_no_cards_are_refused(first: int, last: int) -> None:
    shop: Shop = make_shop()
    with pytest.raises(InvalidInput) as refused:
        cards.blank_cards(business_id=shop.id, first=first, last=last, language="en")
    assert refused.value.fields.keys() == {"last"}
    with pytest.raises(InvalidInput, match="must make 1 to 500 cards, not 0"):
        cards.member_cards(business_id=shop.id, member_ids=[], language="en")


def test_paper_is_what_the_country_sells_unless_it_is_named() -> None:
    assert [paper_of("", country=country).name for country in ("US", "IN", "DE")] == ["Letter", "A4", "A4"]
    assert paper_of(" letter ", country="IN") is LETTER
    with pytest.raises(InvalidInput, match="size must be A4 or Letter, not 'A3'"):
        paper_of("A3", country="IN")
