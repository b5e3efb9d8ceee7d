"""The mails that follow those who join."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope
from pytest_django import Settings

from regulars.members import actions as members
from regulars.members.models import Member
from regulars.messages import render
from regulars.messages.actions import set_text
from regulars.messages.letter import Rendered
from regulars.messages.models import Message
from regulars.messages.sending import Sender, send_some
from regulars.portal import disowning, links
from regulars.rules.errors import NotFound
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop
from tests.messages import postbox
from tests.portal.joiner import OFFERS, WORDS, join, link_of, member_of, messages, said, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def rendered(shop: Shop, kind: str) -> Rendered:
    """The one message of a kind, as it would be sent now."""
    with scope(business=shop.id):
        message = Message.objects.select_related("member__card", "business__program").get(kind=kind)
        return render.render_message(message=message, business=message.business, member=message.member)


@pytest.mark.parametrize(
    ("way", "subject", "told"),
    [
        ("new", "Your card at Alice's Café", "https://shop.example/card/"),
        ("known", "Your card at Alice's Café", "If it was not you, say so"),
        ("double opt-in", "Please confirm your address", "nora@mail.example is your address"),
        (
            "double opt-in",
            "Please confirm your address",
            "Your card is always here: https://shop.example/card/",
        ),
    ],
)
def test_the_mail_that_follows(shop: Shop, settings: Settings, way: str, subject: str, told: str) -> None:
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
    assert told in plain
    assert url in plain
    assert f'href="{url}"' in html
    assert "List-Unsubscribe" not in mail
    assert "you are a member" not in plain + html
    assert "this address was given to us for a card" in plain
    assert messages(shop)[0].sealed == ""


@pytest.mark.parametrize("double_opt_in", [False, True])
def test_what_somebody_typed_as_a_name_goes_to_no_unknown_address(shop: Shop, *, double_opt_in: bool) -> None:
    update_microsite(business_id=shop.id, double_opt_in=double_opt_in)
    kind = "confirm_email" if double_opt_in else "your_card"
    set_text(business_id=shop.id, kind=kind, body="Hello {first_name|there}, {name} {last_name}")
    join(shop, "Prize Waiting", consents=OFFERS if double_opt_in else WORDS)
    sent = rendered(shop, kind)
    assert "Hello there," in sent.text
    assert "Prize" not in sent.text + sent.html
    assert "Waiting" not in sent.text + sent.html


def test_the_members_own_name_goes_to_their_own_address(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    members.confirm_email(business_id=shop.id, pk=card.pk, address="nora@mail.example")
    set_text(business_id=shop.id, kind="your_card", body="Hello {first_name|there}")
    join(shop, "Prize Waiting")
    sent = rendered(shop, "your_card")
    assert "Hello Nora" in sent.text
    assert "you are a member" in sent.text


def test_a_change_of_address_carries_no_name(shop: Shop) -> None:
    card = shop.enrol("Prize Waiting", email="nora@mail.example")
    set_text(business_id=shop.id, kind="confirm_email", body="Hello {first_name|there} {name}\n{card_url}")
    links.request_email_change(business_id=shop.id, member_id=card.pk, address="new@mail.example")
    sent = rendered(shop, "confirm_email")
    assert sent.text.startswith("Hello there")
    assert "Prize" not in sent.text
    assert "/card/" not in sent.text


@pytest.mark.parametrize("double_opt_in", [False, True])
def test_whoever_reads_the_mail_says_that_it_was_not_them(shop: Shop, *, double_opt_in: bool) -> None:
    update_microsite(business_id=shop.id, double_opt_in=double_opt_in)
    joined = join(shop, consents=OFFERS if double_opt_in else WORDS)
    token = token_of(shop)
    link = links.find_link(token)
    assert disowning.can_disown(link)
    disowning.by_link(token=token, purpose=link.purpose)
    member = member_of(shop, joined)
    assert (member.email, member.optout_email, member.email_confirmed_at) == ("", True, None)
    assert said(shop, member)[-1] == ("email", False, "", "unsubscribe")
    with pytest.raises(NotFound):
        disowning.by_link(token=token, purpose=link.purpose)


def test_a_confirmed_address_and_that_of_somebody_known_stay(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    join(shop)
    token = token_of(shop)
    assert not disowning.can_disown(links.find_link(token))
    disowning.by_link(token=token, purpose="open_card")
    ids: dict[str, Any] = {"business_id": shop.id, "member_id": card.pk}
    url = links.make_link(
        **ids, purpose="confirm_email", address="nora@mail.example", lasts=links.CONFIRM_LASTS
    )
    members.confirm_email(business_id=shop.id, pk=card.pk, address="nora@mail.example")
    token = url.rpartition("/")[2]
    assert not disowning.can_disown(links.find_link(token))
    disowning.by_link(token=token, purpose="confirm_email")
    with scope(business=shop.business):
        assert Member.objects.get().email == "nora@mail.example"
