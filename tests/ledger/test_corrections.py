"""When a document changes, its points follow: exactly, by the refund policy, and never twice."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scopes_disabled

from regulars.ledger import points
from regulars.ledger.corrections import change_points
from regulars.ledger.models import Card, Entry, Lot
from regulars.members.models import Member
from regulars.outbox.models import Event
from regulars.rules.errors import InvalidInput, NotEnoughPoints, NotFound, Suspended
from regulars.tenants import actions as tenants
from tests.factories import Shop, make_shop
from tests.ledger.books import agree, balance, day, left, set_expiry, set_policy, totals, written

pytestmark = pytest.mark.django_db

JUNE = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
AUGUST = dt.datetime(2026, 8, 1, 12, tzinfo=dt.UTC)
POLICIES = ("to_zero", "allow_negative", "keep")


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol(occurred_at=JUNE - dt.timedelta(days=400))


def change(card: Card, before: int, after: int, source: str = "doc:1", **more: Any) -> int:
    given = {"business_id": card.business_id, "member_id": card.pk, "occurred_at": JUNE}
    return change_points(source=source, before=before, after=after, **(given | more))


def earn(card: Card, number: int, **more: Any) -> None:
    given = {"business_id": card.business_id, "member_id": card.pk, "occurred_at": JUNE}
    points.add_points(points_to_add=number, **(given | more))


def spend(card: Card, number: int, **more: Any) -> None:
    given = {"business_id": card.business_id, "member_id": card.pk, "occurred_at": JUNE}
    points.spend_points(points_to_spend=number, **(given | more))


def test_what_a_document_earns_more_is_a_lot_of_its_own(shop: Shop, card: Card) -> None:
    set_expiry(shop, 1)
    assert change(card, 0, 30) == 30
    assert change(card, 30, 42, occurred_at=AUGUST) == 12
    assert left(card) == [30, 12]
    with scopes_disabled():
        lots = Lot.objects.order_by("id").values_list("expires_on", flat=True)
        assert list(lots) == [day("2026-07-01"), day("2026-09-01")]
    assert written(card, "doc:1") == [("earn", 30, 0), ("earn", 12, 0)]


def test_what_it_earns_less_comes_out_of_its_own_lots_first(card: Card) -> None:
    earn(card, 50, expires_on=day("2026-06-30"))  # would be the first to be spent
    change(card, 0, 30)
    change(card, 30, 40)
    assert change(card, 40, 25) == -15
    assert left(card) == [50, 25, 0]
    assert totals(card) == (75, 75, 0, 0)
    agree()


def test_then_out_of_others_in_the_order_of_spending(card: Card) -> None:
    change(card, 0, 30)
    spend(card, 30)
    earn(card, 20)
    earn(card, 20, expires_on=day("2026-12-31"))
    assert change(card, 30, 0) == -30
    assert left(card) == [0, 10, 0]
    assert totals(card) == (10, 40, 30, 0)
    agree()


@pytest.mark.parametrize(
    ("policy", "line", "after"),
    [
        ("to_zero", ("reverse", -15, 25), 0),
        ("allow_negative", ("reverse", -40, 0), -25),
        ("keep", ("reverse", 0, 40), 15),
    ],
)
def test_what_was_spent_already_is_a_matter_of_policy(
    shop: Shop, card: Card, policy: str, line: tuple[str, int, int], after: int
) -> None:
    set_policy(shop, policy)
    change(card, 0, 40)
    spend(card, 35)
    earn(card, 10)
    assert change(card, 40, 0) == line[1]
    assert written(card, "doc:1")[-1] == line
    assert balance(card) == after
    agree()


def test_a_debt_is_paid_by_what_is_earned_next(shop: Shop, card: Card) -> None:
    set_policy(shop, "allow_negative")
    change(card, 0, 40)
    spend(card, 40)
    change(card, 40, 0)
    with pytest.raises(NotEnoughPoints) as refused:
        spend(card, 1)
    assert refused.value.details["available"] == 0
    assert change(card, 0, 60, "doc:2") == 60
    assert (balance(card), left(card)) == (20, [0, 20])
    assert change(card, 60, 0, "doc:2") == -60
    assert balance(card) == -40
    agree()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("worker", ["came by", "is late"])
def test_what_expired_out_of_its_lots_is_gone_already(
    shop: Shop, card: Card, policy: str, worker: str
) -> None:
    set_policy(shop, policy)
    set_expiry(shop, 1)
    change(card, 0, 40)
    spend(card, 10)
    set_expiry(shop, None)
    earn(card, 100)
    if worker == "came by":
        points.expire_points(business_id=shop.id, occurred_at=AUGUST)
    assert change(card, 40, 10, occurred_at=AUGUST) == 0
    assert written(card)[-2:] == [("expire", -30, 0), ("reverse", 0, 30)]
    # Of the forty only the ten that were spent can still be taken from other lots.
    expected = 0 if policy == "keep" else -10
    assert change(card, 10, 0, occurred_at=AUGUST) == expected
    assert balance(card) == 100 + expected
    agree()


def test_a_debt_is_made_after_late_points_have_lapsed(shop: Shop, card: Card) -> None:
    set_policy(shop, "allow_negative")
    change(card, 0, 40)
    spend(card, 40)
    earn(card, 25, expires_on=day("2026-06-30"))
    assert change(card, 40, 0, occurred_at=AUGUST) == -40
    assert (totals(card), left(card)) == ((-40, 25, 40, 25), [0, 0])
    agree()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("fate", ["kept", "spent", "half spent", "expired"])
def test_a_change_back_and_forth_gives_nothing_twice(shop: Shop, card: Card, policy: str, fate: str) -> None:
    set_policy(shop, policy)
    change(card, 0, 40)
    earn(card, 5)
    if fate == "expired":
        with scopes_disabled():
            Lot.objects.filter(points=40).update(expires_on=day("2026-06-30"))
    elif fate != "kept":
        spend(card, 45 if fate == "spent" else 20)
    points.expire_points(business_id=shop.id, occurred_at=AUGUST)
    before = balance(card)
    for _ in range(3):
        change(card, 40, 15, occurred_at=AUGUST)
        change(card, 15, 0, occurred_at=AUGUST)
        change(card, 0, 40, occurred_at=AUGUST)
        assert balance(card) == before
    agree()


def test_what_could_not_be_taken_is_made_good_before_anything_is_earned(shop: Shop, card: Card) -> None:
    set_policy(shop, "keep")
    change(card, 0, 40)
    change(card, 40, 10)
    assert change(card, 10, 25) == 0
    assert change(card, 25, 50) == 10
    assert written(card, "doc:1") == [
        ("earn", 40, 0),
        ("reverse", 0, 30),
        ("earn", 0, -15),
        ("earn", 10, -15),
    ]
    assert (balance(card), left(card)) == (50, [40, 10])
    agree()


def test_spending_more_and_less(card: Card) -> None:
    earn(card, 30)
    earn(card, 10, expires_on=day("2026-12-31"))
    assert change(card, 0, -25) == -25
    assert left(card) == [15, 0]
    assert change(card, -25, -30) == -5
    assert change(card, -30, -7) == 23
    assert left(card) == [30, 3]  # as if seven had been spent from the beginning
    assert change(card, -7, 0) == 7
    assert left(card) == [30, 10]
    assert totals(card) == (40, 40, 0, 0)
    kinds = [line[:2] for line in written(card, "doc:1")]
    assert kinds == [("spend", -25), ("spend", -5), ("return", 23), ("return", 7)]
    agree()


def test_a_document_gets_back_what_it_took_and_nothing_of_others(card: Card) -> None:
    earn(card, 20, expires_on=day("2026-12-31"))
    earn(card, 20)
    change(card, 0, -15, "doc:1")
    change(card, 0, -15, "doc:2")  # five from the first lot and ten from the second
    change(card, -15, 0, "doc:1")
    assert left(card) == [15, 10]
    change(card, -15, 0, "doc:2")
    assert left(card) == [20, 20]
    agree()


def test_what_is_given_back_pays_a_debt_first(shop: Shop, card: Card) -> None:
    set_policy(shop, "allow_negative")
    change(card, 0, 40, "doc:1")
    change(card, 0, -40, "doc:2")
    change(card, 40, 0, "doc:1")
    assert change(card, -40, -25, "doc:2") == 15
    assert (balance(card), left(card)) == (-25, [0])
    assert change(card, -25, 0, "doc:2") == 25
    assert (balance(card), left(card)) == (0, [0])
    agree()


def test_what_goes_back_into_a_lot_that_has_expired_lapses_at_once(card: Card) -> None:
    earn(card, 10, expires_on=day("2026-06-30"))
    earn(card, 10)
    change(card, 0, -15)
    assert change(card, -15, 0, occurred_at=AUGUST) == 15
    assert left(card) == [0, 10]
    assert totals(card) == (10, 20, 0, 10)
    assert written(card)[-2:] == [("return", 15, 0), ("expire", -10, 0)]
    agree()


def test_more_cannot_be_spent_than_there_is(card: Card) -> None:
    earn(card, 10)
    change(card, 0, -4)
    with pytest.raises(NotEnoughPoints):
        change(card, -4, -11)
    assert (balance(card), left(card)) == (6, [6])


def test_a_change_of_sign_is_both(card: Card) -> None:
    earn(card, 10)
    change(card, 0, 30)
    assert change(card, 30, -10) == -40
    assert change(card, -10, 5) == 15
    assert (balance(card), left(card)) == (15, [10, 0, 5])
    kinds = [line[:2] for line in written(card, "doc:1")]
    assert kinds == [("earn", 30), ("reverse", -30), ("spend", -10), ("return", 10), ("earn", 5)]
    agree()


def test_of_a_change_of_sign_nothing_happens_when_half_of_it_is_refused(card: Card) -> None:
    change(card, 0, 30)
    with pytest.raises(NotEnoughPoints):
        change(card, 30, -10)
    assert (balance(card), written(card)) == (30, [("earn", 30, 0)])


def test_a_refund_takes_back_and_is_never_refused(card: Card) -> None:
    earn(card, 30)
    assert change(card, 0, -50, takes_back=True) == -30
    assert change(card, -50, -60, takes_back=True) == 0
    assert (written(card, "doc:1"), balance(card)) == ([("reverse", -30, 20), ("reverse", 0, 10)], 0)
    assert change(card, -60, -40, takes_back=True) == 0
    assert change(card, -40, 0, takes_back=True) == 30
    assert totals(card) == (30, 30, 0, 0)
    assert change(card, 0, 20, takes_back=True) == 20
    assert change(card, 20, -10, takes_back=True) == -30
    assert balance(card) == 20


def test_the_same_worth_changes_nothing(card: Card) -> None:
    for worth in (0, 7, -7):
        assert change(card, worth, worth) == 0
    assert written(card) == []


def test_points_can_be_taken_from_suspended_members_and_given_back_but_not_given(card: Card) -> None:
    earn(card, 20)
    change(card, 0, 10, "doc:1")
    change(card, 0, -10, "doc:2")
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    for before, after, source in ((10, 11, "doc:1"), (-10, -11, "doc:2"), (0, 1, "doc:3")):
        with pytest.raises(Suspended):
            change(card, before, after, source)
    assert change(card, 10, 0, "doc:1") == -10
    assert change(card, -10, 0, "doc:2") == 10
    assert balance(card) == 20
    agree()


def test_members_and_branches_of_others_are_not_found(shop: Shop, card: Card) -> None:
    charlie = make_shop("Charlie's")
    for before, after in ((0, 5), (5, 0), (0, -5), (-5, 0)):
        with pytest.raises(NotFound) as refused:
            change(card, before, after, business_id=charlie.id)
        assert refused.value.fields == {"member_id": "is unknown"}
        with pytest.raises(NotFound) as refused:
            change(card, before, after, branch_id=charlie.branch().pk)
        assert refused.value.fields == {"branch_id": "is unknown"}
    assert written(card) == []


def test_a_branch_that_has_closed_since_may_still_be_named(shop: Shop, card: Card) -> None:
    branch = shop.branch()
    change(card, 0, 10, branch_id=branch.pk, staff_id=shop.owner.pk, text=" a mistake ")
    tenants.update_branch(business_id=shop.id, branch_id=branch.pk, is_active=False)
    change(card, 10, 0, branch_id=branch.pk)
    with scopes_disabled():
        first, last = Entry.objects.filter(source="doc:1").order_by("id")
    assert (first.branch_id, first.staff_id, first.text) == (branch.pk, shop.owner.pk, "a mistake")
    assert (last.branch_id, last.staff_id, last.text) == (branch.pk, None, "")


def test_numbers_and_texts_that_nobody_can_mean_are_refused(card: Card) -> None:
    for after in (points.MAX_POINTS + 1, -points.MAX_POINTS - 1):
        with pytest.raises(InvalidInput, match="points"):
            change(card, 0, after)
    with pytest.raises(InvalidInput, match="text"):
        change(card, 0, 1, text="x" * 301)
    assert written(card) == []


def test_what_happened_is_told_and_nothing_when_nothing_did(shop: Shop, card: Card) -> None:
    change(card, 0, 40)
    change(card, 0, -10, "doc:2")
    change(card, -10, 0, "doc:2")
    change(card, 40, 0)
    change(card, 1, 0)
    with scopes_disabled():
        told = Event.objects.filter(type__startswith="points").order_by("id").values_list("type", "payload")
        assert [(kind, payload["points"], payload["balance"]) for kind, payload in told] == [
            ("points.earned", 40, 40),
            ("points.spent", -10, 30),
            ("points.returned", 10, 40),
            ("points.reversed", -40, 0),
        ]


def test_a_refusal_leaves_the_caller_s_transaction_alone(card: Card) -> None:
    with transaction.atomic():
        earn(card, 5)
        with pytest.raises(NotEnoughPoints):
            change(card, 0, -6)
        change(card, 0, -5)
    assert balance(card) == 0


def test_what_was_never_spent_cannot_be_given_back(card: Card) -> None:
    earn(card, 50)
    with pytest.raises(ValueError, match="fewer were taken"):
        change(card, -10, 0)
    assert written(card) == [("earn", 50, 0)]
