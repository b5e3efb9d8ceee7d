"""How the databases find what lists show: a page is read in its order, what is rare is found by an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django_scopes import scope

from regulars.members import groups
from regulars.members.actions import edit_member
from regulars.scratchcards import cards
from regulars.tenants.actions import create_branch
from regulars.web.office import lists
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.scratchcards import given as scratched
from tests.test_plans import sqlite_only, steps
from tests.vouchers import given as vouchers

pytestmark = [pytest.mark.django_db, sqlite_only]


@pytest.fixture
def shop() -> Shop:
    shop = make_shop()
    card = shop.enrol("Priya", email="priya@mail.example")
    edit_member(business_id=shop.id, pk=card.pk, secondary_code="P-1")
    create_branch(business=shop.business, name="Main street")
    vouchers.issue(shop, vouchers.voucher(shop), card)
    return shop


@pytest.fixture
def campaign(shop: Shop) -> int:
    of = scratched.campaign(shop)
    cards.issue_bearer_cards(business_id=shop.id, campaign_id=of.pk, number=2)
    return of.pk


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is found is as much as if there were more than a few."""
    monkeypatch.setattr(lists, "FEW", -1)


def found(look: Callable[[], Any], table: str) -> list[str]:
    """How the rows of a table are found."""
    return [
        step
        for step, sql in steps(look)
        if f'FROM "{table}"' in sql and ("ORDER BY" in step or step.split(" ")[1] == table)
    ]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("page", "table", "index", "asked"),
    [
        ("members", "members_member", "member_named", {"sort": "name"}),
        ("members", "members_member", "member_named", {"sort": "-name"}),
        ("members", "members_member", "member_joined", {"sort": "joined"}),
        ("members", "members_member", "member_business_id", {}),
        ("voucher-codes", "vouchers_vouchercode", "voucher_code_business", {}),
        ("messages-sent", "messages_message", "message_log", {}),
        ("sales", "sales_sale", "sale_occurred", {"branch": "none"}),
    ],
)
def test_a_page_is_read_in_its_order(
    shop: Shop, page: str, table: str, index: str, asked: dict[str, str]
) -> None:
    seat = Seat(shop)
    plan = found(lambda: seat.text(page, asked), table)
    assert [step for step in plan if f"INDEX {index} (" in step]
    assert [step for step in plan if "TEMP B-TREE" in step or step.startswith("SCAN")] == []


@pytest.mark.parametrize(
    ("page", "table", "index", "asked"),
    [
        ("members", "members_member", "member_secondary_code", {"secondary_code": "p-1"}),
        ("members", "members_member", "member_email", {"q": "Priya@mail.example"}),
        ("voucher-codes", "vouchers_vouchercode", "voucher_code_code_unique", {"q": "{code}"}),
        ("messages-sent", "messages_message", "message_not_sent", {"status": "failed"}),
    ],
)
def test_rare_rows_are_found_by_an_index(
    shop: Shop, page: str, table: str, index: str, asked: dict[str, str]
) -> None:
    seat, code = Seat(shop), vouchers.codes(vouchers.issues(shop)[0])[0]
    said = {name: value.format(code=code) for name, value in asked.items()}
    assert [step for step in found(lambda: seat.text(page, said), table) if f"INDEX {index} (" in step]


@pytest.mark.parametrize(
    ("page", "by", "asked"),
    [
        ("scratch-card-cards", "INDEX scratch_card_redeemed (", {"state": "redeemed"}),
        ("scratch-card-cards", "(token>? AND token<?)", {"q": "ab-12"}),
        ("scratch-card-print", "INDEX scratch_card_bearer (", {}),
    ],
)
def test_rare_cards_are_found_by_an_index(
    shop: Shop, campaign: int, page: str, by: str, asked: dict[str, str]
) -> None:
    seat = Seat(shop)
    plan = found(lambda: seat.text(page, asked, scratch_id=campaign), "scratchcards_scratchcard")
    assert [step for step in plan if by in step]


def test_who_is_looked_for_in_everybody_is_looked_for_in_the_order_of_the_table(shop: Shop) -> None:
    plan = found(lambda: Seat(shop).text("members", {"q": "riya"}), "members_member")
    assert [step for step in plan if "INDEX member_business_id (" in step]
    assert [step for step in plan if "member_named" in step or "member_joined" in step] == []


def test_members_of_groups_are_counted_in_an_index_alone(shop: Shop) -> None:
    found = [step for step, sql in steps(lambda: groups.groups(business_id=shop.id)) if "COUNT(*)" in sql]
    assert [step for step in found if "members_member USING COVERING INDEX" in step]


def test_a_search_that_leaves_few_looks_for_them_once(shop: Shop) -> None:
    seat = Seat(shop)
    found = [sql for _, sql in steps(lambda: seat.text("members", {"q": "riya", "sort": "-points"}))]
    assert len({sql for sql in found if '"search_text" LIKE' in sql}) == 1


def test_too_many_are_not_sorted_by_what_has_no_index_and_it_is_said(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.enrol("Asha", email="asha@mail.example")
    seat = Seat(shop)
    assert "Too many" not in seat.text("members", {"sort": "points"})
    monkeypatch.setattr(lists, "COUNTED", 1)
    assert 'Too many to sort by "Points"' in seat.text("members", {"sort": "points"})
    page = seat.text("members", {"sort": "name"})
    assert "Too many" not in page
    assert page.index("asha@mail.example") < page.index("priya@mail.example")
    with scope(business=shop.id):
        assert groups.groups(business_id=shop.id) == []
