"""Somebody joined with another's address before that person came: whose card is it then?"""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from regulars.members import actions as members
from regulars.portal import joining, links, wallet
from regulars.rules.errors import NotFound
from tests.factories import HTTPS, Shop, make_shop
from tests.portal.joiner import join, member_of, token_of

pytestmark = pytest.mark.django_db

LATER = dt.timedelta(minutes=11)  # so that another link is sent

OFFER = "Yes, but I never had a card here before"


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def later() -> time_machine.travel:
    return time_machine.travel(timezone.now() + LATER)


def page(token: str, choice: str = "") -> tuple[int, str]:
    client, more = Client(), {"SERVER_NAME": "shop.example", **HTTPS}
    answer = (
        client.post(f"/l/{token}", {"choice": choice}, **more)
        if choice
        else client.get(f"/l/{token}", **more)
    )
    return answer.status_code, answer.content.decode()


def opens(code: str) -> int | None:
    try:
        return wallet.find(code).member_id
    except NotFound:
        return None


def test_who_never_had_a_card_shuts_out_whoever_joined_with_their_address(shop: Shop) -> None:
    before = join(shop, "Mallory")
    pk = member_of(shop, before).pk
    with later():
        mine = join(shop, "Nora")
    token = token_of(shop)
    assert OFFER in page(token)[1]
    assert opens(before.qr_code) == pk
    assert page(token, "mine-alone")[0] == 303
    assert (opens(before.qr_code), opens(mine.qr_code)) == (None, pk)


def test_the_earlier_phone_of_the_same_person_keeps_its_card(shop: Shop) -> None:
    before = join(shop, "Nora")
    with later():
        again = join(shop, "Nora")
    pk = member_of(shop, before).pk
    assert page(token_of(shop), "mine")[0] == 303
    assert (opens(before.qr_code), opens(again.qr_code)) == (pk, pk)


@pytest.mark.parametrize("way", ["confirmed", "of the shop", "by the phone"])
def test_a_card_of_somebody_known_is_nobody_elses(shop: Shop, way: str) -> None:
    contact = {"email": "nora@mail.example", "phone": "+919876500001"}
    if way == "of the shop":
        code = shop.enrol("Nora", **contact).qr_code
    else:
        joined = join(shop, "Nora", **contact)
        code = joined.qr_code
        if way == "confirmed":
            ids = {"business_id": shop.id, "pk": member_of(shop, joined).pk}
            members.confirm_email(**ids, address=contact["email"])
    with later():
        join(shop, "Nora", email=contact["email"])
    token = token_of(shop)
    if way == "by the phone":
        members.edit_member(business_id=shop.id, pk=links.find_link(token).member_id, email="x@mail.example")
        joining_link = links.make_link(
            business_id=shop.id,
            member_id=opens(code) or 0,
            purpose="open_card",
            address="+919876500001",
            alias=join(shop, "Nora", phone="+919876500001").qr_code,
            lasts=links.CONFIRM_LASTS,
        )
        token = joining_link.rpartition("/")[2]
    pk = opens(code)
    assert OFFER not in page(token)[1]
    joining.open_card(token=token, mine=True, alone=True)  # whatever is posted
    assert opens(code) == pk is not None
