"""The page of a customer's card, as a browser without scripts gets it."""

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import aliases, consents
from regulars.members.models import BlankCard, Member
from regulars.tenants import ratelimit
from regulars.tenants.models import Business, Program
from regulars.vouchers import actions as vouchers
from regulars.web.member import card as pages
from regulars.web.member import keeping
from tests.factories import Shop, make_shop
from tests.vouchers.given import earn, issue, voucher

pytestmark = pytest.mark.django_db

ELSEWHERE = {"sec-fetch-site": "cross-site"}


@pytest.fixture
def shop() -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001", email="priya@mail.example")


def get(path: str, **more: Any) -> Any:
    return Client().get(f"/card/{path}", secure=True, **more)


def post(path: str, **data: Any) -> Any:
    return Client().post(f"/card/{path}", data, secure=True)


def text(response: Any) -> str:
    """What a page says, in one line."""
    body = response.content.decode()
    body = re.sub(r"<(svg|script)\b.*?</\1>", "", body, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def stamp_of(response: Any) -> str:
    found = re.search(r'data-stamp="([0-9a-f]{16})"', response.content.decode())
    assert found
    return found[1]


def test_a_card_shows_what_lies_on_it_and_no_contact(shop: Shop, card: Card) -> None:
    shop.stamp(card, 14)
    response = get(card.qr_code)
    said = text(response)
    assert response.status_code == 200
    for shown in ("Sunrise Café", "Priya", "2 more, then: Free coffee", "Show this at the counter"):
        assert shown in said
    assert 'aria-label="6 of 8 stamps"' in response.content.decode()
    for hidden in ("Sharma", "9876500001", "98765 00001", "priya@mail", "M000001"):
        assert hidden not in response.content.decode()
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "noindex" in response.headers["X-Robots-Tag"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Good from 3 May"), ("de", "3. Mai"), ("es", "3 de mayo"), ("pt", "3 de maio"), ("hi", "3 मई")],
)
def test_a_voucher_that_begins_later_says_when(shop: Shop, card: Card, language: str, said: str) -> None:
    later = voucher(shop)
    issue(shop, later, card)
    vouchers.edit_voucher(business_id=shop.id, pk=later.pk, date_from=dt.date(timezone.now().year + 1, 5, 3))
    assert said in text(get(f"{card.qr_code}?language={language}"))


@pytest.mark.parametrize("goal", [2, 6, 7, 12, 20, 21, 50])
def test_every_goal_has_its_places(shop: Shop, card: Card, goal: int) -> None:
    with scope(business=shop.id):
        Program.objects.update(stamps_required=goal)
    body = get(card.qr_code).content.decode()
    grid = re.search(r'<div class="(stamps|dots) c(\d+)".*?</div>', body, re.DOTALL)
    assert grid
    assert grid[0].count("<span") == goal
    assert (grid[1] == "dots") is (goal > 20)
    assert 2 <= int(grid[2]) <= 10


def test_points_only(shop: Shop, card: Card) -> None:
    with scope(business=shop.id):
        Program.objects.update(is_active=False)
    Business.objects.update(points_active=True)
    voucher(shop, "Lunch", points_required=2000, available_for_self_selection=True)
    earn(shop, card, 1240)
    said = text(get(card.qr_code))
    assert "1,240 points" in said
    assert "760 more to Lunch" in said
    assert "stamp" not in said.partition("Lately")[0].replace("Sunrise Café Stamps", "")


def test_closed_and_suspended_cards_say_so(shop: Shop, card: Card) -> None:
    issue(shop, voucher(shop, "Cake"), card)
    with scope(business=shop.id):
        Program.objects.update(is_active=False)
    said = text(get(card.qr_code))
    assert "Nothing is collected here at the moment" in said
    assert "Cake" in said
    members.edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    assert "This card is paused" in text(get(card.qr_code))


def test_unknown_codes_are_404_and_slowed_down(
    shop: Shop, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "UNKNOWN_LIMIT", 3)
    monkeypatch.setattr(ratelimit, "take", counting())
    statuses = [get("0123456789abcdef").status_code for _ in range(5)]
    assert statuses == [404, 404, 404, 429, 429]
    refused = get("0123456789abcdef/now")
    assert int(refused.headers["Retry-After"]) > 0
    assert get(card.qr_code).status_code == 200  # whoever has a card is not slowed down


def counting() -> Any:
    """Limits of this test's own."""
    seen: dict[str, int] = {}

    def take(subject: str, limit: int) -> ratelimit.Allowance:
        seen[subject] = seen.get(subject, 0) + 1
        allowed = seen[subject] <= limit
        return ratelimit.Allowance(allowed, limit, max(limit - seen[subject], 0), 0 if allowed else 30)

    return take


def test_capitals_lead_to_the_card(card: Card) -> None:
    response = get(card.qr_code.upper())
    assert (response.status_code, response.headers["Location"]) == (302, f"/card/{card.qr_code}")


def test_an_alias_looks_like_a_card_of_somebody_new(shop: Shop, card: Card) -> None:
    shop.stamp(card, 14)
    voucher(shop, "Welcome", auto_allocate_on_event="signup")
    new = shop.enrol("Pri Lee", language="es")
    consents.record(
        business_id=shop.id, member_id=new.pk, purpose="programme", given=True, text="Yes", source="join"
    )
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="Pri Lee")

    def seen(code: str, path: str = "") -> str:
        body = get(f"{code}{path}").content.decode()
        body = re.sub(r"<svg.*?</svg>", "svg", body, flags=re.DOTALL)
        body = re.sub(r'data-(stamp|seen)="[^"]*"', "", body)
        return body.replace(code, "code").replace(" ".join(re.findall("....", code)), "code")

    assert "A welcome gift waits for you at the counter" in seen(alias.qr_code)
    for path in ("", "/now?v=x", "/history"):
        assert seen(alias.qr_code, path) == seen(new.qr_code, path)
    for path, data in (("settings", {"language": "de"}), ("vouchers/1", {"token": "a"})):
        both = [post(f"{code}/{path}", **data) for code in (alias.qr_code, new.qr_code)]
        assert both[0].status_code == both[1].status_code
    with scope(business=shop.id):
        known = Member.objects.get(pk=card.pk)
    assert (known.language, known.optout_email) == ("", False)
    # Once the shop dealt with them, the new one sees the gift.
    shop.stamp(new)
    assert "Welcome" in text(get(new.qr_code))


