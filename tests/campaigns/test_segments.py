"""The segments in SQL, compared with what the entries say."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django_scopes import scope

from regulars import db
from regulars.analytics.rollup import roll_up, roll_up_all
from regulars.campaigns.segments import CHANNELS, Reading
from regulars.ledger import actions as ledger
from regulars.ledger.models import Card, Entry
from regulars.members import actions as members
from regulars.members.models import Member
from regulars.messages.models import Suppression
from regulars.rules.segments import SEGMENTS
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

KOLKATA = ZoneInfo("Asia/Kolkata")
TODAY = dt.date(2026, 6, 10)
NOW = dt.datetime.combine(TODAY, dt.time(11), KOLKATA)
EDGES = (0, 1, 28, 29, 30, 31, 58, 59, 60, 61, 62, 200)


def ago(days: int, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(TODAY - dt.timedelta(days=days), dt.time(hour), KOLKATA)


def everybody(shop: Shop, draw: random.Random, numbers: range) -> None:
    """Members who joined and were active on days around the edges, in all kinds of states."""
    for index in numbers:
        joined = draw.choice((*EDGES, 200, 200, 200))
        extra: dict[str, Any] = {
            "email": draw.choice(("", f"guest{index}@shop.example")),
            "cell": draw.choice(("", f"+91987650{index:04d}")),
            "street_address": draw.choice(("", "1 MG Road")),
            "contact_required": False,
            "suspended": False,
        }
        for flag in ("optout_email", "optout_text", "optout_post"):
            extra[flag] = draw.random() < 0.2
        card = shop.enrol(f"Guest {index}", occurred_at=ago(joined, draw.choice((0, 23))), **extra)
        for _ in range(draw.randrange(4)):
            day = draw.choice([edge for edge in EDGES if edge <= joined])
            shop.stamp(card, draw.randint(1, 9), occurred_at=ago(day, draw.choice((0, 12, 23))))
        if draw.random() < 0.3:
            with_reward = Card.objects.filter(pk=card.pk, pending_rewards__gt=0).exists()
            if with_reward:
                day = draw.choice([edge for edge in EDGES if edge <= joined])
                ledger.redeem_reward(
                    business_id=shop.id, qr_code=card.qr_code, occurred_at=ago(day, draw.choice((0, 23)))
                )
        if draw.random() < 0.1:
            members.edit_member(business_id=shop.id, pk=card.pk, suspended=True)


def suppress(shop: Shop, draw: random.Random) -> None:
    for member in Member.objects.all():
        for channel, address in (("email", member.email), ("sms", member.cell)):
            if address and draw.random() < 0.15:
                Suppression.objects.create(
                    business_id=shop.id, channel=channel, address=address, why="bounce"
                )


def expected(shop: Shop, goal: int) -> dict[tuple[str, str], list[int]]:
    """Who is in which segment by which channel, from the entries and by other words than the product's."""
    found: dict[tuple[str, str], list[int]] = {
        (name, channel): [] for name in SEGMENTS for channel in CHANNELS
    }
    bad = set(Suppression.objects.values_list("channel", "address"))
    for member in Member.objects.select_related("card").order_by("id"):
        days = [
            entry.occurred_at.astimezone(KOLKATA).date()
            for entry in Entry.objects.filter(card_id=member.pk, kind__in=("stamp_add", "reward_redeem"))
        ]
        since = [(TODAY - day).days for day in days]
        joined = (TODAY - member.joined_at.astimezone(KOLKATA).date()).days
        missing = goal - member.card.stamps
        segments = {
            "all": True,
            "active_30d": any(number < 30 for number in since),
            "near_reward": missing <= 1 or missing * 100 <= 20 * goal,
            "inactive_60d": joined > 60 and not any(number < 60 for number in since),
        }
        channels = {
            "email": bool(member.email) and not member.optout_email and ("email", member.email) not in bad,
            "sms": bool(member.cell) and not member.optout_text and ("sms", member.cell) not in bad,
            "post": bool(member.street_address) and not member.optout_post,
        }
        for (name, channel), ids in found.items():
            if segments[name] and channels[channel] and not member.suspended:
                ids.append(member.pk)
    return found


