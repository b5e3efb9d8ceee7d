"""What is refused is said where somebody was: in the form with what was typed, or above the button's page."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django_scopes import scope

from regulars.members.actions import edit_member
from regulars.promotions.actions import add_promotion
from regulars.rules.errors import InvalidInput
from regulars.sales.models import Sale
from regulars.vouchers.models import VoucherCode
from regulars.vouchers.redeeming import redeem
from tests.factories import Shop, make_shop
from tests.office import offered
from tests.office.seat import Seat

pytestmark = pytest.mark.django_db

HOST = "https://testserver"


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def owner(shop: Shop) -> Seat:
    return Seat(shop)


def test_a_form_keeps_what_was_typed_whatever_refuses(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha Rao")
    edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    form = {"member": card.member.code, "total_value": "10", "notes": "of Tuesday"}
    answer = owner.post("sale-new", form)
    text = answer.content.decode()
    assert answer.status_code == 400
    assert "of Tuesday" in text
    assert "suspended" in text
    with scope(business=shop.business):
        assert not Sale.objects.exists()


def test_a_button_leads_back_to_where_it_was_pressed(shop: Shop, owner: Seat) -> None:
    with scope(business=shop.business):
        issue = offered.issue(shop)
        code = VoucherCode.objects.filter(issue_id=issue)[0].code
    redeem(business_id=shop.id, code=code)
    url = owner.url("voucher-issue-delete", issue_id=issue)

    def press(came: str, **headers: str) -> Any:
        return owner.client.post(url, secure=True, headers={"Referer": came, **headers})

    page = owner.url("voucher-issue", issue_id=issue)
    answer = press(f"{HOST}{page}?page=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}?page=1")
    assert "redeemed" in owner.client.get(page, secure=True).content.decode()
    elsewhere = Seat(make_shop()).url("voucher-issue", issue_id=issue)
    for came in (
        "",
        "https://evil.example/",
        f"https://evil.example{page}",
        f"{HOST}/account/login/",
        f"{HOST}{url}",
        f"{HOST}{elsewhere}",
        f"{HOST}/%",
        "https://[",
    ):
        assert press(came).status_code == 409, came
    assert press(f"{HOST}{page}", **{"Sec-Fetch-Dest": "iframe"}).status_code == 409


def test_all_that_is_wrong_is_said_at_once(shop: Shop, owner: Seat) -> None:
    wrong = {
        "member-new": ({"first_name": "A", "cell": "12", "email": "nope", "telephone": "1" * 41}, 3),
        "promotion-new": ({"name": "x" * 201, "percent_of_spend": "10", "fixed_points_value": "-1"}, 2),
        "branch-new": ({"name": "x" * 201, "city": "x" * 101, "latitude": "91", "longitude": "181"}, 4),
    }
    for name, (said, fields) in wrong.items():
        answer = owner.post(name, said)
        assert answer.status_code == 400, name
        found = re.findall(r'invalid-feedback"[^>]*>([^<]*)', answer.content.decode())
        assert len(found) == fields, (name, found)


def test_an_action_says_all_that_is_wrong(shop: Shop) -> None:
    with pytest.raises(InvalidInput) as caught:
        add_promotion(business_id=shop.id, name="x" * 201, percent_of_spend=-1)
    assert caught.value.fields.keys() == {"name", "percent_of_spend"}
    with pytest.raises(InvalidInput) as caught:
        shop.enrol("", email="nope", phone="12", birthday=dt.date(1800, 1, 1))
    assert caught.value.fields.keys() == {"name", "email", "phone", "birthday"}
    with pytest.raises(InvalidInput) as caught:
        shop.branch("x" * 201, latitude=91, longitude=181)
    assert caught.value.fields.keys() == {"name", "latitude", "longitude"}
