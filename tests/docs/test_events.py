"""The page of events shows what is stored."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.campaigns import actions as campaigns
from regulars.campaigns.job import send_out
from regulars.ledger import actions as ledger
from regulars.ledger import adjustments, points
from regulars.ledger.merging import merge_members
from regulars.members.actions import delete_member, edit_member
from regulars.members.groups import add_group
from regulars.messages import bounces
from regulars.messages.actions import queue_message
from regulars.outbox import actions as outbox
from regulars.outbox.catalogue import GROUPS, TYPES, as_markdown
from regulars.outbox.models import Event
from regulars.sales import actions as sales
from regulars.scratchcards import actions as scratchcards
from regulars.scratchcards import cards
from regulars.scratchcards import cards as scratched
from regulars.scratchcards.actions import NewPrize
from regulars.tenants.models import Program
from regulars.vouchers import actions as vouchers
from regulars.vouchers import expiry, redeeming
from regulars.vouchers.issuing import issue_voucher
from regulars.vouchers.models import VoucherCode
from tests.docs import pages
from tests.factories import Shop, make_shop

PAGE = pages.DOCS / "events.md"

# What Python has for the types in words.
KINDS = {
    "number": int, "text": str, "amount": str, "day": str, "moment": str, "true or false": bool,
    "list of text": list,
}  # fmt: skip


def told() -> dict[str, dict[str, Any]]:
    """The example of each type's payload."""
    found: dict[str, dict[str, Any]] = {}
    for part in re.split(r"^### ", pages.read(PAGE), flags=re.MULTILINE)[1:]:
        example = re.search(r"```json\n(.*?)```", part, re.DOTALL)
        assert example, part
        found[part.partition("\n")[0]] = json.loads(example[1])
    return found


def fits(value: Any, declared: str) -> bool:
    """Whether a value is of a type in words, such as "number or null"."""
    kind, _, nothing = declared.partition(" or null")
    return (value is None and declared.endswith("or null")) or type(value) is KINDS[kind + nothing]