def test_a_confirmed_alias_leads_to_the_card(shop: Shop, card: Card) -> None:
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="Pri")
    stamp = stamp_of(get(alias.qr_code))
    assert get(f"{alias.qr_code}/now?v={stamp}").status_code == 204
    aliases.confirm_alias(business_id=shop.id, qr_code=alias.qr_code)
    assert get(f"{alias.qr_code}/now?v={stamp}").status_code == 410
    response = get(alias.qr_code)
    assert (response.status_code, response.headers["Location"]) == (302, f"/card/{card.qr_code}")


def test_a_printed_card_that_is_nobodys_leads_to_joining(shop: Shop) -> None:
    with scope(business=shop.id):
        blank = BlankCard.objects.create(business_id=shop.id, qr_code="feedbeeffeedbeef", number=1)
    response = get(blank.qr_code)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/join/{shop.business.join_code}?card=feedbeeffeedbeef"
    with scope(business=shop.id):
        BlankCard.objects.update(used_at=timezone.now())
    assert get(blank.qr_code).status_code == 404


def test_asking_for_news_costs_two_reads(shop: Shop, card: Card, database: str) -> None:
    shop.stamp(card, 3)
    asked = [(one, stamp_of(get(one.qr_code))) for one in (card, shop.enrol(), shop.enrol())]
    connection.ensure_connection()
    before = connection.connection.total_changes if database == "sqlite" else 0
    for one, stamp in asked:
        with CaptureQueriesContext(connection) as caught:
            response = get(f"{one.qr_code}/now?v={stamp}")
        assert (response.status_code, response.content) == (204, b"")
        assert len(caught) == 2
        assert all(
            query["sql"].lstrip().startswith(("SELECT", "WITH")) for query in caught
        )  # no transaction either
    if database == "sqlite":
        assert connection.connection.total_changes == before
    shop.stamp(card, 2)
    news = get(f"{card.qr_code}/now?v={asked[0][1]}")
    assert (news.status_code, news.headers["Cache-Control"]) == (200, "no-store")
    assert "3 more, then: Free coffee" in text(news)
    assert "<html" not in news.content.decode()
    assert get(f"{card.qr_code}/now?v={stamp_of(news)}").status_code == 204


