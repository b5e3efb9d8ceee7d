"""Campaigns: what may be promised, changed and deleted."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from regulars.rules.errors import HasHistory, InvalidInput, NotFound
from regulars.scratchcards import actions, queries
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.models import ScratchCampaign
from tests.factories import Shop, make_shop
from tests.scratchcards.given import COFFEE, NOTHING, campaign, issue, prizes, revealed

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def edit(shop: Shop, of: ScratchCampaign, **changes: Any) -> ScratchCampaign:
    return actions.edit_campaign(business_id=shop.id, pk=of.pk, **changes)


def again(of: ScratchCampaign, place: int = 0, **changes: Any) -> NewPrize:
    """A prize that is there, to be sent again with changes."""
    held = prizes(of)[place]
    same = NewPrize(held.label, held.weight, held.is_winner, held.max_cards, held.pk)
    return dataclasses.replace(same, **changes)


def test_a_new_campaign_is_active_and_keeps_its_prizes_in_order(shop: Shop) -> None:
    made = campaign(shop, COFFEE, NOTHING, description="  Win free drinks!  ", max_cards=5)
    assert (made.is_active, made.description, made.max_cards) == (True, "Win free drinks!", 5)
    assert [prize.label for prize in made.prizes.all()] == ["Free Coffee", "Better luck next time"]
    assert [one.pk for one in queries.campaigns(shop.id)] == [made.pk]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"description": "x" * 501}, "description"),
        ({"max_cards": 0}, "max_cards"),
        ({"max_per_member": -1}, "max_per_member"),
        ({"prizes": ()}, "prizes"),
        ({"prizes": (NewPrize("", Decimal(1)),)}, "prizes.0.label"),
        ({"prizes": (COFFEE, NewPrize("x" * 201, Decimal(1)))}, "prizes.1.label"),
        ({"prizes": (NewPrize("Tea", Decimal(-1)),)}, "prizes.0.probability"),
        ({"prizes": (NewPrize("Tea", Decimal("0.00001")),)}, "prizes.0.probability"),
        ({"prizes": (NewPrize("Tea", Decimal(0)),)}, "prizes"),
        ({"prizes": (NewPrize("Tea", Decimal(1), max_cards=0),)}, "prizes.0.max_cards"),
    ],
)
def test_what_is_unusable_is_named_and_changes_nothing(
    shop: Shop, changes: dict[str, Any], field: str
) -> None:
    made = campaign(shop)
    given = {"name": "Spin", "prizes": (COFFEE,)} | changes
    with pytest.raises(InvalidInput) as refusal:
        actions.create_campaign(business_id=shop.id, **given)
    assert set(refusal.value.fields) == {field}
    with pytest.raises(InvalidInput) as refusal:
        edit(shop, made, **changes)
    assert set(refusal.value.fields) == {field}
    (same,) = queries.campaigns(shop.id)
    assert (same.name, [prize.label for prize in same.prizes.all()]) == ("Summer Spin", ["Free Coffee"])


def test_a_campaign_does_not_begin_after_its_end(shop: Shop) -> None:
    # 20:00 in UTC is tomorrow in Bengaluru.
    with time_machine.travel(dt.datetime(2026, 6, 1, 20, tzinfo=dt.UTC), tick=False):
        with pytest.raises(InvalidInput, match="past"):
            campaign(shop, expires_at=dt.date(2026, 6, 1))
        assert campaign(shop, expires_at=dt.date(2026, 6, 2)).expires_at == dt.date(2026, 6, 2)


def test_what_is_not_named_stays(shop: Shop) -> None:
    made = campaign(shop, description="Win", max_cards=9, max_per_member=2)
    changed = edit(shop, made, name="Autumn Spin", max_cards=None)
    assert (changed.name, changed.description, changed.max_cards) == ("Autumn Spin", "Win", None)
    assert (changed.max_per_member, changed.is_active) == (2, True)
    assert not edit(shop, made, is_active=False).is_active
    assert edit(shop, made).name == "Autumn Spin"


def test_prizes_that_nobody_holds_are_replaced(shop: Shop) -> None:
    made = campaign(shop, COFFEE, NOTHING)
    changed = edit(shop, made, prizes=[NewPrize("Cake", Decimal(3)), again(made, 1, label="Nothing today")])
    assert [prize.label for prize in changed.prizes.all()] == ["Cake", "Nothing today"]
    assert [prize.position for prize in prizes(made)] == [0, 1]


def test_a_prize_that_a_card_holds_keeps_its_word(shop: Shop) -> None:
    made = campaign(shop)
    card = issue(shop, made)
    for wanted in (again(made, label="Tea"), again(made, is_winner=False)):
        with pytest.raises(HasHistory, match="Free Coffee"):
            edit(shop, made, prizes=[wanted])
    issue(shop, made)
    with pytest.raises(InvalidInput, match="at least 2") as refusal:
        edit(shop, made, prizes=[again(made, max_cards=1)])
    assert set(refusal.value.fields) == {"prizes.0.max_cards"}
    changed = edit(shop, made, prizes=[again(made, weight=Decimal(7), max_cards=2)])
    assert [(prize.weight, prize.max_cards) for prize in changed.prizes.all()] == [(Decimal(7), 2)]
    # Left out, it stays for the cards that hold it, and is drawn no more.
    edit(shop, made, prizes=[NOTHING])
    assert [(prize.label, prize.weight) for prize in prizes(made)] == [
        ("Better luck next time", Decimal(1)),
        ("Free Coffee", Decimal(0)),
    ]
    assert {issue(shop, made).prize.label for _ in range(5)} == {"Better luck next time"}
    assert card.prize_id == prizes(made)[1].pk


def test_prizes_of_another_campaign_are_unknown(shop: Shop) -> None:
    made, other = campaign(shop), campaign(shop)
    with pytest.raises(NotFound) as refusal:
        edit(shop, made, prizes=[again(other)])
    assert set(refusal.value.fields) == {"prizes.0.id"}
    with pytest.raises(InvalidInput, match="once"):
        edit(shop, made, prizes=[again(made), again(made)])
    with pytest.raises(NotFound):
        actions.create_campaign(business_id=shop.id, name="Spin", prizes=[again(other)])
    assert len(queries.campaigns(shop.id)) == 2


def test_a_limit_does_not_go_below_what_is_issued(shop: Shop) -> None:
    made = campaign(shop)
    for _ in range(2):
        issue(shop, made)
    with pytest.raises(InvalidInput, match="at least 2"):
        edit(shop, made, max_cards=1)
    assert edit(shop, made, max_cards=2).max_cards == 2


def test_a_campaign_is_paused_and_goes_on(shop: Shop) -> None:
    made = campaign(shop)
    states = [actions.toggle_campaign(business_id=shop.id, pk=made.pk).is_active for _ in range(2)]
    assert states == [False, True]


def test_a_campaign_with_cards_stays(shop: Shop) -> None:
    made, unused = campaign(shop), campaign(shop)
    issue(shop, made)
    with pytest.raises(HasHistory, match="Pause"):
        actions.delete_campaign(business_id=shop.id, pk=made.pk)
    actions.delete_campaign(business_id=shop.id, pk=unused.pk)
    assert [one.pk for one in queries.campaigns(shop.id)] == [made.pk]


def test_counts_tell_issued_existing_and_won(shop: Shop) -> None:
    made = campaign(shop)
    revealed(shop, made)
    issue(shop, made)
    losing = campaign(shop, NOTHING)
    revealed(shop, losing)
    assert queries.totals(prizes(made)) == queries.Totals(issued=2, cards=2, won=1)
    assert queries.totals(prizes(losing)) == queries.Totals(issued=1, cards=1, won=0)


def test_another_shop_finds_none_of_it(shop: Shop) -> None:
    made, stranger = campaign(shop), make_shop("Charlie's")
    for attempt in (
        lambda: edit(stranger, made, name="Mine"),
        lambda: actions.toggle_campaign(business_id=stranger.id, pk=made.pk),
        lambda: actions.delete_campaign(business_id=stranger.id, pk=made.pk),
        lambda: queries.campaign(business_id=stranger.id, pk=made.pk),
        lambda: queries.cards(
            business_id=stranger.id, campaign_id=made.pk, page=1, per_page=20, day=queries.today(stranger.id)
        ),
        lambda: issue(stranger, made),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert queries.campaign(business_id=shop.id, pk=made.pk).name == "Summer Spin"
