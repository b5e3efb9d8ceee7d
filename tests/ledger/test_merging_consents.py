"""Merging and what people agreed to: a no that was said counts, not that of who was never asked."""

from __future__ import annotations

from typing import Any, Final

import pytest
from django_scopes import scope

from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card
from regulars.members import consents
from regulars.members.actions import edit_member
from regulars.members.models import Member
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NO: Final = {"optout_email": True, "optout_text": True, "optout_post": True}


def said(shop: Shop, card: Card, *, yes: bool, purpose: str = "email") -> None:
    source = "join" if yes else "card"
    ids = {"business_id": shop.id, "member_id": card.pk}
    consents.record(**ids, purpose=purpose, given=yes, text="Send me offers.", source=source)
    edit_member(business_id=shop.id, pk=card.pk, **{consents.OPT_OUTS[purpose]: not yes})


def record(shop: Shop, **more: Any) -> Card:
    """Somebody who was asked for nothing yet."""
    card = shop.enrol("Nora W.", **more)
    edit_member(business_id=shop.id, pk=card.pk, **NO)
    return card


def merged(shop: Shop, kept: Card, other: Card) -> Member:
    merge_members(business_id=shop.id, member_id=kept.pk, other_id=other.pk)
    with scope(business=shop.business):
        return Member.objects.get(pk=kept.pk)


@pytest.mark.parametrize("phone_is_kept", [0, 1])
def test_a_record_that_never_had_an_address_takes_no_consent_away(phone_is_kept: int) -> None:
    shop = make_shop()
    asked, phone = record(shop, email="nora@mail.example"), record(shop, phone="+919876500001")
    said(shop, asked, yes=True)
    said(shop, phone, yes=True, purpose="text")
    member = merged(shop, *((phone, asked) if phone_is_kept else (asked, phone)))
    assert (member.email, member.cell) == ("nora@mail.example", "+919876500001")
    assert (member.optout_email, member.optout_text, member.optout_post) == (False, False, True)


@pytest.mark.parametrize("phone_is_kept", [0, 1])
def test_a_no_that_was_said_counts_whatever_the_other_record_says(phone_is_kept: int) -> None:
    shop = make_shop()
    asked, phone = record(shop, email="nora@mail.example"), record(shop, phone="+919876500001")
    said(shop, asked, yes=True)
    said(shop, phone, yes=False)
    assert merged(shop, *((phone, asked) if phone_is_kept else (asked, phone))).optout_email


def test_an_opt_out_of_an_address_that_the_record_has_counts() -> None:
    shop = make_shop()
    asked, other = record(shop, email="nora@mail.example"), record(shop, email="n.w@mail.example")
    said(shop, asked, yes=True)
    assert merged(shop, asked, other).optout_email


def test_an_opt_out_goes_before_somebody_of_whom_no_consent_is_written_down() -> None:
    shop = make_shop()
    known, phone = shop.enrol(email="nora@mail.example"), record(shop, phone="+919876500001")
    assert merged(shop, known, phone).optout_email
