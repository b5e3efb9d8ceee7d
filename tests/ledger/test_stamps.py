"""Stamps, rewards and birthdays: what the actions do to a card, and what they refuse."""

import datetime as dt
from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.ledger import actions, audit
from regulars.ledger.models import Card, Entry, Reward
from regulars.members.models import Member
from regulars.rules.errors import (
    AlreadyEnrolled,
    Conflict,
    InvalidInput,
    NotFound,
    NothingToRedeem,
    PlanLimit,
    Refusal,
    Suspended,
)
from regulars.tenants import actions as tenants
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def fresh(card: Card) -> Card:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk)


def entries(card: Card) -> list[Entry]:
    with scopes_disabled():
        return list(Entry.objects.filter(card=card).order_by("id"))


def reward_texts(card: Card) -> list[tuple[str, bool]]:
    with scopes_disabled():
        return [
            (reward.text, reward.redeemed_entry_id is not None)
            for reward in Reward.objects.filter(card=card).order_by("id")
        ]


def redeem(shop: Shop, card: Card, **more: Any) -> actions.RewardRedeemed:
    return actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code, **more)


def test_a_new_card_is_empty_and_its_first_entry_says_enrolled(shop: Shop) -> None:
    card = shop.enrol("Priya Sharma", occurred_at=NOON)
    assert len(card.qr_code) == 16
    assert (card.stamps, card.pending_rewards, card.points, card.total_visits) == (0, 0, 0, 0)
    (entry,) = entries(card)
    assert (entry.kind, entry.stamps, entry.visits, entry.occurred_at) == ("enrol", 0, 0, NOON)


def test_stamps_add_up_and_each_call_is_one_visit(shop: Shop) -> None:
    card = shop.enrol()
    first = shop.stamp(card, 3, occurred_at=NOON)
    assert (first.stamps_added, first.current_stamps, first.goal) == (3, 3, 8)
    assert (first.reward_earned, first.rewards_earned, first.pending_rewards) == (False, 0, 0)
    second = shop.stamp(card, 4, occurred_at=NOON + dt.timedelta(hours=1))
    assert (second.customer_id, second.current_stamps) == (card.pk, 7)
    now = fresh(card)
    assert (now.stamps, now.total_stamps, now.total_visits, now.version) == (7, 7, 2, 2)
    assert now.last_visit_at == NOON + dt.timedelta(hours=1)


def test_stamps_beyond_the_goal_carry_over(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 7)
    result = shop.stamp(card, 3)
    assert (result.current_stamps, result.rewards_earned, result.pending_rewards) == (2, 1, 1)
    assert result.reward_earned
    now = fresh(card)
    assert (now.stamps, now.stamps_spent, now.total_stamps, now.pending_rewards) == (2, 8, 10, 1)
    entry = entries(card)[-1]
    assert (entry.stamps, entry.stamps_spent, entry.rewards, entry.stamps_after) == (3, 8, 1, 2)


def test_one_call_may_earn_several_rewards() -> None:
    shop = make_shop(stamps_required=2)
    card = shop.enrol()
    result = shop.stamp(card, 10)
    assert (result.rewards_earned, result.pending_rewards, result.current_stamps) == (5, 5, 0)
    assert len(reward_texts(card)) == 5


@pytest.mark.parametrize("count", [0, -1, 11])
def test_counts_outside_one_to_ten_are_refused(shop: Shop, count: int) -> None:
    card = shop.enrol()
    with pytest.raises(InvalidInput, match="count") as refused:
        actions.add_stamps(business_id=shop.id, qr_code=card.qr_code, count=count)
    assert list(refused.value.fields) == ["count"]
    assert fresh(card).version == 0


def test_an_unknown_card_and_another_shops_card_are_the_same_not_found(shop: Shop) -> None:
    theirs = make_shop("Charlie's").enrol()
    messages = set()
    for code in (theirs.qr_code, "0" * 16):
        for act in (actions.add_stamps, actions.redeem_reward):
            with pytest.raises(NotFound) as refused:
                act(business_id=shop.id, qr_code=code)
            messages.add(refused.value.message)
    assert len(messages) == 1
    assert fresh(theirs).version == 0


