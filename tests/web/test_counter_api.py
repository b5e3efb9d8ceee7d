"""The counter's JSON: what it answers, whom it lets in, and that nothing reaches another business."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from regulars.counter import devices, pins
from regulars.ledger.models import Card
from regulars.members import aliases, blank_cards
from regulars.promotions import actions as promotions
from regulars.tenants import actions as tenants
from regulars.tenants import ratelimit
from regulars.web.counter import calls, cookies
from regulars.web.counter import refusals as said
from tests.api.support import dump
from tests.counter.given import PIN, actions, bob, card_of, rules, tablet
from tests.factories import Shop, make_shop
from tests.scratchcards import given as scratched
from tests.vouchers.given import codes, earn, issue, voucher
from tests.web.counter_json import PASSWORD, Counter, new_id

pytestmark = pytest.mark.django_db

NONSENSE = (
    b"", b"[]", b"{", b"\xff", b'"x"', b'{"client_id": 7}', b'{"client_id": "\\ud800", "branch_id": "1"}',
    b'{"member_id": -1, "staff_id": -1, "branch_id": -1}',
)  # fmt: skip
PATHS = ("scan", "act", "enrol", "sync", "undo", "preview", "branch", "confirm", "pin")


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


def test_signing_in_keeps_a_cookie_out_of_reach(shop: Shop) -> None:
    counter = Counter()
    assert counter.get("session")["state"] == "none"
    counter.refused("sign-in", 401, "wrong_login", email="alice@shop.example", password="wrong")
    found = counter.ok("sign-in", email="Alice@shop.example ", password=PASSWORD)
    assert (found["operator"]["name"], found["business"]["name"]) == ("Alice", "Alice's Café")
    cookie = counter.client.cookies[cookies.SESSION]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (
        True, True, "Strict", "/scan/",
    )  # fmt: skip
    assert counter.get("session")["state"] == "operator"
    counter.client.cookies[cookies.SESSION] = cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B")
    assert counter.get("session")["state"] == "none"
    counter.client.cookies[cookies.SESSION] = cookie.value
    assert counter.ok("sign-out")["state"] == "none"
    counter.client.cookies[cookies.SESSION] = cookie.value
    assert counter.get("session")["state"] == "none"
    counter.refused("scan", 401, "not_signed_in", text="x", client_id=new_id())


def test_a_tablet_is_paired_and_operators_come_and_go(shop: Shop) -> None:
    branch, staff = shop.branch(), bob(shop)
    for one in (shop.owner, staff):
        pins.set_pin(business_id=shop.id, staff_id=one.pk, pin=PIN)
    _, code = devices.create_pairing(business_id=shop.id, branch_id=branch.pk)
    counter = Counter()
    counter.refused("pair", 404, "not_found", "code", code="AAAA-AAAA")
    found = counter.ok("pair", code=code.lower(), name="Till")
    assert (found["state"], found["device"]["name"], found["device"]["branch"]["name"]) == (
        "device", "Till", branch.name,
    )  # fmt: skip
    assert [one["name"] for one in found["operators"]] == ["Alice", "Bob"]
    error = counter.refused("pin", 401, "wrong_pin", "pin", staff_id=staff.pk, pin="8264")
    assert error["tries_left"] == 4
    found = counter.ok("pin", staff_id=staff.pk, pin=PIN)
    assert (found["operator"]["name"], found["branch"]["id"], found["branch_fixed"]) == (
        "Bob",
        branch.pk,
        True,
    )
    counter.refused("branch", 409, "branch_fixed", branch_id=None)
    counter.refused("sign-out", 403, "not_allowed", device=True)
    assert counter.ok("sign-out")["state"] == "device"
    assert counter.ok("pin", staff_id=shop.owner.pk, pin=PIN)["operator"]["role"] == "owner"
    assert counter.ok("sign-out", device=True)["state"] == "none"
    assert counter.get("session")["state"] == "none"


def test_a_pin_that_was_closed_says_for_how_long(shop: Shop) -> None:
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin=PIN)
    _, code = devices.create_pairing(business_id=shop.id)
    counter = Counter()
    counter.ok("pair", code=code)
    for _ in range(5):
        counter.refused("pin", 401, "wrong_pin", "pin", staff_id=shop.owner.pk, pin="8264")
    response = counter.send("pin", {"staff_id": shop.owner.pk, "pin": PIN})
    error = counter.answer(response)["error"]
    assert (response.status_code, error["code"]) == (429, "pin_closed")
    assert 55 <= error["retry_after"] <= 60
    assert response.headers["Retry-After"] == str(error["retry_after"])


def test_guessing_passwords_is_slowed_down_for_each_person(shop: Shop) -> None:
    counter = Counter()
    for _ in range(5):
        counter.refused("sign-in", 401, "wrong_login", email="alice@shop.example", password="x")
    counter.refused("sign-in", 429, "rate_limited", email="ALICE@shop.example", password=PASSWORD)
    for number in range(14):
        counter.refused("sign-in", 401, "wrong_login", email=f"{number}@shop.example", password="x")
    counter.refused("sign-in", 429, "rate_limited", email="bob@shop.example", password="x")


def test_a_stranger_who_guesses_keeps_nobody_out(shop: Shop) -> None:
    guessing = Counter(address="203.0.113.9")
    for _ in range(5):
        guessing.refused("sign-in", 401, "wrong_login", email="alice@shop.example", password="x")
    guessing.refused("sign-in", 429, "rate_limited", email="alice@shop.example", password=PASSWORD)
    at_work = Counter(address="203.0.113.10")
    at_work.ok("sign-in", email="alice@shop.example", password=PASSWORD)
    # Nor does one who asks too much take away what somebody at work in the same network may ask.
    for _ in range(calls.USUAL_LIMIT):
        ratelimit.take("counter:203.0.113.10", calls.USUAL_LIMIT)
    assert Counter(address="203.0.113.10").send("session", method="GET").status_code == 429
    assert at_work.get("session")["state"] == "operator"


def test_a_device_revoked_in_use_is_told_to_sign_in(shop: Shop, card: Card) -> None:
    device, token = tablet(shop)
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin=PIN)
    counter = Counter()
    _, code = devices.create_pairing(business_id=shop.id)
    counter.ok("pair", code=code)
    counter.ok("pin", staff_id=shop.owner.pk, pin=PIN)
    devices.revoke_device(business_id=shop.id, device_id=device.pk)  # another one
    counter.act("stamps", card)
    mine = next(one for one in devices.devices(shop.id) if one.revoked_at is None)
    devices.revoke_device(business_id=shop.id, device_id=mine.pk)
    counter.refused("act", 401, "not_signed_in", kind="stamps", client_id=new_id(), member_id=card.pk)
    assert counter.get("session")["state"] == "none"
    assert token


def test_a_scan_shows_the_member_without_their_contacts(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="Eggs:3", scans_per_day=3)
    earn(shop, card, 1200)
    shop.stamp(card, 9)
    issue(shop, voucher(shop, min_value="500", expires_after_days=0), card)
    counter, client_id = Counter(shop), new_id()
    response = counter.send("scan", {"text": card.qr_code, "client_id": client_id})
    found = counter.answer(response)["data"]
    assert "9876500001" not in response.content.decode()  # type: ignore[attr-defined]
    assert (found["found"], found["scan_id"], found["given"]) == ("member", client_id, None)
    member = found["member"]
    assert (member["name"], member["contact"], member["pending_rewards"]) == ("Priya Sharma", "•••001", 1)
    assert member["stamps"]["text"] == "7 more stamps to: Free coffee"
    assert member["buttons"] == [
        {"promotion_id": None, "label": "Eggs", "points": 3, "text": "Eggs: 3 points"}
    ]
    assert (member["points"], member["sale"]) == ({"balance": 1200, "spendable": 1200}, None)
    assert member["limits"] == {"may_earn": True, "again_at": None, "left_today": 3, "text": ""}
    [shown] = member["vouchers"]
    assert (shown["value_text"], shown["min_text"], shown["expires_text"], shown["usable"]) == (
        "₹5 off", "from ₹500 on", "last day today", True,
    )  # fmt: skip


def test_what_is_nobodys_is_shown_as_it_is(shop: Shop, card: Card) -> None:
    counter = Counter(shop)
    bearer = codes(issue(shop, voucher(shop)))[0]
    loose = scratched.issue(shop, scratched.campaign(shop))
    blank = blank_cards.make_blanks(business_id=shop.id, count=1)[0]
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="P. Sharma")
    kinds = {}
    for text in (bearer, loose.token, blank.qr_code, alias.qr_code, "priya"):
        found = counter.ok("scan", text=text, client_id=new_id())
        kinds[found["found"]] = found
    assert kinds["voucher"]["voucher"]["code"] == bearer
    assert (kinds["scratch_card"]["scratch_card"]["prize"], kinds["blank_card"]["number"]) == (None, 1)
    assert kinds["unconfirmed_card"]["typed_name"] == "P. Sharma"
    assert [one["id"] for one in kinds["choose"]["members"]] == [card.pk]
    found = counter.ok("confirm", qr_code=alias.qr_code, client_id=new_id())
    assert found["member"]["id"] == card.pk
    counter.refused("scan", 404, "not_found", "text", text="nothing", client_id=new_id())
    counter.refused("scan", 400, "invalid_input", "client_id", text="nothing", client_id="1")


def test_doing_undoing_and_hearing_of_it_again(shop: Shop, card: Card) -> None:
    counter, client_id = Counter(shop), new_id()
    body = {"kind": "stamps", "client_id": client_id, "member_id": card.pk, "count": 2}
    done = counter.ok("act", **body)
    assert (done["action"]["text"], done["result"]["current_stamps"], done["repeated"]) == (
        "2 stamps",
        2,
        False,
    )
    assert done["member"]["stamps"]["count"] == 2
    assert counter.ok("act", **body)["repeated"]
    counter.refused("act", 409, "client_id_reused", "client_id", **(body | {"count": 3}))
    [listed] = counter.get("recent")["actions"]
    assert (listed["id"], listed["can_undo"], listed["operator"]) == (done["action"]["id"], True, "Alice")
    for named in ({"action_id": listed["id"]}, {"client_id": client_id}):
        undone = counter.ok("undo", **named)
        assert (undone["action"]["undone"], undone["member"]["stamps"]["count"]) == (True, 0)


def test_a_new_member_gets_a_card_to_take_along(shop: Shop) -> None:
    counter = Counter(shop)
    done = counter.ok("enrol", client_id=new_id(), name="Neha Singh", phone="98765 00002", marketing=True)
    assert done["result"]["card_url"].startswith("https://shop.example/card/")
    assert done["result"]["qr"].startswith("data:image/svg+xml")
    assert (done["member"]["name"], done["action"]["can_undo"]) == ("Neha Singh", False)
    error = counter.refused(
        "enrol", 409, "already_enrolled", "phone", client_id=new_id(), name="N", phone="9876500002"
    )
    assert error["member_id"] == done["member"]["id"]
    error = counter.refused("enrol", 400, "invalid_input", "phone", client_id=new_id(), name="N", phone="98")
    assert error["message"] == "This phone number is too short."


def test_a_preview_writes_nothing(shop: Shop, card: Card) -> None:
    promotions.add_promotion(business_id=shop.id, percent_of_spend=10)
    rules(shop, quickscan_function="calc min:10")
    counter = Counter(shop)
    before = dump()
    found = counter.ok("preview", member_id=card.pk, amount="250,50")
    assert (found["amount"], found["points"], found["text"]) == ("250.50", 25, "25 points")
    assert found.keys() == {"amount", "points", "text"}
    assert dump() == before


def test_what_waited_is_done_in_its_order_and_one_failure_stops_no_other(shop: Shop, card: Card) -> None:
    counter, enrol_id = Counter(shop), new_id()
    then = (timezone.now() - dt.timedelta(hours=1)).isoformat()
    waited = {"offline": True, "occurred_at": then}
    items = [
        {"kind": "enrol", "client_id": enrol_id, "name": "Neha", "phone": "9876500002"} | waited,
        {"kind": "stamps", "client_id": new_id(), "enrol_id": enrol_id, "count": 2} | waited,
        {"kind": "stamps", "client_id": new_id(), "code": "f" * 16} | waited,
        {"kind": "reward", "client_id": new_id(), "member_id": card.pk} | waited,
        {"kind": "stamps", "client_id": new_id(), "code": card.qr_code} | waited,
        "nonsense",
    ]
    first = counter.ok("sync", items=items)["results"]
    assert [one["status"] for one in first] == [200, 200, 404, 409, 200, 400]
    assert [one["error"] and one["error"]["code"] for one in first] == [
        None, None, "not_found", "needs_network", None, "invalid_input",
    ]  # fmt: skip
    again = counter.ok("sync", items=items)["results"]
    assert [one["data"] and one["data"]["repeated"] for one in again] == [True, True, None, None, True, None]
    assert (card_of(card).stamps, len(actions(shop))) == (1, 3)
    counter.refused("sync", 400, "invalid_input", "items", items=items * 20)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_sends_is_refused(shop: Shop, card: Card, site: str) -> None:
    counter = Counter(shop)
    body = {"kind": "stamps", "client_id": new_id(), "member_id": card.pk}
    response = counter.send("act", body, **{"Sec-Fetch-Site": site})
    assert (response.status_code, counter.answer(response)["error"]["code"]) == (403, "other_site")
    assert card_of(card).stamps == 0


@pytest.mark.parametrize("path", PATHS)
def test_nonsense_is_refused_and_never_a_fault(shop: Shop, path: str) -> None:
    counter = Counter(shop)
    for body in NONSENSE:
        response = counter.send(path, body)
        found = counter.answer(response)
        assert 400 <= response.status_code < 500 or (path, body) == ("branch", b'{"client_id": 7}'), found
    assert actions(shop) == []


def test_a_wrong_method_says_which_one_is_right(shop: Shop) -> None:
    response = Counter(shop).send("act", method="GET")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_refusals_speak_the_language_of_the_page(shop: Shop) -> None:
    assert set(said._SENTENCES) & {"limit_reached", "suspended", "no_pending_reward"}
    counter = Counter(shop)
    response = counter.send("scan", {"text": "x", "client_id": new_id()}, **{"Accept-Language": "de"})
    assert response.headers["Vary"] == "Accept-Language, Cookie"
    german = counter.answer(response)["error"]["message"]
    english = counter.refused("scan", 404, "not_found", "text", text="x", client_id=new_id())["message"]
    assert english.startswith("Nothing fits this.")
    assert german  # the German files may lag behind by a text


def test_who_is_removed_while_signed_in_does_nothing_more(shop: Shop, card: Card) -> None:
    staff = bob(shop, email="bob@shop.example")
    counter = Counter()
    counter.ok("sign-in", email="bob@shop.example", password=PASSWORD)
    counter.act("stamps", card)
    tenants.remove_staff(business_id=shop.id, staff_id=staff.pk)
    counter.refused("act", 401, "not_signed_in", kind="stamps", client_id=new_id(), member_id=card.pk)
    assert card_of(card).stamps == 1
    [action] = actions(shop)
    assert action.staff_id == staff.pk  # and what they did stays theirs


def test_without_the_database_the_counter_says_when_to_come_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(shop)

    def away(**_: Any) -> None:
        raise OperationalError("connection lost")

    monkeypatch.setattr(calls, "operator_of", away)
    response = counter.send("session", method="GET")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert counter.answer(response)["error"]["code"] == "unavailable"
