"""Crowds at scratch cards: limits hold exactly, a card is revealed and redeemed once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.members.actions import delete_member
from regulars.scratchcards import actions, cards, queries
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.models import ScratchCampaign, ScratchCard
from tests.factories import Shop, make_shop
from tests.races.crowd import PATIENCE, Elsewhere, split, together
from tests.scratchcards.given import NOTHING, campaign, issue, prizes, revealed, told

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 64


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def kinds(errors: list[Exception]) -> dict[str, int]:
    return dict(Counter(type(error).__name__ for error in errors))


def test_of_64_issues_a_campaign_gives_ten_and_the_bicycle_once(shop: Shop) -> None:
    made = campaign(shop, NewPrize("Bicycle", Decimal(10**6), max_cards=1), NOTHING, max_cards=10)
    got, refused = split(together(CALLERS, lambda _: issue(shop, made)))
    assert (len(got), kinds(refused)) == (10, {"ScratchLimitReached": 54})
    assert [prize.issued for prize in prizes(made)] == [1, 9]
    assert (len(told("issued")), audit().ok) == (10, True)


def test_of_64_issues_a_member_gets_three(shop: Shop) -> None:
    made, member = campaign(shop, max_per_member=3), shop.enrol()
    got, refused = split(together(CALLERS, lambda _: issue(shop, made, member)))
    assert (len(got), kinds(refused)) == (3, {"ScratchLimitReached": 61})
    assert queries.totals(prizes(made)).issued == 3


def test_without_the_campaigns_lock_more_are_issued(
    shop: Shop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database == "sqlite":
        pytest.skip("one writer at a time is lock enough")
    made = campaign(shop, max_cards=1)
    both_counted, real = Barrier(2), cards._check_limits

    def unlocked(pk: int) -> ScratchCampaign:
        return ScratchCampaign.objects.get(pk=pk)

    def check(*what: Any) -> None:
        real(*what)
        both_counted.wait(PATIENCE)

    monkeypatch.setattr(cards, "lock_campaign", unlocked)
    monkeypatch.setattr(cards, "_check_limits", check)
    got, refused = split(together(2, lambda _: issue(shop, made)))
    assert (len(got), refused) == (2, [])


def test_of_64_who_redeem_one_card_exactly_one_does(shop: Shop) -> None:
    card = revealed(shop, campaign(shop))
    got, refused = split(together(CALLERS, lambda _: cards.redeem(business_id=shop.id, token=card.token)))
    assert (len(got), kinds(refused)) == (1, {"CardRedeemed": 63})
    assert (len(told("redeemed")), audit().ok) == (1, True)


def test_64_who_reveal_one_card_see_the_same_and_it_is_told_once(shop: Shop) -> None:
    card = issue(shop, campaign(shop))
    got, refused = split(together(CALLERS, lambda _: cards.reveal(token=card.token)))
    assert (len(got), len(set(got)), refused) == (CALLERS, 1, [])
    assert (len(told("revealed")), audit().ok) == (1, True)


def test_a_campaign_that_is_deleted_while_it_issues_has_issued_or_is_gone(shop: Shop) -> None:
    for _ in range(3):
        made = campaign(shop)

        def caller(number: int, made: ScratchCampaign = made) -> str:
            if number % 2:
                actions.delete_campaign(business_id=shop.id, pk=made.pk)
                return "deleted"
            issue(shop, made)
            return "issued"

        got, refused = split(together(8, caller))
        assert len(set(got)) == 1
        assert kinds(refused).keys() <= {"NotFound", "HasHistory"}
        with scopes_disabled():
            assert ScratchCampaign.objects.filter(pk=made.pk).exists() == (got[0] == "issued")
    assert audit().ok


def test_a_member_who_is_erased_while_a_card_is_issued_leaves_nothing(shop: Shop) -> None:
    member, made = shop.enrol(), campaign(shop)
    with Elsewhere() as office, Elsewhere() as till:
        till.open_transaction()
        till(issue, shop, made, member)
        pending = office.begin(delete_member, business_id=shop.id, member_id=member.pk)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        till.commit()
        pending.result(PATIENCE)
    with scopes_disabled():
        assert not ScratchCard.objects.exists()
    assert audit().ok


def test_a_member_who_is_erased_first_gets_no_card(shop: Shop) -> None:
    member, made = shop.enrol(), campaign(shop)
    with Elsewhere() as office, Elsewhere() as till:
        office.open_transaction()
        office(delete_member, business_id=shop.id, member_id=member.pk)
        pending = till.begin(issue, shop, made, member)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        office.commit()
        with pytest.raises(Exception, match="no customer") as refusal:
            pending.result(PATIENCE)
    assert type(refusal.value).__name__ == "NotFound"


def test_cards_that_are_revealed_while_their_member_is_erased_count_once(shop: Shop) -> None:
    made = campaign(shop)
    for _ in range(3):
        member = shop.enrol()
        tokens = [issue(shop, made, member).token for _ in range(4)]

        def caller(number: int, tokens: list[str] = tokens, pk: int = member.pk) -> None:
            if number == len(tokens):
                delete_member(business_id=shop.id, member_id=pk)
            else:
                cards.reveal(token=tokens[number])

        _, refused = split(together(len(tokens) + 1, caller))
        assert kinds(refused).keys() <= {"NotFound"}
        assert audit().ok
    with scopes_disabled():
        assert not ScratchCard.objects.exists()
