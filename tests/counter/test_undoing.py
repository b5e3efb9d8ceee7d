"""Taking back what was done by mistake: by whom, until when, and what it leaves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from regulars.counter import undoing
from regulars.counter.models import Action
from regulars.counter.operators import Operator
from regulars.counter.refusals import CannotUndo, LimitReached, NotAllowed, TooLate
from regulars.ledger import undoing as ledger
from regulars.ledger.models import Card
from regulars.promotions import actions as promotions
from regulars.rules.errors import NotFound, StampsSpent
from regulars.tenants import actions as tenants
from regulars.vouchers import redeeming
from tests.counter.given import actions, at_work, bob, card_of, do, new_id, rules, scan, scans
from tests.factories import Shop, make_shop
from tests.scratchcards import given as scratched
from tests.vouchers.given import codes, earn, issue, issues, log, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma")


@pytest.fixture
def operator(shop: Shop) -> Operator:
    return at_work(shop)


def undo(operator: Operator, action: Action | None) -> Action:
    assert action is not None
    return undoing.undo(operator=operator, action_id=action.pk)


def totals(card: Card) -> tuple[int, int, int, int]:
    now = card_of(card)
    return now.stamps, now.pending_rewards, now.points, now.total_visits


def test_stamps_and_rewards_are_taken_back(shop: Shop, card: Card, operator: Operator) -> None:
    stamps = do(operator, "stamps", card, count=9).action
    reward = do(operator, "reward", card).action
    with pytest.raises(StampsSpent):
        undo(operator, stamps)
    undo(operator, reward)
    assert totals(card) == (1, 1, 0, 1)
    row = undo(operator, stamps)
    assert totals(card) == (0, 0, 0, 0)
    assert (row.undone_by, undo(operator, stamps).undone_at) == (operator.staff, row.undone_at)


def test_points_are_taken_back_however_they_were_given(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7")
    promotions.add_event_promotion(
        business_id=shop.id, name="Free", points_to_award=0, quickscan_function="free"
    )
    for name, text, event in (
        ("Calc", "calc", ""),
        ("Button", "", "quickscan_button"),
        ("Scan", "", "quickscan"),
    ):
        promotions.add_event_promotion(
            business_id=shop.id, name=name, points_to_award=5, quickscan_function=text,
            auto_allocate_on_event=event,
        )  # fmt: skip
    promotions.add_promotion(business_id=shop.id, percent_of_spend=Decimal(10))
    operator, scan_id = at_work(shop), new_id()
    found = scan(operator, card.qr_code, scan_id)
    assert found.shown is not None
    [button], [free] = found.shown.offered.buttons, found.shown.offered.free
    do(
        operator,
        "button",
        card,
        scan_id=scan_id,
        **{name: getattr(button, name) for name in button.__slots__},
    )
    do(operator, "points", card, scan_id=scan_id, points=20, promotion_id=free.promotion_id)
    do(operator, "sale", card, scan_id=scan_id, amount="100")
    assert card_of(card).points == 12 + 5 + 20 + 10
    assert [row.earned for row in scans(shop)] == [True]
    for action in actions(shop):
        undo(operator, action)
    assert card_of(card).points == 0
    assert [row.earned for row in scans(shop)] == [False]


def test_what_was_undone_does_not_count_against_the_limits(shop: Shop, card: Card) -> None:
    rules(shop, scans_per_day=1)
    operator = at_work(shop)
    first = do(operator, "stamps", card).action
    with pytest.raises(LimitReached):
        do(operator, "stamps", card)
    undo(operator, first)
    do(operator, "stamps", card)


def test_vouchers_go_back(shop: Shop, card: Card, operator: Operator) -> None:
    earn(shop, card, 100)
    of = voucher(shop, points_required=100, available_for_self_selection=True)
    chosen = do(operator, "voucher_issue", card, voucher_id=of.pk).action
    code = codes(issues(shop, card)[0])[0]
    used = do(operator, "voucher_redeem", card, voucher_code=code).action
    undo(operator, used)
    assert log(code) == ["issue", "redeem", "reset"]
    undo(operator, chosen)
    assert (issues(shop, card), card_of(card).points) == ([], 100)


def test_what_was_taken_back_by_another_way_is_taken_for_undone(
    shop: Shop, card: Card, operator: Operator
) -> None:
    code = codes(issue(shop, voucher(shop), card))[0]
    stamps, used = (
        do(operator, "stamps", card).action,
        do(operator, "voucher_redeem", voucher_code=code).action,
    )
    assert stamps is not None
    ledger.undo(business_id=shop.id, entry_id=stamps.done["entry"])
    redeeming.reset(business_id=shop.id, code=code)
    redeeming.redeem(business_id=shop.id, code=code)  # by another till, which this is not to undo
    for action in (stamps, used):
        assert undo(operator, action).undone_at is not None
    assert (totals(card), log(code)[-1]) == ((0, 0, 0, 0), "redeem")


def test_some_things_last(shop: Shop, card: Card, operator: Operator) -> None:
    campaign = scratched.campaign(shop)
    won = scratched.revealed(shop, campaign, card)
    lasting = [
        do(operator, "scratch_issue", card, campaign_id=campaign.pk),
        do(operator, "scratch_redeem", token=won.token),
        do(operator, "enrol", name="Neha", phone="9876500002"),
        do(operator, "card_code", card),
    ]
    words = []
    for done in lasting:
        with pytest.raises(CannotUndo) as refused:
            undo(operator, done.action)
        words.append(refused.value.details["why"])
    assert words == list(undoing.LASTING.values())
    assert undoing.LASTING.keys() | undoing._UNDO.keys() == set(Action.Kind.values)


def test_operators_undo_their_own_for_a_while_and_owners_all_for_a_day(shop: Shop, card: Card) -> None:
    rules(shop, undo_minutes=15)
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        mine = at_work(shop, bob(shop))
        first, second, third = (do(mine, "stamps", card).action for _ in range(3))
        with pytest.raises(NotAllowed):
            undo(at_work(shop, bob(shop)), first)
        clock.shift(14 * 60)
        undo(mine, first)
        clock.shift(120)
        with pytest.raises(TooLate):
            undo(mine, second)
        undo(at_work(shop), second)
        clock.shift(dt.timedelta(days=1))
        with pytest.raises(TooLate):
            undo(at_work(shop), third)
    assert card_of(card).stamps == 1


def test_nothing_of_another_business_is_undone_or_listed(shop: Shop, card: Card, operator: Operator) -> None:
    done = do(operator, "stamps", card)
    stranger = at_work(make_shop())
    with pytest.raises(NotFound):
        undo(stranger, done.action)
    assert done.action is not None
    with pytest.raises(NotFound):
        undoing.action_of(operator=stranger, client_id=done.action.client_id)
    assert undoing.recent(operator=stranger) == []
    assert card_of(card).stamps == 1


def test_operators_see_their_own_actions_and_owners_all(shop: Shop, card: Card, operator: Operator) -> None:
    mine = do(at_work(shop, staff := bob(shop)), "stamps", card).action
    owners = [do(operator, "stamps", card).action for _ in range(2)]
    assert undoing.recent(operator=at_work(shop, staff)) == [mine]
    assert undoing.recent(operator=operator) == [*reversed(owners), mine]
    assert undoing.recent(operator=operator, most=1) == [owners[-1]]


def test_points_that_were_spent_are_not_made_by_undoing(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="free")
    perk = voucher(shop, points_required=100, available_for_self_selection=True)
    operator = at_work(shop)
    earn(shop, card, 50)
    given = do(operator, "points", card, points=100, promotion_id=None).action
    chosen = do(operator, "voucher_issue", card, voucher_id=perk.pk).action
    with pytest.raises(CannotUndo) as refused:
        undo(operator, given)
    assert refused.value.details["why"] == "points_spent"
    assert card_of(card).points == 50
    undo(operator, chosen)
    undo(operator, given)
    assert card_of(card).points == 50


def test_points_that_members_keep_are_not_said_to_be_taken_back(shop: Shop, card: Card) -> None:
    tenants.update_points_programme(business_id=shop.id, refund_policy="keep")
    rules(shop, quickscan_function="free")
    operator = at_work(shop)
    given = do(operator, "points", card, points=10, promotion_id=None).action
    with pytest.raises(CannotUndo) as refused:
        undo(operator, given)
    assert refused.value.details["why"] == "points_kept"
    assert card_of(card).points == 10
