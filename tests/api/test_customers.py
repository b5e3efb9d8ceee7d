"""`/api/customers`: enrolling, finding, showing and deleting customers."""

from __future__ import annotations

import datetime as dt
import errno
import json
from typing import Any

import pytest
import time_machine
from django_scopes import scope

from regulars import spool
from regulars.ledger.models import Card, Entry
from regulars.members import own_data
from regulars.members.models import Member
from regulars.outbox.models import Event
from tests.api.support import Rest, dump, invalid, meta, ok, refused, values
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


def enrol(rest: Rest, name: str = "Rahul Mehta", **fields: Any) -> int:
    number: int = ok(rest.post("/api/customers", {"name": name, **fields}), 201)["id"]
    return number


def member(shop: Shop, number: int) -> Member:
    with scope(business=shop.business):
        return Member.objects.get(pk=number)


def test_a_new_customer_has_an_empty_card(shop: Shop, rest: Rest) -> None:
    with time_machine.travel(dt.datetime(2026, 6, 2, 4, 30, tzinfo=dt.UTC), tick=False):
        made = ok(rest.post("/api/customers", {"name": "Rahul Mehta", "phone": "9123456780"}), 201)
    shown = ok(rest.get(f"/api/customers/{made['id']}"))
    assert shown == {
        "id": made["id"],
        "name": "Rahul Mehta",
        "email": None,
        "phone": "+919123456780",
        "current_stamps": 0,
        "pending_rewards": 0,
        "total_visits": 0,
        "rewards_redeemed": 0,
        "points_balance": 0,
        "joined_at": "2026-06-02 10:00:00",
        "last_visit": None,
        "stamps_required": 8,
        "qr_code": made["qr_code"],
        "card_url": made["card_url"],
        "recent_activity": [],
    }


@pytest.mark.parametrize(
    ("name", "kept", "first", "last"),
    [
        ("Priya Sharma", "Priya Sharma", "Priya", "Sharma"),
        ("Priya", "Priya", "Priya", ""),
        ("  Ana  María   de la  Cruz ", "Ana María de la Cruz", "Ana María de la", "Cruz"),
        ("Anne-Marie O'Neill", "Anne-Marie O'Neill", "Anne-Marie", "O'Neill"),
        ("प्रिया शर्मा", "प्रिया शर्मा", "प्रिया", "शर्मा"),
        ("山田太郎", "山田太郎", "山田太郎", ""),
        ("🦊 Fox", "🦊 Fox", "🦊", "Fox"),
    ],
)
def test_a_name_is_split_at_its_last_space(name: str, kept: str, first: str, last: str, shop: Shop) -> None:
    number = enrol(Rest(shop), name, email="a@example.com")
    found = member(shop, number)
    assert (found.first_name, found.last_name, found.name) == (first, last, kept)
    assert ok(Rest(shop).get(f"/api/customers/{number}"))["name"] == kept


@pytest.mark.parametrize(
    ("country", "given", "kept"),
    [
        ("IN", "9123456780", "+919123456780"),
        ("IN", "09123456780", "+919123456780"),
        ("IN", "91234 56780", "+919123456780"),
        ("IN", "+91-91234-56780", "+919123456780"),
        ("IN", "0091 9123456780", "+919123456780"),
        ("IN", "+49 151 23456789", "+4915123456789"),
        ("US", "(415) 555-2671", "+14155552671"),
        ("DE", "0151 23456789", "+4915123456789"),
        ("GB", "07911 123456", "+447911123456"),
    ],
)
def test_phones_are_kept_in_e164_of_the_business_country(
    country: str, given: str, kept: str, db: None
) -> None:
    rest = Rest(make_shop(country=country))
    number = enrol(rest, phone=given)
    assert ok(rest.get(f"/api/customers/{number}"))["phone"] == kept


@pytest.mark.parametrize("phone", ["12", "abc", "+999 123456", "9123456780912345678", "++", "1-800-"])
def test_what_is_no_phone_is_refused(phone: str, rest: Rest) -> None:
    invalid(rest.post("/api/customers", {"name": "Rahul", "phone": phone}), "phone")


@pytest.mark.parametrize(
    "email", ["rahul", "rahul@", "@example.com", "a b@example.com", "rahul@example", "a@b@c.de"]
)
def test_what_is_no_email_is_refused(email: str, rest: Rest) -> None:
    invalid(rest.post("/api/customers", {"name": "Rahul", "email": email}), "email")


