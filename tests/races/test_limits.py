"""Limits and rules of a whole business, tried by several at once. Each has a guard, and needs it."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scope

from regulars import db
from regulars.members import actions as members
from regulars.members.models import Member
from regulars.rules.errors import AlreadyEnrolled, Conflict, LastOwner, NotFound, PlanLimit
from regulars.tenants import actions as tenants
from regulars.tenants.models import Branch, Business, Staff, User
from tests.factories import Shop, make_shop
from tests.races.crowd import PATIENCE, Elsewhere, split, together

pytestmark = pytest.mark.django_db(transaction=True)

postgresql_only = pytest.mark.skipif(
    "config.getoption('--database') == 'sqlite'",
    reason="SQLite has one writer at a time, which is guard enough",
)
PHONE = "+919876543210"


def one_after_the_other(first: Callable[[], Any], second: Callable[[], Any]) -> Future[Any]:
    """`first` is done and not committed when `second` begins; what became of `second` after both ended.

    Without a guard `second` ends at once; with one it waits until `first` has committed.
    """
    with Elsewhere() as one, Elsewhere() as other:
        one.open_transaction()
        one(first)
        pending = other.begin(second)
        with suppress(TimeoutError):  # it waits
            pending.exception(0.5)
        one.commit()
        pending.exception(PATIENCE)
        return pending


def unguarded_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers for codes come without the lock that comes with them."""
    numbers = count(1000)
    for module in (tenants, members):
        monkeypatch.setattr(module, "next_number", lambda *_: next(numbers))


def unserialised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "serialise", lambda *_: None)


# Enrolling


def test_of_many_who_enrol_one_phone_exactly_one_does() -> None:
    shop = make_shop()
    got, refused = split(together(16, lambda number: shop.enrol(f"Customer {number}", phone=PHONE)))
    assert len(got) == 1
    assert {type(error) for error in refused} == {AlreadyEnrolled}
    assert {error.details["customer_id"] for error in refused if isinstance(error, Conflict)} == {got[0].pk}
    with scope(business=shop.business):
        assert Member.objects.count() == 1


def test_codes_of_members_who_enrol_together_are_all_different() -> None:
    shop = make_shop()
    got, refused = split(together(16, lambda number: shop.enrol(f"Customer {number}")))
    assert refused == []
    with scope(business=shop.business):
        codes = set(Member.objects.values_list("code", flat=True))
    assert codes == {f"M{number:06d}" for number in range(1, len(got) + 1)}


def enrol_twice(shop: Shop) -> Future[Any]:
    return one_after_the_other(
        lambda: shop.enrol("First", phone=PHONE), lambda: shop.enrol("Second", phone=PHONE)
    )


@postgresql_only
def test_the_second_to_enrol_a_phone_waits_for_the_first() -> None:
    assert isinstance(enrol_twice(make_shop()).exception(), AlreadyEnrolled)


@postgresql_only
def test_without_the_lock_on_numbers_a_phone_is_enrolled_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    unguarded_numbers(monkeypatch)
    assert enrol_twice(shop).exception() is None
    with scope(business=shop.business):
        assert Member.objects.filter(cell=PHONE).count() == 2


def test_the_trial_s_last_place_is_taken_once() -> None:
    shop = make_shop(plan="trial")
    for number in range(22):
        shop.enrol(f"Customer {number}")
    got, refused = split(together(12, lambda number: shop.enrol(f"Crowd {number}")))
    assert len(got) == 3
    assert {type(error) for error in refused} == {PlanLimit}
    with scope(business=shop.business):
        assert Member.objects.count() == 25


# Branches


def test_of_16_branches_opened_at_once_the_plan_s_three_are() -> None:
    shop = make_shop(plan="growth")
    got, refused = split(together(16, lambda number: shop.branch(f"Branch {number}")))
    assert len(got) == 3
    assert {type(error) for error in refused} == {PlanLimit}
    with scope(business=shop.business):
        assert Branch.objects.count() == 3


def open_last_branch_twice() -> tuple[Shop, Future[Any]]:
    shop = make_shop(plan="growth")
    for number in range(2):
        shop.branch(f"Branch {number}")
    return shop, one_after_the_other(lambda: shop.branch("Third"), lambda: shop.branch("Fourth"))


@postgresql_only
def test_the_second_to_open_the_last_branch_waits_for_the_first() -> None:
    assert isinstance(open_last_branch_twice()[1].exception(), PlanLimit)


