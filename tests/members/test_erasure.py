"""Erasing a member takes everything about them, from every room, in one transaction; and nothing else."""

import datetime as dt
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from regulars.analytics.audit import audit
from regulars.analytics.rollup import roll_up
from regulars.auditlog.actions import Actor, record
from regulars.counter.undoing import undo
from regulars.ledger import actions, points
from regulars.ledger.adjustments import add_adjustment
from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card
from regulars.members import aliases, blank_cards, consents, personal_data
from regulars.members.actions import delete_member, edit_member
from regulars.members.groups import ensure_group
from regulars.members.models import Member
from regulars.messages.models import Message, Suppression
from regulars.outbox import fanout
from regulars.outbox.actions import create_endpoint
from regulars.outbox.models import Delivery, DeliveryAttempt, Event
from regulars.portal.models import Account, OneTimeLink, Session
from regulars.promotions.actions import add_event_promotion, add_promotion
from regulars.rules.errors import NotFound
from regulars.sales.actions import add_sale
from regulars.scratchcards.actions import NewPrize, create_campaign
from regulars.scratchcards.cards import issue_card, reveal
from regulars.scratchcards.cards import redeem as redeem_card
from regulars.scratchcards.queries import campaigns
from regulars.vouchers.actions import add_precode, add_voucher
from regulars.vouchers.issuing import issue_voucher
from regulars.vouchers.models import Voucher
from regulars.vouchers.redeeming import redeem, reserve, reset
from tests.counter.given import at_work, do
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

HUNDRED = Decimal(100)


def busy_shop(name: str = "Alice's Café") -> Shop:
    """A shop that gives points for signing up and for sales, and whose vouchers are worth points."""
    shop = make_shop(name)
    add_event_promotion(business_id=shop.id, points_to_award=5, auto_allocate_on_event="signup")
    add_promotion(business_id=shop.id, percent_of_spend=HUNDRED)
    add_voucher(
        business_id=shop.id,
        code="V",
        name="Five off",
        value=5,
        points_required=2,
        can_be_redeemed_for_points=3,
    )
    create_endpoint(business_id=shop.id, url="https://hooks.example/regulars")
    create_campaign(business_id=shop.id, name="Summer Spin", prizes=[NewPrize("Free Coffee", HUNDRED)])
    return shop


def full_life(shop: Shop, name: str) -> Card:
    """A customer of a busy shop to whom everything has happened that can."""
    card = shop.enrol(
        name,
        email=f"{name.lower()}@mail.example",
        birthday=dt.date(2000, 1, 1),
        secondary_code=name,
        group_id=ensure_group(business=shop.business, code="Gold").pk,
    )
    who = {"business_id": shop.id, "member_id": card.pk}
    merge_members(**who, other_id=shop.enrol(f"{name} of before", secondary_code=f"{name} before").pk)
    edit_member(business_id=shop.id, pk=card.pk, company_name=f"{name} Ltd", metadata01=name)
    branch_id = shop.branch(f"Branch of {name}").pk
    shop.stamp(card, 20, branch_id=branch_id)
    actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    points.add_points(**who, points_to_add=9, text=name)
    points.spend_points(**who, points_to_spend=4)
    add_adjustment(**who, points=20, internal_notes=f"{name} complained", code=name, branch_id=branch_id)
    add_adjustment(**who, points=-2, internal_notes=name)
    add_sale(**who, total_value=HUNDRED, notes=f"for {name}", transaction_ref=name, branch_id=branch_id)
    add_sale(**who, total_value=-HUNDRED / 2, notes=f"{name} brought it back")
    _vouchers(shop, card, name)
    _scratch_card(shop, card)
    _pages(shop, card, name)
    _counter(shop, card)
    _tell(shop, card, name)
    record(
        **who,
        actor=Actor.of(shop.owner),
        action="member.edit",
        kind="member",
        object_id=card.pk,
        label=name,
        before={"name": name},
        after={"name": f"{name} Rao"},
        reason=f"{name} asked for it",
    )
    return card


