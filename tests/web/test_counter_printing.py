"""The page on which an owner prints, and sets the logo."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from regulars.counter import signing
from regulars.members import blank_cards
from regulars.printing import fonts
from regulars.tenants import actions as tenants
from regulars.tenants import logos
from regulars.web.counter import cookies
from regulars.web.counter import printing as pages
from tests.api.printing_routes import picture
from tests.factories import Shop, make_shop
from tests.printing import pdf

pytestmark = pytest.mark.django_db

PAGE = "/scan/print/"
SITE: dict[str, Any] = {"secure": True, "headers": {"Sec-Fetch-Site": "same-origin"}}


@pytest.fixture(autouse=True)
def _from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test comes from an address of its own, so that no limit reaches from one to the next."""
    monkeypatch.setitem(SITE, "REMOTE_ADDR", f"2001:db8::{secrets.token_hex(2)}:{secrets.token_hex(2)}")


@pytest.fixture
def shop() -> Shop:
    return make_shop("Sunrise Café", owner_email="alice@sunrise.example")


def signed_in(email: str, password: str) -> Client:
    """A browser in which somebody is signed in at the counter."""
    found = signing.sign_in_with_password(email=email, password=password)
    client, response = Client(), HttpResponse()
    request: Any = client.get("/healthz", **SITE).wsgi_request
    cookies.keep(response, request, cookies.SESSION, found.token)
    client.cookies.load(response.cookies.output(header=""))
    return client


@pytest.fixture
def owner(shop: Shop) -> Client:
    return signed_in("alice@sunrise.example", "a long password")


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response
    assert response.headers["Cache-Control"] == "no-store"
    return str(response.content.decode())


def pages_of(response: Any) -> list[bytes]:
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/pdf")
    return pdf.pages(response.content)


def test_an_owner_sees_what_can_be_printed_and_fetches_it(owner: Client) -> None:
    shown = text_of(owner.get(PAGE, **SITE))
    assert '<html lang="en">' in shown
    assert 'formaction="/scan/print/poster.pdf"' in shown
    assert "Print some again" not in shown, "nothing was printed yet"
    for name in ("poster", "tent"):
        answer = owner.get(f"{PAGE}{name}.pdf?language=en&size=Letter", **SITE)
        assert "Sunrise Café" in pdf.texts(pages_of(answer)[0])
        assert answer.headers["Content-Disposition"] == f'attachment; filename="sunrise-cafe-{name}.pdf"'


def test_new_cards_are_numbered_and_their_sheets_fetched(owner: Client, shop: Shop) -> None:
    assert 'name="after" value="0"' in text_of(owner.get(PAGE, **SITE))
    form = {"count": "12", "after": "0", "language": "en", "size": "A4"}
    sent, again = (owner.post(f"{PAGE}cards", form, **SITE) for _ in range(2))
    assert (sent.status_code, again.status_code) == (303, 303)
    assert again.headers["Location"] == sent.headers["Location"], "pressed twice, made once"
    assert sent.headers["Location"] == f"{PAGE}?made=12&first=1&language=en&size=A4#cards"
    shown = text_of(owner.get(sent.headers["Location"], **SITE))
    assert "Cards 1 to 12 are ready." in shown
    sheets = "/scan/print/cards.pdf?first=1&amp;last=12&amp;language=en&amp;size=A4"
    assert f'href="{sheets}"' in shown
    assert "12 printed so far, 12 of them unused." in " ".join(shown.split())
    found = pages_of(owner.get(sheets.replace("&amp;", "&"), **SITE))
    assert [len(list(pdf.codes(page))) for page in found] == [10, 2]


def test_enter_in_a_field_presses_the_button_beneath_it(owner: Client, shop: Shop) -> None:
    """Enter presses the first button of the form in which the field is."""
    blank_cards.make_blanks(business_id=shop.id, count=1)
    page = text_of(owner.get(PAGE, **SITE))
    main = page[page.index(f'<form method="get" action="{PAGE}"') :]
    first_button = main[main.index("<button") : main.index("</button>")]
    assert f'formmethod="post" formaction="{PAGE}cards"' in first_button
    assert 'id="count"' in main[: main.index("</form>")]
    assert f'<form id="again" method="get" action="{PAGE}cards.pdf"' in page
    controls = re.findall(r'<(?:input|select|button) form="again"(?: [^>]*?name="(\w+)")?', page)
    assert controls == ["first", "last", "language", "size", ""]