@postgresql_only
def test_without_the_lock_on_numbers_a_plan_has_a_branch_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    unguarded_numbers(monkeypatch)
    shop, second = open_last_branch_twice()
    assert second.exception() is None
    with scope(business=shop.business):
        assert Branch.objects.count() == 4


# Teams


def two_owners() -> tuple[Shop, Staff, Staff]:
    shop = make_shop()
    second = tenants.add_staff(business=shop.business, name="Dora", email="dora@shop.example", role="owner")
    return shop, shop.owner, second.staff


def remove(shop: Shop, staff: Staff) -> None:
    tenants.remove_staff(business_id=shop.id, staff_id=staff.pk)


def remove_one_of(shop: Shop, staff: Sequence[Staff], number: int) -> None:
    remove(shop, staff[number])


def owners(shop: Shop) -> int:
    with scope(business=shop.business):
        return Staff.objects.filter(role="owner").count()


def test_two_owners_who_remove_each_other_leave_one() -> None:
    for _ in range(4):
        shop, *both = two_owners()
        got, refused = split(together(2, partial(remove_one_of, shop, both)))
        assert (len(got), [type(error) for error in refused]) == (1, [LastOwner])
        assert owners(shop) == 1


@postgresql_only
def test_the_second_owner_to_be_removed_waits_for_the_first() -> None:
    shop, first, second = two_owners()
    outcome = one_after_the_other(lambda: remove(shop, first), lambda: remove(shop, second))
    assert isinstance(outcome.exception(), LastOwner)


@postgresql_only
def test_without_the_lock_on_the_team_nobody_is_left_to_own_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, first, second = two_owners()
    unserialised(monkeypatch)
    outcome = one_after_the_other(lambda: remove(shop, first), lambda: remove(shop, second))
    assert outcome.exception() is None
    assert owners(shop) == 0


def test_somebody_removed_twice_at_once_is_found_once() -> None:
    shop = make_shop()
    staff = tenants.add_staff(business=shop.business, name="Bob", email="bob@mail.example").staff
    got, refused = split(together(6, lambda _: remove(shop, staff)))
    assert len(got) == 1
    assert {type(error) for error in refused} == {NotFound}
    assert not User.objects.filter(email="bob@mail.example").exists()


def test_two_shops_that_invite_the_same_person_at_once_share_one_account() -> None:
    shops = [make_shop(f"Shop {number}") for number in range(4)]

    def invite(number: int) -> Staff:
        return tenants.add_staff(business=shops[number].business, name="Bob", email="bob@mail.example").staff

    got, refused = split(together(4, invite))
    assert refused == []
    assert {staff.user_id for staff in got} == {User.objects.get(email="bob@mail.example").pk}


def test_one_address_added_to_a_team_by_many_at_once_is_added_once() -> None:
    shop = make_shop()

    def invite(_: int) -> Staff:
        return tenants.add_staff(business=shop.business, name="Bob", email="bob@mail.example").staff

    got, refused = split(together(8, invite))
    assert len(got) == 1
    assert {type(error) for error in refused} == {Conflict}


def test_who_is_invited_while_they_are_removed_elsewhere_keeps_an_account() -> None:
    for _ in range(3):
        old, new = make_shop(), make_shop()
        staff = tenants.add_staff(business=old.business, name="Bob", email="bob@mail.example").staff

        def change(number: int, old: Shop = old, new: Shop = new, staff: Staff = staff) -> None:
            if number:
                remove(old, staff)
            else:
                tenants.add_staff(business=new.business, name="Bob", email="bob@mail.example")

        _, failed = split(together(2, change))
        assert failed == []
        user = User.objects.get(email="bob@mail.example")
        with scope(business=new.business):
            assert Staff.objects.get(user=user).name == "Bob"
            Staff.objects.filter(user=user).delete()
        user.delete()


# Businesses


def test_shops_of_one_name_that_open_together_get_different_slugs() -> None:
    got, refused = split(together(8, lambda _: make_shop("Café").business.slug))
    assert refused == []
    assert sorted(got) == ["cafe", *(f"cafe-{number}" for number in range(2, 9))]
    assert Business.objects.count() == 8


def test_a_lock_is_held_until_its_transaction_ends() -> None:
    if connection.vendor == "sqlite":
        with transaction.atomic():
            assert db.try_serialise("a", 1)
        return
    with Elsewhere() as other, transaction.atomic():
        other.open_transaction()
        assert other(db.try_serialise, "a", 1)
        assert not db.try_serialise("a", 1)
        assert db.try_serialise("a", 2)
        other.rollback()
        assert db.try_serialise("a", 1)
