"""Roll-ups beside others at work: two at once, one killed half-way, readers and writers in between."""

import datetime as dt
import os
import subprocess
import sys
import threading
from contextlib import nullcontext, suppress
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from regulars import db
from regulars.analytics import queries, rollup
from regulars.analytics.audit import audit
from regulars.analytics.rollup import read_watermark, roll_up, roll_up_all
from regulars.ledger import actions
from regulars.members import actions as members
from regulars.rules.errors import NotFound, NothingToRedeem
from tests.analytics.recount import Recount
from tests.factories import Shop, make_shop
from tests.races.crowd import Elsewhere, split, together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_of_two_roll_ups_at_once_one_leaves_it_to_the_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    recount = Recount(shop.business)
    card = shop.enrol()
    roll_up_all()
    shop.stamp(card, 5)
    real, second = rollup._add, []

    with Elsewhere() as other:

        def while_it_runs(*args: Any) -> None:
            monkeypatch.setattr(rollup, "_add", real)
            pending = other.begin(roll_up)
            # On SQLite the second waits for the write lock until the first has committed.
            second.append(pending if connection.vendor == "sqlite" else pending.result(20))
            real(*args)

        monkeypatch.setattr(rollup, "_add", while_it_runs)
        assert roll_up() == 1
        outcome = second[0]
        assert (outcome if isinstance(outcome, int) else outcome.result(20)) == 0
    recount.check()


def test_eight_roll_ups_at_once_count_each_entry_once(shop: Shop) -> None:
    recount = Recount(shop.business)
    cards = [shop.enrol(f"Customer {number}") for number in range(5)]
    for number in range(40):
        shop.stamp(cards[number % 5], 1 + number % 3)

    def roll(_: int) -> int:
        return sum(roll_up(3) for _ in range(12))

    rolled, failed = split(together(8, roll))
    assert failed == []
    assert sum(rolled) + roll_up_all() == 45
    recount.check()


class Killed(BaseException):
    """Stands for the end of the process."""


def kill_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(rollup, name, die)


@pytest.mark.parametrize("where", ["_add", "add_seen_days", "_move_watermark"])
def test_a_roll_up_that_ends_half_way_has_counted_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    recount = Recount(shop.business)
    card = shop.enrol()
    shop.stamp(card, 3)
    roll_up_all()
    shop.stamp(card, 6)
    mark = read_watermark()
    kill_at(monkeypatch, where)
    with pytest.raises(Killed):
        roll_up()
    monkeypatch.undo()
    assert read_watermark() == mark
    recount.check()
    assert roll_up() == 1
    recount.check()


_ENDS_HALF_WAY = """
import os, django
django.setup()
from regulars.analytics import rollup
rollup._move_watermark = lambda *_: os.kill(os.getpid(), 9)
rollup.roll_up()
"""


def test_a_process_killed_in_a_roll_up_leaves_no_trace_and_no_lock(shop: Shop) -> None:
    recount = Recount(shop.business)
    shop.stamp(shop.enrol(), 3)
    done = subprocess.run(
        [sys.executable, "-c", _ENDS_HALF_WAY],
        env={**os.environ, "REGULARS_DATABASE_URL": own_url()},
        timeout=60,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -9, done.stderr
    assert read_watermark() == (0, [])
    recount.check()
    assert roll_up() == 2
    recount.check()


def own_url() -> str:
    """The address of the database that this very test uses."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"postgresql://postgres@{quote(str(connection.settings_dict['HOST']), safe='')}/{name}"


def with_a_roll_up_in_between(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> queries.Stats:
    """Figures, read while somebody rolls up everything just after the watermark was read."""
    with Elsewhere() as other:
        real = rollup.read_watermark

        def read_and_pause() -> Any:
            found = real()
            assert other(roll_up_all) > 0
            return found

        monkeypatch.setattr(queries, "read_watermark", read_and_pause)
        return queries.stats(shop.business)


def test_a_roll_up_in_the_middle_of_reading_neither_hides_nor_doubles(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.stamp(shop.enrol(), 5)
    found = with_a_roll_up_in_between(shop, monkeypatch)
    assert (found.total_stamps, found.stamps_today, found.active_7d, found.total_customers) == (5, 5, 1, 1)


def test_without_the_snapshot_the_same_roll_up_doubles_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "snapshot", nullcontext)
    shop.stamp(shop.enrol(), 5)
    assert with_a_roll_up_in_between(shop, monkeypatch).total_stamps == 10


class Bustle:
    """A shop in which stamps are given, rolled up, read and erased, all at once."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.recount = shop, Recount(shop.business)
        self.branch = shop.branch()
        self.cards = [shop.enrol(f"Customer {number}") for number in range(8)]
        self.busy = 5  # how many have work to finish; the others go on until these have
        self.totals: list[int] = []
        self.lock = threading.Lock()

    def finish(self) -> None:
        with self.lock:
            self.busy -= 1

    def give(self, number: int) -> int:
        given = 0
        for turn in range(18):
            card = self.cards[(number + turn * 3) % len(self.cards)]
            with suppress(NotFound, NothingToRedeem):  # erased meanwhile, or nothing earned yet
                self.shop.stamp(card, 5, branch_id=self.branch.pk if turn % 2 else None)
                given += 5
                if turn % 3 == 2:
                    actions.redeem_reward(business_id=self.shop.id, qr_code=card.qr_code)
        self.finish()
        return given

    def erase(self, _: int) -> int:
        for card in self.cards[:4]:
            self.recount.delete(card.pk)
        self.finish()
        return 0

    def roll(self, _: int) -> int:
        while self.busy:
            roll_up(7)
        return 0

    def watch(self, _: int) -> int:
        while self.busy:
            self.totals.append(queries.stats(self.shop.business).total_stamps)
        return 0


def test_figures_stay_exact_while_everybody_is_at_it(shop: Shop) -> None:
    """Four give stamps and redeem, one erases members, two roll up, one reads."""
    bustle = Bustle(shop)
    roles = [*[bustle.give] * 4, bustle.erase, bustle.roll, bustle.roll, bustle.watch]
    given, failed = split(together(len(roles), lambda number: roles[number](number)))
    assert failed == []
    bustle.recount.check()
    roll_up_all()
    bustle.recount.check()
    assert queries.stats(shop.business).total_stamps == sum(given) > 0
    # Nobody ever saw a stamp disappear.
    assert len(bustle.totals) > 3
    assert bustle.totals == sorted(bustle.totals)
    assert audit().ok


def test_of_two_who_erase_a_member_at_once_one_finds_nobody(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 5)

    def erase(_: int) -> None:
        members.delete_member(business_id=shop.id, member_id=card.pk)

    gone, refused = split(together(4, erase))
    assert len(gone) == 1
    assert [type(error) for error in refused] == [NotFound] * 3
    stats = queries.stats(shop.business)
    assert (stats.total_customers, stats.total_stamps, stats.active_7d) == (0, 5, 0)


def test_a_new_installation_counts_from_nothing(shop: Shop) -> None:
    assert read_watermark() == (0, [])
    assert roll_up() == 0
    assert queries.stats(shop.business) == queries.Stats(0, 0, 0, 0, 0, 0, 0)
    shop.stamp(shop.enrol(occurred_at=dt.datetime.now(dt.UTC)), 2)
    assert roll_up() == 2
