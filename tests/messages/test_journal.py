"""What outlives a sender, and what whoever takes over makes of it."""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from django_scopes import scope
from pytest_django import Settings

from regulars.messages import claims, journal, upkeep
from regulars.messages.actions import queue_message
from regulars.messages.claims import Counts
from regulars.messages.journal import Journal, Step
from regulars.messages.models import Message
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.REGULARS_DATA_DIR = tmp_path


@pytest.fixture
def owner() -> Iterator[Journal]:
    made = Journal()
    yield made
    made.close()


def queue(shop: Shop, number: int) -> list[int]:
    card = shop.enrol("Ann Lee", email="ann@shop.example")
    made = [
        queue_message(business_id=shop.id, kind="welcome", key=f"test-{key}", member_id=card.pk)
        for key in range(number)
    ]
    return [message.pk for message in made if message]


def claim(owner: Journal, ago: dt.timedelta = dt.timedelta(0)) -> list[int]:
    found = claims.claim(lease=owner.name, most=50, now=timezone.now() - ago)
    messages = [message for message, _ in found]
    owner.claim(messages)
    return messages


def rows(shop: Shop) -> list[tuple[str, str, int]]:
    with scope(business=shop.business):
        return list(Message.objects.order_by("pk").values_list("status", "reason", "attempts"))


def backdate(shop: Shop) -> None:
    with scope(business=shop.business):
        Message.objects.update(next_at=timezone.now() - dt.timedelta(days=1))


def test_nobody_takes_over_from_the_living_however_late_they_are(owner: Journal) -> None:
    shop = make_shop()
    queue(shop, 1)
    backdate(shop)
    assert claim(owner, ago=dt.timedelta(hours=1))
    assert journal.read_remains(owner.name) is None
    assert journal.left_behind() == []
    assert claims.take_over(campaign_id=None, now=timezone.now()) == Counts()
    assert rows(shop)[0][0] == "sending"


def test_what_the_dead_have_done_is_read_from_their_journal() -> None:
    shop = make_shop()
    queue(shop, 5)
    dead = Journal()
    messages = claim(dead)
    for message, step in zip(messages, (Step.TAKEN, Step.LEAVING, Step.AT_WORK), strict=False):
        dead.note(message)(step)
    dead.abandon()
    assert journal.left_behind() == [dead.name]
    counted: list[Counts] = []
    now = timezone.now()  # long before the lease runs out
    assert claims.take_over(campaign_id=None, now=now, counted=counted.append) == Counts(sent=2)
    assert counted == [Counts(sent=2)]
    assert rows(shop) == [
        ("sent", "", 1),
        ("sent", "The server did not confirm it.", 1),
        ("queued", "", 1),  # it may be what killed its sender: that was an attempt
        ("queued", "", 0),
        ("queued", "", 0),
    ]
    assert claims.take_over(campaign_id=None, now=now) == Counts()


def test_a_message_that_kills_its_senders_is_given_up() -> None:
    shop = make_shop()
    queue(shop, 1)
    for _ in range(claims.DEATHS):
        dead = Journal()
        (message,) = claim(dead)
        dead.note(message)(Step.AT_WORK)
        dead.abandon()
        claims.take_over(campaign_id=None, now=timezone.now())
    assert rows(shop) == [("failed", claims.DEADLY, claims.DEATHS)]


@pytest.mark.parametrize("lost", ["gone", "of another start", "cut off", "written over"])
def test_without_a_journal_nobody_sends_twice(
    lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop()
    queue(shop, 2)
    dead = Journal()
    claim(dead)
    dead.abandon()
    path = journal.folder() / dead.name
    if lost == "gone":  # as that of another machine
        path.unlink()
    elif lost == "of another start":
        monkeypatch.setattr(journal, "boot_id", lambda: "another")
    elif lost == "cut off":
        os.truncate(path, 100)
    else:
        path.write_bytes(b"\1" * path.stat().st_size)
    now = timezone.now()
    assert claims.take_over(campaign_id=None, now=now) == Counts()  # it may still live elsewhere
    assert claims.take_over(campaign_id=None, now=now + claims.LEASE * 2) == Counts(failed=2)
    assert {row[:2] for row in rows(shop)} == {("failed", claims.UNCONFIRMED)}


def test_marks_of_whoever_lost_the_lease_count_for_nothing(owner: Journal) -> None:
    shop = make_shop()
    queue(shop, 2)
    first, second = claim(owner)
    with scope(business=shop.business):
        Message.objects.filter(pk=first).update(lease="somebody else")
        Message.objects.filter(pk=second).delete()  # erased with its member
    marks = [claims.Mark(message, "sent") for message in (first, second)]
    assert claims.mark(marks, lease=owner.name) == Counts()
    assert rows(shop) == [("sending", "", 1)]


def test_claims_of_campaigns_are_apart(owner: Journal) -> None:
    shop = make_shop()
    messages = queue(shop, 3)
    with scope(business=shop.business):
        Message.objects.filter(pk=messages[1]).update(campaign_id=9)
        Message.objects.filter(pk=messages[2]).update(next_at=timezone.now() + dt.timedelta(hours=1))
    now = timezone.now()
    assert claims.next_due(campaign_id=8, now=now) is None
    assert claims.claim(lease=owner.name, most=9, campaign_id=8, now=now) == []
    assert claims.claim(lease=owner.name, most=9, campaign_id=9, now=now) == [(messages[1], shop.id)]
    assert claims.next_due(campaign_id=9, now=now) == now + claims.LOOK_AGAIN
    assert claim(owner) == [messages[0]]
    assert not claims.something_due(campaign_id=None, now=now)
    assert claims.something_due(campaign_id=None, now=now + dt.timedelta(hours=2))


def test_old_journals_are_removed_unless_a_message_needs_them(owner: Journal) -> None:
    shop = make_shop()
    queue(shop, 1)
    needed, settled, young = Journal(), Journal(), Journal()
    claim(needed)
    for dead in (needed, settled, young):
        dead.abandon()
    long_ago = (timezone.now() - upkeep.KEEP * 2).timestamp()
    for name in (needed.name, settled.name, owner.name):
        os.utime(journal.folder() / name, (long_ago, long_ago))
    assert upkeep.forget_journals.call() == 1
    assert set(journal.left_behind()) == {needed.name, young.name}
    assert (journal.folder() / owner.name).exists()


def test_a_journal_has_its_room(owner: Journal) -> None:
    owner.claim(range(1, journal.PLACES + 1))
    owner.note(journal.PLACES)(Step.TAKEN)
    owner.claim([7])
    with pytest.raises(ValueError, match="room for 256"):
        owner.claim(range(journal.PLACES + 1))
    with pytest.raises(KeyError):
        owner.note(8)
