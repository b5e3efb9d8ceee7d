"""Codes and contacts of members, when they are changed while others enrol or are changed."""

from collections.abc import Callable
from typing import Any

import pytest
from django_scopes import scope

from regulars.members import actions
from regulars.members.groups import ensure_group
from regulars.members.models import Member, MemberGroup
from regulars.rules.errors import AlreadyEnrolled, Conflict
from tests.factories import make_shop
from tests.races.crowd import split, together
from tests.races.test_limits import PHONE, one_after_the_other, postgresql_only

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_who_take_one_code_exactly_one_gets_it() -> None:
    shop = make_shop()
    cards = [shop.enrol(f"Customer {number}") for number in range(16)]

    def take(number: int) -> Member:
        return actions.edit_member(business_id=shop.id, pk=cards[number].pk, code=f"{'Gg'[number % 2]}old-7")

    got, refused = split(together(16, take))
    assert len(got) == 1
    assert {type(error) for error in refused} == {Conflict}
    with scope(business=shop.business):
        codes = list(Member.objects.values_list("code", flat=True))
    assert len({code.upper() for code in codes}) == 16


def test_a_code_taken_by_edit_and_by_enrolment_is_taken_once() -> None:
    shop = make_shop()
    cards = [shop.enrol(f"Customer {number}") for number in range(8)]

    def take(number: int) -> Any:
        if number % 2:
            return shop.enrol(f"New {number}", code="GOLD-7")
        return actions.edit_member(business_id=shop.id, pk=cards[number // 2].pk, code="Gold-7")

    got, refused = split(together(16, take))
    assert len(got) == 1
    assert {type(error) for error in refused} == {Conflict}


def edit_to_phone(shop: Any, pk: int) -> Callable[[], Any]:
    return lambda: actions.edit_member(business_id=shop.id, pk=pk, unique_contact=True, cell=PHONE)


@postgresql_only
def test_a_contact_taken_by_edit_waits_for_whoever_enrols_with_it() -> None:
    shop = make_shop()
    card = shop.enrol()
    second = one_after_the_other(lambda: shop.enrol("First", phone=PHONE), edit_to_phone(shop, card.pk))
    assert isinstance(second.exception(), AlreadyEnrolled)


@postgresql_only
def test_without_the_lock_a_contact_is_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    card = shop.enrol()
    monkeypatch.setattr(actions, "hold_numbers", lambda *_: None)
    second = one_after_the_other(lambda: shop.enrol("First", phone=PHONE), edit_to_phone(shop, card.pk))
    assert second.exception() is None
    with scope(business=shop.business):
        assert Member.objects.filter(cell=PHONE).count() == 2


def test_of_two_edits_at_once_none_is_lost() -> None:
    shop = make_shop()
    card = shop.enrol()
    fields = [f"metadata{number:02d}" for number in range(1, 10)]

    def change(number: int) -> Member:
        changes: dict[str, Any] = {fields[number]: f"value {number}"}
        return actions.edit_member(business_id=shop.id, pk=card.pk, **changes)

    _, refused = split(together(9, change))
    assert refused == []
    with scope(business=shop.business):
        stored = Member.objects.values(*fields).get(pk=card.pk)
    assert stored == {field: f"value {number}" for number, field in enumerate(fields)}


def test_a_group_that_many_name_at_once_is_made_once() -> None:
    shop = make_shop()
    names = ("Gold", "GOLD", "gold")
    got, refused = split(
        together(12, lambda number: ensure_group(business=shop.business, code=names[number % 3]))
    )
    assert refused == []
    assert len({group.pk for group in got}) == 1
    with scope(business=shop.business):
        assert MemberGroup.objects.count() == 1
