"""The joining page, as a browser without scripts gets it."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django_scopes import scope
from pytest_django import Settings

from regulars.environment_mail import Sms
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import blank_cards, consents
from regulars.members.models import CardAlias
from regulars.promotions import actions as promotions
from regulars.tenants import actions as tenants
from regulars.tenants import ratelimit
from regulars.tenants.microsites import update_microsite
from regulars.web.member import join as pages
from tests.factories import Shop, make_shop
from tests.web.joining import FILLED, get, members_of, post, text, token_in, words_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop("Sunrise Café")


def test_the_page_says_what_is_to_be_had(shop: Shop) -> None:
    tenants.update_program(
        business_id=shop.id, reward_description="Free <b>coffee</b>", terms_conditions="Not on Sundays."
    )
    update_microsite(
        business_id=shop.id, privacy_url="https://shop.example/privacy", consent_text="I take part."
    )
    response = get(shop)
    assert response.status_code == 200
    said = text(response)
    assert "Sunrise Café" in said
    assert "Free &lt;b&gt;coffee&lt;/b&gt; for 8 stamps" in said
    assert "I take part." in said
    assert "Not on Sundays." in said
    assert 'href="https://shop.example/privacy"' in response.content.decode()
    assert "checked" not in response.content.decode()
    assert response.headers["Cache-Control"] == "no-store"
    assert {"Accept-Language", "Cookie"} <= set(response.headers["Vary"].split(", "))
    assert not response.cookies


@pytest.mark.parametrize(
    ("points", "stamps", "said"),
    [(True, True, "and points at every visit"), (True, False, "Collect points"), (False, False, "Stamps")],
)
def test_the_page_promises_what_the_programme_has(shop: Shop, points: bool, stamps: bool, said: str) -> None:  # noqa: FBT001 - parameters of a test
    update_microsite(business_id=shop.id, points_active=points)
    with scope(business=shop.business):
        shop.business.program.is_active = stamps
        shop.business.program.save()
    page = text(get(shop))
    assert said in page
    assert ("for 8 stamps" in page) == stamps


def test_joining_ends_on_the_card(shop: Shop) -> None:
    response = post(shop, day="28", month="2", year="1990", offers="1")
    assert response.status_code == 303
    (member,) = members_of(shop)
    with scope(business=shop.business):
        card = Card.objects.get(pk=member.pk)
    assert response.headers["Location"] == f"/card/{card.qr_code}"
    assert str(member.date_of_birth) == "1990-02-28"
    assert (member.language, member.optout_email, member.optout_text) == ("en", False, True)
    words = {row.purpose: row.text for row in consents.history(business_id=shop.id, member_id=member.pk)}
    assert words["programme"].startswith("When you join, Sunrise Café keeps what you typed here")
    assert words["email"].startswith("Yes, Sunrise Café may send me offers and news.")
    page = Client().get(response.headers["Location"], secure=True)
    assert page.status_code == 200
    assert "Nora" in text(page)


def test_the_language_of_the_page_is_the_members(shop: Shop) -> None:
    client = Client()
    assert get(shop, "?language=de", client).cookies["regulars_language"].value == "de"
    post(shop, client)
    assert members_of(shop)[0].language == "de"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": " "}, "Type your name"),
        ({"contact": ""}, "Fill this in"),
        ({"contact": "12"}, "too short"),
        ({"contact": "+91987654321098765"}, "too long"),
        ({"contact": "nora"}, "Type a phone number, or a whole e-mail address"),
        ({"contact": "nora@"}, "not a whole e-mail address"),
        ({"name": "x" * 250}, "too long"),
        ({"name": "http://evil.example/win"}, "Please leave web addresses out of your name"),
        ({"day": "31", "month": "2", "year": "2000"}, "There is no such day"),
        ({"day": "3"}, "Fill in the day"),
        ({"day": "1", "month": "1", "year": "2999"}, "This day is yet to come"),
        ({"day": "31", "month": "12", "year": "1899"}, "This is too long ago"),
        ({"day": "1", "month": "1", "year": "90"}, "all four digits"),
        ({"day": "x", "month": "9" * 300, "year": "-1"}, "Fill in the day"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(shop: Shop, fields: dict[str, Any], told: str) -> None:
    typed: dict[str, Any] = {"token": "a-token", "offers": "1", "name": 'Nora "Q" <b>'} | fields
    response = post(shop, **typed)
    assert response.status_code == 400
    body = response.content.decode()
    assert told in text(response)
    assert body.count('aria-invalid="true"') == (3 if "day" in fields else 1)
    assert body.count("autofocus") == 1
    assert 'value="a-token"' in body
    assert 'name="offers" value="1" checked' in body
    assert "Nora &quot;Q&quot; &lt;b&gt;" in body or "name" in fields
    assert members_of(shop) == []


def test_all_that_is_wrong_is_said_at_once(shop: Shop) -> None:
    page = text(post(shop, name="", contact="12", day="7"))
    for told in ("Type your name", "too short", "Fill in the day"):
        assert told in page


@pytest.mark.parametrize(("contact", "label"), [("phone", "Phone number"), ("email", "E-mail")])
def test_the_page_asks_for_the_contact_that_the_shop_wants(shop: Shop, contact: str, label: str) -> None:
    update_microsite(business_id=shop.id, join_contact=contact, join_asks_birthday=False)
    page = get(shop).content.decode()
    assert f">{label}</label>" in page
    assert 'name="day"' not in page
    wrong = "nora@mail.example" if contact == "phone" else "+919876543210"
    response = post(shop, contact=wrong)
    assert response.status_code == 400
    told = "A phone number is needed here" if contact == "phone" else "not a whole e-mail address"
    assert told in text(response)
    right = "+919876543210" if contact == "phone" else "nora@mail.example"
    assert post(shop, contact=right).status_code == 303


def test_a_form_that_is_sent_twice_joins_once(shop: Shop) -> None:
    token = token_in(get(shop))
    assert token != token_in(get(shop))
    first, second = post(shop, token=token), post(shop, token=token)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(members_of(shop)) == 1


def test_this_browser_is_led_to_its_card(shop: Shop) -> None:
    client = Client()
    address = post(shop, client).headers["Location"]
    cookie = client.cookies["regulars_joined"]
    assert (cookie["path"], cookie["httponly"], cookie["secure"]) == (
        f"/join/{shop.business.join_code}",
        True,
        True,
    )
    assert f'href="{address}"' in get(shop, client=client).content.decode()
    members.delete_member(business_id=shop.id, member_id=members_of(shop)[0].pk)
    assert address not in get(shop, client=client).content.decode()


def test_a_printed_card_becomes_theirs(shop: Shop) -> None:
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    client = Client()
    leads = client.get(f"/card/{blank.qr_code}", secure=True)
    assert leads.headers["Location"] == f"/join/{shop.business.join_code}?card={blank.qr_code}"
    page = client.get(leads.headers["Location"], secure=True)
    assert f'name="card" value="{blank.qr_code}"' in page.content.decode()
    assert f"card={blank.qr_code}" in page.content.decode().partition('class="languages"')[2]
    capitals = get(shop, f"?card={blank.qr_code.upper()}")
    assert f'name="card" value="{blank.qr_code}"' in capitals.content.decode()
    for card in (blank.qr_code, f" {blank.qr_code.upper()}"):
        assert post(shop, card=card).headers["Location"] == f"/card/{blank.qr_code}"
    assert get(shop, f"?card={blank.qr_code}").headers["Location"] == f"/card/{blank.qr_code}"
    assert len(members_of(shop)) == 1
    another = post(shop, card=blank.qr_code, contact="ada@mail.example")
    assert another.status_code == 409
    assert "Somebody had this printed card before." in text(another)
    assert "regulars_joined" not in another.cookies
    assert len(members_of(shop)) == 1


@pytest.mark.parametrize("code", ["f" * 16, "x", "../../", "\0", "f" * 400])
def test_what_is_no_printed_card_is_said_so(shop: Shop, code: str) -> None:
    for page in (get(shop, f"?card={quote(code)}"), post(shop, card=code)):
        assert page.status_code == 404
        assert "This shop has printed no card with this code." in text(page)
        assert "Join without it" in text(page)
    assert members_of(shop) == []


def test_whoever_has_a_card_finds_it_where_nobody_can_join(shop: Shop) -> None:
    client = Client()
    address = post(shop, client).headers["Location"]
    update_microsite(business_id=shop.id, join_open=False)
    for response in (get(shop, client=client), post(shop, client)):
        assert response.status_code == 403
        assert f'href="{address}"' in response.content.decode()
    assert "Open my card" not in text(get(shop))


def test_what_is_agreed_to_keeps_its_paragraphs(shop: Shop) -> None:
    update_microsite(business_id=shop.id, consent_text="I take <part>.\n\nAnd more.")
    assert "<p>I take &lt;part&gt;.</p>\n\n<p>And more.</p>" in get(shop).content.decode()


@pytest.mark.parametrize(
    ("contact", "texts", "said"),
    [
        (
            "either",
            False,
            "An e-mail address lets you find your card again.",
        ),
        ("either", True, "With this you find your card again."),
        ("phone", False, "With this number they find your card at the counter."),
        ("phone", True, "With this you find your card again."),
        ("email", False, "With this you find your card again."),
    ],
)
def test_the_page_says_what_a_contact_is_good_for(
    shop: Shop, settings: Settings, tmp_path: Path, contact: str, *, texts: bool, said: str
) -> None:
    update_microsite(business_id=shop.id, join_contact=contact)
    settings.TEXT_MESSAGES = Sms(folder=str(tmp_path) if texts else "")
    assert said in text(get(shop))


def test_closed_full_unknown_and_too_many(shop: Shop) -> None:
    assert Client().get("/join/0000000000", secure=True).status_code == 404
    assert Client().post("/join/0000000000", FILLED, secure=True).status_code == 404
    assert Client().put(f"/join/{shop.business.join_code}", secure=True).status_code == 405
    update_microsite(business_id=shop.id, join_open=False)
    for response in (get(shop), post(shop)):
        assert response.status_code == 403
        assert "ask at the counter" in text(response)
    for number in range(pages.SENDS_A_MINUTE):
        response = post(shop)
        assert (response.status_code == 429) == (number == pages.SENDS_A_MINUTE - 1)
    assert int(response.headers["Retry-After"]) >= 1


def test_other_sites_make_nobody_join(shop: Shop) -> None:
    assert post(shop, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert members_of(shop) == []


SETTINGS = (
    "plain",
    "gifts",
    "double opt-in",
    "full",
    "suspended",
    "by phone",
    "offers",
    "in German",
    "printed",
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_page_does_not_reveal_who_is_a_member(setting: str) -> None:
    """All that follows is the same for the contact of a member and for a new one, but for the code."""
    shop = make_shop("Sunrise Café", plan="trial" if setting == "full" else "self_hosted")
    known = shop.enrol("Noor", phone="+919876543210", email="noor@mail.example", language="fr")
    shop.stamp(known, 5)
    fields = {"offers": "1"} if setting in {"double opt-in", "offers"} else {}
    if setting == "gifts":
        promotions.add_event_promotion(
            business_id=shop.id, points_to_award=50, auto_allocate_on_event="signup"
        )
        update_microsite(business_id=shop.id, points_active=True)
    elif setting == "double opt-in":
        update_microsite(business_id=shop.id, double_opt_in=True)
    elif setting == "full":
        for number in range(24):
            shop.enrol("Somebody", email=f"{number}@mail.example")
    elif setting == "suspended":
        members.edit_member(business_id=shop.id, pk=known.pk, suspended=True)
    contacts = (
        ("+919876543210", "+919876543211")
        if setting == "by phone"
        else ("noor@mail.example", "new@mail.example")
    )
    with time_machine.travel(timezone.now(), tick=False):
        seen = [_all_that_follows(shop, contact, fields, setting) for contact in contacts]
    assert seen[0] == seen[1]
    assert len(seen[0]) == (1 if setting == "full" else 8)
    with scope(business=shop.business):
        assert CardAlias.objects.count() == (0 if setting == "full" else 1)


def _all_that_follows(shop: Shop, contact: str, fields: dict[str, str], setting: str) -> list[Any]:
    client = Client(headers={"accept-language": "de" if setting == "in German" else "en"})
    if setting == "printed":
        (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
        fields = fields | {"card": blank.qr_code}
    token = token_in(get(shop, client=client))
    joined = post(shop, client, contact=contact, token=token, **fields)
    if joined.status_code != 303:
        return [_seen(joined, token)]
    card = joined.headers["Location"]
    page = client.get(card, secure=True)
    stamp = re.search(r'data-stamp="([0-9a-f]+)"', page.content.decode())
    assert stamp
    french = Client(headers={"accept-language": "fr"})
    return [
        _seen(joined, token),
        _seen(page, token),
        _seen(client.get(f"{card}/now?v={stamp[1]}", secure=True), token),
        _seen(client.get(f"{card}/history", secure=True), token),
        _seen(client.get(f"{card}/manifest.webmanifest", secure=True), token),
        _seen(get(shop, client=client), token),
        _seen(client.post(f"{card}/settings", {"email": "1", "language": "de"}, secure=True), token),
        _seen(french.get(card, secure=True), token),
    ]


def _seen(response: Any, token: str) -> tuple[int, dict[str, str], list[str], str]:
    """Status, headers, cookies and body, without what is random for everybody."""
    random = re.compile(r"[0-9a-f]{16}|(?<=value=\")[\w-]{20,}(?=\")")

    def plain(value: str) -> str:
        return random.sub("*", re.sub(r"<svg\b.*?</svg>", "", value.replace(token, "*"), flags=re.DOTALL))

    headers = {name: plain(value) for name, value in response.headers.items() if name != "Content-Length"}
    body = "" if response.status_code == 204 else response.content.decode()
    # A code is also shown in four groups of four.
    body = re.sub(r"(?:[0-9a-f]{4} ?){4}", "*", body)
    cookies = [plain(cookie.OutputString()) for _, cookie in sorted(response.cookies.items())]
    cookies = [re.sub(r"expires=[^;]*", "", cookie) for cookie in cookies]
    return response.status_code, headers, cookies, plain(body)


def test_joining_takes_as_long_for_the_contact_of_a_member(shop: Shop, settings: Settings) -> None:
    shop.enrol("Noor", email="noor@mail.example")
    took: dict[bool, list[float]] = {True: [], False: []}
    words = words_in(get(shop))
    for number in range(14):
        known = bool(number % 2)
        began = time.perf_counter()
        contact = "noor@mail.example" if known else f"{number}@mail.example"
        assert post(shop, contact=contact, words=words).status_code == 303
        took[known].append(time.perf_counter() - began)
    ratio = statistics.median(took[True]) / statistics.median(took[False])
    assert 1 / 2 < ratio < 2
