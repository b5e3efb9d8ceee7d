"""What members do by themselves: what their steps tell others, and how often they may ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card
from regulars.members.models import Member
from regulars.messages.channels import sms
from regulars.portal import accounts, sessions
from regulars.portal.models import Session
from regulars.rules.errors import AlreadyEnrolled, InvalidInput, TooManyRequests
from regulars.tenants import ratelimit
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NEW = "correct horse battery"
OWN, TAKEN = "+919876500001", "+919876500002"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def session_of(shop: Shop, card: Card, how: str = "link") -> Session:
    token = sessions.begin(business_id=shop.id, member_id=card.pk, how=how)
    found = sessions.find(business_id=shop.id, token=token)
    assert found is not None
    return found.session


def change(shop: Shop, session: Session, address: str = "192.0.2.1", **changes: Any) -> Member:
    return accounts.change_profile(business=shop.business, session=session, address=address, **changes)


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_signing_in_takes_the_same_steps_for_everybody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    known, unknown, without, merged, code = {
        "email": (
            "priya@example.com",
            "nobody@example.com",
            "without@example.com",
            "p@example.com",
            "c@d.example",
        ),
        "phone": (OWN, "+919876500009", TAKEN, "+919876600003", "+919876600004"),
    }[kind]
    card = shop.enrol(email="priya@example.com", phone=OWN)
    shop.enrol("Without", email="without@example.com", phone=TAKEN)
    twice = shop.enrol("P", email="p@example.com", phone="+919876600003")
    merge_members(business_id=shop.id, member_id=card.pk, other_id=twice.pk)
    shop.enrol("Coded", code=code, phone="+919876600005")
    accounts.set_password(business=shop.business, session=session_of(shop, card), password=NEW)
    taken: list[str] = []
    real = ratelimit.take

    def take(subject: str, *given: Any, **more: Any) -> ratelimit.Allowance:
        taken.append(subject)
        return real(subject, *given, **more)

    monkeypatch.setattr(ratelimit, "take", take)
    steps = []
    for contact in (known, unknown, without, merged, code):
        taken.clear()
        with CaptureQueriesContext(connection) as captured, pytest.raises(accounts.WrongPassword):
            accounts.sign_in(business=shop.business, contact=contact, password="wrong")
        said = [query["sql"].split("WHERE")[0] for query in captured.captured_queries]
        steps.append((said, len(taken)))
    assert all(step == steps[0] for step in steps), steps
    for contact in (known, merged):
        assert accounts.sign_in(business=shop.business, contact=contact, password=NEW) == card.pk


def test_a_member_tries_few_numbers_in_a_day(shop: Shop) -> None:
    card = shop.enrol(phone=OWN, email="priya@example.com")
    shop.enrol("Other", phone=TAKEN)
    session = session_of(shop, card)
    with pytest.raises(AlreadyEnrolled):
        change(shop, session, phone=TAKEN)
    for number in range(1, accounts.NUMBERS_A_DAY):
        change(shop, session, phone=f"+91987660000{number}")
    for phone in (TAKEN, "+919876600009"):
        with pytest.raises(TooManyRequests) as refusal:
            change(shop, session, phone=phone)
        assert refusal.value.retry_after is not None
        assert refusal.value.retry_after > 23 * 3600
    # All else may be changed, and what is no number or no change is no try.
    change(shop, session, phone=f"+91987660000{number}", name="Priya")
    with pytest.raises(InvalidInput):
        change(shop, session, phone="12")
    change(shop, session, phone="")


def test_from_one_address_several_members_try_few_numbers_in_a_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "NUMBERS_A_DAY_FROM_ADDRESS", 2)
    mine = [session_of(shop, shop.enrol(f"Member {number}")) for number in range(4)]
    for number, session in enumerate(mine[:2]):
        change(shop, session, phone=f"+91987660000{number}")
    with pytest.raises(TooManyRequests):
        change(shop, mine[2], phone="+919876600003")
    change(shop, mine[3], address="192.0.2.2", phone="+919876600004")


@pytest.mark.parametrize("texts", [False, True])
def test_nobody_takes_off_their_only_contact(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, *, texts: bool
) -> None:
    monkeypatch.setattr(sms, "available", lambda: texts)
    card, both = shop.enrol("Priya", phone=OWN), shop.enrol("Both", phone=TAKEN, email="both@example.com")
    with pytest.raises(InvalidInput) as refusal:
        change(shop, session_of(shop, card), phone="")
    assert refusal.value.fields.keys() == {"phone"}
    with pytest.raises(accounts.NeedsProof if texts else InvalidInput):
        change(shop, session_of(shop, card, "sso"), phone=" ")
    change(shop, session_of(shop, both, "sso"), phone="")
    with scopes_disabled():
        assert [Member.objects.get(pk=one.pk).cell for one in (card, both)] == [OWN, ""]


def test_a_name_in_the_profile_is_checked_as_at_joining(shop: Shop) -> None:
    card = shop.enrol("Mr.Smith", phone=OWN)  # the shop's own words
    session = session_of(shop, card)
    for name in ("http://evil.example", "win at evil.example", "evil。example", " "):
        with pytest.raises(InvalidInput) as refusal:
            change(shop, session, name=name)
        assert refusal.value.fields.keys() == {"name"}
    assert change(shop, session, name="Mr.Smith", street_city="Pune").street_city == "Pune"
    assert change(shop, session, name="Priya  Patel").name == "Priya Patel"
