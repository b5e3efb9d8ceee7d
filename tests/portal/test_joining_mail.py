"""The mails that follow those who join."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from regulars.members import actions as members
from regulars.messages.sending import Sender, send_some
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop
from tests.messages import postbox
from tests.portal.joiner import OFFERS, WORDS, join, link_of, messages

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.mark.parametrize(
    ("way", "subject", "said"),
    [
        ("new", "Your card at Alice's Café", "https://shop.example/card/"),
        ("known", "Your card at Alice's Café", "If it was not you, do nothing"),
        ("double opt-in", "Please confirm your address", "nora@mail.example is your address"),
    ],
)
def test_the_mail_that_follows(shop: Shop, settings: Settings, way: str, subject: str, said: str) -> None:
    """It goes out although nobody asked for offers, and to the member's own address."""
    update_microsite(business_id=shop.id, double_opt_in=way == "double opt-in")
    if way == "known":
        card = shop.enrol("Nora", email="nora@mail.example", phone="+919876543210", optout_email=True)
        members.edit_member(business_id=shop.id, pk=card.pk, suspended=True)
        join(shop, phone="+919876543210")
    else:
        join(shop, consents=OFFERS if way == "double opt-in" else WORDS)
    url = link_of(messages(shop)[0])
    with postbox.opened() as box, Sender() as sender:
        settings.EMAIL_BACKEND = "regulars.messages.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        assert send_some(sender=sender).sent == 1
    (mail,) = box.mails
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert (mail["To"], mail["Subject"]) == ("nora@mail.example", subject)
    assert said in plain
    assert url in plain
    assert f'href="{url}"' in html
    assert "List-Unsubscribe" not in mail
    assert messages(shop)[0].sealed == ""