@pytest.mark.parametrize(
    "more", [{}, {"phone": ""}, {"phone": None, "email": " "}, {"birthday": "1990-05-17"}]
)
def test_a_phone_or_an_email_is_needed(more: dict[str, Any], rest: Rest) -> None:
    error = refused(
        rest.post("/api/customers", {"name": "Rahul", **more}), 400, "invalid_input", "phone", "email"
    )
    assert "phone or an email" in error["message"]


@pytest.mark.parametrize("name", ["", "   ", "\t\n", "x" * 201, "Ra\x00hul", "Ra\x1bhul"])
def test_a_name_is_needed_and_is_text(name: str, rest: Rest) -> None:
    invalid(rest.post("/api/customers", {"name": name, "phone": "9123456780"}), "name")


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ({"phone": "9123456780"}, {"phone": "+91 91234 56780"}, "phone"),
        ({"email": "Rahul@Example.com"}, {"email": "rahul@example.COM"}, "email"),
        (
            {"phone": "9123456780", "email": "a@example.com"},
            {"phone": "9123456780", "email": "b@c.de"},
            "phone",
        ),
        (
            {"phone": "9123456780", "email": "a@example.com"},
            {"phone": "9123456781", "email": "a@example.com"},
            "email",
        ),
    ],
)
def test_a_known_phone_or_email_answers_with_the_customer(
    first: dict[str, str], second: dict[str, str], field: str, rest: Rest
) -> None:
    known = enrol(rest, **first)
    error = refused(rest.post("/api/customers", {"name": "Else", **second}), 409, "already_enrolled", field)
    assert error["customer_id"] == known
    assert meta(rest.get("/api/customers"))["total"] == 1


def test_the_same_contact_may_join_another_shop(rest: Rest, stranger: Shop) -> None:
    enrol(rest, phone="+919123456780", email="rahul@example.com")
    enrol(Rest(stranger), phone="+919123456780", email="rahul@example.com")


def test_a_deleted_customers_contact_is_free_again(rest: Rest) -> None:
    first = enrol(rest, phone="9123456780")
    ok(rest.delete(f"/api/customers/{first}"))
    assert enrol(rest, phone="9123456780") != first


@pytest.mark.parametrize("birthday", ["1990-05-17", "2000-02-29", "1900-01-01", None, ""])
def test_birthdays_are_kept(birthday: str | None, shop: Shop, rest: Rest) -> None:
    number = enrol(rest, email="a@example.com", birthday=birthday)
    kept = member(shop, number).date_of_birth
    assert (kept.isoformat() if kept else None) == (birthday or None)


@pytest.mark.parametrize(
    "birthday",
    [
        "1990-13-01",
        "1990-02-30",
        "2001-02-29",
        "17.05.1990",
        "19900517",
        "1990-W01-1",
        "1990-05-17T00:00",
        "1899-12-31",
        "2999-01-01",
        "0000-00-00",
        "\u0661\u0669\u0669\u0660-05-17",
        " 1990-05-17",
        "1990-5-17",
    ],
)
def test_what_is_no_birthday_is_refused(birthday: str, rest: Rest) -> None:
    body = {"name": "Rahul", "email": "a@example.com", "birthday": birthday}
    invalid(rest.post("/api/customers", body), "birthday")


def test_newest_customers_come_first(rest: Rest) -> None:
    numbers = [enrol(rest, f"Guest {number}", email=f"{number}@example.com") for number in range(3)]
    assert values(ok(rest.get("/api/customers")), "id") == numbers[::-1]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("priya", {"Priya Sharma"}),
        ("RIYA", {"Priya Sharma"}),
        ("sha", {"Priya Sharma", "Asha Rao"}),
        ("priya  sharma", {"Priya Sharma"}),
        ("bee@", {"Asha Rao"}),
        ("EXAMPLE.com", {"Asha Rao", "José Ñandú"}),
        ("98765", {"Priya Sharma"}),
        ("98765 43210", {"Priya Sharma"}),
        ("098765-43210", {"Priya Sharma"}),
        ("+91 98765", {"Priya Sharma"}),
        ("JOSÉ", {"José Ñandú"}),
        ("ñand", {"José Ñandú"}),
        ("", {"Priya Sharma", "Asha Rao", "José Ñandú"}),
        ("%", set()),
        ("_", set()),
        ("pri%ma", set()),
        ("\\", set()),
        ("'", set()),
        ("nobody", set()),
    ],
)
def test_q_finds_any_part_of_name_email_and_phone(q: str, found: set[str], shop: Shop, rest: Rest) -> None:
    shop.enrol("Priya Sharma", phone="9876543210")
    shop.enrol("Asha Rao", email="Bee@example.com")
    shop.enrol("José Ñandú", email="jose@example.com")
    response = rest.get("/api/customers", q=q)
    assert set(values(ok(response), "name")) == found
    assert meta(response)["total"] == len(found)


