"""Messages that follow events and the calendar: each once, and only to those who want them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scope

from regulars.members import actions as members
from regulars.messages import actions, automatic, daily, render, tasks
from regulars.messages.models import Message, Suppression
from regulars.outbox import consumers, fanout
from regulars.outbox.consumers import Pending
from regulars.vouchers import redeeming
from regulars.vouchers.models import VoucherCode
from tests.factories import Shop, make_shop
from tests.vouchers import given

pytestmark = pytest.mark.django_db

# 7:59 and 8:00 in the morning in Bengaluru.
BEFORE = dt.datetime(2026, 6, 1, 2, 29, tzinfo=dt.UTC)
MORNING = dt.datetime(2026, 6, 1, 2, 30, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def keys(shop: Shop) -> list[str]:
    with scope(business=shop.id):
        return list(Message.objects.order_by("id").values_list("key", flat=True))


def kinds(shop: Shop) -> list[str]:
    with scope(business=shop.id):
        return list(Message.objects.order_by("id").values_list("kind", flat=True))


def text_of(shop: Shop, kind: str) -> str:
    with scope(business=shop.id):
        message = Message.objects.select_related("member__card").get(kind=kind)
    letter = render.render_message(message=message, business=shop.business, member=message.member)
    return f"{letter.subject}\n\n{letter.text}"


def test_every_type_of_event_has_a_kind_and_is_listened_to() -> None:
    (mine,) = [one for one in consumers.consumers() if one.name == "messages"]
    assert mine.types == automatic.KINDS_OF_EVENTS.keys()


def test_a_customer_is_welcomed_and_told_of_rewards_once_each(shop: Shop) -> None:
    card = shop.enrol("Nora Whitfield", email="nora@mail.example")
    shop.stamp(card, 8)
    shop.stamp(card, 1)
    fanout.pass_on_all()
    assert kinds(shop) == ["welcome", "reward_earned"]
    assert keys(shop)[0] == f"welcome:{card.pk}"
    assert "Your reward waits for you at Alice's Café: Free coffee" in text_of(shop, "reward_earned")
    fanout.pass_on_all()
    assert len(kinds(shop)) == 2


def event(shop: Shop, member_id: int | None, kind: str = "member.enrolled", **fields: Any) -> Pending:
    told: dict[str, Any] = {
        "created_at": timezone.now(),
        "uid": "evt_1",
        "business_id": shop.id,
        "payload": {},
    } | fields
    return Pending(id=1, type=kind, version=1, member_id=member_id, **told)


def test_one_event_that_comes_twice_is_one_message(shop: Shop) -> None:
    card = shop.enrol(email="nora@mail.example")
    told = {"reward": "Free tea", "count": 2}
    for _ in range(2):
        automatic.handle(events=[event(shop, card.pk, "reward.earned", payload=told)])
    assert keys(shop) == ["reward_earned:evt_1"]


@pytest.mark.parametrize(
    "changes",
    [{"email": ""}, {"optout_email": True}, {"suspended": True}],
)
def test_whoever_cannot_or_will_not_be_written_to_is_not(shop: Shop, changes: dict[str, Any]) -> None:
    card = shop.enrol("Nora", email="nora@mail.example", phone="+919876512345")
    members.edit_member(business_id=shop.id, pk=card.pk, **changes)
    automatic.handle(events=[event(shop, card.pk)])
    assert keys(shop) == []


def test_old_news_switched_off_kinds_and_strangers_make_no_message(shop: Shop) -> None:
    other = make_shop("Charlie's")
    card = shop.enrol(email="nora@mail.example")
    old = timezone.now() - automatic.NEWS - dt.timedelta(seconds=1)
    automatic.handle(events=[event(shop, card.pk, created_at=old), event(shop, None), event(other, card.pk)])
    actions.set_text(business_id=shop.id, kind="welcome", enabled=False)
    automatic.handle(events=[event(shop, card.pk)])
    assert keys(shop) == keys(other) == []
    actions.set_text(business_id=shop.id, kind="welcome", enabled=True)
    automatic.handle(events=[event(shop, card.pk)])
    assert keys(shop) == [f"welcome:{card.pk}"]


def codes(shop: Shop) -> list[VoucherCode]:
    with scope(business=shop.id):
        return list(VoucherCode.objects.order_by("id"))


def test_a_voucher_comes_with_its_code_worth_last_day_and_instructions(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    voucher = given.voucher(
        shop, email_instructions="Not on Sundays.", voucher_details="One muffin.", expires_after_days=7
    )
    with time_machine.travel(MORNING, tick=False):
        given.issue(shop, voucher, card)
        fanout.pass_on_all()
    text = text_of(shop, "voucher_issued")
    for told in (
        codes(shop)[0].code,
        "5.00 INR",
        "8 June 2026",
        "Not on Sundays.",
        "One muffin.",
        "Free muffin",
    ):
        assert told in text


def test_a_voucher_without_much_to_tell_leaves_those_lines_out(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    given.issue(shop, given.voucher(shop, value="0"), card)
    fanout.pass_on_all()
    text = text_of(shop, "voucher_issued")
    assert "Worth" not in text
    assert "Last day" not in text
    assert "Show this code at the counter." in text


def test_a_voucher_chooses_its_text_and_many_codes_are_cut_short(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    actions.set_text(
        business_id=shop.id, kind="voucher_issued", name="Summer", subject="Hot: {voucher_value}"
    )
    voucher = given.voucher(shop, optional_email_template="summer", value="10", value_type=1)
    given.issue(shop, voucher, card, qty=22)
    fanout.pass_on_all()
    text = text_of(shop, "voucher_issued")
    assert text.startswith("Hot: 10 %\n")
    assert f"{codes(shop)[19].code} and 2 more" in text


def test_a_scratch_card_comes_with_its_address(shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    told = {
        "customer_id": card.pk,
        "card_id": 1,
        "campaign_id": 1,
        "campaign": "Summer Scratch",
        "card_url": "https://shop.example/scratch/4f",
        "expires_at": "2026-06-30",
    }
    automatic.handle(events=[event(shop, card.pk, "scratch_card.issued", payload=told)])
    text = text_of(shop, "scratch_card")
    for shown in ("Summer Scratch", "30 June 2026", "Scratch it:\nhttps://shop.example/scratch/4f"):
        assert shown in text


def test_birthdays_wait_for_the_morning_and_come_once(shop: Shop) -> None:
    nora = shop.enrol("Nora", email="nora@mail.example", birthday=dt.date(1990, 6, 1))
    shop.enrol("Olga", email="olga@mail.example", birthday=dt.date(1990, 6, 2))
    shop.enrol("Ravi", phone="+919876543210", birthday=dt.date(1990, 6, 1))
    assert daily.run_all(now=BEFORE) == 0
    assert daily.run_all(now=MORNING) == 1
    assert daily.run_all(now=MORNING + dt.timedelta(hours=12)) == 0
    assert keys(shop) == [f"birthday:{nora.pk}:2026"]
    assert daily.run_all(now=MORNING.replace(year=2027)) == 1
    assert daily.run_all(now=MORNING + dt.timedelta(days=3)) == 0  # nobody wants yesterday's greetings


def test_the_29th_of_february_is_kept_on_the_28th(shop: Shop) -> None:
    nora = shop.enrol("Nora", email="nora@mail.example", birthday=dt.date(1992, 2, 29))
    assert daily.run_all(now=dt.datetime(2026, 2, 28, 6, tzinfo=dt.UTC)) == 1
    assert keys(shop) == [f"birthday:{nora.pk}:2026"]
    assert daily.run_all(now=dt.datetime(2028, 2, 28, 6, tzinfo=dt.UTC)) == 0
    assert daily.run_all(now=dt.datetime(2028, 2, 29, 6, tzinfo=dt.UTC)) == 1


def test_a_voucher_that_ends_in_seven_days_is_told_of_once(shop: Shop) -> None:
    nora = shop.enrol("Nora", email="nora@mail.example")
    voucher = given.voucher(shop, expires_after_days=20, optional_email_template="Summer")
    with time_machine.travel(MORNING, tick=False):
        given.issue(shop, voucher, nora, qty=2)
        given.issue(shop, voucher, shop.enrol("Ravi"))
        first, second, _ = codes(shop)
        redeeming.redeem(business_id=shop.id, code=first.code)
    for day, queued in ((12, 0), (13, 1), (13, 0), (14, 0)):
        assert daily.run_all(now=MORNING + dt.timedelta(days=day)) == queued
    assert keys(shop) == [f"voucher_expiring:{second.pk}"]
    text = text_of(shop, "voucher_expiring")
    assert text.startswith("Your voucher ends on 21 June 2026: Free muffin\n")
    assert second.code in text


def test_a_kind_that_is_off_has_no_day_and_one_shop_does_not_stop_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_shop("Charlie's")
    for one in (shop, other):
        one.enrol("Nora", email="nora@mail.example", birthday=dt.date(1990, 6, 1))
    actions.set_text(business_id=shop.id, kind="birthday", enabled=False)
    assert daily.run_all(now=MORNING) == 1
    assert (keys(shop), len(keys(other))) == ([], 1)
    actions.set_text(business_id=shop.id, kind="birthday", enabled=True)
    whole = daily._birthdays

    def failing(business_id: int, *rest: Any) -> Any:
        if business_id == shop.id:
            raise RuntimeError("unforeseen")
        return whole(business_id, *rest)

    monkeypatch.setattr(daily, "_birthdays", failing)
    assert daily.run_all(now=MORNING.replace(year=2027)) == 1
    assert (len(keys(shop)), len(keys(other))) == (0, 2)
    assert daily.run_all(now=MORNING.replace(year=2028), stop=lambda: True) == 0


def test_an_erased_member_leaves_no_message_and_no_address(shop: Shop) -> None:
    nora = shop.enrol("Nora", email="nora@mail.example")
    ravi = shop.enrol("Ravi", email="ravi@mail.example")
    fanout.pass_on_all()
    with scope(business=shop.id):
        for card in (nora, ravi):
            address = f"{card.member.name.lower()}@mail.example"
            Suppression.objects.create(business=shop.business, channel="email", address=address, why="bounce")
    members.delete_member(business_id=shop.id, member_id=nora.pk)
    assert keys(shop) == [f"welcome:{ravi.pk}"]
    with scope(business=shop.id):
        assert [row.address for row in Suppression.objects.all()] == ["ravi@mail.example"]


def test_what_ended_long_ago_is_forgotten_but_campaigns_are_not(shop: Shop) -> None:
    old = timezone.now() - tasks.KEEP - dt.timedelta(days=1)
    rows: list[dict[str, Any]] = [
        {"status": "sent", "created_at": old},
        {"status": "queued", "created_at": old},
        {"status": "sent", "created_at": old, "campaign_id": 5},
        {"status": "sent"},
    ]
    for number, fields in enumerate(rows):
        with scope(business=shop.id):
            Message.objects.create(business=shop.business, kind="welcome", key=str(number), **fields)
    assert tasks.forget_messages.func() == 1
    assert keys(shop) == ["1", "2", "3"]
