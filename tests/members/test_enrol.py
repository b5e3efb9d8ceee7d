"""Enrolling with what either dialect sends: contacts, codes, references, and what follows."""

from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.ledger import followups
from regulars.ledger.actions import enrol
from regulars.ledger.models import Card
from regulars.members.models import Member
from regulars.outbox.models import Event
from regulars.rules.errors import AlreadyEnrolled, InvalidInput
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.mark.parametrize("contact", [{}, {"phone": " ", "email": ""}, {"cell": ""}, {"cell": None}])
def test_a_contact_is_needed_unless_said_otherwise(shop: Shop, contact: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        enrol(business=shop.business, name="Priya", **contact)
    assert list(refused.value.fields) == ["phone", "email"]
    card = enrol(business=shop.business, name="Priya", contact_required=False, **contact)
    assert (card.member.cell, card.member.email) == ("", "")


@pytest.mark.parametrize("contact", [{"cell": "98765 43210"}, {"phone": " ", "email": "a@mail.example"}])
def test_one_contact_is_enough(shop: Shop, contact: dict[str, Any]) -> None:
    card = enrol(business=shop.business, name="Priya", **contact)
    assert card.member.cell or card.member.email


def test_a_till_enrols_by_first_and_last_name_and_its_own_code(shop: Shop) -> None:
    card = enrol(
        business=shop.business, first_name="Ana", last_name="de la Cruz", code="T-1", contact_required=False
    )
    with scopes_disabled():
        (event,) = Event.objects.all()
    assert (card.member.code, event.payload["name"], event.payload["code"]) == (
        "T-1",
        "Ana de la Cruz",
        "T-1",
    )


def test_known_contacts_are_taken_twice_only_where_that_is_wanted(shop: Shop) -> None:
    known: dict[str, Any] = {"business": shop.business, "name": "Priya", "email": "a@mail.example"}
    first = enrol(**known)
    with pytest.raises(AlreadyEnrolled):
        enrol(**known)
    assert enrol(**known, unique_contact=False).pk != first.pk


def test_what_follows_happens_with_the_enrolment_or_not_at_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def follow(*, business_id: int, member_id: int, at: object) -> None:
        assert business_id == shop.id
        told.append(member_id)
        if len(told) > 1:
            raise RuntimeError("it cannot follow")

    monkeypatch.setattr(followups, "_registry", {})
    followups.register("tests", enrolled=follow)
    card = shop.enrol()
    with pytest.raises(RuntimeError, match="cannot follow"):
        shop.enrol()
    assert told[0] == card.pk
    with scopes_disabled():
        assert list(Member.objects.values_list("pk", flat=True)) == [card.pk]
        assert Card.objects.count() == 1
