"""What operators do for a member, one kind of action after the other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from regulars.counter.refusals import (
    ButtonChanged,
    NotAllowed,
    OtherRewardFirst,
)
from regulars.ledger.models import Card, Entry, PointsAdjustment
from regulars.members import blank_cards, consents
from regulars.members.models import Member
from regulars.promotions import actions as promotions
from regulars.rules.errors import (
    AlreadyEnrolled,
    Conflict,
    InvalidInput,
    NotFound,
    NothingToRedeem,
    PlanLimit,
    PlanRequired,
)
from regulars.rules.vouchers import AlreadyRedeemed, BelowMinimum
from regulars.sales.models import Sale
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business
from tests.counter.given import actions, at_work, bob, card_of, do, rules, scan, scans
from tests.factories import Shop, make_shop
from tests.scratchcards import given as scratched
from tests.vouchers.given import codes, earn, issue, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def test_stamps_are_given_by_the_operator_at_the_branch(shop: Shop, card: Card) -> None:
    branch, staff = shop.branch(), bob(shop)
    operator = at_work(shop, staff, branch=branch)
    found = scan(operator, card.qr_code)
    done = do(operator, "stamps", card, count=9, scan_id=found.scan.client_id if found.scan else None)
    said = done.action.said if done.action else {}
    assert (said["stamps"], said["current_stamps"], said["rewards_earned"], said["reward"]) == (
        9, 1, 1, "Free coffee",
    )  # fmt: skip
    with scopes_disabled():
        entry = Entry.objects.get(kind="stamp_add")
    assert (entry.staff_id, entry.branch_id, card_of(card).total_visits) == (staff.pk, branch.pk, 1)
    [row], [action] = scans(shop), actions(shop)
    assert (row.earned, action.scan, action.staff, action.branch) == (True, row, staff, branch)


@pytest.mark.parametrize("count", [0, 4, "2", 2.5, True, None])
def test_so_many_stamps_are_not_given_at_once(shop: Shop, card: Card, count: Any) -> None:
    rules(shop, stamps_at_once=3)
    with pytest.raises(InvalidInput) as refused:
        do(at_work(shop), "stamps", card, count=count)
    assert set(refused.value.fields) == {"count"}
    assert (scans(shop), actions(shop), card_of(card).stamps) == ([], [], 0)


def test_a_programme_without_stamps_gives_none(shop: Shop, card: Card) -> None:
    with scope(business=shop.business):
        shop.business.program.is_active = False
        shop.business.program.save()
    with pytest.raises(NotAllowed):
        do(at_work(shop), "stamps", card)


def test_buttons_give_what_they_say_as_long_as_they_are_there(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="Eggs:3, Bacon:5")
    promotion = promotions.add_event_promotion(
        business_id=shop.id, name="Cake", points_to_award=0, quickscan_function="Slice:4"
    )
    operator = at_work(shop)
    do(operator, "button", card, promotion_id=None, label="Eggs", points=3, reason="Nice")
    do(operator, "button", card, promotion_id=promotion.pk, label="Cake: Slice", points=4)
    with scopes_disabled():
        rows = PointsAdjustment.objects.order_by("pk").values_list("points", "internal_notes", "origin")
        assert list(rows) == [(3, "Eggs · Nice", "manual"), (4, "Cake: Slice", "promotion")]
    for wrong in ((None, "Eggs", 5), (promotion.pk, "Eggs", 3), (None, "", 3), (8_888_888, "Cake: Slice", 4)):
        with pytest.raises(ButtonChanged):
            do(operator, "button", card, **dict(zip(("promotion_id", "label", "points"), wrong, strict=True)))
    assert card_of(card).points == 7


def test_points_are_typed_where_the_settings_say_free(shop: Shop, card: Card) -> None:
    with pytest.raises(ButtonChanged):
        do(at_work(shop), "points", card, points=20)
    rules(shop, quickscan_function="free")
    do(at_work(shop), "points", card, points=20)
    for points in (0, -5, 10_001, "7"):
        with pytest.raises(InvalidInput):
            do(at_work(shop), "points", card, points=points)
    assert card_of(card).points == 20


def test_a_sale_earns_what_promotions_make_it_worth(shop: Shop, card: Card) -> None:
    promotions.add_promotion(business_id=shop.id, percent_of_spend=Decimal(10))
    with pytest.raises(NotAllowed):
        do(at_work(shop), "sale", card, amount="250.00")
    rules(shop, quickscan_function="calc min:10")
    done = do(at_work(shop), "sale", card, amount="250,50")
    assert done.action is not None
    assert done.action.said == {"amount": "250.50", "points": 25, "balance": 25}
    for amount in ("9.99", "0", "-12", "12.345", "1e3", "", None, 1_000_001):
        with pytest.raises(InvalidInput) as refused:
            do(at_work(shop), "sale", card, amount=amount)
        assert set(refused.value.fields) == {"amount"}
    with scopes_disabled():
        assert [sale.total_value for sale in Sale.objects.all()] == [Decimal("250.50")]


def test_a_reward_is_handed_out(shop: Shop, card: Card) -> None:
    shop.stamp(card, 8)
    done = do(at_work(shop), "reward", card)
    assert done.action is not None
    assert done.action.said == {"reward": "Free coffee", "pending_rewards": 0}
    with pytest.raises(NothingToRedeem):
        do(at_work(shop), "reward", card)


def test_a_reward_that_is_not_the_oldest_is_not_handed_out(shop: Shop, card: Card) -> None:
    shop.stamp(card, 8)
    tenants.update_program(business_id=shop.id, reward_description="Free cake")
    shop.stamp(card, 8)
    operator = at_work(shop)
    with pytest.raises(OtherRewardFirst) as refused:
        do(operator, "reward", card, reward="Free cake")
    assert refused.value.details == {"reward": "Free coffee"}
    assert (card_of(card).pending_rewards, actions(shop)) == (2, [])
    for text in ("Free coffee", "Free cake"):
        done = do(operator, "reward", card, reward=text).action
        assert done is not None
        assert done.said["reward"] == text


def test_a_voucher_is_chosen_for_the_member_where_the_operator_may(shop: Shop, card: Card) -> None:
    earn(shop, card, 100)
    offered = voucher(shop, points_required=40, available_for_self_selection=True)
    kept = voucher(shop)
    staff = bob(shop)
    done = do(at_work(shop, staff), "voucher_issue", card, voucher_id=offered.pk)
    assert done.action is not None
    assert done.action.said["points_used"] == 40
    foreign = voucher(make_shop(), available_for_self_selection=True)
    for voucher_id in (kept.pk, foreign.pk, 8_888_888):
        with pytest.raises(NotFound):
            do(at_work(shop), "voucher_issue", card, voucher_id=voucher_id)
    rules(shop, chooses_vouchers=False)
    with pytest.raises(NotAllowed):
        do(at_work(shop, staff), "voucher_issue", card, voucher_id=offered.pk)
    do(at_work(shop), "voucher_issue", card, voucher_id=offered.pk)
    assert card_of(card).points == 20


def test_a_voucher_is_used_once_and_for_a_sale_that_is_large_enough(shop: Shop, card: Card) -> None:
    of = voucher(shop, min_value="100")
    mine, bearers = codes(issue(shop, of, card))[0], codes(issue(shop, of))[0]
    operator = at_work(shop)
    with pytest.raises(InvalidInput) as refused:
        do(operator, "voucher_redeem", card, voucher_code=mine)
    assert set(refused.value.fields) == {"amount"}
    with pytest.raises(BelowMinimum):
        do(operator, "voucher_redeem", card, voucher_code=mine, amount="99.99")
    with pytest.raises(Conflict):
        do(operator, "voucher_redeem", shop.enrol("Rahul"), voucher_code=mine, amount="100")
    done = do(operator, "voucher_redeem", voucher_code=mine, amount="100")
    assert done.member_id == card.pk
    with pytest.raises(AlreadyRedeemed):
        do(operator, "voucher_redeem", card, voucher_code=mine, amount="100")
    assert do(operator, "voucher_redeem", voucher_code=bearers, amount="100").member_id is None


def test_scratch_cards_are_given_and_their_prizes_handed_out(shop: Shop, card: Card) -> None:
    campaign, operator = scratched.campaign(shop), at_work(shop)
    done = do(operator, "scratch_issue", card, campaign_id=campaign.pk)
    assert done.action is not None
    with pytest.raises(NotFound):
        do(operator, "scratch_issue", card, campaign_id=scratched.campaign(make_shop()).pk)
    won = scratched.revealed(shop, campaign, card)
    assert do(operator, "scratch_redeem", token=won.token).member_id == card.pk
    Business.objects.filter(pk=shop.id).update(plan="trial")
    with pytest.raises(PlanRequired):
        do(at_work(shop), "scratch_issue", card, campaign_id=campaign.pk)


def test_a_prize_is_booked_on_whose_card_it_was(shop: Shop, card: Card) -> None:
    other, operator = shop.enrol("Rahul"), at_work(shop)
    won = scratched.revealed(shop, scratched.campaign(shop), other)
    done = do(operator, "scratch_redeem", card, token=won.token)
    assert done.action is not None
    assert (done.member_id, done.action.member_id, done.action.scan) == (other.pk, other.pk, None)
    assert done.scan is None
    mine = do(operator, "scratch_redeem", card, token=scratched.revealed(shop, won.campaign, card).token)
    assert mine.action is not None
    assert (mine.member_id, mine.action.scan) == (card.pk, mine.scan)


@pytest.mark.parametrize("name", ["member_id", "code", "enrol_id"])
def test_nobody_is_enrolled_for_another_member(shop: Shop, card: Card, name: str) -> None:
    rules(shop, quickscan_function="auto:7")
    operator = at_work(shop)
    known = do(operator, "enrol", name="Neha", phone="9876500002").action
    who = {"member_id": card.pk, "code": card.qr_code, "enrol_id": known and known.client_id}
    with pytest.raises(InvalidInput) as refused:
        do(operator, "enrol", name="Zed", phone="9876500003", **{name: who[name]})
    assert set(refused.value.fields) == {name}
    assert (scans(shop), card_of(card).points) == ([], 0)


def test_a_new_member_says_what_they_agree_to(shop: Shop) -> None:
    branch = shop.branch()
    operator = at_work(shop, branch=branch)
    done = do(
        operator, "enrol", name="Neha Singh", phone="98765 00002", birthday="1990-05-17", language="hi",
        marketing=True, marketing_text="Would you like to hear of offers?",
    )  # fmt: skip
    with scope(business=shop.business):
        member = Member.objects.get(pk=done.member_id or 0)
    assert (member.cell, member.date_of_birth, member.language, member.branch) == (
        "+919876500002", dt.date(1990, 5, 17), "hi", branch,
    )  # fmt: skip
    assert (member.optout_email, member.optout_text) == (False, False)
    said = consents.latest(business_id=shop.id, member_id=member.pk)
    assert {name: (row.given, row.source) for name, row in said.items()} == dict.fromkeys(
        ("programme", "email", "text"), (True, "counter")
    )
    assert said["email"].text == "Would you like to hear of offers?"
    quiet = do(operator, "enrol", name="Rahul", email="rahul@mail.example")
    with scope(business=shop.business):
        assert Member.objects.get(pk=quiet.member_id or 0).optout_email
    with pytest.raises(AlreadyEnrolled) as known:
        do(operator, "enrol", name="Neha", phone="+91 98765 00002")
    assert known.value.details["customer_id"] == member.pk


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": "Neha"}, {"phone", "email"}),
        ({"name": "", "phone": "9876500002"}, {"name"}),
        ({"name": "Neha", "phone": "98"}, {"phone"}),
        ({"name": "Neha", "email": "neha"}, {"email"}),
        ({"name": "Neha", "phone": "9876500002", "birthday": "17.5.1990"}, {"birthday"}),
        ({"name": "Neha", "phone": "9876500002", "language": "xx"}, {"language"}),
        ({"name": 7, "phone": "9876500002"}, {"name"}),
        ({"name": "Neha", "phone": "9876500002", "colour": "red"}, {"colour"}),
    ],
)
def test_who_cannot_be_enrolled_is_refused_by_field(
    shop: Shop, fields: dict[str, Any], named: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        do(at_work(shop), "enrol", **fields)
    assert set(refused.value.fields) == named
    with scopes_disabled():
        assert (Member.objects.count(), actions(shop)) == (0, [])


def test_enrolling_has_its_limits(shop: Shop) -> None:
    rules(shop, enrols=False)
    with pytest.raises(NotAllowed):
        do(at_work(shop, bob(shop)), "enrol", name="Neha", phone="9876500002")
    do(at_work(shop), "enrol", name="Neha", phone="9876500002")
    small = make_shop(plan="trial")
    for number in range(25):
        small.enrol(f"Member {number}")
    with pytest.raises(PlanLimit):
        do(at_work(small), "enrol", name="Neha", phone="9876500002")


def test_a_printed_card_is_used_once(shop: Shop, card: Card) -> None:
    first, second = (one.qr_code for one in blank_cards.make_blanks(business_id=shop.id, count=2))
    theirs = blank_cards.make_blanks(business_id=make_shop().id, count=1)[0].qr_code
    operator = at_work(shop)
    done = do(operator, "enrol", name="Neha", phone="9876500002", blank_code=first.upper())
    assert done.action is not None
    assert done.action.said["qr_code"] == first
    for code in (first, theirs, "f" * 16, "nonsense"):
        with pytest.raises(NotFound):
            do(operator, "enrol", name="Rahul", phone="9876500003", blank_code=code)
        with pytest.raises(NotFound):
            do(operator, "card_code", card, qr_code=code)
    do(operator, "card_code", card, qr_code=second)
    assert card_of(card).qr_code == second
    do(operator, "card_code", card)
    assert card_of(card).qr_code not in {second, card.qr_code}


@pytest.mark.parametrize(
    ("changers", "able"), [("nobody", set()), ("owner", {"Alice"}), ("staff", {"Alice", "Bob"})]
)
def test_who_may_change_the_code_of_a_card(shop: Shop, card: Card, changers: str, able: set[str]) -> None:
    rules(shop, code_changers=changers)
    for who in (shop.owner, bob(shop)):
        if who.name in able:
            do(at_work(shop, who), "card_code", card)
        else:
            with pytest.raises(NotAllowed):
                do(at_work(shop, who), "card_code", card)