def test_a_customer_is_deleted_with_everything_about_them(shop: Shop, rest: Rest) -> None:
    card = shop.enrol("Zebulon Quix", email="zebulon@example.com")
    shop.stamp(card, 17, branch_id=shop.branch().pk)
    ok(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}))
    other = shop.enrol("Asha Rao")
    shop.stamp(other, 2)
    assert ok(rest.delete(f"/api/customers/{card.pk}")) == {"deleted": True, "id": card.pk}
    for response in (rest.get(f"/api/customers/{card.pk}"), rest.delete(f"/api/customers/{card.pk}")):
        refused(response, 404, "not_found")
    refused(rest.post("/api/stamps/add", {"qr_code": card.qr_code}), 404, "not_found", "qr_code")
    assert values(ok(rest.get("/api/customers")), "id") == [other.pk]
    assert values(ok(rest.get("/api/transactions")), "customer_id") == [other.pk]
    assert ok(rest.get("/api/rewards")) == []
    whole = str(dump())
    assert "Zebulon" not in whole
    assert "zebulon" not in whole
    assert card.qr_code not in whole
    with scope(business=shop.business):
        assert Card.objects.count() == 1
        assert set(Entry.objects.values_list("card_id", flat=True)) == {other.pk}
        assert set(Event.objects.exclude(type="member.deleted").values_list("member_id", flat=True)) == {
            other.pk
        }
        gone = Event.objects.get(type="member.deleted")
    assert gone.payload == {"customer_id": card.pk}


@pytest.mark.parametrize("number", [0, 987_654_321, 2**63 - 1, 2**63, 10**30])
def test_a_number_that_nobody_has_is_not_found(number: int, rest: Rest) -> None:
    refused(rest.get(f"/api/customers/{number}"), 404, "not_found")
    refused(rest.delete(f"/api/customers/{number}"), 404, "not_found")
    refused(rest.get(f"/api/customers/{number}/data"), 404, "not_found")


def test_recent_activity_is_newest_first(shop: Shop, rest: Rest) -> None:
    card, branch = shop.enrol(), shop.branch()
    shop.stamp(card, 8, branch_id=branch.pk, occurred_at=dt.datetime(2026, 5, 30, 10, 14, tzinfo=dt.UTC))
    ok(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}))
    activity = ok(rest.get(f"/api/customers/{card.pk}"))["recent_activity"]
    assert values(activity, "transaction_type") == ["reward_redeem", "stamp_add"]
    assert activity[1] == {
        "id": activity[1]["id"],
        "undone": False,
        "transaction_type": "stamp_add",
        "stamps_added": 8,
        "branch_id": branch.pk,
        "branch_name": "Koramangala",
        "created_at": "2026-05-30 15:44:00",
    }
    assert (activity[0]["stamps_added"], activity[0]["branch_id"], activity[0]["branch_name"]) == (
        0,
        None,
        None,
    )


def test_all_that_is_kept_about_a_customer_is_given_out(shop: Shop, rest: Rest) -> None:
    number = enrol(rest, email="rahul@example.com")
    ok(rest.post(f"/api/customers/{number}/card/replace"))
    found = ok(rest.get(f"/api/customers/{number}/data"))
    assert (found["business"], found["customer_id"]) == (shop.business.name, number)
    assert found["profile"]["email"] == "rahul@example.com"
    assert [one["kind"] for one in found["history"]] == ["enrol"]
    assert values(found["events"], "type") == ["member.enrolled", "card.replaced"]
    assert found["about"].keys() == found.keys() - {"business", "customer_id", "made_at", "about"}


def test_data_of_any_length_is_given_out(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    number = enrol(rest, email="rahul@example.com")
    monkeypatch.setattr(spool, "SMALL", 1000)
    response: Any = rest.get(f"/api/customers/{number}/data")
    text = b"".join(response.streaming_content)
    assert json.loads(text)["data"]["profile"]["name"] == "Rahul Mehta"
    assert int(response.headers["Content-Length"]) == len(text)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    monkeypatch.undo()
    assert ok(rest.get(f"/api/customers/{number}/data"))["customer_id"] == number


def test_without_room_for_a_long_answer_the_service_is_unavailable(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = enrol(rest, email="rahul@example.com")

    def full(**_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(own_data, "write_data", full)
    refused(rest.get(f"/api/customers/{number}/data"), 503, "unavailable")