def _tell(shop: Shop, card: Card, name: str) -> None:
    """Let the receiver of events and the customer's mail hear of it all."""
    fanout.pass_on_all()
    with scope(business=shop.id):
        for delivery in Delivery.objects.filter(member_id=card.pk):
            DeliveryAttempt.objects.create(
                business=shop.business,
                delivery=delivery,
                at=delivery.created_at,
                duration_ms=1,
                response=name,
            )
        assert Message.objects.filter(member_id=card.pk).count() > 1
        address = f"{name.lower()}@mail.example"
        Suppression.objects.create(business=shop.business, channel="email", address=address, why="bounce")


def _pages(shop: Shop, card: Card, name: str) -> None:
    """What the customer did themselves, and what they were sent for it."""
    who = {"business_id": shop.id, "member_id": card.pk}
    consents.record(**who, purpose="email", given=True, text=f"Dear {name}, may we?", source="join")
    aliases.create_alias(**who, name=name)
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    blank_cards.use_blank(**who, qr_code=blank.qr_code)
    later = timezone.now() + dt.timedelta(hours=1)
    with scope(business=shop.id):
        Account.objects.create(**who)
        Session.objects.create(**who, token_hash=f"session {card.pk}", how="link", expires_at=later)
        OneTimeLink.objects.create(
            **who,
            purpose="sign_in",
            token_hash=f"link {card.pk}",
            address=f"{name}@x.example",
            expires_at=later,
        )


def _counter(shop: Shop, card: Card) -> None:
    """What was done for them at the counter, and what of it was taken back."""
    operator = at_work(shop)
    done = do(operator, "stamps", card, count=2)
    assert done.action is not None
    undo(operator=operator, action_id=done.action.pk)


def _scratch_card(shop: Shop, card: Card) -> None:
    (campaign,) = campaigns(shop.id)
    made = issue_card(business_id=shop.id, campaign_id=campaign.pk, member_id=card.pk)
    reveal(token=made.token)
    redeem_card(business_id=shop.id, token=made.token)


def _vouchers(shop: Shop, card: Card, name: str) -> None:
    with scopes_disabled():
        voucher = Voucher.objects.get(business=shop.business, code="V")
    add_precode(business_id=shop.id, voucher_id=voucher.pk, code=f"PRE-{card.pk}")
    issue = issue_voucher(business_id=shop.id, voucher_id=voucher.pk, member_id=card.pk, qty=3, code=name)
    with scopes_disabled():
        codes = [one.code for one in issue.codes.order_by("id")]
    assert codes[0] == f"PRE-{card.pk}"
    for code in codes[:2]:
        redeem(business_id=shop.id, code=code, sale_value=HUNDRED)
    reset(business_id=shop.id, code=codes[1], reason=f"{name} paid in cash")
    reserve(business_id=shop.id, code=codes[2])


@cache
def paths() -> dict[type[models.Model], list[str]]:
    """Every table with rows about members, and the look-ups that lead from there to the member.

    Foreign keys to a member, to what belongs to a member, and so on; and columns of plain numbers.
    """
    found: dict[type[models.Model], set[str]] = defaultdict(set)
    found[Member].add("pk")
    known = 0
    while known < (known := sum(map(len, found.values()))):
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                target = field.related_model
                if target is model:
                    continue  # what a row takes back belongs to whom it belongs itself
                if isinstance(target, type) and target in found:
                    found[model] |= {
                        field.attname if path == "pk" else f"{field.name}__{path}" for path in found[target]
                    }
                elif field.attname == "member_id":
                    found[model].add("member_id")
    return {model: sorted(lookups) for model, lookups in found.items()}


def counts(card: Card | None = None) -> dict[str, int]:
    """How many rows about members there are in each table; or about one."""
    with scopes_disabled():
        return {
            model._meta.db_table: model._default_manager.filter(
                Q(*((lookup, card.pk) for lookup in lookups), _connector=Q.OR) if card else Q()
            )
            .distinct()
            .count()
            for model, lookups in paths().items()
        }


def test_the_tables_about_members_are_known() -> None:
    names = {model.__name__ for model in paths()}
    assert names >= {"Member", "Card", "Entry", "Reward", "Lot", "LotUse", "PointsAdjustment"}
    assert names >= {"Sale", "SalePromotion", "VoucherIssue", "VoucherCode", "VoucherLog", "ScratchCard"}
    assert names >= {"LastSeen", "Event", "Delivery", "DeliveryAttempt", "Message"}
    assert names >= {"Consent", "CardAlias", "BlankCard", "Account", "Session", "OneTimeLink"}
    assert names >= {"Scan", "Action"}
    assert not names & {"Business", "Branch", "MemberGroup", "Promotion", "Voucher", "Precode"}


