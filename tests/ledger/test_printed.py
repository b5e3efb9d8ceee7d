"""Cards that were printed before somebody had them: each is given to one member, once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope

from regulars.ledger import actions, printed
from regulars.ledger.models import Card
from regulars.members import blank_cards
from regulars.members.actions import delete_member
from regulars.members.models import BlankCard, Member
from regulars.rules.errors import AlreadyEnrolled, Conflict, NotFound, Refusal
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

JUNE = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def blank(shop: Shop) -> str:
    """The code of a card that was just printed."""
    return blank_cards.make_blanks(business_id=shop.id, count=1)[0].qr_code


def enrol(shop: Shop, qr_code: str, **fields: Any) -> Card:
    profile = {"name": "Priya", "phone": "9876543210"} | fields
    return printed.enrol(business=shop.business, qr_code=qr_code, **profile)


def whose(shop: Shop, qr_code: str) -> tuple[int | None, dt.datetime | None]:
    with scope(business=shop.business):
        found = BlankCard.objects.get(qr_code=qr_code)
    return found.member_id, found.used_at


def members(shop: Shop) -> int:
    with scope(business=shop.business):
        return Member.objects.count()


def test_a_new_member_gets_a_printed_card(shop: Shop) -> None:
    code = blank(shop)
    card = enrol(shop, f" {code.upper()} ", occurred_at=JUNE)
    assert card.qr_code == code
    assert whose(shop, code) == (card.pk, JUNE)
    assert actions.add_stamps(business_id=shop.id, qr_code=code).customer_id == card.pk


def test_a_lost_card_is_replaced_by_a_printed_one(shop: Shop) -> None:
    card, code = shop.enrol(), blank(shop)
    shop.stamp(card, 3)
    new = printed.replace_card(business_id=shop.id, member_id=card.pk, qr_code=code, at=JUNE)
    assert (new.pk, new.qr_code, new.stamps) == (card.pk, code, 3)
    assert whose(shop, code) == (card.pk, JUNE)
    with pytest.raises(NotFound):
        shop.stamp(card)


def test_without_a_printed_card_there_is_a_new_one(shop: Shop) -> None:
    card = enrol(shop, " ")
    assert len(card.qr_code) == 16
    again = printed.replace_card(business_id=shop.id, member_id=card.pk, qr_code="")
    assert again.qr_code != card.qr_code


def unusable(shop: Shop) -> dict[str, str]:
    """Codes of no printed card of the shop's that nobody has."""
    used = blank(shop)
    enrol(shop, used, phone="9876543211")
    return {
        "somebody's": used,
        "another shop's": blank(make_shop("Charlie's")),
        "never printed": "f" * 16,
        "a card's own": shop.enrol().qr_code,
        "no code": "nonsense",
        "NUL": "\0",
    }


def test_any_other_code_is_unknown_and_nothing_happens(shop: Shop) -> None:
    card, codes = shop.enrol(), unusable(shop)
    before = members(shop)
    for name, code in codes.items():
        for field in ("qr_code", "blank_code"):
            with pytest.raises(NotFound) as refused:
                enrol(shop, code, field=field)
            assert refused.value.fields == {field: "is unknown"}, name
        with pytest.raises(NotFound) as refused:
            printed.replace_card(business_id=shop.id, member_id=card.pk, qr_code=code)
        assert refused.value.fields == {"qr_code": "is unknown"}, name
    assert members(shop) == before
    shop.stamp(card)


def test_a_card_that_somebody_had_is_given_to_nobody(shop: Shop) -> None:
    code = blank(shop)
    card = enrol(shop, code)
    printed.replace_card(business_id=shop.id, member_id=card.pk, qr_code="")
    delete_member(business_id=shop.id, member_id=card.pk)
    with pytest.raises(NotFound):
        enrol(shop, code)
    assert members(shop) == 0


def refuse(action: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        action()
    return refused.value


def test_a_refusal_leaves_the_printed_card_to_nobody(shop: Shop) -> None:
    code = blank(shop)
    shop.enrol(phone="+919876543210")
    assert type(refuse(lambda: enrol(shop, code))) is AlreadyEnrolled
    stranger = make_shop("Charlie's").enrol()
    lost = {"business_id": shop.id, "member_id": stranger.pk, "qr_code": code}
    assert type(refuse(lambda: printed.replace_card(**lost))) is NotFound
    assert whose(shop, code) == (None, None)
    assert enrol(shop, code, phone="9876543299").qr_code == code


@pytest.mark.parametrize("had", [0, 1])
def test_whoever_is_slower_is_told_by_the_name_of_the_field(
    shop: Shop, had: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = blank(shop)
    faster = enrol(shop, code, phone="9876543211")
    if had:
        actions.replace_card(business_id=shop.id, member_id=faster.pk)
    monkeypatch.setattr(printed, "_found", lambda _, qr_code: qr_code)  # looked a moment before
    card = shop.enrol()
    refused = refuse(lambda: enrol(shop, code, field="blank_code"))
    assert (type(refused), list(refused.fields)) == (Conflict, ["blank_code"])
    lost = {"business_id": shop.id, "member_id": card.pk, "qr_code": code}
    refused = refuse(lambda: printed.replace_card(**lost))
    assert (type(refused), list(refused.fields)) == (Conflict, ["qr_code"])
    assert (members(shop), whose(shop, code)[0]) == (2, faster.pk)
    shop.stamp(card)
