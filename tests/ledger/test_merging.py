"""Two records of one person become one: nothing is lost, everything adds up, and old codes go on working."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from regulars.analytics import queries as figures
from regulars.analytics.models import DayTotal
from regulars.analytics.rollup import roll_up_all
from regulars.ledger import actions, corrections, merging, points
from regulars.ledger.models import Card, Entry, Lot, Reward
from regulars.members import blank_cards
from regulars.members.actions import delete_member, edit_member
from regulars.members.models import CardAlias, Member, MergedMember
from regulars.members.queries import find_member, member_by_id
from regulars.outbox.models import Event
from regulars.rules.errors import Conflict, InvalidInput, Merged, NotFound, NothingToRedeem
from regulars.sales.actions import delete_sale
from regulars.sales.models import Sale
from regulars.scratchcards.models import ScratchCard
from regulars.vouchers.models import VoucherCode, VoucherIssue
from tests.factories import Shop, make_shop
from tests.ledger.books import agree, balance, left, set_policy
from tests.members.test_erasure import busy_shop, full_life

pytestmark = pytest.mark.django_db


def merge(shop: Shop, kept: Card, other: Card, **more: Any) -> merging.MergeResult:
    return merging.merge_members(business_id=shop.id, member_id=kept.pk, other_id=other.pk, **more)


def now(card: Card) -> Card:
    with scopes_disabled():
        return Card.objects.select_related("member").get(pk=card.pk)


def earn(shop: Shop, card: Card, number: int, **more: Any) -> None:
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=number, **more)


def test_what_lay_on_two_cards_lies_on_one() -> None:
    shop = make_shop()
    kept, other = shop.enrol("Nora Whitfield"), shop.enrol("N Whitfield")
    shop.stamp(kept, 3)
    shop.stamp(other, 2)
    earn(shop, kept, 40)
    earn(shop, other, 25)
    result = merge(shop, kept, other)
    assert (result.stamps, result.points, result.total_visits) == (5, 65, 2)
    assert result.brought == {"stamps": 2, "points": 25, "pending_rewards": 0, "total_visits": 1}
    card = now(kept)
    assert (card.stamps, card.points, card.total_visits, card.points_earned) == (5, 65, 2, 65)
    assert not result.already
    with scopes_disabled():
        assert not Card.objects.filter(pk=other.pk).exists()
        assert not Member.objects.filter(pk=other.pk).exists()
    agree()


def test_stamps_that_fill_a_card_together_are_a_reward() -> None:
    shop = make_shop()
    kept, other = shop.enrol(), shop.enrol()
    shop.stamp(kept, 5)
    shop.stamp(other, 6)
    result = merge(shop, kept, other)
    assert (result.stamps, result.rewards_earned, result.pending_rewards) == (3, 1, 1)
    with scope(business=shop.business):
        told = Event.objects.filter(type="reward.earned").order_by("-id").first()
        assert told is not None
        assert (told.member_id, told.payload["count"]) == (kept.pk, 1)
    agree()


def test_points_keep_their_own_last_days_and_rewards_their_own_texts() -> None:
    shop = make_shop()
    kept, other = shop.enrol(), shop.enrol()
    soon, late = dt.date(2090, 1, 1), dt.date(2091, 1, 1)
    earn(shop, kept, 10, expires_on=late)
    earn(shop, other, 7, expires_on=soon)
    shop.stamp(other, 8)
    merge(shop, kept, other)
    with scopes_disabled():
        lots = Lot.objects.filter(card_id=kept.pk).order_by("id")
        assert [(lot.remaining, lot.expires_on) for lot in lots] == [(10, late), (7, soon)]
        assert Reward.objects.filter(card_id=kept.pk, redeemed_entry=None).count() == 1
    points.spend_points(business_id=shop.id, member_id=kept.pk, points_to_spend=8)
    assert left(kept) == [9, 0]
    actions.redeem_reward(business_id=shop.id, qr_code=kept.qr_code)
    with pytest.raises(NothingToRedeem):
        actions.redeem_reward(business_id=shop.id, qr_code=kept.qr_code)
    agree()


@pytest.mark.parametrize(
    ("kept_has", "other_has", "together"), [(-30, 50, 20), (50, -30, 20), (-50, 30, -20)]
)
def test_what_one_card_owes_the_points_of_the_other_pay(kept_has: int, other_has: int, together: int) -> None:
    shop = make_shop()
    set_policy(shop, "allow_negative")
    kept, other = shop.enrol(), shop.enrol()
    for card, number in ((kept, kept_has), (other, other_has)):
        if number > 0:
            earn(shop, card, number)
        else:
            corrections.change_points(
                business_id=shop.id, member_id=card.pk, source="x", before=0, after=number, takes_back=True
            )
    before = figures.stats(shop.business)
    assert merge(shop, kept, other).points == together
    assert sum(left(kept)) == max(together, 0)
    assert balance(kept) == together
    assert figures.stats(shop.business).total_stamps == before.total_stamps
    with scopes_disabled():
        assert sum(Entry.objects.filter(card_id=kept.pk).values_list("points", flat=True)) == together


def test_everything_in_every_room_is_the_kept_members() -> None:
    shop = busy_shop()
    kept, other = full_life(shop, "Kept"), full_life(shop, "Other")
    roll_up_all()
    with scope(business=shop.business):
        history = Entry.objects.filter(card_id__in=(kept.pk, other.pk)).count()
        merges = Entry.objects.filter(kind="merge").count()
        counted = {
            model: model.objects.count() for model in (Sale, VoucherIssue, VoucherCode, ScratchCard, Reward)
        }
    counted[Reward] += merge(shop, kept, other).rewards_earned
    with scope(business=shop.business):
        assert Entry.objects.filter(card_id=kept.pk).count() == history + 1
        assert Entry.objects.filter(card_id=kept.pk, kind="merge").count() == merges + 1
        for model, number in counted.items():
            assert model.objects.count() == number
            owner = {"card_id": kept.pk} if model is Reward else {"member_id": kept.pk}
            assert model.objects.filter(**owner).count() == number
    agree()
    roll_up_all()
    agree()


def test_no_row_names_the_record_that_is_gone() -> None:
    shop = busy_shop()
    kept, other = full_life(shop, "Kept"), full_life(shop, "Other")
    merge(shop, kept, other)
    left_behind = []
    with scopes_disabled():
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                target = getattr(field.remote_field, "model", None)
                if field.name in ("member_id", "card_id") or target in (Member, Card):
                    rows = model._default_manager.filter(**{field.attname: other.pk})
                    if rows.exists():
                        left_behind.append(f"{model.__name__}.{field.name}")
    assert left_behind == []


def test_codes_and_cards_of_the_other_record_go_on_working() -> None:
    shop = make_shop()
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    kept = shop.enrol("Kept", phone="+919876500001")
    other = shop.enrol("Other", phone="+919876500002", email="other@mail.example", secondary_code="TILL-7")
    blank_cards.use_blank(business_id=shop.id, qr_code=blank.qr_code, member_id=other.pk)
    code = other.member.code
    merge(shop, kept, other)
    shop.stamp(other)  # the old card, as it is read at the counter
    assert now(kept).stamps == 1
    for reference in (code, code.lower(), "till-7", "+919876500002", "Other@mail.example"):
        assert find_member(business_id=shop.id, reference=reference) == kept.pk
    with scopes_disabled():
        assert CardAlias.objects.get(qr_code=other.qr_code).member_id == kept.pk
    with pytest.raises(Conflict):
        shop.enrol("Somebody", code=code)
    with pytest.raises(Merged) as refusal:
        member_by_id(business_id=shop.id, member_id=other.pk)
    assert refusal.value.details == {"customer_id": kept.pk}
    with pytest.raises(Merged):
        earn(shop, other, 5)


def test_what_a_member_has_now_comes_before_what_a_merged_record_had() -> None:
    shop = make_shop()
    kept, other = shop.enrol(phone="+919876500001"), shop.enrol(phone="+919876500002")
    merge(shop, kept, other)
    new = shop.enrol("New owner of the number", phone="+919876500002", unique_contact=False)
    assert find_member(business_id=shop.id, reference="+919876500002") == new.pk


def test_the_profile_is_filled_up_and_what_is_chosen_is_taken() -> None:
    shop = make_shop()
    kept = shop.enrol("Nora W", phone="+919876500001", company_name="Old Ltd")
    other = shop.enrol(
        "Nora Whitfield", email="nora@mail.example", company_name="New Ltd", metadata01="oat milk"
    )
    edit_member(business_id=shop.id, pk=other.pk, optout_post=True)
    with scopes_disabled():
        Member.objects.filter(pk=other.pk).update(joined_at=timezone.now() - dt.timedelta(days=90))
    merge(shop, kept, other, take=["name"])
    member = now(kept).member
    assert (member.name, member.cell, member.email) == (
        "Nora Whitfield",
        "+919876500001",
        "nora@mail.example",
    )
    assert (member.company_name, member.metadata01) == ("Old Ltd", "oat milk")
    assert member.optout_post
    assert not member.optout_email
    assert timezone.now() - member.joined_at > dt.timedelta(days=89)
    assert "nora whitfield" in member.search_text


def test_merging_again_answers_as_before_and_changes_nothing() -> None:
    shop = make_shop()
    kept, other, third = shop.enrol(), shop.enrol(), shop.enrol()
    shop.stamp(other, 2)
    first = merge(shop, kept, other)
    version = now(kept).version
    again = merge(shop, kept, other)
    assert again.already
    assert (again.stamps, again.brought) == (first.stamps, first.brought)
    assert now(kept).version == version
    with pytest.raises(Merged):
        merge(shop, other, third)
    with pytest.raises(Merged):
        merge(shop, third, other)
    assert now(third).version == 0


def test_whoever_was_merged_before_goes_along() -> None:
    shop = make_shop()
    first, second, third = shop.enrol(), shop.enrol(), shop.enrol()
    shop.stamp(first, 1)
    code = first.member.code
    merge(shop, second, first)
    merge(shop, third, second)
    assert find_member(business_id=shop.id, reference=code) == third.pk
    shop.stamp(first)
    assert now(third).stamps == 2
    with scopes_disabled():
        assert set(MergedMember.objects.values_list("member_id", flat=True)) == {third.pk}
    agree()


def test_refusals_change_nothing() -> None:
    shop, strangers = make_shop(), make_shop("Charlie's")
    kept, other, stranger = shop.enrol(), shop.enrol(), strangers.enrol()
    with pytest.raises(InvalidInput, match="another customer"):
        merge(shop, kept, kept)
    with pytest.raises(InvalidInput, match="take"):
        merge(shop, kept, other, take=["password"])
    for pair in ((kept, stranger), (stranger, kept)):
        with pytest.raises(NotFound):
            merge(shop, *pair)
    with scopes_disabled():
        assert not MergedMember.objects.exists()
        assert Card.objects.count() == 3


def test_entries_move_for_a_merge_and_for_nothing_else() -> None:
    shop = make_shop()
    kept, other = shop.enrol(), shop.enrol()
    for change in (f"card_id = {kept.pk}", "occasion = NULL", "occasion = 'mine'"):
        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE ledger_entry SET {change} WHERE card_id = {other.pk}")


def test_figures_count_one_person_and_leave_the_past_as_it_was() -> None:
    shop = make_shop()
    branch = shop.branch()
    kept, other, third = shop.enrol(), shop.enrol(), shop.enrol()
    shop.stamp(kept, 2, branch_id=branch.pk)
    roll_up_all()
    shop.stamp(other, 1, branch_id=branch.pk)
    shop.stamp(third, 1)
    for step in (lambda: None, roll_up_all):
        step()
        found = figures.stats(shop.business)
        assert (found.total_customers, found.active_7d, found.total_stamps) == (3, 3, 4)
    merge(shop, kept, other)
    for step in (lambda: None, roll_up_all):
        step()
        found = figures.stats(shop.business)
        assert (found.total_customers, found.active_7d, found.total_stamps) == (2, 2, 4)
        detail = figures.detail(shop.business, 7)
        assert sum(number for _, number in detail.new_customers_per_day) == 3
        assert [(one.id, one.total_visits) for one in detail.top_customers] == [(kept.pk, 2), (third.pk, 1)]
        assert detail.branch_performance[0].unique_customers == 1
        agree()


@pytest.mark.parametrize("roll_up", [roll_up_all, lambda: 0], ids=["rolled up", "in the tail"])
def test_erasing_the_kept_member_erases_both(roll_up: Callable[[], int]) -> None:
    shop = busy_shop()
    kept, other = full_life(shop, "Kept"), full_life(shop, "Other")
    merge(shop, kept, other)
    roll_up()
    stamps = figures.stats(shop.business).total_stamps
    with scope(business=shop.business):
        joined = Entry.objects.filter(kind="enrol").count()
    delete_member(business_id=shop.id, member_id=kept.pk)
    roll_up_all()
    with scopes_disabled():
        assert not MergedMember.objects.exists()
        assert not Entry.objects.exists()
        assert sum(DayTotal.objects.values_list("members", flat=True)) == joined
    found = figures.stats(shop.business)
    assert (found.total_customers, found.total_stamps) == (0, stamps)
    agree()


def test_a_sale_of_the_other_record_is_put_right_on_the_kept_card() -> None:
    shop = busy_shop()
    kept, other = full_life(shop, "Kept"), full_life(shop, "Other")
    merge(shop, kept, other)
    with scope(business=shop.business):
        sale = Sale.objects.filter(transaction_ref="Other").get()
        undo = Entry.objects.filter(card_id=kept.pk, kind="stamp_add", reverses=None, stamps=10).last()
    assert sale.member_id == kept.pk
    before = balance(kept)
    delete_sale(business_id=shop.id, pk=sale.pk)
    assert balance(kept) < before
    assert undo is not None
    agree()


def test_a_birthday_that_both_were_given_is_given_no_more() -> None:
    shop = make_shop()
    born = dt.date(1990, 1, 1)
    kept, other = shop.enrol(birthday=born), shop.enrol(birthday=born)
    with scopes_disabled():
        shop.business.program.birthday_bonus_stamps = 2
        shop.business.program.save()
    year = timezone.now().year
    for card in (kept, other):
        actions.add_birthday_bonus(business_id=shop.id, member_id=card.pk, year=year)
    merge(shop, kept, other)
    assert now(kept).stamps == 4
    assert actions.add_birthday_bonus(business_id=shop.id, member_id=kept.pk, year=year) is None
    agree()
