"""What the counter's answers say in particular: to whom, in which words, and what has changed."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from regulars.counter import devices, pins
from regulars.ledger.models import Card
from regulars.tenants import logos, ratelimit
from tests.counter.given import PIN, actions, bob, card_of, rules
from tests.factories import Shop, make_shop
from tests.vouchers.given import codes, earn, issue, voucher
from tests.web.counter_json import Counter, new_id

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop(owner_email="alice@shop.example")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def test_a_link_to_a_card_gives_no_points_and_offers_them(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7")
    counter, client_id = Counter(shop), new_id()
    found = counter.ok("scan", **{"text": card.qr_code, "client_id": client_id, "from": "address"})
    assert (found["given"], card_of(card).points) == (None, 0)
    [button] = found["member"]["buttons"]
    assert button == {"promotion_id": None, "label": "", "points": 7, "text": "7 points"}
    del button["text"]
    done = counter.act("button", card, scan_id=client_id, **button)
    assert (done["result"]["balance"], done["member"]["buttons"]) == (7, [])
    assert counter.ok("scan", text=card.qr_code, client_id=new_id())["given"]["text"] == "7 points"


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ({"email": "Priya@mail.example"}, "A member has this e-mail address already."),
        ({"email": "priya@"}, "This is not an e-mail address."),
        ({"phone": "98765 00001"}, "A member has this phone number already."),
    ],
)
def test_what_is_wrong_with_a_contact_is_said_beneath_it(
    shop: Shop, card: Card, contact: dict[str, str], told: str
) -> None:
    shop.enrol("Priya Patel", email="priya@mail.example")
    [field] = contact
    status = 400 if told.startswith("This") else 409
    code = "invalid_input" if status == 400 else "already_enrolled"
    error = Counter(shop).refused("enrol", status, code, field, client_id=new_id(), name="Neha", **contact)
    assert error["fields"] == {field: told}


def test_the_page_sees_that_settings_have_changed(shop: Shop, card: Card) -> None:
    counter = Counter(shop)

    def seen() -> str:
        return str(counter.ok("scan", text=card.qr_code, client_id=new_id())["settings"])

    first = counter.get("session")["settings"]["digest"]
    assert seen() == first
    rules(shop, quickscan_function="7")
    assert counter.get("session")["settings"]["digest"] == seen() != first
    assert counter.get("session")["business"]["logo"] == ""
    file = io.BytesIO()
    Image.new("RGB", (20, 20), "#0f766e").save(file, "PNG")
    digest = logos.set_logo(business_id=shop.id, data=file.getvalue()).digest
    assert digest in counter.get("session")["business"]["logo"]


def test_the_queue_says_who_did_it_and_what_counts_as_now(shop: Shop, card: Card) -> None:
    counter, did = Counter(shop), bob(shop)
    old = {"offline": True, "occurred_at": (timezone.now() - dt.timedelta(days=8)).isoformat()}
    item = {"kind": "stamps", "client_id": new_id(), "member_id": card.pk, "done_by": did.pk} | old
    [refused] = counter.ok("sync", items=[item])["results"]
    assert (refused["status"], refused["error"]["code"]) == (409, "too_old")
    nobody: tuple[Any, ...] = ("x", -1, [], 10**30)
    odd = [item | {"client_id": new_id(), "done_by": value} for value in nobody]
    results = counter.ok("sync", items=[one | {"as_now": True} for one in (item, *odd)])["results"]
    assert [one["status"] for one in results] == [200] * 5
    assert [one.staff_id for one in actions(shop)] == [did.pk, *[shop.owner.pk] * 4]
    [refused] = counter.ok("sync", items=[item | {"as_now": "yes"}])["results"]
    assert set(refused["error"]["fields"]) == {"as_now"}


def test_a_wrong_pin_says_one_thing_and_the_fifth_that_it_is_closed(shop: Shop) -> None:
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin=PIN)
    counter = Counter()
    counter.ok("pair", code=devices.create_pairing(business_id=shop.id)[1])
    errors = [
        counter.refused("pin", 401, "wrong_pin", "pin", staff_id=shop.owner.pk, pin="8264") for _ in range(5)
    ]
    assert {error["fields"]["pin"] == error["message"] for error in errors} == {True}
    assert errors[3]["message"] == "This is not the PIN. 1 more try."
    assert errors[4]["message"].startswith("Too many wrong PINs. Wait 1 minute,")
    assert (errors[4]["tries_left"], errors[4]["retry_after"]) == (0, 60)


def test_refusals_are_sentences_about_what_to_do(shop: Shop, card: Card) -> None:
    counter = Counter(shop)
    demanding = codes(issue(shop, voucher(shop, min_value="60"), card))[0]
    error = counter.refused(
        "act", 409, "voucher_below_minimum", "sale_value", kind="voucher_redeem", client_id=new_id(),
        member_id=card.pk, voucher_code=demanding, amount="59.99",
    )  # fmt: skip
    assert error["message"] == "This voucher needs a sale of ₹60 at least."
    error = counter.refused(
        "enrol", 400, "invalid_input", "phone", client_id=new_id(), name="N", phone="98450 1234"
    )
    assert error["message"] == "This phone number is one digit short."
    shop.stamp(card, 8)
    error = counter.refused(
        "act", 409, "other_reward_first", kind="reward", client_id=new_id(), member_id=card.pk, reward="Cake"
    )
    assert error["message"] == "Another reward comes first: Free coffee."


def test_a_voucher_that_was_used_is_not_taken_back_before_its_use(shop: Shop, card: Card) -> None:
    earn(shop, card, 100)
    chosen = voucher(shop, points_required=40, available_for_self_selection=True)
    counter = Counter(shop)
    issued = counter.act("voucher_issue", card, voucher_id=chosen.pk)
    used = counter.act("voucher_redeem", card, voucher_code=issued["result"]["voucher_code"])
    error = counter.refused("undo", 409, "cannot_undo", action_id=issued["action"]["id"])
    assert error["message"] == "This voucher was used. Undo that first."
    for done in (used, issued):
        assert counter.ok("undo", action_id=done["action"]["id"])["action"]["undone"]
    assert card_of(card).points == 100


def test_after_an_undo_the_scan_counts_as_the_server_counts_it(shop: Shop, card: Card) -> None:
    rules(shop, scans_per_day=1)
    counter = Counter(shop)
    with time_machine.travel(dt.datetime(2026, 6, 1, 6, 30, tzinfo=dt.UTC), tick=False) as clock:
        scan_id = counter.ok("scan", text=card.qr_code, client_id=new_id())["scan_id"]
        first, second = (counter.act("stamps", card, scan_id=scan_id) for _ in range(2))
        undone = counter.ok("undo", action_id=second["action"]["id"])["member"]
        assert undone["limits"] == {"may_earn": True, "again_at": None, "left_today": 1, "text": ""}
        counter.act("stamps", card, scan_id=scan_id)
        # Once the scan is over, what is given belongs to another one.
        clock.shift(31 * 60)
        again = counter.ok("undo", action_id=first["action"]["id"])["member"]
        assert (again["limits"]["may_earn"], again["limits"]["left_today"]) == (False, 0)
        counter.refused("act", 409, "limit_reached", kind="stamps", client_id=new_id(),
                        member_id=card.pk, scan_id=scan_id)  # fmt: skip


def test_when_all_of_a_scan_is_undone_the_limit_is_free_again(shop: Shop, card: Card) -> None:
    rules(shop, scans_per_day=1)
    counter = Counter(shop)
    done = counter.act("stamps", card)
    undone = counter.ok("undo", action_id=done["action"]["id"])["member"]
    assert (undone["limits"]["may_earn"], undone["limits"]["left_today"]) == (True, 1)
