"""A card is scanned or a code is typed: who or what it is, and what the scan itself gives."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scope

from regulars.counter import scanning, showing, undoing
from regulars.counter.refusals import ButtonChanged, ClientIdReused
from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from regulars.members import aliases, blank_cards
from regulars.members.actions import edit_member
from regulars.members.models import Member, MemberGroup
from regulars.promotions import actions as promotions
from regulars.rules import scratch
from regulars.rules.errors import InvalidInput, NotFound
from tests.counter.given import actions, again, at_work, card_of, do, new_id, rules, scan, scans
from tests.factories import Shop, make_shop
from tests.scratchcards import given as scratched
from tests.vouchers.given import codes, earn, issue, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001", email="priya@mail.example", secondary_code="X-9")


@pytest.mark.parametrize(
    "text",
    [
        "{qr}",
        " {QR} ",
        "https://shop.example/card/{qr}",
        "https://elsewhere.example/card/{qr}?from=poster#top",
        "https://shop.example/m/shop/?Scan&code={code}",
        "/?Scan&code={code}",
        "{code}",
        "x-9",
        "98765 00001",
        "098765-00001",
        "+91 98765 00001",
        " PRIYA@mail.example ",
    ],
)
def test_a_member_is_found_by_whatever_names_them(shop: Shop, card: Card, text: str) -> None:
    said = text.format(qr=card.qr_code, QR=card.qr_code.upper(), code=card.member.code.lower())
    found = scan(at_work(shop), said)
    assert found.shown is not None
    assert found.shown.member == card.member
    assert [one.member_id for one in scans(shop)] == [card.pk]


@pytest.mark.parametrize(
    "text", ["nobody", "12", "f" * 16, "ü" * 500, "https://[", "/card/", "%", "4F2A-9C1E"]
)
def test_what_names_nothing_is_not_found(shop: Shop, card: Card, text: str) -> None:
    with pytest.raises(NotFound):
        scan(at_work(shop), text)
    assert scans(shop) == []


@pytest.mark.parametrize("text", ["", "  ", "x" * 501, "a\x00b"])
def test_what_cannot_be_read_is_refused(shop: Shop, text: str) -> None:
    with pytest.raises(InvalidInput):
        scan(at_work(shop), text)


def test_of_several_with_one_phone_one_is_chosen(shop: Shop, card: Card) -> None:
    other = ledger.enrol(business=shop.business, name="Rahul", phone="9876500001", unique_contact=False)
    operator = at_work(shop)
    found = scan(operator, "98765 00001")
    assert (found.shown, [one.pk for one in found.members]) == (None, [card.pk, other.pk])
    assert scans(shop) == []
    chosen = scanning.scan(operator=operator, client_id=new_id(), member_id=other.pk)
    assert chosen.shown is not None
    assert chosen.shown.member.name == "Rahul"


def test_a_name_of_many_shows_some(shop: Shop) -> None:
    for number in range(10):
        shop.enrol(f"Sam {number}")
    found = scan(at_work(shop), "sam")
    assert (len(found.members), found.found.more) == (8, True)


def test_part_of_a_name_is_certain_of_nobody(shop: Shop, card: Card) -> None:
    """The scan itself may give something, and not to whoever happens to be called so alone."""
    found = scan(at_work(shop), "sharma")
    assert (found.shown, found.members, scans(shop)) == (None, (card.member,), [])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("li", ["Anna Li", "Li Wei", "Li"]),
        ("WE", ["Li Wei"]),
        ("ra", ["Rahul"]),
        ("李伟", ["李伟"]),
        ("राम", ["राम रवि"]),
        ("रा", ["राम रवि"]),
    ],
)
def test_a_name_of_two_letters_is_found(shop: Shop, text: str, names: list[str]) -> None:
    """Whole names come before those that begin so; nobody is found by what is inside of a word."""
    for name in ("Lisa", "Li", "Li Wei", "Anna Li", "Rahul", "Emilia", "李伟", "राम रवि"):
        shop.enrol(name, email=f"li.{new_id()}@we.example")
    found = scan(at_work(shop), text)
    assert (found.shown, [member.name for member in found.members]) == (None, names)


def test_contacts_are_shown_in_part(shop: Shop, card: Card) -> None:
    assert showing.masked_contact(card.member) == "•••001"
    assert showing.masked_contact(Member(email="priya@mail.example")) == "p•••@mail.example"
    assert showing.masked_contact(Member()) == ""


def test_nothing_of_another_business_is_found(shop: Shop, card: Card) -> None:
    operator = at_work(make_shop("Charlie's"))
    code = codes(issue(shop, voucher(shop), card))[0]
    token = scratched.issue(shop, scratched.campaign(shop), card).token
    blank = blank_cards.make_blanks(business_id=shop.id, count=1)[0].qr_code
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="P").qr_code
    for text in (
        card.qr_code,
        "98765 00001",
        "X-9",
        "priya@mail.example",
        "priya",
        code,
        token,
        blank,
        alias,
    ):
        with pytest.raises(NotFound):
            scan(operator, text)
    with pytest.raises(NotFound):
        scanning.scan(operator=operator, client_id=new_id(), member_id=card.pk)
    with pytest.raises(NotFound):
        scanning.confirm(operator=operator, client_id=new_id(), qr_code=alias)
    known = aliases.resolve(business_id=shop.id, qr_code=alias)
    assert known is not None
    assert known.confirmed_at is None


def test_vouchers_and_scratch_cards_come_with_whose_they_are(shop: Shop, card: Card) -> None:
    operator, of = at_work(shop), voucher(shop)
    mine, bearers = codes(issue(shop, of, card))[0], codes(issue(shop, of))[0]
    found = scan(operator, mine.lower())
    assert found.shown is not None
    assert found.found.voucher is not None
    assert found.shown.vouchers == (found.found.voucher,)
    found = scan(operator, bearers)
    assert (found.shown, found.found.voucher.code if found.found.voucher else "") == (None, bearers)
    campaign = scratched.campaign(shop)
    theirs, free = scratched.revealed(shop, campaign, card), scratched.issue(shop, campaign)
    found = scan(operator, f"https://shop.example/scratch/{theirs.token}")
    assert found.shown is not None
    assert found.shown.scratch_cards == (theirs,)
    assert scan(operator, scratch.short_code(free.token)).found.scratch_card == free


def test_a_blank_card_is_nobodys_until_it_is_used(shop: Shop) -> None:
    blank = blank_cards.make_blanks(business_id=shop.id, count=1)[0]
    operator = at_work(shop)
    assert scan(operator, blank.qr_code).found.blank == blank
    done = do(operator, "enrol", name="Neha", phone="9876500002", blank_code=blank.qr_code)
    found = scan(operator, blank.qr_code)
    assert found.shown is not None
    assert found.shown.member.pk == done.member_id


def test_the_card_of_a_known_contact_is_the_members_after_the_operator_says_so(
    shop: Shop, card: Card
) -> None:
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="Priya S.")
    operator, client_id = at_work(shop), new_id()
    found = scan(operator, alias.qr_code, client_id)
    assert (found.shown, found.members, scans(shop)) == (None, (card.member,), [])
    confirmed = scanning.confirm(operator=operator, client_id=client_id, qr_code=alias.qr_code.upper())
    assert confirmed.shown is not None
    assert confirmed.shown.member == card.member
    assert scan(operator, alias.qr_code).shown is not None


def test_a_scan_is_recorded_once_for_its_client_id(shop: Shop, card: Card) -> None:
    operator, client_id = at_work(shop), new_id()
    first, second = (scan(operator, card.qr_code, client_id) for _ in range(2))
    assert first.scan == second.scan
    assert len(scans(shop)) == 1
    with pytest.raises(ClientIdReused):
        scan(operator, shop.enrol("Rahul").qr_code, client_id)
    # Another business's ids are its own.
    stranger = make_shop()
    assert scan(at_work(stranger), stranger.enrol("Rahul").qr_code, client_id).scan is not None


def test_the_scan_gives_what_settings_and_promotions_give_for_it(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7")
    promotions.add_event_promotion(
        business_id=shop.id, name="Hello", points_to_award=5, auto_allocate_on_event="quickscan"
    )
    operator, client_id = at_work(shop), new_id()
    found = scan(operator, card.qr_code, client_id)
    assert found.given is not None
    assert found.given.said == {"points": 12, "label": "Hello", "auto": True}
    assert card_of(card).points == 12
    assert scan(operator, card.qr_code, client_id).given == found.given
    assert card_of(card).points == 12
    scan(operator, card.qr_code)
    assert card_of(card).points == 24


def test_an_address_that_nobody_scanned_gives_nothing_by_itself(shop: Shop, card: Card) -> None:
    """A link on another site leads here as well as a card does."""
    rules(shop, quickscan_function="auto:7", scans_per_day=1)
    promotions.add_event_promotion(
        business_id=shop.id, name="Hello", points_to_award=5, auto_allocate_on_event="quickscan"
    )
    operator, client_id = at_work(shop), new_id()
    for gives in (False, True):
        found = scanning.scan(operator=operator, client_id=client_id, text=card.qr_code, gives=gives)
        assert (found.given, card_of(card).points, scans(shop)[0].earned) == (None, 0, False)
        assert found.shown is not None
        [offered] = found.shown.offered.buttons
        assert (offered.promotion_id, offered.label, offered.points) == (None, "Hello", 12)
    pressed = {"promotion_id": None, "label": "Hello", "points": 12}
    done = do(operator, "button", card, scan_id=client_id, **pressed)
    assert done.action is not None
    assert (done.action.said["points"], card_of(card).points, scans(shop)[0].earned) == (12, 12, True)
    shown = showing.show(operator=operator, member_id=card.pk, scan=done.scan)
    assert shown.offered.buttons == ()
    with pytest.raises(ButtonChanged):
        do(operator, "button", card, scan_id=client_id, **pressed)
    undoing.undo(operator=operator, action_id=done.action.pk)
    assert (card_of(card).points, scans(shop)[0].earned) == (0, False)
    # Without the network it is the same.
    offline = {"offline": True, "occurred_at": timezone.now(), "gives": False}
    assert do(operator, "scan", card, **offline).action is None
    do(operator, "stamps", card, **offline)
    assert (card_of(card).points, card_of(card).stamps) == (0, 1)


def test_what_was_withheld_before_midnight_is_given_after_it(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7")
    promotions.add_event_promotion(
        business_id=shop.id, name="Hello", points_to_award=5, auto_allocate_on_event="quickscan"
    )
    midnight, client_id = dt.datetime(2026, 6, 1, 18, 30, tzinfo=dt.UTC), new_id()
    with time_machine.travel(midnight - dt.timedelta(minutes=10), tick=False) as clock:
        operator = at_work(shop)
        scanning.scan(operator=operator, client_id=client_id, text=card.qr_code, gives=False)
        clock.move_to(midnight + dt.timedelta(minutes=10))
        pressed = {"promotion_id": None, "label": "Hello", "points": 12}
        do(operator, "button", card, scan_id=client_id, **pressed)
    assert (card_of(card).points, len(scans(shop))) == (12, 1)


def test_who_may_not_earn_is_offered_nothing_by_the_scan(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7", scans_per_day=1)
    operator = at_work(shop)
    scan(operator, card.qr_code)
    served = scan(operator, card.qr_code)
    assert served.shown is not None
    assert (served.shown.room.may_earn, served.shown.offered.buttons) == (False, ())
    alias = aliases.create_alias(business_id=shop.id, member_id=shop.enrol("Neha").pk, name="N").qr_code
    confirmed = scanning.confirm(operator=operator, client_id=new_id(), qr_code=alias, gives=False)
    assert confirmed.shown is not None
    assert (confirmed.given, len(confirmed.shown.offered.buttons)) == (None, 1)


def test_a_suspended_member_is_shown_and_given_nothing(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="auto:7")
    edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    found = scan(at_work(shop), card.qr_code)
    assert found.shown is not None
    assert (found.shown.member.suspended, found.given, card_of(card).points) == (True, None, 0)
    assert found.shown.offered.buttons == ()


def offers(shop: Shop, card: Card, **branch: Any) -> list[tuple[int | None, str, int]]:
    shown = showing.show(operator=at_work(shop, **branch), member_id=card.pk)
    return [(one.promotion_id, one.label, one.points) for one in shown.offered.buttons]


def test_promotions_bring_buttons_of_their_own(shop: Shop, card: Card) -> None:
    rules(shop, quickscan_function="3,5")
    branch, today = shop.branch(), timezone.now().date()
    with scope(business=shop.business):
        gold = MemberGroup.objects.create(business=shop.business, code="gold", name="Gold")
    more: dict[str, dict[str, Any]] = {
        "Eggs": {"quickscan_function": "Six:6, Ten:10"},
        "Press": {"points_to_award": 9, "auto_allocate_on_event": "quickscan_button"},
        "Past": {"quickscan_function": "1", "date_to": today - dt.timedelta(days=2)},
        "Branch": {"quickscan_function": "2", "branch_id": branch.pk},
        "Gold": {"quickscan_function": "4", "group_id": gold.pk},
        "Birthday": {"quickscan_function": "8", "auto_allocate_on_event": "birthday"},
        "Nothing": {},
    }
    pks = {
        name: promotions.add_event_promotion(
            business_id=shop.id, name=name, **({"points_to_award": 0} | fields)
        ).pk
        for name, fields in more.items()
    }
    usual = [(None, "", 3), (None, "", 5), (pks["Eggs"], "Eggs: Six", 6), (pks["Eggs"], "Eggs: Ten", 10)]
    press = (pks["Press"], "Press", 9)
    assert offers(shop, card) == [*usual, press]
    assert offers(shop, card, branch=branch) == [*usual, (pks["Branch"], "Branch", 2), press]
    edit_member(business_id=shop.id, pk=card.pk, group_id=gold.pk)
    assert offers(shop, card) == [*usual, (pks["Gold"], "Gold", 4), press]


def test_all_that_waits_for_a_member_is_shown(shop: Shop, card: Card) -> None:
    earn(shop, card, 100)
    chosen = voucher(shop, points_required=100, available_for_self_selection=True)
    voucher(shop, points_required=101, available_for_self_selection=True)
    voucher(shop)
    campaign = scratched.campaign(shop)
    shop.stamp(card, 17)
    operator = at_work(shop)
    shown = showing.show(operator=operator, member_id=card.pk)
    assert shown.rewards == (("Free coffee", 2),)
    assert (shown.offers, shown.campaigns, shown.spendable) == ((chosen,), (campaign,), 100)
    rules(shop, chooses_vouchers=False)
    assert showing.show(operator=again(operator), member_id=card.pk).offers == (chosen,)  # the owner may


def test_a_birthday_is_seen(shop: Shop, card: Card) -> None:
    edit_member(business_id=shop.id, pk=card.pk, birthday=dt.date(2000, 2, 29))
    with time_machine.travel(dt.datetime(2027, 2, 28, 6, tzinfo=dt.UTC)):
        assert showing.show(operator=at_work(shop), member_id=card.pk).birthday_today
    with time_machine.travel(dt.datetime(2028, 2, 28, 6, tzinfo=dt.UTC)):
        assert not showing.show(operator=at_work(shop), member_id=card.pk).birthday_today


def test_what_is_shown_costs_the_same_however_long_the_history(
    shop: Shop, card: Card, django_assert_max_num_queries: Any
) -> None:
    operator = at_work(shop)
    for _ in range(12):
        do(operator, "stamps", card)
    with django_assert_max_num_queries(12):
        showing.show(operator=operator, member_id=card.pk)
    assert len(actions(shop)) == 12
