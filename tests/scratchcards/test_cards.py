"""The life of a card: issued, opened, revealed, redeemed, erased."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.members.actions import delete_member, edit_member
from regulars.rules import scratch
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotFound, Refusal, Suspended
from regulars.scratchcards import actions, cards, queries
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.models import Prize, ScratchCard
from regulars.tenants.actions import delete_branch, update_branch
from tests.factories import Shop, make_shop
from tests.scratchcards.given import COFFEE, NOTHING, campaign, issue, now, prizes, revealed, told

pytestmark = pytest.mark.django_db

# Ten in the evening in Bengaluru, still the same day in UTC; two hours later it is the next day there.
EVENING = dt.datetime(2026, 6, 2, 16, 30, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 2)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def redeem(shop: Shop, token: str, **more: int) -> ScratchCard:
    return cards.redeem(business_id=shop.id, token=token, **more)


def test_a_card_is_drawn_once_and_told(shop: Shop) -> None:
    member, made = shop.enrol(), campaign(shop)
    with time_machine.travel(EVENING, tick=False):
        card = issue(shop, made, member, expires_days=14)
        actions.edit_campaign(business_id=shop.id, pk=made.pk, prizes=[NOTHING])
        assert cards.reveal(token=card.token).prize == "Free Coffee"
    assert card.expires_at == dt.date(2026, 6, 16)
    assert told("issued") == [
        {
            "customer_id": member.pk,
            "card_id": card.pk,
            "campaign_id": made.pk,
            "campaign": "Summer Spin",
            "card_url": f"https://shop.example/scratch/{card.token}",
            "expires_at": "2026-06-16",
        }
    ]
    assert now(card).prize.label == "Free Coffee"


def test_a_card_is_good_for_thirty_days_and_no_longer_than_its_campaign(shop: Shop) -> None:
    with time_machine.travel(EVENING, tick=False):
        assert issue(shop, campaign(shop)).expires_at == dt.date(2026, 7, 2)
        short = campaign(shop, expires_at=dt.date(2026, 6, 5))
        assert issue(shop, short).expires_at == dt.date(2026, 6, 5)


@pytest.mark.parametrize("days", [0, -1, 3_651])
def test_days_have_bounds(shop: Shop, days: int) -> None:
    with pytest.raises(InvalidInput, match="expires_days"):
        issue(shop, campaign(shop), expires_days=days)


def test_a_paused_or_ended_campaign_issues_nothing(shop: Shop) -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        made = campaign(shop, expires_at=TODAY)
        actions.toggle_campaign(business_id=shop.id, pk=made.pk)
        with pytest.raises(scratch.ScratchPaused):
            issue(shop, made)
        actions.toggle_campaign(business_id=shop.id, pk=made.pk)
        issue(shop, made)
        clock.shift(dt.timedelta(hours=2))
        with pytest.raises(scratch.ScratchEnded) as refusal:
            issue(shop, made)
    assert refusal.value.details == {"expires_at": "2026-06-02"}
    assert queries.totals(prizes(made)).issued == 1


def test_nobody_unknown_or_suspended_gets_one(shop: Shop) -> None:
    made, member, stranger = campaign(shop), shop.enrol(), make_shop("Charlie's").enrol()
    edit_member(business_id=shop.id, pk=member.pk, suspended=True)
    with pytest.raises(Suspended):
        issue(shop, made, member)
    with pytest.raises(NotFound) as refusal:
        issue(shop, made, stranger)
    assert set(refusal.value.fields) == {"customer_id"}
    assert told("issued") == []


def test_limits_of_campaign_member_and_prize(shop: Shop) -> None:
    rare = NewPrize("Bicycle", Decimal(1_000_000), max_cards=2)
    made = campaign(shop, rare, NOTHING, max_cards=4, max_per_member=3)
    member = shop.enrol()
    labels = [issue(shop, made, member).prize.label for _ in range(3)]
    assert labels == ["Bicycle", "Bicycle", "Better luck next time"]
    with pytest.raises(scratch.ScratchLimitReached, match="customer"):
        issue(shop, made, member)
    issue(shop, made)
    with pytest.raises(scratch.ScratchLimitReached, match="4 cards"):
        issue(shop, made, shop.enrol())
    only = campaign(shop, rare)
    for _ in range(2):
        issue(shop, only)
    with pytest.raises(scratch.NoPrizeLeft):
        issue(shop, only)
    assert audit().ok


def test_opening_hides_the_prize_and_is_noted_once(shop: Shop) -> None:
    card = issue(shop, campaign(shop))
    seen = cards.open_card(token=card.token)
    assert (seen.status, seen.prize, seen.is_winner) == ("covered", None, None)
    first = now(card).opened_at
    cards.open_card(token=card.token)
    assert now(card).opened_at == first is not None
    assert now(card).revealed_at is None


def test_revealing_is_told_once_and_answers_the_same(shop: Shop) -> None:
    member = shop.enrol()
    made = campaign(shop, NOTHING)
    card = issue(shop, made, member)
    first, second = (cards.reveal(token=card.token) for _ in range(2))
    assert first == second
    assert (first.status, first.prize, first.is_winner) == ("revealed", "Better luck next time", False)
    assert told("revealed") == [
        {
            "customer_id": member.pk,
            "card_id": card.pk,
            "campaign_id": made.pk,
            "campaign": "Summer Spin",
            "prize": "Better luck next time",
            "is_winner": False,
        }
    ]
    assert now(card).opened_at is not None


def test_the_last_day_is_good_and_the_next_is_not(shop: Shop) -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        made = campaign(shop, expires_at=TODAY)
        late, covered, ready = issue(shop, made), issue(shop, made), issue(shop, made)
        for card in (late, ready):
            cards.reveal(token=card.token)
        redeem(shop, ready.token)
        clock.shift(dt.timedelta(hours=2))
        with pytest.raises(scratch.CardExpired) as refusal:
            cards.reveal(token=covered.token)
        assert refusal.value.details == {"expires_at": "2026-06-02"}
        with pytest.raises(scratch.CardExpired):
            redeem(shop, late.token)
        # What was seen stays to be seen.
        assert cards.reveal(token=late.token).prize == "Free Coffee"
        views = [cards.open_card(token=card.token) for card in (late, covered, ready)]
    assert [(view.status, view.prize) for view in views] == [
        ("expired", "Free Coffee"),
        ("expired", None),
        ("redeemed", "Free Coffee"),
    ]
    assert views[2].redeemed_on == TODAY
    assert now(covered).revealed_at is None


def test_what_a_revealed_card_holds_is_handed_out_once(shop: Shop) -> None:
    branch, member = shop.branch(), shop.enrol()
    made = campaign(shop)
    card = issue(shop, made, member)
    with pytest.raises(scratch.NotRevealed):
        redeem(shop, card.token)
    cards.reveal(token=card.token)
    done = redeem(shop, card.token, branch_id=branch.pk, staff_id=shop.owner.pk)
    assert done.prize.label == "Free Coffee"
    assert (now(card).redeemed_branch_id, now(card).redeemed_by_id) == (branch.pk, shop.owner.pk)
    with pytest.raises(scratch.CardRedeemed):
        redeem(shop, card.token)
    assert told("redeemed") == [
        {
            "customer_id": member.pk,
            "card_id": card.pk,
            "campaign_id": made.pk,
            "campaign": "Summer Spin",
            "prize": "Free Coffee",
            "is_winner": True,
            "branch_id": branch.pk,
        }
    ]
    with pytest.raises(HasHistory):
        delete_branch(business_id=shop.id, branch_id=branch.pk)
    assert audit().ok


def test_a_losing_card_can_be_handed_in(shop: Shop) -> None:
    assert not redeem(shop, revealed(shop, campaign(shop, NOTHING)).token).prize.is_winner


def test_the_code_under_the_qr_code_and_the_scanned_address_do(shop: Shop) -> None:
    made = campaign(shop)
    first, second = revealed(shop, made), revealed(shop, made)
    assert redeem(shop, scratch.short_code(first.token)).pk == first.pk
    assert redeem(shop, queries.card_url(second.token)).pk == second.pk
    with pytest.raises(scratch.CardRedeemed):
        redeem(shop, first.token.upper())
    for nonsense in ("", "free coffee", "4F2A-9C1"):
        with pytest.raises(InvalidInput, match="token"):
            redeem(shop, nonsense)


def test_a_short_code_of_two_cards_asks_for_the_qr_code(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = iter(["4f2a9c1e" + "0" * 24, "4f2a9c1e" + "f" * 24])
    monkeypatch.setattr(scratch, "new_token", lambda: next(tokens))
    made = campaign(shop)
    first, _ = revealed(shop, made), revealed(shop, made)
    with pytest.raises(Conflict, match="Scan the QR code"):
        redeem(shop, "4F2A-9C1E")
    assert redeem(shop, first.token).pk == first.pk


@pytest.mark.parametrize("how", [str, scratch.short_code])
def test_another_shops_card_is_unknown_at_this_counter(shop: Shop, how: type[str]) -> None:
    stranger = make_shop("Charlie's")
    card = revealed(stranger, campaign(stranger))
    with pytest.raises(NotFound) as refusal:
        redeem(shop, how(card.token))
    assert set(refusal.value.fields) == {"token"}
    assert now(card).redeemed_at is None


def test_a_refusal_at_the_counter_changes_nothing(shop: Shop) -> None:
    member, closed = shop.enrol(), shop.branch()
    update_branch(business_id=shop.id, branch_id=closed.pk, is_active=False)
    elsewhere = make_shop("Charlie's").branch()
    card = revealed(shop, campaign(shop), member)
    for branch in (closed, elsewhere):
        with pytest.raises(NotFound) as refusal:
            redeem(shop, card.token, branch_id=branch.pk)
        assert set(refusal.value.fields) == {"branch_id"}
    edit_member(business_id=shop.id, pk=member.pk, suspended=True)
    with pytest.raises(Suspended):
        redeem(shop, card.token)
    assert now(card).redeemed_at is None
    assert told("redeemed") == []


@pytest.mark.parametrize("token", ["", "f" * 32, "../admin", "F" * 32, "0" * 31])
def test_an_unknown_token_is_not_found(token: str, db: None) -> None:
    for attempt in (cards.open_card, cards.reveal):
        with pytest.raises(Refusal) as refusal:
            attempt(token=token)
        assert type(refusal.value) is NotFound


def test_lists_of_cards_by_status_and_member(shop: Shop) -> None:
    made, member = campaign(shop), shop.enrol()
    with time_machine.travel(EVENING, tick=False):
        old = issue(shop, made, expires_days=1)
    covered, open_, done = issue(shop, made, member), revealed(shop, made), revealed(shop, made)
    redeem(shop, done.token)

    def listed(**which: str | int) -> list[int]:
        found = queries.cards(
            business_id=shop.id,
            campaign_id=made.pk,
            page=1,
            per_page=20,
            day=queries.today(shop.id),
            **which,  # type: ignore[arg-type]
        )
        assert found.total == len(found.rows)
        return [card.pk for card in found.rows]

    assert listed() == [done.pk, open_.pk, covered.pk, old.pk]
    by_status = {status: listed(status=status) for status in queries.STATUSES}
    assert by_status == {
        "covered": [covered.pk], "revealed": [open_.pk], "redeemed": [done.pk], "expired": [old.pk],
    }  # fmt: skip
    assert listed(member_id=member.pk) == [covered.pk]


def test_an_erased_member_leaves_counts_and_no_card(shop: Shop) -> None:
    member, other = shop.enrol(), shop.enrol()
    bicycle = NewPrize("Bicycle", Decimal(1), max_cards=3)
    made = campaign(shop, bicycle)
    issue(shop, made, member)
    redeem(shop, revealed(shop, made, member).token)
    stays = revealed(shop, made, other)
    delete_member(business_id=shop.id, member_id=member.pk)
    with scopes_disabled():
        assert list(ScratchCard.objects.values_list("pk", flat=True)) == [stays.pk]
    assert queries.totals(prizes(made)) == queries.Totals(issued=3, cards=1, won=2)
    with pytest.raises(scratch.NoPrizeLeft):  # three bicycles are given away, whoever has them
        issue(shop, made)
    assert audit().ok


def test_the_audit_finds_a_wrong_count(shop: Shop) -> None:
    made = campaign(shop, COFFEE)
    revealed(shop, made)
    with scopes_disabled():
        Prize.objects.filter(campaign=made).update(issued=2)
    assert [found["check"] for found in audit().differences] == ["scratch cards issued of each prize"]


def test_cards_for_whoever_bears_them_are_issued_together(shop: Shop) -> None:
    made = campaign(shop, NewPrize("Cake", Decimal(1_000), max_cards=3), COFFEE, max_cards=150)
    with CaptureQueriesContext(connection) as asked:
        found = cards.issue_bearer_cards(business_id=shop.id, campaign_id=made.pk, number=100)
    assert len(asked) <= 12
    assert len({card.token for card in found}) == len({card.pk for card in found}) == 100
    assert [card["card_id"] for card in told("issued")] == [card.pk for card in found]
    assert sorted(Counter(now(card).prize.label for card in found).items()) == [
        ("Cake", 3),
        ("Free Coffee", 97),
    ]
    assert [prize.issued for prize in prizes(made)] == [3, 97]
    with pytest.raises(scratch.ScratchLimitReached) as refusal:
        cards.issue_bearer_cards(business_id=shop.id, campaign_id=made.pk, number=51)
    assert refusal.value.fields == {"qty": "is more than the 50 that are left"}
    assert len(told("issued")) == 100
    assert audit().ok


@pytest.mark.parametrize("number", [0, -1, 1_001])
def test_so_many_cards_at_once_have_bounds(shop: Shop, number: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        cards.issue_bearer_cards(business_id=shop.id, campaign_id=campaign(shop).pk, number=number)
    assert list(refusal.value.fields) == ["qty"]


def test_the_hundredth_card_costs_as_many_statements_as_the_first(shop: Shop) -> None:
    member, made = shop.enrol(), campaign(shop, COFFEE, NOTHING, max_cards=1_000, max_per_member=500)

    def life() -> int:
        with CaptureQueriesContext(connection) as asked:
            card = issue(shop, made, member)
            cards.open_card(token=card.token)
            cards.reveal(token=card.token)
            redeem(shop, card.token)
        return len(asked)

    first = life()
    for _ in range(20):
        issue(shop, made, member)
    assert life() == first <= 45