def test_the_page_takes_few_statements(shop: Shop, card: Card) -> None:
    shop.stamp(card, 9)
    issue(shop, voucher(shop), card, qty=3)
    with CaptureQueriesContext(connection) as caught:
        get(card.qr_code)
    assert len(caught) <= 12


def test_history_goes_on_page_by_page(shop: Shop, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "A_PAGE", 3)
    for _ in range(4):
        shop.stamp(card)
    first = get(f"{card.qr_code}/history")
    assert text(first).count("+1 stamp") == 3
    older = re.search(r'href="\?before=(\d+)"', first.content.decode())
    assert older
    second = text(get(f"{card.qr_code}/history?before={older[1]}"))
    assert second.count("+1 stamp") == 1
    assert "You joined" in second
    for nonsense in ("x", "-1", "9" * 30, "²"):
        assert get(f"{card.qr_code}/history?before={nonsense}").status_code == 200


def test_a_phone_can_keep_the_card(shop: Shop, card: Card) -> None:
    response = get(f"{card.qr_code}/manifest.webmanifest")
    assert response.headers["Content-Type"] == "application/manifest+json"
    told = json.loads(response.content)
    assert (told["name"], told["start_url"]) == ("Sunrise Café", f"/card/{card.qr_code}")
    for icon in told["icons"]:
        picture = Client().get(icon["src"], secure=True)
        assert picture.headers["Content-Type"] == "image/png"
    worker = get("sw.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")


def test_a_browser_forgets_the_card(shop: Shop, card: Card) -> None:
    client = Client()
    page = client.get(f"/card/{card.qr_code}", secure=True).content.decode()
    assert f'action="/card/{card.qr_code}/forget"' in page
    path = f"/join/{shop.business.join_code}"
    answer = client.post(f"/card/{card.qr_code}/forget", secure=True)
    assert "This phone has forgotten the card" in text(answer)
    assert re.search(rf'href="/card/{card.qr_code}"[^>]*>\s*Open the card again', answer.content.decode())
    assert (answer.cookies["regulars_joined"]["path"], answer.cookies["regulars_joined"]["max-age"]) == (
        path,
        0,
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(f"/card/{card.qr_code}/forget", secure=True).status_code == 405
    refused = client.post(f"/card/{card.qr_code}/forget", secure=True, headers=ELSEWHERE)
    assert refused.status_code == 403
    assert post(f"{'0' * 16}/forget").status_code == 404
    assert get(card.qr_code).status_code == 200


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Sunrise Café", "Sunrise Café"),
        ("Parijata Coffee", "Parijata"),
        ("Tom & Jerry's Diner", "Tom"),
        ("Alice's Café & Bar", "Alice's Café"),
        ("Donaudampfschiff", "Donaudampfsc"),
    ],
)
def test_a_name_under_an_icon_ends_with_a_word(name: str, short: str) -> None:
    assert keeping.short_name(name) == short


def test_there_is_a_page_for_when_there_is_no_network(card: Card) -> None:
    response = get(f"{card.qr_code}/away?language=de")
    assert response.status_code == 200
    assert f'href="/card/{card.qr_code}"' in response.content.decode()
    assert '<html lang="de">' in response.content.decode()


@pytest.mark.parametrize(
    "path", ["zz0000/53-192.png", "0f766e/53-100.png", "0f766e/20-192.png", "0f766e/fffffff-192.png",
             "0f766e/053-192.png", "nothing-192.png"]
)  # fmt: skip
def test_other_icons_are_not_drawn(path: str) -> None:
    assert Client().get(f"/look/icon/{path}", secure=True).status_code == 404
