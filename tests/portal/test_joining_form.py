"""What may be typed by those who join, and what is made of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop
from tests.portal.joiner import count, join, member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Dr. Nora W. Whitfield, Jr.", "Dr. Nora W. Whitfield, Jr."),
        ("J. R. R. نورا", "J. R. R. نورا"),
        ("\u202eNora\u202c \x07Whit\x00field\u2066", "Nora Whitfield"),
    ],
)
def test_names_are_kept_without_what_misleads(shop: Shop, typed: str, kept: str) -> None:
    assert member_of(shop, join(shop, typed)).name == kept


@pytest.mark.parametrize("code", ["x", "F" * 16, "f" * 17, "../"])
def test_what_is_no_code_of_a_printed_card_is_unknown(shop: Shop, code: str) -> None:
    with pytest.raises(NotFound):
        join(shop, blank_code=code)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": " "}, {"name"}),
        ({"name": "", "email": "nora@"}, {"name", "email"}),
        ({"email": ""}, {"phone", "email"}),
        ({"phone": "12"}, {"phone"}),
        ({"birthday": dt.date(2999, 1, 1)}, {"birthday"}),
        ({"birthday": dt.date(1899, 12, 31), "phone": "1"}, {"birthday", "phone"}),
        ({"name": "http://evil/win"}, {"name"}),
        ({"name": "Win at www.evil"}, {"name"}),
        ({"name": "evil.example, click,"}, {"name"}),
        ({"name": "evil\u200b.\u200bexample"}, {"name"}),
        ({"name": "evil\uff61example"}, {"name"}),
        ({"name": "\u202e\x07"}, {"name"}),
        ({"consents": {}}, {"programme"}),
        ({"consents": {"programme": " "}}, {"programme"}),
        ({"language": "tlh"}, {"language"}),
    ],
)
def test_what_is_wrong_is_named_all_at_once(shop: Shop, fields: dict[str, Any], wrong: set[str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        join(shop, **fields)
    assert refusal.value.fields.keys() == wrong
    assert count(shop) == (0, 0)


@pytest.mark.parametrize(("asked", "other"), [("phone", "email"), ("email", "phone")])
def test_a_shop_may_ask_for_one_kind_of_contact(shop: Shop, asked: str, other: str) -> None:
    contact = {"phone": "+919876543210", "email": "nora@mail.example"}
    update_microsite(business_id=shop.id, join_contact=asked, join_asks_birthday=False)
    with pytest.raises(InvalidInput) as refusal:
        join(shop, **{"email": "", other: contact[other]})
    assert refusal.value.fields.keys() == {asked}
    member = member_of(shop, join(shop, birthday=dt.date(1990, 1, 1), **contact))
    assert (bool(member.cell), bool(member.email)) == (asked == "phone", asked == "email")
    assert member.date_of_birth is None
