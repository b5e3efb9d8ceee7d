"""What the database itself refuses, whoever asks: the last line of defence behind the actions."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django_scopes import scopes_disabled

from regulars.ledger import points
from regulars.ledger.models import Card, Entry, Lot, LotUse, PointsAdjustment, Reward
from regulars.members.models import Member
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    card = shop.enrol()
    shop.stamp(card, 9)
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=10)
    return card


def refused(act: Callable[[], Any], names: str) -> None:
    """The database refuses, and for the reason that is named: a constraint, or words of a trigger."""

    def acted() -> None:
        with transaction.atomic(), scopes_disabled():
            act()
            connection.check_constraints()  # foreign keys are otherwise looked at when the transaction ends

    with pytest.raises(IntegrityError) as error:
        acted()
    assert names.casefold() in str(error.value).casefold()


def entry(card: Card, **fields: Any) -> Entry:
    given = {
        "business_id": card.business_id,
        "card_id": card.pk,
        "kind": "stamp_add",
        "stamps_after": 0,
        "points_after": 0,
        "occurred_at": NOW,
        "day": NOW.date(),
    }
    return Entry.objects.create(**(given | fields))


def set_card(card: Card, **fields: int) -> Callable[[], int]:
    return lambda: Card.objects.filter(pk=card.pk).update(**fields)


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"stamps": -1, "total_stamps": 7}, "stamps"),
        ({"pending_rewards": -1, "rewards_redeemed": 2}, "pending_rewards"),
        ({"stamps": 2}, "card_stamps_add_up"),
        ({"pending_rewards": 2}, "card_rewards_add_up"),
        ({"points": 11}, "card_points_add_up"),
        ({"points_expired": 1}, "card_points_add_up"),
    ],
)
def test_totals_never_become_impossible(card: Card, fields: dict[str, int], names: str) -> None:
    refused(set_card(card, **fields), names)


def test_a_negative_balance_of_points_is_a_debt_and_allowed(card: Card) -> None:
    with scopes_disabled():
        assert set_card(card, points=-5, points_spent=15)() == 1


ENTRY_COLUMNS = [field.attname for field in Entry._meta.concrete_fields if field.attname != "staff_id"]


@pytest.mark.parametrize("column", ENTRY_COLUMNS)
def test_no_column_of_an_entry_can_be_edited(shop: Shop, card: Card, column: str) -> None:
    with scopes_disabled():
        last = Entry.objects.filter(card=card).latest("id")
        value: Any = {"branch_id": shop.branch().pk, "occasion": "x", "source": "x"}.get(
            column, getattr(last, column)
        )
    sql = f"UPDATE ledger_entry SET {column} = %s WHERE id = %s"
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
    ):
        cursor.execute(sql, (value, last.pk))
    with scopes_disabled():
        assert Entry.objects.get(pk=last.pk).recorded_at == last.recorded_at


def test_who_gave_the_stamp_may_be_forgotten_when_they_leave(shop: Shop, card: Card) -> None:
    shop.stamp(card, 1, staff_id=shop.owner.pk)
    with scopes_disabled():
        assert Entry.objects.filter(staff_id=shop.owner.pk).update(staff_id=None) == 1


def test_a_kind_that_nobody_knows_is_refused(card: Card) -> None:
    refused(lambda: entry(card, kind="gift"), "entry_kind_known")


def test_an_occasion_happens_once_to_a_card(shop: Shop, card: Card) -> None:
    with scopes_disabled():
        entry(card, kind="birthday_bonus", occasion="birthday:2026")
        entry(card, kind="birthday_bonus", occasion="birthday:2027")
        entry(shop.enrol("Bob"), kind="birthday_bonus", occasion="birthday:2026")
        entry(card, occasion=None)
        entry(card, occasion=None)
    named = "entry_occasion_once" if connection.vendor == "postgresql" else "occasion"
    refused(lambda: entry(card, kind="birthday_bonus", occasion="birthday:2026"), named)


def test_entries_refer_to_what_exists(card: Card) -> None:
    refused(lambda: entry(card, card_id=10**9), "foreign key")
    refused(lambda: entry(card, branch_id=10**9), "foreign key")
    refused(lambda: entry(card, staff_id=10**9), "foreign key")


def test_a_member_with_a_card_cannot_just_vanish(card: Card) -> None:
    def vanish() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM members_member WHERE id = %s", (card.pk,))

    refused(vanish, "foreign key")
    with scopes_disabled():
        assert Member.objects.filter(pk=card.pk).exists()


def test_codes_on_cards_are_unique_everywhere(card: Card) -> None:
    other = make_shop("Charlie's").enrol()
    refused(lambda: Card.objects.filter(pk=other.pk).update(qr_code=card.qr_code), "qr_code")


def test_a_lot_holds_neither_less_than_nothing_nor_more_than_was_earned(card: Card) -> None:
    refused(lambda: Lot.objects.update(remaining=-1), "lot_remaining")
    refused(lambda: Lot.objects.update(remaining=11), "lot_remaining")


def test_an_entry_takes_from_a_lot_or_gives_back_but_never_nothing(card: Card) -> None:
    with scopes_disabled():
        lot = Lot.objects.get(card=card)

    def use(number: int) -> LotUse:
        return LotUse.objects.create(
            business_id=card.business_id, lot=lot, entry_id=lot.entry_id, points=number
        )

    with scopes_disabled():
        assert (use(3).points, use(-3).points) == (3, -3)
    refused(lambda: use(0), "lot_use_not_zero")


def test_an_adjustment_has_a_known_origin_and_a_code_of_its_own(shop: Shop, card: Card) -> None:
    def adjustment(code: str, **fields: Any) -> PointsAdjustment:
        given = {"business_id": shop.id, "card_id": card.pk, "points": 1, "occurred_at": NOW}
        return PointsAdjustment.objects.create(code=code, **(given | fields))

    with scopes_disabled():
        adjustment("Hello")
        charlie = make_shop("Charlie's")
        adjustment("hello", business_id=charlie.id, card_id=charlie.enrol().pk)
    named = "points_adjustment_code_unique"
    refused(lambda: adjustment("hELLO"), named)
    refused(lambda: adjustment("other", origin="gift"), "points_adjustment_origin_known")


def test_an_entry_makes_one_lot_and_redeems_one_reward(shop: Shop, card: Card) -> None:
    with scopes_disabled():
        lot, enrolled = Lot.objects.get(card=card), Entry.objects.get(card=card, kind="enrol")
    refused(
        lambda: Lot.objects.create(
            business_id=shop.id, card=card, entry_id=lot.entry_id, points=1, remaining=1
        ),
        "entry_id",
    )
    shop.stamp(card, 8)
    refused(lambda: Reward.objects.filter(card=card).update(redeemed_entry=enrolled), "redeemed_entry")


def test_the_programme_stays_within_the_rules(shop: Shop) -> None:
    def program(**fields: int) -> Callable[[], None]:
        def change() -> None:
            with connection.cursor() as cursor:
                for column, value in fields.items():
                    cursor.execute(
                        f"UPDATE tenants_program SET {column} = %s WHERE business_id = %s", (value, shop.id)
                    )

        return change

    refused(program(stamps_required=1), "program_stamps_required")
    refused(program(stamps_required=51), "program_stamps_required")
    refused(program(birthday_bonus_stamps=11), "program_birthday_bonus")
