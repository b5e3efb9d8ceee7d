"""What members decide themselves."""

import json

import pytest
from django_scopes import scope

from regulars import seal
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import consents
from regulars.members.models import Member
from regulars.messages.models import Message
from regulars.portal import choices, joining
from regulars.rules.errors import InvalidInput, NotEnoughPoints, NotFound, Suspended
from regulars.tenants.microsites import update_microsite
from regulars.vouchers import issuing
from regulars.vouchers.models import VoucherIssue
from tests.factories import Shop, make_shop
from tests.vouchers.given import balance, codes, earn, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol()


def issues(shop: Shop) -> list[VoucherIssue]:
    with scope(business=shop.id):
        return list(VoucherIssue.objects.all())


def choose(shop: Shop, card: Card, voucher_id: int, form: str = "abc123") -> choices.Chosen:
    return choices.choose(business_id=shop.id, member_id=card.pk, voucher_id=voucher_id, token=form)


def test_a_voucher_is_chosen_once_for_a_form(shop: Shop, card: Card) -> None:
    earn(shop, card, 50)
    cake = voucher(shop, "Cake", points_required=50, available_for_self_selection=True)
    first = choose(shop, card, cake.pk)
    assert (first.name, first.points_used, balance(card)) == ("Cake", 50, 0)
    assert choose(shop, card, cake.pk) == first  # although the points are gone
    (issue,) = issues(shop)
    assert codes(issue) == [first.code]
    with pytest.raises(NotEnoughPoints):
        choose(shop, card, cake.pk, "another")
    assert len(issues(shop)) == 1


def test_only_what_may_be_chosen_is(shop: Shop, card: Card) -> None:
    hidden = voucher(shop)
    foreign = voucher(make_shop("Charlie's"), available_for_self_selection=True)
    for pk in (hidden.pk, foreign.pk, 10**9):
        with pytest.raises(NotFound):
            choose(shop, card, pk)
    open_to_all = voucher(shop, available_for_self_selection=True)
    for token in ("", "x" * 65, "a b", "\0"):
        with pytest.raises(InvalidInput):
            choose(shop, card, open_to_all.pk, token)
    with scope(business=shop.id):
        Member.objects.filter(pk=card.pk).update(suspended=True)
    with pytest.raises(Suspended):
        choose(shop, card, open_to_all.pk)
    assert issues(shop) == []


def test_a_voucher_that_was_taken_back_is_not_chosen_by_the_old_form(shop: Shop, card: Card) -> None:
    cake = voucher(shop, available_for_self_selection=True)
    first = choose(shop, card, cake.pk)
    (issue,) = issues(shop)
    issuing.delete_issue(business_id=shop.id, pk=issue.pk)
    assert choose(shop, card, cake.pk).code != first.code


def test_each_change_of_messages_is_a_consent(shop: Shop, card: Card) -> None:
    def change(**wanted: bool) -> Member:
        changed = choices.change_messages(business_id=shop.id, member_id=card.pk, source="card", **wanted)
        assert not changed.asked_first
        return changed.member

    assert change(email=False).optout_email
    assert change(email=False, text=True).optout_email  # nothing new
    member = change(email=True, post=False)
    assert (member.optout_email, member.optout_text, member.optout_post) == (False, False, True)
    said = consents.history(business_id=shop.id, member_id=card.pk)
    assert [(one.purpose, one.given, one.source) for one in said] == [
        ("email", False, "card"),
        ("email", True, "card"),
        ("post", False, "card"),
    ]
    assert said[1].text == "Offers and news: By e-mail"


def test_with_double_opt_in_a_yes_to_mail_waits_for_the_link(shop: Shop) -> None:
    update_microsite(business_id=shop.id, double_opt_in=True)
    card = shop.enrol("Nora", email="nora@mail.example", phone="+919876500001", optout_email=True)

    def change(**wanted: bool) -> choices.Changed:
        return choices.change_messages(business_id=shop.id, member_id=card.pk, source="card", **wanted)

    changed = change(email=True, text=False)
    assert (changed.asked_first, changed.member.optout_email, changed.member.optout_text) == (
        True,
        True,
        True,
    )
    with scope(business=shop.id):
        (message,) = Message.objects.filter(kind="confirm_email")
    (url,) = json.loads(seal.unseal(message.sealed)).values()
    for _ in range(5):  # pressing again and again does not flood the mailbox
        assert change(email=True).asked_first
    with scope(business=shop.id):
        assert Message.objects.filter(kind="confirm_email").count() == 3
    joining.confirm_email(token=url.rpartition("/")[2])
    with scope(business=shop.id):
        assert not Member.objects.get(pk=card.pk).optout_email
    # Their address is known by now.
    assert change(email=False).member.optout_email
    changed = change(email=True)
    assert (changed.asked_first, changed.member.optout_email) == (False, False)


def test_without_an_address_there_is_nothing_to_confirm(shop: Shop, card: Card) -> None:
    update_microsite(business_id=shop.id, double_opt_in=True)
    members.edit_member(business_id=shop.id, pk=card.pk, optout_email=True)
    changed = choices.change_messages(business_id=shop.id, member_id=card.pk, source="card", email=True)
    assert (changed.asked_first, changed.member.optout_email) == (False, True)


def test_a_language_is_chosen_and_given_up(shop: Shop, card: Card) -> None:
    def change(language: str) -> str:
        found = choices.change_language(business_id=shop.id, member_id=card.pk, language=language)
        return found.language

    assert change("hi") == "hi"
    assert change("") == ""
    with pytest.raises(InvalidInput):
        change("tlh")