def selected(business: Business, segment: str, channel: str) -> list[int]:
    chosen = Reading(business, NOW).audience(segment=segment, channel=channel)
    return [row[0] for row in db.run(f"SELECT m.id {chosen.sql} ORDER BY m.id", chosen.params)]


@pytest.mark.parametrize("goal", [8, 10])
def test_segments_are_what_the_entries_say(goal: int) -> None:
    draw = random.Random(goal + 1)
    shop, other = make_shop(stamps_required=goal), make_shop("Charlie's Tea House")
    business = business_by_id(shop.id)
    with scope(business=other.business):
        everybody(other, draw, range(6))
    with scope(business=shop.business):
        everybody(shop, draw, range(35))
        roll_up(60)  # the rest stays in the tail
        everybody(shop, draw, range(35, 70))
        suppress(shop, draw)
        truth = expected(shop, goal)
    for _ in range(2):
        assert all(0 < len(ids) < 60 for ids in truth.values()), {key: len(ids) for key, ids in truth.items()}
        assert {key: selected(business, *key) for key in truth} == truth
        numbers = Reading(business, NOW).numbers()
        assert {(name, channel): numbers[name][channel] for name, channel in truth} == {
            key: len(ids) for key, ids in truth.items()
        }
        roll_up_all()


def test_entries_in_a_gap_below_the_watermark_count() -> None:
    shop = make_shop()
    card = shop.enrol(email="guest@shop.example", occurred_at=ago(200))
    shop.stamp(card, occurred_at=ago(3))
    with scope(business=shop.business):
        missed = Entry.objects.get(card_id=card.pk, kind="stamp_add").pk
    assert selected(shop.business, "active_30d", "email") == [card.pk]
    past_it = (missed + 100, f"[[{missed}, {missed}, 0]]")
    db.run("INSERT INTO analytics_watermark (id, entry_id, gaps) VALUES (1, %s, %s)", past_it)
    assert selected(shop.business, "active_30d", "email") == [card.pk]
    assert selected(shop.business, "inactive_60d", "email") == []
    db.run("UPDATE analytics_watermark SET gaps = '[]'")
    assert selected(shop.business, "active_30d", "email") == []  # which shows what found it


def test_a_birthday_present_is_no_activity() -> None:
    shop = make_shop(birthday_bonus_stamps=2)
    card = shop.enrol(email="guest@shop.example", birthday=dt.date(1990, 6, 10), occurred_at=ago(200))
    ledger.add_birthday_bonus(business_id=shop.id, member_id=card.pk, year=2026, occurred_at=ago(0))
    with scope(business=shop.business):
        assert Entry.objects.filter(kind="birthday_bonus").count() == 1
    assert selected(shop.business, "active_30d", "email") == []
    assert selected(shop.business, "inactive_60d", "email") == [card.pk]


def test_whoever_was_active_by_mistake_was_not() -> None:
    shop = make_shop()
    once, twice = (
        shop.enrol(email=f"{word}@shop.example", occurred_at=ago(200)) for word in ("once", "twice")
    )
    mistakes = [shop.stamp(card, occurred_at=ago(2)).entry_id for card in (once, twice)]
    shop.stamp(twice, occurred_at=ago(20))
    assert selected(shop.business, "active_30d", "email") == [once.pk, twice.pk]
    for rolled_up in (False, True):  # what is undone is in the tail, and then in the figures
        if rolled_up:
            mistakes = [shop.stamp(card, occurred_at=ago(2)).entry_id for card in (once, twice)]
            roll_up_all()
        for mistake in mistakes:
            ledger.undo(business_id=shop.id, entry_id=mistake)
        for _ in range(2):
            assert selected(shop.business, "active_30d", "email") == [twice.pk]
            assert selected(shop.business, "inactive_60d", "email") == [once.pk]
            roll_up_all()


def test_an_empty_business_has_empty_segments() -> None:
    business = make_shop().business
    assert Reading(business).numbers() == {name: dict.fromkeys(CHANNELS, 0) for name in SEGMENTS}