@pytest.mark.parametrize("count", ["0", "501", "", "many", "-3", "1e2", "9" * 30, "٣x"])
def test_a_number_that_makes_no_cards_is_told(owner: Client, shop: Shop, count: str) -> None:
    shown = text_of(owner.post(f"{PAGE}cards", {"count": count}, **SITE), 400)
    assert "Enter a whole number from 1 to 500." in shown
    assert blank_cards.counts(shop.id).printed == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("first=1&last=2", "somebody has each of them"),
        ("first=2&last=1", "Enter two numbers"),
        ("first=&last=", "somebody has each of them"),
        ("first=1&last=900", "Enter two numbers"),
        ("first=1&language=xx", "Choose the language and the paper"),
        ("first=1&size=A3", "Choose the language and the paper"),
    ],
)
def test_cards_that_cannot_be_printed_again_are_told(
    owner: Client, shop: Shop, query: str, said: str
) -> None:
    blank, *_ = blank_cards.make_blanks(business_id=shop.id, count=1)
    blank_cards.use_blank(business_id=shop.id, qr_code=blank.qr_code, member_id=shop.enrol().pk)
    blank_cards.make_blanks(business_id=make_shop("Charlie's").id, count=3)
    assert said in text_of(owner.get(f"{PAGE}cards.pdf?{query}", **SITE), 400)


def test_a_name_without_a_font_is_told(owner: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    tenants.update_business(business_id=shop.id, business_name="सूर्योदय")
    assert "no font with the letters" in text_of(owner.get(f"{PAGE}poster.pdf", **SITE), 400)


def test_the_logo_is_set_and_removed(owner: Client, shop: Shop) -> None:
    def send(data: bytes) -> Any:
        return owner.post(f"{PAGE}logo", {"logo": SimpleUploadedFile("logo.png", data)}, **SITE)

    assert send(picture()).headers["Location"] == f"{PAGE}#logo"
    assert logos.digest_of(shop.id) in text_of(owner.get(PAGE, **SITE))
    assert "Choose a PNG, JPEG, WebP or GIF picture" in text_of(send(b"not a picture"), 400)
    assert "Choose a PNG" in text_of(owner.post(f"{PAGE}logo", **SITE), 400)
    assert logos.digest_of(shop.id) != ""
    assert owner.post(f"{PAGE}logo", {"remove": "1"}, **SITE).status_code == 303
    assert logos.digest_of(shop.id) == ""


ADDRESSES = [("get", ""), ("get", "poster.pdf"), ("get", "tent.pdf"), ("get", "cards.pdf?first=1")]
CHANGES = [("post", "cards"), ("post", "logo")]


@pytest.mark.parametrize(("method", "path"), [*ADDRESSES, *CHANGES])
def test_who_is_not_signed_in_is_led_to_the_counter(shop: Shop, method: str, path: str) -> None:
    answer = getattr(Client(), method)(f"{PAGE}{path}", **SITE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/scan/")


@pytest.mark.parametrize(("method", "path"), [*ADDRESSES, *CHANGES])
def test_staff_are_told_to_ask_the_owner(shop: Shop, method: str, path: str) -> None:
    bob = tenants.add_staff(business=shop.business, name="Bob", email="bob@sunrise.example").staff
    bob.user.set_password("another long password")
    bob.user.save()
    bob.temp_password = ""
    bob.save()
    client = signed_in("bob@sunrise.example", "another long password")
    assert "Ask the owner" in text_of(getattr(client, method)(f"{PAGE}{path}", {"count": "3"}, **SITE), 403)
    assert blank_cards.counts(shop.id).printed == 0


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_what_another_site_sends_is_refused(owner: Client, shop: Shop, method: str, path: str) -> None:
    elsewhere: dict[str, Any] = {"secure": True, "headers": {"Sec-Fetch-Site": "cross-site"}}
    assert owner.post(f"{PAGE}{path}", {"count": "3", "remove": "1"}, **elsewhere).status_code == 403
    assert blank_cards.counts(shop.id).printed == 0


def test_so_much_is_not_printed_in_a_minute(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "A_MINUTE", 2)
    answers = [owner.get(PAGE, **SITE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) >= 1
