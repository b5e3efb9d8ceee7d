"""In which language scratch cards, the link under messages and the pages about passwords answer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django_scopes import scopes_disabled

from regulars.members import actions as members
from regulars.messages import actions as messages
from regulars.messages import unsubscribe
from regulars.scratchcards import actions, cards
from regulars.scratchcards.actions import NewPrize
from regulars.tenants.models import Business
from tests.factories import HTTPS, make_shop

pytestmark = pytest.mark.django_db

JUNE = dt.datetime(2026, 6, 2, 6, 0, tzinfo=dt.UTC)
# Of a browser, of the member, of the business, as chosen on the page; and what that makes.
WHO = [
    ("", "", "de", "", "de"),
    ("", "fr", "de", "", "fr"),
    ("es-MX, en;q=0.5", "fr", "de", "", "fr"),
    ("es-MX, en;q=0.5", "", "de", "", "es"),
    ("xx", "", "en", "", "en"),
    ("es", "fr", "de", "pt", "pt"),
]


def ask(path: str, accepted: str = "", chosen: str = "", **more: Any) -> Any:
    query = {"language": chosen} if chosen else {}
    response = Client().get(path, query, headers={"Accept-Language": accepted}, **(HTTPS | more))
    assert "Accept-Language" in response.headers["Vary"]
    assert "Cookie" in response.headers["Vary"]
    return response


def shown(response: Any, language: str, status: int = 200) -> str:
    assert response.status_code == status
    text = response.content.decode()
    assert f'<html lang="{language}">' in text
    return str(text)


@pytest.mark.parametrize(("browser", "member", "business", "chosen", "spoken"), WHO)
def test_a_scratch_card_speaks(browser: str, member: str, business: str, chosen: str, spoken: str) -> None:
    days = {"de": "16. Juni 2026", "fr": "16 juin 2026", "es": "16 de junio de 2026", "en": "16 June 2026"}
    shop = make_shop()
    Business.objects.filter(pk=shop.id).update(language=business)
    card = shop.enrol()
    members.edit_member(business_id=shop.id, pk=card.pk, language=member)
    with time_machine.travel(JUNE, tick=False):
        prizes = [NewPrize("Tea", Decimal(1))]
        of = actions.create_campaign(business_id=shop.id, name="Spin", prizes=prizes)
        issued = cards.issue_card(business_id=shop.id, campaign_id=of.pk, member_id=card.pk, expires_days=14)
        response = ask(f"/scratch/{issued.token}", browser, chosen)
    assert days.get(spoken, "16 de junho de 2026") in shown(response, spoken)
    assert (response.cookies.get("regulars_language") is not None) is bool(chosen)


@pytest.mark.parametrize(("browser", "member", "business", "chosen", "spoken"), WHO)
def test_the_link_under_a_message_speaks(
    browser: str, member: str, business: str, chosen: str, spoken: str
) -> None:
    shop = make_shop()
    Business.objects.filter(pk=shop.id).update(language=business)
    card = shop.enrol(email="nora@mail.example")
    members.edit_member(business_id=shop.id, pk=card.pk, language=member)
    queued = messages.queue_message(business_id=shop.id, kind="welcome", key="w", member_id=card.pk)
    assert queued is not None
    link = unsubscribe.url(business_id=shop.id, member_id=card.pk, message_id=queued.pk)
    shown(ask(link.removeprefix("https://shop.example"), browser, chosen), spoken)
    with scopes_disabled():
        queued.delete()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/scratch/nothing", 404), ("/u/nothing", 404), ("/password/forgot", 200), ("/password/reset/x/y", 404)],
)
def test_who_is_not_known_is_answered_in_the_browsers_language(path: str, status: int) -> None:
    shown(ask(path, "pt-BR"), "pt", status)
    shown(ask(path), "en", status)
