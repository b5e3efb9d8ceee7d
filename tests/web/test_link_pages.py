"""The pages behind links that were sent: asking changes nothing, the button does it once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope
from pytest_django import Settings

from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import aliases, consents
from regulars.members.models import Member
from regulars.portal import links
from regulars.tenants import ratelimit
from regulars.web.member import links as pages
from tests.factories import Shop, make_shop
from tests.web.joining import text

pytestmark = pytest.mark.django_db

EMAIL = "nora@mail.example"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Nora Whitfield", email=EMAIL, optout_email=True)


def link(card: Card, purpose: str, **more: Any) -> str:
    """The path of a new link."""
    given: dict[str, Any] = {"address": EMAIL, "lasts": dt.timedelta(days=1)} | more
    url = links.make_link(business_id=card.business_id, member_id=card.pk, purpose=purpose, **given)
    return url.removeprefix("https://shop.example")


def get(path: str, **more: Any) -> Any:
    return Client().get(path, secure=True, **more)


def post(path: str, headers: Any = None, **data: str) -> Any:
    return Client().post(path, data, secure=True, headers=headers)


def member(card: Card) -> Member:
    with scope(business=card.business_id):
        return Member.objects.get(pk=card.pk)


def alias_of(card: Card) -> str:
    made = aliases.create_alias(business_id=card.business_id, member_id=card.pk, name="Somebody")
    return made.qr_code


def is_confirmed(card: Card, code: str) -> bool:
    return aliases.confirmed_member(business_id=card.business_id, qr_code=code) is not None


def test_a_member_says_that_it_was_them(card: Card) -> None:
    code = alias_of(card)
    path = link(card, "open_card", alias=code)
    for _ in range(2):
        page = get(path)
        assert page.status_code == 200
        assert "Was it you?" in text(page)
        assert page.headers["Cache-Control"] == "no-store"
    assert not is_confirmed(card, code)
    done = post(path, choice="mine")
    assert (done.status_code, done.headers["Location"]) == (303, f"/card/{card.qr_code}")
    assert is_confirmed(card, code)
    assert get(f"/card/{code}").headers["Location"] == f"/card/{card.qr_code}"
    for again in (get(path), post(path, choice="mine")):
        assert again.status_code == 404
        assert "does not work any more" in text(again)


def test_a_member_says_that_it_was_not(card: Card) -> None:
    code = alias_of(card)
    done = post(link(card, "open_card", alias=code), choice="not-mine")
    assert done.headers["Location"] == f"/card/{card.qr_code}"
    assert not is_confirmed(card, code)
    assert get(f"/card/{code}").status_code == 200  # whoever has it sees what they saw before


def test_somebody_new_opens_the_card(card: Card) -> None:
    path = link(card, "open_card")
    assert "Your card is ready" in text(get(path))
    assert post(path, choice="mine").headers["Location"] == f"/card/{card.qr_code}"
    assert member(card).email_confirmed_at is not None


def test_an_address_is_confirmed(card: Card) -> None:
    ids: dict[str, Any] = {"business_id": card.business_id, "member_id": card.pk}
    consents.record(**ids, purpose="email", given=True, text="Offers.", source="join")
    path = link(card, "confirm_email")
    assert EMAIL in text(get(path))
    assert member(card).optout_email is True
    done = post(path)
    assert "your address is confirmed" in text(done)
    assert f'href="/card/{card.qr_code}"' in done.content.decode()
    assert member(card).optout_email is False
    assert member(card).email_confirmed_at is not None


@pytest.mark.parametrize("purpose", ["open_card", "confirm_email", "change_email"])
def test_somebody_says_that_the_address_is_not_a_members(card: Card, purpose: str) -> None:
    path = link(card, purpose, address="new@mail.example" if purpose == "change_email" else EMAIL)
    assert "No, this was not me" in text(get(path))
    done = post(path, choice=pages.NOT_ME)
    assert done.status_code == 200
    assert "does not write to this address any more" in text(done)
    assert "/card/" not in done.content.decode()
    # An address that is to become theirs was never theirs: what they have stays.
    assert bool(member(card).email) == (purpose == "change_email")
    assert member(card).email_confirmed_at is None
    assert post(path, choice=pages.NOT_ME).status_code == 404


def test_whose_address_is_confirmed_is_not_asked_again(card: Card) -> None:
    members.confirm_email(business_id=card.business_id, pk=card.pk, address=EMAIL)
    path = link(card, "confirm_email")
    assert "this was not me" not in text(get(path))
    post(path, choice=pages.NOT_ME)
    assert member(card).email == EMAIL


def test_another_address_becomes_theirs(shop: Shop, card: Card) -> None:
    path = link(card, "change_email", address="new@mail.example")
    assert "new@mail.example" in text(get(path))
    assert "Your address is changed" in text(post(path))
    assert member(card).email == "new@mail.example"
    shop.enrol("Ada", email="ada@mail.example")
    taken = post(link(card, "change_email", address="ada@mail.example"))
    assert taken.status_code == 409
    assert "This address is taken" in text(taken)
    assert member(card).email == "new@mail.example"


def test_signing_in_happens_at_the_micro_site(shop: Shop, card: Card) -> None:
    path = link(card, "sign_in")
    leads = get(path)
    assert (leads.status_code, leads.headers["Location"]) == (
        302,
        f"https://shop.example/m/{shop.business.slug}{path}",
    )
    assert links.find_link(path.rpartition("/")[2]).used_at is None


def test_the_page_speaks_the_members_language_and_nothing_else_is_told(card: Card) -> None:
    with scope(business=card.business_id):
        Member.objects.filter(pk=card.pk).update(language="de")
    page = get(link(card, "open_card"))
    assert '<html lang="de">' in page.content.decode()
    assert "Nora" not in text(page)


@pytest.mark.parametrize("token", ["x", "x" * 300, "%00", "..%2F"])
def test_what_is_no_link_is_said_so(card: Card, token: str) -> None:
    for response in (get(f"/l/{token}"), post(f"/l/{token}")):
        assert response.status_code == 404


def test_guessing_and_other_sites_are_held_off(card: Card) -> None:
    path = link(card, "confirm_email")
    assert post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert member(card).email_confirmed_at is None
    for _ in range(pages.LOOKS_A_MINUTE):
        last = get("/l/guess")
    assert last.status_code == 404
    refused = get(path)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
