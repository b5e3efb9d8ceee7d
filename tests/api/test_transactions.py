"""`/api/transactions`: what happened, filtered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope

from regulars.ledger import actions as ledger
from regulars.ledger import points
from regulars.ledger.models import Card
from regulars.members.models import Member
from tests.api.support import Rest, invalid, meta, ok, pages, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db


def redeem(shop: Shop, card: Card, **more: Any) -> None:
    ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code, **more)


def test_rows_of_both_kinds_newest_first(shop: Shop, rest: Rest) -> None:
    card, branch = shop.enrol("Priya Sharma"), shop.branch()
    shop.stamp(card, 8, branch_id=branch.pk)
    redeem(shop, card)
    second, first = ok(rest.get("/api/transactions"))
    assert second["id"] > first["id"]
    assert first == {
        "id": first["id"],
        "customer_id": card.pk,
        "customer_name": "Priya Sharma",
        "transaction_type": "stamp_add",
        "branch_id": branch.pk,
        "branch_name": "Koramangala",
        "stamps_added": 8,
        "redemption_confirmed": None,
        "created_at": first["created_at"],
        "undone": False,
        "undoes": None,
        "reason": None,
    }
    assert second == first | {
        "id": second["id"],
        "transaction_type": "reward_redeem",
        "branch_id": None,
        "branch_name": None,
        "stamps_added": 0,
        "redemption_confirmed": 1,
        "created_at": second["created_at"],
    }


def test_enrolment_and_points_are_no_transactions_and_a_birthday_is_one(shop: Shop, rest: Rest) -> None:
    ok(rest.patch("/api/program", {"birthday_bonus_stamps": 2}))
    card = shop.enrol(birthday=dt.date(1990, 1, 1))
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5)
    assert ok(rest.get("/api/transactions")) == []
    with scope(business=shop.business):
        assert Member.objects.get().date_of_birth
    ledger.add_birthday_bonus(business_id=shop.id, member_id=card.pk, year=2026)
    (row,) = ok(rest.get("/api/transactions", type="stamp_add"))
    assert (row["transaction_type"], row["stamps_added"]) == ("stamp_add", 2)
    shown = ok(rest.get(f"/api/customers/{card.pk}"))
    assert (shown["total_visits"], shown["last_visit"], shown["current_stamps"]) == (0, None, 2)
    assert values(shown["recent_activity"], "transaction_type") == ["stamp_add"]


def test_filters_narrow_the_list_and_its_total(shop: Shop, rest: Rest) -> None:
    priya, asha = shop.enrol("Priya"), shop.enrol("Asha")
    one, two = shop.branch("One"), shop.branch("Two")
    for day, (card, branch) in enumerate([(priya, one), (priya, two), (asha, one), (asha, None)], start=1):
        at = dt.datetime(2026, 6, day, 6, tzinfo=dt.UTC)
        shop.stamp(card, 8, branch_id=branch.pk if branch else None, occurred_at=at)
    redeem(shop, priya, branch_id=one.pk, occurred_at=dt.datetime(2026, 6, 5, 6, tzinfo=dt.UTC))

    def days(**query: Any) -> list[int]:
        response = rest.get("/api/transactions", **query)
        rows = ok(response)
        assert meta(response)["total"] == len(rows)
        return [int(row["created_at"][8:10]) for row in rows]

    assert days() == [5, 4, 3, 2, 1]
    assert days(customer_id=priya.pk) == [5, 2, 1]
    assert days(branch_id=one.pk) == [5, 3, 1]
    assert days(type="reward_redeem") == [5]
    assert days(type="stamp_add", branch_id=one.pk, customer_id=priya.pk) == [1]
    assert days(date_from="2026-06-02", date_to="2026-06-03") == [3, 2]
    assert days(branch_id=two.pk, type="reward_redeem") == []


@pytest.mark.parametrize(
    "query",
    [
        "type=",
        "type=stamp",
        "type=STAMP_ADD",
        "type=enrol",
        "customer_id=0",
        "customer_id=-1",
        "customer_id=x",
        "customer_id=1.5",
        "customer_id=9223372036854775808",
        "branch_id=",
        "branch_id=null",
        f"branch_id={'9' * 40}",
        "date_from=",
        "date_from=2026-6-1",
        "date_from=2026-02-30",
        "date_to=01.06.2026",
        "date_to=20260601",
        "date_to=2026-W23-1",
        "date_to=2026-06-01T00:00:00",
    ],
)
def test_a_bad_filter_is_refused_by_name(query: str, shop: Shop, rest: Rest) -> None:
    shop.stamp(shop.enrol())
    error = invalid(rest.send("GET", "/api/transactions", query=query), query.partition("=")[0])
    assert "e+" not in error["message"]  # numbers are written out


def test_the_edges_of_the_calendar_are_dates(shop: Shop, rest: Rest) -> None:
    shop.stamp(shop.enrol())
    assert len(ok(rest.get("/api/transactions", date_from="0001-01-01", date_to="9999-12-31"))) == 1


def test_pages_hold_every_row_once(shop: Shop, rest: Rest) -> None:
    cards = [shop.enrol(f"Guest {number}") for number in range(3)]
    for number in range(17):
        shop.stamp(cards[number % 3])
    rows = list(pages(rest, "/api/transactions", per_page=5))
    assert len(rows) == len({row["id"] for row in rows}) == 17
    assert values(rows, "id") == sorted(values(rows, "id"), reverse=True)


def test_a_late_entry_stands_at_its_day(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    for day in (1, 3, 2):
        shop.stamp(card, day, occurred_at=dt.datetime(2026, 6, day, 6, tzinfo=dt.UTC))
    assert values(ok(rest.get("/api/transactions")), "stamps_added") == [3, 2, 1]


def test_names_are_the_present_ones(shop: Shop, rest: Rest) -> None:
    branch = shop.branch("Old name")
    shop.stamp(shop.enrol(), branch_id=branch.pk)
    ok(rest.patch(f"/api/branches/{branch.pk}", {"name": "New name"}))
    assert values(ok(rest.get("/api/transactions")), "branch_name") == ["New name"]
