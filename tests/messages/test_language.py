"""Messages speak the member's language where the business has not written its own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.utils.translation import trans_real
from django_scopes import scope

from regulars.members import actions as members
from regulars.messages import actions, kinds, letter, queries, render, texts
from regulars.messages.letter import Rendered
from regulars.messages.models import Message
from regulars.outbox import fanout
from regulars.tenants.models import Business
from tests.factories import Shop, make_shop
from tests.messages.test_automatic import MORNING
from tests.vouchers import given

pytestmark = pytest.mark.django_db

GERMAN = {
    "Welcome to {business_name}": "Willkommen bei {business_name}",
    "Open your card": "Zu deiner Karte",
    "Unsubscribe": "Abbestellen",
    "You get this because this address was given to us for a card.": "Du bist bei uns Mitglied.",
}


def _forget() -> None:
    for kept in (kinds._spoken, letter._compiled, render._words):
        kept.cache_clear()


@pytest.fixture(autouse=True)
def _german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Words of our own, so that a better translation changes no test."""
    catalog = trans_real.translation("de")._catalog  # type: ignore[attr-defined]
    for english, german in GERMAN.items():
        monkeypatch.setitem(catalog._catalogs[0], english, german)
    _forget()
    yield
    _forget()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def welcomed(shop: Shop, *, member: str = "", business: str = "en", channel: str = "email") -> Rendered:
    Business.objects.filter(pk=shop.id).update(language=business)
    card = shop.enrol("Nora Whitfield", email="nora@mail.example")
    members.edit_member(business_id=shop.id, pk=card.pk, language=member)
    fanout.pass_on_all()
    return rendered(shop, "welcome")


def rendered(shop: Shop, kind: str) -> Rendered:
    with scope(business=shop.id):
        message = Message.objects.select_related("member__card", "business__program").get(kind=kind)
        return render.render_message(message=message, business=message.business, member=message.member)


@pytest.mark.parametrize(
    ("member", "business", "language"),
    [("de", "en", "de"), ("", "de", "de"), ("en", "de", "en"), ("", "en", "en")],
)
def test_the_products_words_are_in_the_language(
    shop: Shop, member: str, business: str, language: str
) -> None:
    mail = welcomed(shop, member=member, business=business)
    german = language == "de"
    assert ("Willkommen bei Alice's Café" in mail.subject) is german
    for said, english in (("Zu deiner Karte", "Open your card"), ("Abbestellen", "Unsubscribe")):
        for part in (mail.text, mail.html):
            assert (said in part) is german
            assert (english in part) is not german
    assert ("Du bist bei uns Mitglied" in mail.text) is german
    assert f'<div lang="{language}"' in mail.html


def test_the_business_keeps_its_own_words(shop: Shop) -> None:
    actions.set_text(business_id=shop.id, kind="welcome", subject="Servus {first_name}", button="Schau her")
    mail = welcomed(shop, member="de")
    assert mail.subject == "Servus Nora"
    assert "Schau her" in mail.html
    assert "Zu deiner Karte" not in mail.html
    assert "Abbestellen" in mail.html, "the foot is the product's"


def test_days_are_written_as_the_language_writes_them(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    members.edit_member(business_id=shop.id, pk=card.pk, language="de")
    voucher = given.voucher(shop, expires_after_days=7)
    with time_machine.travel(MORNING, tick=False):
        given.issue(shop, voucher, card)
        fanout.pass_on_all()
        assert "8. Juni 2026" in rendered(shop, "voucher_issued").text
        members.edit_member(business_id=shop.id, pk=card.pk, language="en")
        assert "8 June 2026" in rendered(shop, "voucher_issued").text


def test_an_owner_sees_what_goes_out(shop: Shop) -> None:
    Business.objects.filter(pk=shop.id).update(language="de")
    shown = texts.preview(business_id=shop.id, kind="welcome")
    assert "Willkommen" in shown.subject
    assert "Abbestellen" in shown.html
    welcome = next(one for one in queries.kinds(business_id=shop.id) if one.kind.name == "welcome")
    assert welcome.usual.subject == GERMAN["Welcome to {business_name}"]
    assert not welcome.usual.own
