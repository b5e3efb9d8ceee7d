"""Merging on: what a record took over from one that was merged into it, and what a hand had decided."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from regulars.analytics.rollup import roll_up_all
from regulars.ledger import merging
from regulars.ledger.models import Card
from regulars.members import merging as choices
from regulars.members.actions import edit_member
from regulars.members.groups import add_group, set_group
from regulars.members.models import Member, MergedMember
from regulars.members.queries import find_member
from regulars.rules.errors import AlreadyEnrolled, Conflict
from regulars.tenants.models import Business
from tests.factories import Shop, make_shop
from tests.ledger.books import agree

pytestmark = pytest.mark.django_db


def merge(shop: Shop, kept: Card, other: Card, **more: Any) -> merging.MergeResult:
    return merging.merge_members(business_id=shop.id, member_id=kept.pk, other_id=other.pk, **more)


def member(card: Card) -> Member:
    with scope(business=card.business_id):
        return Member.objects.get(pk=card.pk)


@pytest.mark.parametrize("often", [1, 2])
def test_who_took_over_the_code_of_a_merged_record_can_be_merged_again(often: int) -> None:
    shop = make_shop()
    first, *rest = (shop.enrol() for _ in range(often + 2))
    code = first.member.code
    other = first
    for kept in rest:
        before = member(other).code
        merge(shop, kept, other)
        for reference in (code, before.lower()):
            assert find_member(business_id=shop.id, reference=reference) == kept.pk
        with pytest.raises(Conflict):
            shop.enrol("Somebody", code=code.lower())
        edit_member(business_id=shop.id, pk=kept.pk, code=code)
        other = kept
    with scopes_disabled():
        notes = MergedMember.objects.order_by("pk").values_list("code", flat=True)
        assert list(notes) == [code] + [""] * often
    agree()


@pytest.mark.parametrize("which", [0, 1])
def test_who_is_suspended_on_either_record_is_suspended(which: int) -> None:
    shop = make_shop()
    cards = shop.enrol(), shop.enrol()
    edit_member(business_id=shop.id, pk=cards[which].pk, suspended=True)
    merge(shop, *cards)
    assert member(cards[0]).suspended


def test_a_hand_that_took_somebody_out_of_all_groups_goes_before_the_other_record() -> None:
    shop = make_shop()
    regulars = add_group(business=shop.business, code="regulars")
    for take, group_id in ((), None), (("group",), regulars.pk):
        kept, other = shop.enrol(), shop.enrol()
        set_group(business_id=shop.id, member_ids=[kept.pk], group_id=None)
        set_group(business_id=shop.id, member_ids=[other.pk], group_id=regulars.pk)
        assert "group" in choices.differences(member(kept), member(other))
        merge(shop, kept, other, take=take)
        now = member(kept)
        assert (now.group_id, now.group_by_hand) == (group_id, True)


def test_the_contacts_of_a_merged_record_are_the_kept_members() -> None:
    shop = make_shop()
    kept = shop.enrol(phone="+919876500001")
    other = shop.enrol(phone="+919876500002", email="other@mail.example")
    merge(shop, kept, other)
    edit_member(business_id=shop.id, pk=kept.pk, email="")  # it was taken over
    third = shop.enrol(phone="+919876500003")
    contacts: tuple[dict[str, Any], ...] = {"phone": "98765 00002"}, {"email": "Other@mail.example"}
    for contact in contacts:
        with pytest.raises(AlreadyEnrolled) as refused:
            shop.enrol("Again", **contact)
        assert (refused.value.details, set(refused.value.fields)) == ({"customer_id": kept.pk}, set(contact))
        with pytest.raises(AlreadyEnrolled):
            edit_member(business_id=shop.id, pk=third.pk, unique_contact=True, **contact)
        edit_member(business_id=shop.id, pk=kept.pk, unique_contact=True, **contact)
        edit_member(business_id=shop.id, pk=kept.pk, **(contact | dict.fromkeys(contact, "")))
    shop.enrol("Somebody new", phone="+919876500001")  # the kept one's own, who has none any more


@pytest.mark.parametrize("apart", [0, 1])
def test_the_audit_knows_who_joined_first_after_a_change_of_time_zone(apart: int) -> None:
    shop = make_shop(timezone="Pacific/Auckland")
    began = dt.datetime(2026, 2, 28, 12, 0, tzinfo=dt.UTC)  # the first of March there
    cards = [shop.enrol(occurred_at=began)]
    Business.objects.filter(pk=shop.id).update(timezone="Pacific/Honolulu")
    shop.business.refresh_from_db()
    cards.append(shop.enrol(occurred_at=began + dt.timedelta(hours=1)))  # the last of February
    for card in cards:
        shop.stamp(card)
    roll_up_all()
    merge(shop, cards[apart], cards[1 - apart])
    agree()
    roll_up_all()
    agree()
