"""The page of events shows what is stored."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.ledger import actions as ledger
from regulars.ledger import adjustments, points
from regulars.members.actions import delete_member, edit_member
from regulars.outbox.models import Event
from regulars.sales import actions as sales
from regulars.tenants.models import Program
from tests.docs import pages
from tests.factories import Shop, make_shop

PAGE = pages.DOCS / "events.md"


def told() -> dict[str, dict[str, Any]]:
    """The example of each type's payload."""
    found: dict[str, dict[str, Any]] = {}
    for part in re.split(r"^### ", pages.read(PAGE), flags=re.MULTILINE)[1:]:
        example = re.search(r"```json\n(.*?)```", part, re.DOTALL)
        assert example, part
        found[part.partition("\n")[0]] = json.loads(example[1])
    return found


def shape(payload: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in payload.items()}


def live(shop: Shop) -> None:
    """All that may happen to a customer."""
    with scopes_disabled():
        Program.objects.filter(business=shop.business).update(birthday_bonus_stamps=2)
    branch = shop.branch()
    card = shop.enrol(birthday=dt.date(1990, 1, 1))
    edit_member(business_id=shop.id, pk=card.pk, company_name="Whitfield Ltd")
    shop.stamp(card, 8, branch_id=branch.pk)
    ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    ledger.add_birthday_bonus(business_id=shop.id, member_id=card.pk, year=dt.datetime.now(dt.UTC).year)
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=50)
    points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=20)
    points.add_points(
        business_id=shop.id, member_id=card.pk, points_to_add=10, expires_on=dt.date(2020, 1, 1)
    )
    points.expire_points(business_id=shop.id)
    for number in (-10, 10):
        gift = adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=number)
        adjustments.delete_adjustment(business_id=shop.id, pk=gift.pk)
    sale = sales.add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal("29.50"))
    sales.edit_sale(business_id=shop.id, pk=sale.pk, total_value=Decimal(45), branch_id=branch.pk)
    sales.delete_sale(business_id=shop.id, pk=sale.pk)


@pytest.mark.django_db
def test_the_page_shows_every_type_and_its_payload() -> None:
    shop = make_shop()
    live(shop)
    delete_member(business_id=shop.id, member_id=shop.enrol().pk)
    with scopes_disabled():
        stored = list(Event.objects.order_by("id"))
    examples = told()
    assert {event.type for event in stored} == set(examples)
    optional = {"branch_id"}
    for event in stored:
        actual, wanted = shape(event.payload), shape(examples[event.type])
        assert actual.keys() == wanted.keys(), event.type
        assert {name: actual[name] for name in actual.keys() - optional} == {
            name: wanted[name] for name in wanted.keys() - optional
        }, event.type
        assert re.fullmatch(r"evt_[0-9a-f]{32}", event.uid)


@pytest.mark.django_db
def test_events_of_somebody_erased_are_gone_but_for_a_number() -> None:
    shop = make_shop()
    card = shop.enrol()
    shop.stamp(card)
    delete_member(business_id=shop.id, member_id=card.pk)
    with scopes_disabled():
        (left,) = Event.objects.all()
    assert (left.type, left.member_id, left.payload) == ("member.deleted", None, {"customer_id": card.pk})


@pytest.mark.once
def test_the_page_names_the_table_as_it_is() -> None:
    (table,) = pages.tables(pages.section(PAGE, "What an event is").text)
    columns = {name for row in table for name in pages.code(row["Column"])}
    assert columns == {field.column for field in Event._meta.concrete_fields} - {"id"}