def test_a_branch_must_be_ones_own_and_open(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    foreign = make_shop("Charlie's").branch()
    closed = shop.branch("Closed")
    tenants.update_branch(business_id=shop.id, branch_id=closed.pk, is_active=False)
    for branch_id in (foreign.pk, closed.pk, 999_999):
        with pytest.raises(NotFound, match=str(branch_id)):
            shop.stamp(card, 1, branch_id=branch_id)
        with pytest.raises(NotFound, match=str(branch_id)):
            redeem(shop, card, branch_id=branch_id)
    here = shop.branch("Open")
    assert shop.stamp(card, 1, branch_id=here.pk).branch_id == here.pk
    redeem(shop, card, branch_id=here.pk)
    assert [entry.branch_id for entry in entries(card)] == [None, None, here.pk, here.pk]


def test_a_suspended_member_neither_collects_nor_redeems(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    with pytest.raises(Suspended):
        shop.stamp(card)
    with pytest.raises(Suspended):
        redeem(shop, card)
    assert fresh(card).version == 1


def test_the_oldest_reward_goes_first_under_the_text_it_was_earned_with(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    tenants.update_program(business_id=shop.id, reward_description="Free cake")
    shop.stamp(card, 8)
    assert reward_texts(card) == [("Free coffee", False), ("Free cake", False)]
    first = redeem(shop, card)
    assert (first.reward, first.pending_rewards, first.total_redeemed) == ("Free coffee", 1, 1)
    second = redeem(shop, card)
    assert (second.reward, second.pending_rewards, second.total_redeemed) == ("Free cake", 0, 2)
    assert [entry.text for entry in entries(card) if entry.kind == "reward_redeem"] == [
        "Free coffee",
        "Free cake",
    ]
    with pytest.raises(NothingToRedeem):
        redeem(shop, card)


def test_redeeming_is_no_visit_and_costs_no_stamps(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 10, occurred_at=NOON)
    redeem(shop, card, occurred_at=NOON + dt.timedelta(days=1))
    now = fresh(card)
    assert (now.stamps, now.total_visits, now.last_visit_at) == (2, 1, NOON)
    assert (now.rewards_earned, now.rewards_redeemed, now.pending_rewards) == (1, 1, 0)


def test_a_lowered_goal_changes_no_card_until_its_next_stamp(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 7)
    tenants.update_program(business_id=shop.id, stamps_required=3)
    assert (fresh(card).stamps, fresh(card).pending_rewards) == (7, 0)
    result = shop.stamp(card, 1)
    assert (result.goal, result.rewards_earned, result.current_stamps) == (3, 2, 2)


def test_a_raised_goal_takes_nothing_back(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 9)
    tenants.update_program(business_id=shop.id, stamps_required=50)
    assert (fresh(card).stamps, fresh(card).pending_rewards) == (1, 1)
    assert shop.stamp(card, 9).current_stamps == 10


def test_a_backdated_stamp_does_not_move_the_last_visit_back(shop: Shop) -> None:
    card = shop.enrol(occurred_at=NOON)
    shop.stamp(card, 1, occurred_at=NOON + dt.timedelta(days=2))
    shop.stamp(card, 1, occurred_at=NOON + dt.timedelta(days=1))
    assert fresh(card).last_visit_at == NOON + dt.timedelta(days=2)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Kolkata", dt.datetime(2026, 6, 1, 18, 29, 59, tzinfo=dt.UTC), dt.date(2026, 6, 1)),
        ("Asia/Kolkata", dt.datetime(2026, 6, 1, 18, 30, tzinfo=dt.UTC), dt.date(2026, 6, 2)),
        ("America/New_York", dt.datetime(2026, 6, 1, 3, 59, 59, tzinfo=dt.UTC), dt.date(2026, 5, 31)),
        ("America/New_York", dt.datetime(2026, 1, 1, 5, 0, tzinfo=dt.UTC), dt.date(2026, 1, 1)),
        ("UTC", dt.datetime(2026, 6, 1, 23, 59, 59, tzinfo=dt.UTC), dt.date(2026, 6, 1)),
    ],
)
def test_an_entry_belongs_to_the_business_s_own_day(zone: str, moment: dt.datetime, day: dt.date) -> None:
    shop = make_shop(timezone=zone)
    card = shop.enrol(occurred_at=moment)
    shop.stamp(card, 1, occurred_at=moment)
    assert [entry.day for entry in entries(card)] == [day, day]
    assert entries(card)[-1].occurred_at == moment


def test_the_same_phone_or_email_is_refused_with_the_known_customer(shop: Shop) -> None:
    known = shop.enrol(phone="98765 43210", email="priya@mail.example")
    for contact in ({"phone": "+919876543210"}, {"email": "PRIYA@mail.example"}):
        with pytest.raises(AlreadyEnrolled) as refused:
            shop.enrol("Somebody Else", **contact)
        assert refused.value.details == {"customer_id": known.pk}
        assert list(refused.value.fields) == list(contact)
    assert make_shop("Charlie's").enrol(phone="+919876543210").pk != known.pk


@pytest.mark.parametrize("contact", [{}, {"phone": " ", "email": "  "}])
def test_enrolling_needs_a_phone_or_an_email(shop: Shop, contact: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        actions.enrol(business=shop.business, name="Priya", **contact)
    assert set(refused.value.fields) == {"phone", "email"}


def test_a_refused_enrolment_leaves_nothing_behind() -> None:
    shop = make_shop(plan="trial")
    for number in range(25):
        shop.enrol(f"Customer {number}")
    with pytest.raises(PlanLimit, match="25"):
        shop.enrol("One Too Many")
    with scopes_disabled():
        counts = [model.objects.filter(business=shop.business).count() for model in (Member, Card, Entry)]
    assert counts == [25, 25, 25]
    assert audit.audit().ok


def birthday_shop(bonus: int = 3) -> tuple[Shop, Card]:
    shop = make_shop(birthday_bonus_stamps=bonus)
    return shop, shop.enrol(birthday=dt.date(2000, 6, 2), occurred_at=NOON - dt.timedelta(days=100))


def give(shop: Shop, card: Card, year: int, moment: dt.datetime) -> actions.StampsAdded | None:
    return actions.add_birthday_bonus(business_id=shop.id, member_id=card.pk, year=year, occurred_at=moment)


# 2 June begins in Kolkata at 18:30 UTC on the 1st.
MIDNIGHT = dt.datetime(2026, 6, 1, 18, 30, tzinfo=dt.UTC)


def test_the_birthday_bonus_is_no_visit_and_may_complete_a_card() -> None:
    shop, card = birthday_shop()
    shop.stamp(card, 6, occurred_at=NOON)
    given = give(shop, card, 2026, MIDNIGHT)
    assert given is not None
    assert (given.stamps_added, given.current_stamps, given.rewards_earned) == (3, 1, 1)
    now = fresh(card)
    assert (now.total_visits, now.last_visit_at, now.total_stamps) == (1, NOON, 9)
    assert entries(card)[-1].kind == "birthday_bonus"


def test_the_birthday_bonus_comes_once_a_year_from_the_day_itself() -> None:
    shop, card = birthday_shop()
    with pytest.raises(Conflict, match="yet to come"):
        give(shop, card, 2026, MIDNIGHT - dt.timedelta(seconds=1))
    assert give(shop, card, 2026, MIDNIGHT) is not None
    assert give(shop, card, 2026, MIDNIGHT) is None
    assert give(shop, card, 2026, MIDNIGHT + dt.timedelta(days=3)) is None
    assert give(shop, card, 2027, MIDNIGHT + dt.timedelta(days=365)) is not None
    assert fresh(card).total_stamps == 6


def test_a_birthday_on_29_february_is_kept_on_the_28th_of_other_years() -> None:
    shop = make_shop(birthday_bonus_stamps=1, timezone="UTC")
    card = shop.enrol(birthday=dt.date(2004, 2, 29))
    with pytest.raises(Conflict):
        give(shop, card, 2027, dt.datetime(2027, 2, 27, 23, 59, tzinfo=dt.UTC))
    assert give(shop, card, 2027, dt.datetime(2027, 2, 28, 0, 0, tzinfo=dt.UTC)) is not None
    with pytest.raises(Conflict):
        give(shop, card, 2028, dt.datetime(2028, 2, 28, 23, 59, tzinfo=dt.UTC))


def test_there_is_no_bonus_without_birthday_programme_or_good_standing() -> None:
    shop, card = birthday_shop(bonus=0)
    assert give(shop, card, 2026, MIDNIGHT) is None
    tenants.update_program(business_id=shop.id, birthday_bonus_stamps=2)
    assert give(shop, shop.enrol(), 2026, MIDNIGHT) is None
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    assert give(shop, card, 2026, MIDNIGHT) is None
    with pytest.raises(NotFound):
        actions.add_birthday_bonus(business_id=make_shop().id, member_id=card.pk, year=2026)
    assert fresh(card).version == 0


def test_a_refusal_changes_no_row_at_all(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 3)
    before = (columns_of(fresh(card)), len(entries(card)))
    for act in (lambda: shop.stamp(card, 1, branch_id=5_000_000), lambda: redeem(shop, card)):
        with pytest.raises(Refusal):
            act()
    assert (columns_of(fresh(card)), len(entries(card))) == before


def columns_of(card: Card) -> tuple[Any, ...]:
    return tuple(getattr(card, field.attname) for field in Card._meta.concrete_fields)
