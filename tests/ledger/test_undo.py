"""Stamps and redemptions that were a mistake are taken back by entries of their own."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scopes_disabled
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.analytics.audit import audit
from regulars.ledger import actions, points
from regulars.ledger.models import Card, Entry, Reward
from regulars.members.actions import delete_member, edit_member
from regulars.outbox.models import Event
from regulars.rules.errors import AlreadyUndone, Conflict, NotFound, NotUndoable, StampsSpent
from regulars.tenants.actions import update_program
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 15, 6, 30, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def fresh(card: Card) -> Card:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk)


def on(card: Card) -> tuple[int, int, int]:
    """Stamps, rewards that wait, rewards that were redeemed."""
    now = fresh(card)
    return now.stamps, now.pending_rewards, now.rewards_redeemed


def redeem(shop: Shop, card: Card) -> actions.RewardRedeemed:
    return actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)


def undo(shop: Shop, entry_id: int, **more: object) -> actions.Undone:
    return actions.undo(business_id=shop.id, entry_id=entry_id, **more)  # type: ignore[arg-type]


def agree() -> None:
    report = audit()
    assert report.ok, report.differences


def waiting(card: Card) -> list[str]:
    with scopes_disabled():
        rows = Reward.objects.filter(card=card, redeemed_entry=None, undone_entry=None).order_by("id")
        return list(rows.values_list("text", flat=True))


def test_undoing_stamps_takes_them_off_the_card_by_an_entry_that_says_so(shop: Shop) -> None:
    card, branch = shop.enrol(), shop.branch()
    shop.stamp(card, 2, occurred_at=NOON)
    given = shop.stamp(card, 3, branch_id=branch.pk)
    result = undo(shop, given.entry_id, staff_id=shop.owner.pk)
    assert result == actions.Undone(
        customer_id=card.pk,
        kind="stamp_undo",
        undone_entry_id=given.entry_id,
        entry_id=result.entry_id,
        stamps=3,
        rewards=0,
        reward="",
        current_stamps=2,
        goal=8,
        pending_rewards=0,
        total_redeemed=0,
    )
    now = fresh(card)
    assert (now.stamps, now.total_stamps, now.total_visits, now.version) == (2, 2, 1, 3)
    assert now.last_visit_at == NOON
    with scopes_disabled():
        entry = Entry.objects.get(pk=result.entry_id)
        assert Entry.objects.get(pk=given.entry_id).stamps == 3  # stays as it was
    assert (entry.reverses_id, entry.branch_id, entry.staff_id) == (given.entry_id, branch.pk, shop.owner.pk)
    assert (entry.stamps, entry.stamps_spent, entry.rewards, entry.visits) == (-3, 0, 0, -1)
    assert entry.stamps_after == 2
    agree()


def test_the_only_visit_undone_leaves_no_last_visit(shop: Shop) -> None:
    card = shop.enrol()
    undo(shop, shop.stamp(card).entry_id)
    now = fresh(card)
    assert (now.stamps, now.total_visits, now.last_visit_at) == (0, 0, None)


def test_a_later_visit_stays_the_last_one_and_an_undone_one_is_never_it(shop: Shop) -> None:
    card = shop.enrol()
    moments = [NOON + dt.timedelta(days=number) for number in range(3)]
    first, second, third = (shop.stamp(card, occurred_at=at).entry_id for at in moments)
    undo(shop, first)
    assert fresh(card).last_visit_at == moments[2]
    undo(shop, second)
    assert fresh(card).last_visit_at == moments[2]
    undo(shop, third)
    assert fresh(card).last_visit_at is None
    agree()


def test_a_reward_that_the_stamps_completed_goes_with_them(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 7)
    given = shop.stamp(card, 1)
    result = undo(shop, given.entry_id)
    assert (result.rewards, result.current_stamps, result.pending_rewards) == (1, 7, 0)
    assert on(card) == (7, 0, 0)
    with scopes_disabled():
        assert Reward.objects.get(card=card).undone_entry_id == result.entry_id
        assert Entry.objects.get(pk=result.entry_id).stamps_spent == -8
    with pytest.raises(Conflict):
        redeem(shop, card)
    assert shop.stamp(card).rewards_earned == 1  # and is earned anew
    assert redeem(shop, card).pending_rewards == 0
    agree()


def test_stamps_that_are_on_the_card_are_taken_before_a_reward_is(shop: Shop) -> None:
    """At 7 of 8, then 1 and 3: without the 1 there would be a reward all the same, and 2 stamps."""
    card = shop.enrol()
    shop.stamp(card, 7)
    given = shop.stamp(card, 1)
    shop.stamp(card, 3)
    undo(shop, given.entry_id)
    assert on(card) == (2, 1, 0)
    agree()


def test_stamps_that_a_later_addition_turned_into_a_reward_are_taken_out_of_it(shop: Shop) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 5)
    shop.stamp(card, 4)
    undo(shop, given.entry_id)
    assert on(card) == (4, 0, 0)
    agree()


def test_of_several_rewards_its_own_go_first_and_then_the_newest(shop: Shop) -> None:
    card = shop.enrol()
    for text, number in (("Cake", 8), ("Coffee", 8), ("Beans", 8)):
        update_program(business_id=shop.id, reward_description=text)
        entry = shop.stamp(card, number).entry_id
        if text == "Coffee":
            coffee = entry
        elif text == "Cake":
            cake = entry
    undo(shop, coffee)
    assert waiting(card) == ["Cake", "Beans"]
    undo(shop, cake)
    assert waiting(card) == ["Beans"]
    update_program(business_id=shop.id, stamps_required=10)
    entry = shop.stamp(card, 4).entry_id
    shop.stamp(card, 6)  # completes another one of ten
    assert waiting(card) == ["Beans", "Beans"]
    undo(shop, entry)
    assert (waiting(card), fresh(card).stamps) == (["Beans"], 6)
    agree()


def test_stamps_in_a_redeemed_reward_stay_until_the_redemption_is_undone(shop: Shop) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 9)
    redeemed = redeem(shop, card)
    before = fresh(card)
    with pytest.raises(StampsSpent, match="Undo the redemption first"):
        undo(shop, given.entry_id)
    assert fresh(card).version == before.version
    assert undo(shop, redeemed.entry_id).pending_rewards == 1
    assert undo(shop, given.entry_id).current_stamps == 0
    assert on(card) == (0, 0, 0)
    agree()


def test_a_reward_waits_again_under_its_own_text_and_in_its_place(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    update_program(business_id=shop.id, reward_description="Cake")
    shop.stamp(card, 8)
    redeemed = redeem(shop, card)
    result = undo(shop, redeemed.entry_id)
    assert (result.kind, result.reward, result.pending_rewards) == ("reward_undo", "Free coffee", 2)
    assert (result.stamps, result.rewards, result.total_redeemed) == (0, 0, 0)
    assert on(card) == (0, 2, 0)
    again = redeem(shop, card)
    assert (again.reward, again.total_redeemed) == ("Free coffee", 1)
    with pytest.raises(AlreadyUndone):
        undo(shop, redeemed.entry_id)
    undo(shop, again.entry_id)
    assert waiting(card) == ["Free coffee", "Cake"]
    agree()


def test_an_entry_is_undone_once(shop: Shop) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 2)
    undo(shop, given.entry_id)
    with pytest.raises(AlreadyUndone):
        undo(shop, given.entry_id)
    assert fresh(card).version == 2
    with scopes_disabled():
        assert Entry.objects.filter(kind="stamp_undo").count() == 1


def test_the_database_itself_lets_an_entry_be_reversed_once(shop: Shop) -> None:
    card = shop.enrol()
    undo(shop, shop.stamp(card, 2).entry_id)
    copied = (
        "business_id, card_id, kind, stamps, stamps_spent, rewards, visits, points, stamps_after, "
        "points_after, text, occurred_at, day, reverses_id"
    )
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ledger_entry ({copied}) SELECT {copied} FROM ledger_entry WHERE kind = 'stamp_undo'"
        )


def test_other_kinds_are_refused_with_a_reason(shop: Shop) -> None:
    card = shop.enrol()
    earned = points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5).entry_id
    undone = undo(shop, shop.stamp(card).entry_id).entry_id
    with scopes_disabled():
        joined = Entry.objects.get(card=card, kind="enrol").pk
    for entry_id, reason in ((earned, "Points"), (undone, "itself an undo"), (joined, "Joining")):
        with pytest.raises(NotUndoable, match=reason):
            undo(shop, entry_id)
    assert fresh(card).version == 3


def test_an_entry_of_another_shop_or_of_nobody_is_not_found(shop: Shop) -> None:
    other = make_shop("Charlie's")
    theirs = other.stamp(other.enrol()).entry_id
    for entry_id in (theirs, theirs + 1_000):
        with pytest.raises(NotFound):
            undo(shop, entry_id)


def test_a_time_limit_is_kept_to_the_second(shop: Shop) -> None:
    card = shop.enrol()
    limit = dt.timedelta(minutes=5)
    given = shop.stamp(card, occurred_at=NOON).entry_id
    with pytest.raises(NotUndoable, match="too long ago"):
        undo(shop, given, within=limit, occurred_at=NOON + limit + dt.timedelta(seconds=1))
    assert undo(shop, given, within=limit, occurred_at=NOON + limit).stamps == 1


def test_a_suspended_member_s_mistakes_can_be_mended(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    redeemed, given = redeem(shop, card), shop.stamp(card)
    edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    undo(shop, redeemed.entry_id)
    undo(shop, given.entry_id)
    assert on(card) == (0, 1, 0)


def test_an_undone_birthday_present_is_not_given_again_that_year() -> None:
    shop = make_shop(birthday_bonus_stamps=2)
    card = shop.enrol(birthday=dt.date(2000, 1, 1))
    ask = {"business_id": shop.id, "member_id": card.pk, "year": 2020}
    present = actions.add_birthday_bonus(**ask)
    assert present is not None
    result = undo(shop, present.entry_id)
    assert (result.kind, result.stamps) == ("stamp_undo", 2)
    assert (fresh(card).total_visits, fresh(card).stamps) == (0, 0)
    assert actions.add_birthday_bonus(**ask) is None
    agree()


def test_what_was_undone_is_told(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 7)
    given = shop.stamp(card, 2)
    redeemed = redeem(shop, card)
    back, off = undo(shop, redeemed.entry_id), undo(shop, given.entry_id)
    with scopes_disabled():
        told = {event.type: event.payload for event in Event.objects.order_by("id")}
    assert told["reward.unredeemed"] == {
        "customer_id": card.pk,
        "reward": "Free coffee",
        "pending_rewards": 1,
        "undoes": redeemed.entry_id,
        "transaction_id": back.entry_id,
    }
    assert told["stamp.undone"] == {
        "customer_id": card.pk,
        "stamps": 2,
        "rewards": 1,
        "current_stamps": 7,
        "pending_rewards": 0,
        "undoes": given.entry_id,
        "transaction_id": off.entry_id,
    }


def test_a_member_with_undone_entries_can_be_erased(shop: Shop) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 9)
    redeemed = redeem(shop, card)
    undo(shop, redeemed.entry_id)
    undo(shop, given.entry_id)
    delete_member(business_id=shop.id, member_id=card.pk)
    with scopes_disabled():
        assert not Entry.objects.filter(business=shop.business).exists()
    with pytest.raises(NotFound):
        undo(shop, given.entry_id)
    agree()


@settings(deadline=None, max_examples=40)
@given(
    goal=st.integers(2, 9),
    given_stamps=st.lists(st.integers(1, 10), min_size=1, max_size=8),
    chosen=st.data(),
)
def test_a_card_becomes_what_it_would_be_had_the_stamps_never_been_given(
    goal: int, given_stamps: list[int], chosen: st.DataObject
) -> None:
    with transaction.atomic():
        shop = make_shop(stamps_required=goal)
        card = shop.enrol()
        entries = [shop.stamp(card, number).entry_id for number in given_stamps]
        redeemed = chosen.draw(st.integers(0, fresh(card).pending_rewards))
        for _ in range(redeemed):
            redeem(shop, card)
        left = list(given_stamps)
        for index in chosen.draw(st.permutations(range(len(entries)))):
            wanted = sum(left) - left[index]
            try:
                undo(shop, entries[index])
            except StampsSpent:
                assert wanted < redeemed * goal
                continue
            left[index] = 0
            assert wanted >= redeemed * goal
            assert on(card) == (wanted % goal, wanted // goal - redeemed, redeemed)
        transaction.set_rollback(True)
