"""What waited on the device for the network."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scopes_disabled

from regulars.counter.refusals import (
    ButtonChanged,
    CardUnconfirmed,
    ClientIdReused,
    LimitReached,
    NeedsNetwork,
    NotAllowed,
    SeveralMembers,
    TooOld,
)
from regulars.ledger import actions as ledger
from regulars.ledger.models import Card, Entry
from regulars.members import aliases
from regulars.promotions import actions as promotions
from regulars.rules.errors import (
    InvalidInput,
    NotFound,
)
from regulars.tenants import actions as tenants
from tests.counter.given import actions, at_work, bob, card_of, do, new_id, rules, scans
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 1, 6, 30, tzinfo=dt.UTC)  # in Kolkata


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def waited(card: Card, minutes: float = 60, **more: Any) -> dict[str, Any]:
    return {"offline": True, "occurred_at": timezone.now() - dt.timedelta(minutes=minutes)} | more


def test_what_waited_for_the_network_happened_when_it_did(shop: Shop, card: Card) -> None:
    operator = at_work(shop)
    with time_machine.travel(NOON, tick=False):
        done = do(operator, "stamps", code=f"https://x.example/card/{card.qr_code}", **waited(card, 24 * 60))
    assert done.action is not None
    assert done.action.occurred_at == NOON - dt.timedelta(days=1)
    [row] = scans(shop)
    assert (row.day, row.occurred_at) == (dt.date(2026, 5, 31), done.action.occurred_at)
    with scopes_disabled():
        assert Entry.objects.get(kind="stamp_add").day == dt.date(2026, 5, 31)


@pytest.mark.parametrize("kind", ["reward", "voucher_issue", "voucher_redeem", "scratch_issue", "card_code"])
def test_what_takes_something_needs_the_network(shop: Shop, card: Card, kind: str) -> None:
    shop.stamp(card, 8)
    with pytest.raises(NeedsNetwork):
        do(at_work(shop), kind, card, **waited(card))
    assert actions(shop) == []


def test_clocks_that_go_wrong_are_put_right(shop: Shop, card: Card) -> None:
    with time_machine.travel(NOON, tick=False):
        operator, hour = at_work(shop), dt.timedelta(hours=1)
        ahead = do(operator, "stamps", card, offline=True, occurred_at=NOON + hour, sent_at=NOON + 2 * hour)
        slightly = do(operator, "stamps", card, offline=True, occurred_at=NOON + dt.timedelta(seconds=119))
        times = [done.action.occurred_at for done in (ahead, slightly) if done.action]
        assert times == [NOON - hour, NOON]
        # The clock was an hour fast when it happened, and was put right before it was sent.
        fast = do(operator, "stamps", card, offline=True, occurred_at=NOON + hour, sent_at=NOON).action
        assert fast is not None
        assert fast.occurred_at == NOON
        with pytest.raises(InvalidInput):
            do(operator, "stamps", card, offline=True)
        with pytest.raises(TooOld):
            do(operator, "stamps", card, **waited(card, 7 * 24 * 60 + 1))
        # What came in time is not refused when it is sent again later.
        client_id, then = new_id(), NOON - dt.timedelta(days=6)
        do(operator, "stamps", card, client_id=client_id, offline=True, occurred_at=then)
    with time_machine.travel(NOON + dt.timedelta(days=3), tick=False):
        assert do(operator, "stamps", card, client_id=client_id, offline=True, occurred_at=then).repeated


def test_what_waited_counts_against_the_limits_of_its_own_time(shop: Shop, card: Card) -> None:
    rules(shop, scans_per_day=1, minutes_between=30)
    with time_machine.travel(NOON, tick=False):
        operator = at_work(shop)
        do(operator, "stamps", card, **waited(card, 24 * 60))
        do(operator, "stamps", card)
        for minutes in (60, 24 * 60 + 20):
            with pytest.raises(LimitReached):
                do(operator, "stamps", card, **waited(card, minutes))


def test_whose_card_it_is_must_be_certain(shop: Shop, card: Card) -> None:
    operator = at_work(shop)
    ledger.enrol(business=shop.business, name="Rahul", phone="9876500001", unique_contact=False)
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="P")
    for code, refusal in (
        ("98765 00001", SeveralMembers),
        (alias.qr_code, CardUnconfirmed),
        ("Priya", NotFound),
        (make_shop().enrol().qr_code, NotFound),
    ):
        with pytest.raises(refusal):
            do(operator, "stamps", code=code, **waited(card))
    assert actions(shop) == []


def test_a_new_member_is_known_by_the_id_of_their_enrolment(shop: Shop) -> None:
    operator, enrol_id = at_work(shop), new_id()
    with pytest.raises(NotFound):
        do(operator, "stamps", enrol_id=enrol_id)
    done = do(operator, "enrol", name="Neha", phone="9876500002", client_id=enrol_id)
    assert do(operator, "stamps", enrol_id=enrol_id).member_id == done.member_id
    with pytest.raises(NotFound):
        do(at_work(make_shop()), "stamps", enrol_id=enrol_id)


def test_a_branch_that_was_closed_since_is_left_out(shop: Shop, card: Card) -> None:
    branch = shop.branch()
    tenants.update_branch(business_id=shop.id, branch_id=branch.pk, is_active=False)
    operator = at_work(shop)
    done = do(operator, "stamps", card, branch_id=branch.pk, **waited(card))
    assert done.action is not None
    assert done.action.branch is None
    with pytest.raises(NotFound):
        do(operator, "stamps", card, branch_id=make_shop().branch().pk, **waited(card))


def test_who_works_at_another_branch_by_now_loses_no_stamp(shop: Shop, card: Card) -> None:
    here, there = shop.branch("Here"), shop.branch("There")
    operator = at_work(shop, bob(shop, branch_id=here.pk))
    for branch, booked in ((here, here), (there, None)):
        done = do(operator, "stamps", card, branch_id=branch.pk, **waited(card))
        assert done.action is not None
        assert (done.action.branch, done.action.staff) == (booked, operator.staff)
    assert card_of(card).stamps == 2


def test_a_scan_may_wait_for_the_network_too(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7")
    operator, client_id = at_work(shop), new_id()
    first = do(operator, "scan", code=card.qr_code, client_id=client_id, **waited(card))
    second = do(operator, "scan", code=card.qr_code, client_id=client_id, **waited(card))
    assert first.action is not None
    assert (first.action.said["points"], second.action, second.repeated) == (7, first.action, True)
    assert card_of(card).points == 7


def test_a_scan_that_waited_is_read_as_exactly_as_an_action(shop: Shop, card: Card) -> None:
    operator, client_id, other = at_work(shop), new_id(), shop.enrol("Rahul")
    with pytest.raises(InvalidInput) as refused:
        do(operator, "scan", card, count=2, **waited(card))
    assert set(refused.value.fields) == {"count"}
    with pytest.raises(InvalidInput) as refused:
        do(operator, "scan", **waited(card))
    assert set(refused.value.fields) == {"member_id"}
    assert scans(shop) == []
    do(operator, "scan", code=card.qr_code, client_id=client_id, **waited(card))
    for of in ({"member_id": other.pk}, {"code": other.qr_code}):
        with pytest.raises(ClientIdReused):
            do(operator, "scan", client_id=client_id, **of, **waited(card))
    # What came of it is told although the code names nobody any more.
    ledger.replace_card(business_id=shop.id, member_id=card.pk)
    assert do(operator, "scan", code=card.qr_code, client_id=client_id, **waited(card)).repeated
    assert len(scans(shop)) == 1


def test_what_waited_is_booked_on_whoever_did_it(shop: Shop, card: Card) -> None:
    here, there = shop.branch("Here"), shop.branch("There")
    did, sends = bob(shop, branch_id=here.pk), at_work(shop, bob(shop, branch_id=there.pk))
    tenants.remove_staff(business_id=shop.id, staff_id=did.pk)
    done = do(sends, "stamps", card, done_by=did.pk, branch_id=here.pk, **waited(card)).action
    assert done is not None
    assert (done.staff, done.branch) == (did, here)
    with scopes_disabled():
        assert Entry.objects.get(kind="stamp_add").staff_id == did.pk
    assert [one.staff_id for one in scans(shop)] == [did.pk]
    # Where they do not work any more is left out, and so is an id that is nobody's here.
    assert do(sends, "stamps", card, done_by=did.pk, branch_id=there.pk, **waited(card)).action is not None
    for nobody in (make_shop().owner.pk, 8_888_888):
        done = do(sends, "stamps", card, done_by=nobody, **waited(card)).action
        assert done is not None
        assert done.staff == sends.staff
    # With the network it is whoever is signed in.
    done = do(sends, "stamps", card, done_by=did.pk).action
    assert done is not None
    assert done.staff == sends.staff


@pytest.mark.parametrize("kind", ["points", "scan", "sale", "enrol"])
def test_whatever_who_left_had_done_is_put_down_to_them(shop: Shop, card: Card, kind: str) -> None:
    rules(shop, quickscan_function="auto:7" if kind == "scan" else "7", enrols=True)
    did, sends = bob(shop), at_work(shop)
    kinds: dict[str, dict[str, Any]] = {
        "points": {"points": 7, "card": card},
        "scan": {"code": card.qr_code},
        "sale": {"amount": "12.00", "card": card},
        "enrol": {"name": "Neha", "phone": "9876500002"},
    }
    tenants.remove_staff(business_id=shop.id, staff_id=did.pk)
    done = do(sends, kind, **kinds[kind], done_by=did.pk, **waited(card)).action
    assert done is not None
    assert done.staff == did
    with scopes_disabled():
        found = set(Entry.objects.exclude(kind="enrol").values_list("staff_id", flat=True))
    assert found <= {did.pk}


def test_in_an_owners_name_nobody_may_more(shop: Shop) -> None:
    rules(shop, enrols=False)
    with pytest.raises(NotAllowed):
        do(at_work(shop, bob(shop)), "enrol", name="Neha", phone="9876500002", done_by=shop.owner.pk,
           offline=True, occurred_at=timezone.now())  # fmt: skip


def test_what_is_too_old_may_count_as_now(shop: Shop, card: Card) -> None:
    rules(shop, scans_per_day=1)
    with time_machine.travel(NOON, tick=False):
        operator, client_id = at_work(shop), new_id()
        old = waited(card, 9 * 24 * 60, client_id=client_id)
        with pytest.raises(TooOld):
            do(operator, "stamps", card, **old)
        done = do(operator, "stamps", card, as_now=True, **old).action
        assert done is not None
        assert (done.occurred_at, done.said["offline"]) == (NOON, True)
        assert do(operator, "stamps", card, as_now=True, **old).repeated
        with pytest.raises(LimitReached):  # of today
            do(operator, "stamps", card, as_now=True, **(old | {"client_id": new_id()}))


def test_what_was_right_at_its_time_is_done_after_the_settings_changed(shop: Shop, card: Card) -> None:
    promotions.add_promotion(business_id=shop.id, percent_of_spend=10)
    event = promotions.add_event_promotion(
        business_id=shop.id, name="Eggs", points_to_award=9, auto_allocate_on_event="quickscan_button"
    )
    rules(shop, quickscan_function="auto:1", stamps_at_once=1, reason_required=True, reasons=["Forgot card"])
    operator, then = at_work(shop), waited(card)
    shown = {"promotion_id": None, "label": "Bacon", "points": 5}
    for kind, said in (
        ("sale", {"amount": "20"}),
        ("points", {"points": 3, "promotion_id": None}),
        ("button", shown),
        ("button", {"promotion_id": event.pk, "label": "Six", "points": 6}),
        ("stamps", {"count": 4}),
    ):
        with pytest.raises((NotAllowed, ButtonChanged, InvalidInput)):
            do(operator, kind, card, reason="Forgot card" if kind != "sale" else "", **said)
        do(operator, kind, card, **said, **then)
    # Five scans of their own, each of which gave one by itself.
    assert (card_of(card).points, card_of(card).stamps) == (2 + 3 + 5 + 6 + 5, 4)
    rules(shop, quickscan_function="calc min:50")
    do(at_work(shop), "sale", card, amount="20", **then)
    foreign = promotions.add_event_promotion(business_id=make_shop().id, name="Eggs", points_to_award=9)
    for refused in ({"promotion_id": foreign.pk}, {"promotion_id": 8_888_888}, {"points": 10_001}):
        with pytest.raises(ButtonChanged):
            do(operator, "button", card, **(shown | refused), **then)


def test_a_new_members_number_is_looked_at_while_they_are_there(shop: Shop, card: Card) -> None:
    operator = at_work(shop)
    with pytest.raises(InvalidInput, match="one digit short"):
        do(operator, "enrol", name="Neha", phone="98450 1234")
    assert do(operator, "enrol", name="Neha", phone="98450 1234", **waited(card)).member_id is not None
    assert do(operator, "enrol", name="Noor", phone="+44 7700 900123").member_id is not None