def test_nothing_refers_to_an_erased_member_in_any_table() -> None:
    shop = busy_shop()
    gone, stays = full_life(shop, "Gone"), full_life(shop, "Stays")
    roll_up()
    before = counts()
    of_gone, of_stays = counts(gone), counts(stays)
    # The life was full: in every table there is something to erase.
    assert [table for table, number in of_gone.items() if not number] == []
    assert of_gone == of_stays
    delete_member(business_id=shop.id, member_id=gone.pk)
    connection.check_constraints()  # no row is left that names one of theirs
    assert counts(gone) == dict.fromkeys(before, 0)
    assert counts(stays) == of_stays
    # Nobody else was there, so what is left is theirs, and the one event that tells about it.
    left = {table: number - of_gone[table] for table, number in before.items()}
    left["outbox_event"] += 1
    # A printed card stays, used and nobody's, so that its code is never given twice.
    left["members_blankcard"] += 1
    # That something was done in the back office stays written down, about nobody.
    left["auditlog_record"] += 1
    assert counts() == left
    assert audit().ok


def test_no_text_of_an_erased_member_is_left() -> None:
    shop = busy_shop()
    gone = full_life(shop, "Quetzalcoatl")
    delete_member(business_id=shop.id, member_id=gone.pk)
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table == "tenants_branch":
                continue  # only a branch was named so
            cursor.execute(f"SELECT * FROM {table}")
            text = repr(cursor.fetchall())
            assert "uetzalcoatl" not in text.lower(), table
            assert gone.qr_code not in text, table


def test_the_event_about_it_says_no_more_than_the_number() -> None:
    shop = busy_shop()
    card = full_life(shop, "Gone")
    delete_member(business_id=shop.id, member_id=card.pk)
    with scopes_disabled():
        event = Event.objects.get()
    assert (event.type, event.member_id, event.payload) == ("member.deleted", None, {"customer_id": card.pk})


def test_a_member_of_somebody_else_is_not_found_and_stays() -> None:
    theirs = full_life(busy_shop("Charlie's"), "Theirs")
    before = counts()
    with pytest.raises(NotFound):
        delete_member(business_id=make_shop().id, member_id=theirs.pk)
    assert counts() == before


def test_erasing_twice_finds_nobody_the_second_time() -> None:
    shop = make_shop()
    card = shop.enrol()
    delete_member(business_id=shop.id, member_id=card.pk)
    with pytest.raises(NotFound):
        delete_member(business_id=shop.id, member_id=card.pk)


def test_their_phone_may_enrol_again_as_somebody_new() -> None:
    shop = make_shop()
    first = shop.enrol(phone="+919876543210")
    shop.stamp(first, 7)
    delete_member(business_id=shop.id, member_id=first.pk)
    again = shop.enrol(phone="+919876543210")
    assert (again.stamps, again.pk > first.pk, again.qr_code != first.qr_code) == (0, True, True)


def test_every_room_with_personal_data_is_in_the_registry_in_the_order_of_references() -> None:
    rooms = [holding.room for holding in personal_data.holdings()]
    assert rooms == [
        "counter", "scratchcards", "analytics", "portal", "messages", "vouchers", "sales",
        "analytics: erased", "ledger", "outbox", "auditlog", "members",
    ]  # fmt: skip
    # Whoever adds a room with tables about members must enter it, or this fails.
    assert {model._meta.app_label for model in paths()} <= set(rooms)


def test_a_failure_in_one_room_erases_nothing_in_any(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = busy_shop()
    card = full_life(shop, "Stays")
    before = counts()

    def fail(*, business_id: int, member_id: int) -> None:
        raise RuntimeError("the last room burns")

    last = personal_data._registry["members"]
    monkeypatch.setitem(personal_data._registry, "members", replace(last, erase=fail))
    with pytest.raises(RuntimeError, match="burns"):
        delete_member(business_id=shop.id, member_id=card.pk)
    assert counts() == before
    assert audit().ok