def written() -> set[str]:
    """The types of events that the source names."""
    makers = {"NewEvent", "_event", "points_event"}
    found = set()
    for path in (pages.ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(pages.read(path))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in makers:
                match node.args[0]:
                    case ast.Constant(value=str(kind)):
                        found.add(kind)
    return found


def live(shop: Shop) -> None:
    """All that may happen to a customer."""
    with scopes_disabled():
        Program.objects.filter(business=shop.business).update(birthday_bonus_stamps=2)
    branch = shop.branch()
    card = shop.enrol(birthday=dt.date(1990, 1, 1))
    gold = add_group(business=shop.business, code="gold")
    edit_member(business_id=shop.id, pk=card.pk, company_name="Whitfield Ltd", group_id=gold.pk)
    given = shop.stamp(card, 9, branch_id=branch.pk)
    redeemed = ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    taken = ledger.take_stamps(
        business_id=shop.id, member_id=card.pk, count=1, reason="Given twice", branch_id=branch.pk
    )
    for mistake in (taken, redeemed, given):
        ledger.undo(business_id=shop.id, entry_id=mistake.entry_id)
    ledger.replace_card(business_id=shop.id, member_id=card.pk)
    merge_members(business_id=shop.id, member_id=card.pk, other_id=shop.enrol("Nora W").pk)
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
    for bearer in (card.pk, None):
        use_vouchers(shop, bearer, branch.pk)
        use_scratch_cards(shop, bearer, branch.pk)


def use_vouchers(shop: Shop, member_id: int | None, branch_id: int) -> None:
    """All that may happen to a voucher code."""
    of = vouchers.add_voucher(business_id=shop.id, name="Free muffin", value=Decimal(5), points_required=1)
    occasion = None if member_id is None else "signup"
    issue = issue_voucher(
        business_id=shop.id, voucher_id=of.pk, member_id=member_id, qty=2, occasion=occasion
    )
    with scopes_disabled():
        held, code = VoucherCode.objects.filter(issue=issue).values_list("code", flat=True)
    key = redeeming.reserve(business_id=shop.id, code=held, branch_id=branch_id).reservation
    redeeming.release(business_id=shop.id, code=held, reservation=key)
    redeeming.redeem(business_id=shop.id, code=code, branch_id=branch_id)
    redeeming.reset(business_id=shop.id, code=code, reason="Wrong customer")
    redeeming.redeem(business_id=shop.id, code=code)


def use_scratch_cards(shop: Shop, member_id: int | None, branch_id: int) -> None:
    """All that may happen to a scratch card."""
    of = scratchcards.create_campaign(
        business_id=shop.id, name="Summer Spin", prizes=[NewPrize("Free Coffee", Decimal(1))]
    )
    token = scratched.issue_card(business_id=shop.id, campaign_id=of.pk, member_id=member_id).token
    scratched.reveal(token=token)
    scratched.redeem(business_id=shop.id, token=token, branch_id=branch_id)


def send_campaign(shop: Shop) -> None:
    """All that may happen to a campaign."""
    campaign = campaigns.create_campaign(
        business_id=shop.id, name="June", subject="Come by", message="We are open."
    )
    campaigns.send_campaign(business_id=shop.id, pk=campaign.pk)
    send_out.func(business_id=shop.id, campaign_id=campaign.pk)


def reach_out(shop: Shop) -> None:
    """All that may happen to scratch cards, campaigns, messages and webhooks."""
    card = shop.enrol(email="nora@whitfield.example")
    prize = scratchcards.NewPrize(label="Free Coffee", weight=Decimal(1))
    spin = scratchcards.create_campaign(business_id=shop.id, name="Summer Spin", prizes=[prize])
    for member_id in (card.pk, None):
        token = cards.issue_card(business_id=shop.id, campaign_id=spin.pk, member_id=member_id).token
        cards.reveal(token=token)
        cards.redeem(business_id=shop.id, token=token)
    promo = campaigns.create_campaign(
        business_id=shop.id, name="June Promo", subject="Stamps", message="Visit us.", channel="post"
    )
    campaigns.send_campaign(business_id=shop.id, pk=promo.pk)
    message = queue_message(business_id=shop.id, kind="welcome", key="a welcome", member_id=card.pk)
    assert message is not None
    bounces.suppress(message, address="nora@whitfield.example", why="bounce", detail="550 5.1.1 no such user")
    endpoint, _ = outbox.create_endpoint(business_id=shop.id, url="https://till.example/hooks")
    outbox.send_test(business_id=shop.id, endpoint_id=endpoint.pk)


def let_vouchers_end(shop: Shop) -> None:
    """One that belongs to somebody, and one that does not."""
    of = vouchers.add_voucher(business_id=shop.id, name="Free muffin", value=Decimal(5), expires_after_days=1)
    for member_id in (shop.enrol().pk, None):
        issue_voucher(business_id=shop.id, voucher_id=of.pk, member_id=member_id)
    expiry.tell_expired(business_id=shop.id, now=dt.datetime.now(dt.UTC) + dt.timedelta(days=5))


@pytest.mark.django_db
def test_what_is_declared_is_what_is_stored() -> None:
    shop = make_shop()
    live(shop)
    reach_out(shop)
    let_vouchers_end(shop)
    delete_member(business_id=shop.id, member_id=shop.enrol().pk)
    with scopes_disabled():
        stored = list(Event.objects.order_by("id"))
    assert {event.type for event in stored} == set(TYPES)
    for event in stored:
        declared = TYPES[event.type]
        assert event.payload.keys() == declared.example.keys(), event.type
        assert event.version == declared.version
        for field in declared.fields:
            assert fits(event.payload[field.name], field.type), (event.type, field.name, event.payload)
        assert re.fullmatch(r"evt_[0-9a-f]{32}", event.uid)


@pytest.mark.once
def test_examples_are_of_the_types_that_they_declare() -> None:
    for declared in TYPES.values():
        assert declared.group in GROUPS
        for field in declared.fields:
            assert fits(field.example, field.type), (declared.name, field)


@pytest.mark.once
def test_the_page_is_made_from_the_declarations() -> None:
    assert pages.read(PAGE).endswith(as_markdown().rstrip() + "\n")
    assert told() == {declared.name: declared.example for declared in TYPES.values()}


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
