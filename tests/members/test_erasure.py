"""Erasing a member takes everything about them, from every room, in one transaction; and nothing else."""

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection, models
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger import actions, points
from regulars.ledger.models import Card
from regulars.members import personal_data
from regulars.members.actions import delete_member
from regulars.members.models import Member
from regulars.outbox.models import Event
from regulars.rules.errors import NotFound
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

# What may stay of a member: sums without a name, and numbers that are never used again.
ANONYMOUS = {f"analytics_{table}" for table in ("daytotal", "total", "lastseenday", "watermark", "erased")}


def full_life(shop: Shop, name: str) -> Card:
    card = shop.enrol(
        name, email=f"{name.lower()}@mail.example", birthday=dt.date(2000, 1, 1), secondary_code=name
    )
    shop.stamp(card, 20, branch_id=shop.branch(f"Branch of {name}").pk)
    actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=9)
    points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=4)
    return card


def counts() -> dict[str, int]:
    with scopes_disabled():
        return {
            model._meta.db_table: model._default_manager.count()
            for model in apps.get_models()
            if model._meta.app_label in {"members", "ledger", "outbox", "analytics"}
        }


def references() -> list[tuple[type[models.Model], str]]:
    """Every column of ours that holds a member: foreign keys to members and cards, and plain numbers."""
    found = []
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            related = field.related_model
            if related in {Member, Card} or (field.attname == "member_id" and model is not Card):
                found.append((model, field.attname))
    return found


def test_nothing_refers_to_an_erased_member_in_any_table() -> None:
    shop = make_shop()
    gone, stays = full_life(shop, "Gone"), full_life(shop, "Stays")
    before = counts()
    delete_member(business_id=shop.id, member_id=gone.pk)
    known = {"Card", "Entry", "Reward", "Lot", "LastSeen", "Event"}
    assert {model.__name__ for model, _ in references()} >= known
    with scopes_disabled():
        for model, column in references():
            assert not model._default_manager.filter(**{column: gone.pk}).exists(), (model, column)
        assert Member.objects.get(pk=stays.pk).name == "Stays"
    after = counts()
    # Both had the same life: half of every row went, but for the one event that tells about it.
    halved = {table: number // 2 for table, number in before.items() if table not in ANONYMOUS}
    halved["outbox_event"] += 1
    assert {table: number for table, number in after.items() if table not in ANONYMOUS} == halved
    assert audit().ok


def test_no_text_of_an_erased_member_is_left() -> None:
    shop = make_shop()
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
    shop = make_shop()
    card = full_life(shop, "Gone")
    delete_member(business_id=shop.id, member_id=card.pk)
    with scopes_disabled():
        event = Event.objects.get()
    assert (event.type, event.member_id, event.payload) == ("member.deleted", None, {"customer_id": card.pk})


def test_a_member_of_somebody_else_is_not_found_and_stays() -> None:
    theirs = full_life(make_shop("Charlie's"), "Theirs")
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
    assert rooms == ["analytics", "vouchers", "sales", "ledger", "outbox", "members"]
    # Whoever adds a room that refers to members must enter it, or this fails.
    assert {model._meta.app_label for model, _ in references()} <= set(rooms)


def test_a_failure_in_one_room_erases_nothing_in_any(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    card = full_life(shop, "Stays")
    before = counts()

    def fail(*, business_id: int, member_id: int) -> None:
        raise RuntimeError("the last room burns")

    monkeypatch.setitem(personal_data._registry, "members", personal_data.Holding("members", 100, fail))
    with pytest.raises(RuntimeError, match="burns"):
        delete_member(business_id=shop.id, member_id=card.pk)
    assert counts() == before
    assert audit().ok
