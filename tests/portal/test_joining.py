"""Joining by oneself: everybody gets a card, and nobody learns who is a member."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope
from pytest_django import Settings

from regulars.environment_mail import Sms
from regulars.ledger import merging
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import aliases, blank_cards, consents
from regulars.members.models import Consent, Member
from regulars.messages.actions import set_text
from regulars.messages.models import Message
from regulars.portal import joining
from regulars.portal.joining import JoiningClosed
from regulars.portal.models import OneTimeLink
from regulars.rules.errors import Conflict, NotFound, PlanLimit
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop
from tests.portal.joiner import OFFERS, WORDS, count, gift, join, member_of, messages, said, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_somebody_new_becomes_a_member(shop: Shop) -> None:
    joined = join(
        shop, "  Nora   Whitfield ", email=" Nora@Mail.example", birthday=dt.date(1990, 2, 28), language="de"
    )
    member = member_of(shop, joined)
    assert (member.name, member.email, member.cell) == ("Nora Whitfield", "nora@mail.example", "")
    assert (member.date_of_birth, member.language) == (dt.date(1990, 2, 28), "de")
    assert (member.optout_email, member.optout_text, member.optout_post) == (True, True, True)
    assert member.email_confirmed_at is None
    assert said(shop, member) == [("programme", True, "I join.", "join")]
    (message,) = messages(shop)
    assert (message.kind, message.member_id, message.channel) == ("your_card", member.pk, "email")


def test_who_wants_offers_gets_them_where_they_gave_an_address(shop: Shop) -> None:
    by_mail = member_of(shop, join(shop, consents=OFFERS))
    by_phone = member_of(shop, join(shop, phone="+91 98765 43210", consents=OFFERS))
    assert (by_mail.optout_email, by_mail.optout_text) == (False, True)
    assert (by_phone.optout_email, by_phone.optout_text) == (True, False)
    assert [row[0] for row in said(shop, by_mail)] == ["programme", "email"]
    assert [row[0] for row in said(shop, by_phone)] == ["programme", "text"]
    assert messages(shop) == []  # the welcome brings the card; nobody reaches the phone


def test_the_card_is_mailed_when_no_welcome_brings_it(shop: Shop) -> None:
    set_text(business_id=shop.id, kind="welcome", enabled=False)
    join(shop, consents=OFFERS)
    assert [message.kind for message in messages(shop)] == ["your_card"]


def test_a_known_contact_gets_a_second_code_that_nobody_confirmed(shop: Shop) -> None:
    card = shop.enrol("Nora Whitfield", email="nora@mail.example", phone="+919876543210")
    for fields in ({"email": "NORA@mail.example"}, {"phone": "098765 43210"}):
        joined = join(shop, "Somebody", consents=OFFERS, language="de", **fields)
        alias = aliases.resolve(business_id=shop.id, qr_code=joined.qr_code)
        assert alias is not None
        assert (alias.member_id, alias.name, alias.confirmed_at) == (card.pk, "Somebody", None)
    assert count(shop) == (1, 2)
    with scope(business=shop.business):
        member = Member.objects.get(pk=card.pk)
    # What a stranger ticks is nothing that the member said.
    assert (member.name, member.language, member.optout_email) == ("Nora Whitfield", "", False)
    assert said(shop, member) == []


def test_a_known_member_is_asked_at_their_own_address_once_in_a_while(shop: Shop) -> None:
    shop.enrol("Nora", email="nora@mail.example", phone="+919876543210")
    joined = join(shop, phone="+919876543210")
    join(shop, "Again", phone="+919876543210")
    (message,) = messages(shop)
    assert (message.kind, message.channel) == ("your_card", "email")
    with scope(business=shop.business):
        link = OneTimeLink.objects.get()
    assert (link.alias, link.address) == (joined.qr_code, "nora@mail.example")
    assert "open_url" not in message.context  # it is sealed


def test_who_has_only_a_phone_is_asked_by_text_message(shop: Shop, settings: Settings, tmp_path: Any) -> None:
    shop.enrol("Nora", phone="+919876543210")
    join(shop, phone="+919876543210")
    assert messages(shop) == []
    settings.TEXT_MESSAGES = Sms(folder=str(tmp_path))
    join(shop, "Another", phone="+919876543210")
    (message,) = messages(shop)
    assert (message.kind, message.channel) == ("your_card", "sms")


def test_the_mailbox_says_whose_card_is_meant(shop: Shop) -> None:
    shop.enrol("By phone", phone="+919876543210")
    by_mail = shop.enrol("By mail", email="nora@mail.example")
    joined = join(shop, phone="+919876543210", email="nora@mail.example")
    alias = aliases.resolve(business_id=shop.id, qr_code=joined.qr_code)
    assert alias is not None
    assert alias.member_id == by_mail.pk


def test_the_suspended_and_those_of_other_shops_are_told_apart_from_nobody(shop: Shop) -> None:
    other = make_shop("Charlie's")
    other.enrol("Nora", email="nora@mail.example")
    first = join(shop)
    members.edit_member(business_id=shop.id, pk=member_of(shop, first).pk, suspended=True)
    assert join(shop, "Nora again") != first
    assert count(shop) == (1, 1)
    assert count(other) == (1, 0)


def test_a_form_sent_twice_joins_once(shop: Shop) -> None:
    token = joining.new_token()
    first = join(shop, token=token)
    assert join(shop, token=token) == first
    assert count(shop) == (1, 0)
    assert len(messages(shop)) == 1
    # Whoever goes back and types somebody else's name and address joins somebody else.
    other = join(shop, "Ada", email="ada@mail.example", token=token)
    assert member_of(shop, other).name == "Ada"
    assert len({first, other, join(shop, token=joining.new_token())}) == 3


def test_a_second_code_sent_twice_is_one(shop: Shop) -> None:
    shop.enrol("Nora", email="nora@mail.example")
    token = joining.new_token()
    assert join(shop, token=token) == join(shop, token=token)
    assert count(shop) == (1, 1)


@pytest.mark.parametrize("known", [False, True])
def test_a_printed_card_becomes_theirs(shop: Shop, *, known: bool) -> None:
    if known:
        shop.enrol("Nora", email="nora@mail.example")
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    assert join(shop, blank_code=blank.qr_code).qr_code == blank.qr_code
    assert blank_cards.find_blank(business_id=shop.id, qr_code=blank.qr_code) is None
    assert count(shop) == (1, int(known))
    assert join(shop, blank_code=blank.qr_code).qr_code == blank.qr_code  # sent twice
    assert count(shop) == (1, int(known))
    for another in ({"name": "Ada"}, {"email": "ada@mail.example"}, {"token": "another form"}):
        with pytest.raises(Conflict):
            join(shop, blank_code=blank.qr_code, **another)
    assert count(shop) == (1, int(known))


def test_a_printed_card_that_a_member_holds_is_nobody_elses(shop: Shop) -> None:
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    shop.enrol("Nora", email="nora@mail.example", qr_code=blank.qr_code)
    for contact in ("nora@mail.example", "ada@mail.example"):
        with pytest.raises(Conflict):
            join(shop, blank_code=blank.qr_code, email=contact)
    assert count(shop) == (1, 0)


def test_only_the_shops_own_unused_cards_can_be_taken(shop: Shop) -> None:
    other = make_shop("Charlie's")
    (foreign,) = blank_cards.make_blanks(business_id=other.id, count=1)
    with pytest.raises(NotFound):
        join(shop, blank_code=foreign.qr_code)
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    gone = join(shop, blank_code=blank.qr_code)
    members.delete_member(business_id=shop.id, member_id=member_of(shop, gone).pk)
    with pytest.raises(Conflict):
        join(shop, blank_code=blank.qr_code)
    assert count(shop) == (0, 0)


def test_a_shop_may_let_nobody_join(shop: Shop) -> None:
    update_microsite(business_id=shop.id, join_open=False)
    with pytest.raises(JoiningClosed):
        join(shop)


def test_a_full_programme_says_the_same_to_those_who_are_in_it() -> None:
    shop = make_shop(plan="trial")
    for number in range(25):
        shop.enrol("Somebody", email=f"{number}@mail.example")
    for email in ("new@mail.example", "3@mail.example"):
        with pytest.raises(PlanLimit):
            join(shop, email=email)
    assert count(shop) == (25, 0)


def test_offers_wait_for_the_address_to_be_confirmed(shop: Shop) -> None:
    update_microsite(business_id=shop.id, double_opt_in=True)
    member = member_of(shop, join(shop, consents=OFFERS))
    assert (member.optout_email, member.email_confirmed_at) == (True, None)
    assert [message.kind for message in messages(shop)] == ["confirm_email"]
    # Text messages do not wait: there is no mailbox to confirm.
    by_phone = member_of(shop, join(shop, phone="+919876543210", consents=OFFERS))
    assert by_phone.optout_text is False


@pytest.mark.parametrize("setting", ["plain", "double opt-in", "gifts", "offers", "by phone", "merged"])
def test_both_ways_do_the_same_work(shop: Shop, setting: str) -> None:
    """As many statements, of the same kinds, but for what takes a part back instead of keeping it."""
    update_microsite(business_id=shop.id, double_opt_in=setting == "double opt-in")
    if setting == "gifts":
        gift(shop)
    nora = shop.enrol("Nora", email="known@mail.example", phone="+919876543210")
    if setting == "merged":
        kept = shop.enrol("Nora", email="nora@mail.example")
        merging.merge_members(business_id=shop.id, member_id=kept.pk, other_id=nora.pk)
    words = OFFERS if setting in {"offers", "double opt-in"} else WORDS
    done: dict[str, list[str]] = {}
    for who in ("unknown", "known", "unknown", "known"):  # the first ones fill what is remembered
        contact = {"email": f"{who}@mail.example"}
        if setting == "by phone":
            contact = {"phone": "+919876543210" if who == "known" else f"+91987654{len(done):04d}"}
        elif who in done and who == "unknown":
            contact = {"email": "another@mail.example"}
        with CaptureQueriesContext(connection) as captured:
            join(shop, consents=words, **contact)
        done[who] = [" ".join(query["sql"].split()[:3]) for query in captured.captured_queries]
    unknown, known = (
        sorted(one for one in done[who] if "SAVEPOINT" not in one) for who in ("unknown", "known")
    )
    assert len(known) > 20
    assert known == unknown


def test_gifts_go_to_new_members_alone(shop: Shop) -> None:
    gift(shop)
    joined = join(shop)
    with scope(business=shop.business):
        assert Card.objects.get(qr_code=joined.qr_code).points == 50
    join(shop, "Again")
    with scope(business=shop.business):
        assert list(Card.objects.values_list("points", flat=True)) == [50]


def test_a_member_says_that_it_was_them(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    joined = join(shop)
    token = token_of(shop)
    opened = joining.open_card(token=token, mine=True)
    assert opened.pk == card.pk
    assert aliases.confirmed_member(business_id=shop.id, qr_code=joined.qr_code) == card.pk
    with scope(business=shop.business):
        assert Member.objects.get(pk=card.pk).email_confirmed_at is not None
    with pytest.raises(NotFound):
        joining.open_card(token=token, mine=True)


def test_a_member_says_that_it_was_not(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    joined = join(shop)
    assert joining.open_card(token=token_of(shop), mine=False).pk == card.pk
    alias = aliases.resolve(business_id=shop.id, qr_code=joined.qr_code)
    assert alias is not None
    assert alias.confirmed_at is None


def test_somebody_new_confirms_the_address_by_opening_the_card(shop: Shop) -> None:
    joined = join(shop)
    assert joining.open_card(token=token_of(shop), mine=True).qr_code == joined.qr_code
    assert member_of(shop, joined).email_confirmed_at is not None
    assert member_of(shop, joined).optout_email is True


@pytest.mark.parametrize("changed_mind", [False, True])
def test_offers_begin_with_the_confirmed_address(shop: Shop, *, changed_mind: bool) -> None:
    update_microsite(business_id=shop.id, double_opt_in=True)
    joined = join(shop, consents=OFFERS)
    member = member_of(shop, joined)
    if changed_mind:
        ids: dict[str, Any] = {"business_id": shop.id, "member_id": member.pk}
        consents.record(**ids, purpose="email", given=False, text="", source="card")
    joining.confirm_email(token=token_of(shop))
    member = member_of(shop, joined)
    assert member.email_confirmed_at is not None
    assert member.optout_email is changed_mind
    last = consents.latest(business_id=shop.id, member_id=member.pk)["email"]
    expected = ("card", False, "") if changed_mind else ("confirmed", True, "Send me offers.")
    assert (last.source, last.given, last.text) == expected


def test_erasing_a_member_takes_everything_of_it(shop: Shop) -> None:
    joined = join(shop, consents=OFFERS)
    member = member_of(shop, joined)
    join(shop, "Again")
    members.delete_member(business_id=shop.id, member_id=member.pk)
    assert count(shop) == (0, 0)
    with scope(business=shop.business):
        assert not Consent.objects.exists()
        assert not OneTimeLink.objects.exists()
        assert not Message.objects.exists()
