"""PostgreSQL's ids do not commit in order: entries that commit late are counted, lost ids are given up."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from regulars import db
from regulars.analytics import queries, rollup, tail
from regulars.analytics.audit import audit
from regulars.analytics.rollup import read_watermark, roll_up, roll_up_all
from regulars.ledger import actions
from tests.analytics.recount import Recount
from tests.factories import Shop, make_shop
from tests.races.crowd import PATIENCE, Elsewhere

pytestmark = [
    # Numbers begin at 1 in each test, so that there are no gaps but those that a test makes.
    pytest.mark.django_db(transaction=True, reset_sequences=True),
    pytest.mark.skipif(
        "config.getoption('--database') == 'sqlite'",
        reason="SQLite commits ids in order, one writer at a time",
    ),
]


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def gaps() -> list[list[int]]:
    """The ranges of ids that are still waited for."""
    return [gap[:2] for gap in read_watermark()[1]]


def roll_up_until_given_up() -> None:
    """Gaps stay while any transaction of the server may fill them, those of other tests' databases too."""
    deadline = time.monotonic() + PATIENCE
    while gaps() and time.monotonic() < deadline:
        roll_up()
        time.sleep(0.01)
    assert gaps() == []


def test_an_entry_that_commits_after_later_ids_were_rolled_up_is_counted(shop: Shop) -> None:
    recount = Recount(shop.business)
    early, later = shop.enrol("Early"), shop.enrol("Later")
    roll_up_all()
    with Elsewhere() as other:
        other.open_transaction()
        taken = other(shop.stamp, early, 3).entry_id
        shop.stamp(later, 5)
        for _ in range(4):
            roll_up()
            recount.check()
        assert read_watermark()[0] > taken
        assert gaps() == [[taken, taken]]
        other.commit()
    # It has turned up below the watermark: counted where it is, and then rolled up like any other.
    assert queries.stats(shop.business).total_stamps == 8
    recount.check()
    assert roll_up() == 1
    recount.check()
    assert gaps() == []
    assert roll_up_all() == 0


def test_without_gaps_the_late_entry_would_be_lost_for_ever(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "_new_gaps", lambda *_: [])
    early, later = shop.enrol("Early"), shop.enrol("Later")
    roll_up_all()
    with Elsewhere() as other:
        other.open_transaction()
        other(shop.stamp, early, 3)
        shop.stamp(later, 5)
        roll_up_all()
        other.commit()
    roll_up_all()
    assert queries.stats(shop.business).total_stamps == 5


@pytest.mark.parametrize("rounds", [1, 2, 3, 6])
def test_a_transaction_that_began_last_is_waited_for_like_the_others(shop: Shop, rounds: int) -> None:
    """The one that fills the gap has a higher transaction id than the one that jumped over it."""
    recount = Recount(shop.business)
    first, second = shop.enrol("First"), shop.enrol("Second")
    roll_up_all()
    with Elsewhere() as one, Elsewhere() as two:
        one.open_transaction()
        one(db.run, "SELECT pg_current_xact_id()")  # its number is the lower one,
        two.open_transaction()
        taken = two(shop.stamp, second, 2).entry_id
        assert one(shop.stamp, first, 1).entry_id > taken  # and its entry the later one
        one.commit()
        for _ in range(rounds):
            roll_up()
        assert gaps() == [[taken, taken]]
        two.commit()
    recount.check()
    roll_up_all()
    recount.check()
    assert queries.stats(shop.business).total_stamps == 3


def test_ids_of_rolled_back_transactions_are_given_up_when_nobody_can_write_them(shop: Shop) -> None:
    recount = Recount(shop.business)
    card, bystander = shop.enrol(), shop.enrol("Bystander")
    roll_up_all()
    with Elsewhere() as failing, Elsewhere() as slow:
        slow.open_transaction()
        slow(db.run, "SELECT pg_current_xact_id()")  # could have taken an id, as far as anybody knows
        failing.open_transaction()
        lost = [failing(shop.stamp, card, 1).entry_id for _ in range(3)]
        failing.rollback()
        shop.stamp(bystander, 4)
        for _ in range(5):
            roll_up()
            assert gaps() == [[lost[0], lost[-1]]]
            recount.check()
        slow.commit()
    roll_up_until_given_up()
    recount.check()
    assert queries.stats(shop.business).total_stamps == 4


def test_a_gap_that_fills_in_the_middle_is_waited_for_on_both_sides(shop: Shop) -> None:
    recount = Recount(shop.business)
    cards = [shop.enrol(f"Customer {number}") for number in range(4)]
    roll_up_all()
    with Elsewhere() as one, Elsewhere() as two, Elsewhere() as three:
        ids = []
        for somebody, card in zip((one, two, three), cards, strict=False):
            somebody.open_transaction()
            ids.append(somebody(shop.stamp, card, 1).entry_id)
        shop.stamp(cards[3], 1)
        roll_up()
        assert gaps() == [[ids[0], ids[2]]]
        two.commit()
        recount.check()
        roll_up()
        assert gaps() == [[ids[0], ids[0]], [ids[2], ids[2]]]
        recount.check()
        three.commit()
        one.rollback()
    roll_up_until_given_up()
    recount.check()
    assert queries.stats(shop.business).total_stamps == 3


def test_an_entry_that_commits_between_the_last_two_looks_is_counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It commits when the round has looked into the gap and not yet asked who is still running."""
    recount = Recount(shop.business)
    early, later = shop.enrol("Early"), shop.enrol("Later")
    roll_up_all()
    with Elsewhere() as other:
        other.open_transaction()
        taken = other(shop.stamp, early, 3).entry_id
        shop.stamp(later, 5)
        roll_up()
        roll_up()
        real = rollup._gaps_left

        def commits_just_now(*args: Any) -> list[list[int]]:
            other.commit()
            return real(*args)

        monkeypatch.setattr(rollup, "_gaps_left", commits_just_now)
        roll_up()
        monkeypatch.undo()
        assert gaps() == [[taken, taken]]
    recount.check()
    assert roll_up() == 1
    assert gaps() == []
    recount.check()


def test_a_member_erased_while_a_gap_is_open_leaves_exact_figures(shop: Shop) -> None:
    recount = Recount(shop.business)
    early, later = shop.enrol("Early"), shop.enrol("Later")
    shop.stamp(later, 2)
    roll_up_all()
    with Elsewhere() as other:
        other.open_transaction()
        other(shop.stamp, early, 3)
        shop.stamp(later, 5)
        roll_up()
        recount.delete(later.pk)
        other.commit()
    recount.check()
    recount.delete(early.pk)  # its entry stands in a gap that nobody has looked into again
    recount.check()
    roll_up_until_given_up()
    recount.check()
    assert queries.stats(shop.business).total_stamps == 10


def test_an_undo_is_never_rolled_up_before_what_it_takes_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both commit while a round has read some ids and not yet the others."""
    recount = Recount(shop.business)
    early, later = shop.enrol("Early"), shop.enrol("Later")
    roll_up_all()
    with Elsewhere() as other:
        other.open_transaction()
        taken = other(shop.stamp, early, 3).entry_id
        shop.stamp(later, 5)
        roll_up()
        assert gaps() == [[taken, taken]]
        meanwhile: list[int] = []

        def slow(real: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
            def read(*args: Any, **more: Any) -> list[Any]:
                found = real(*args, **more)
                if not meanwhile:
                    meanwhile.append(taken)
                    other.commit()
                    other(actions.undo, business_id=shop.id, entry_id=taken)
                return found

            return read

        for name in ("read_batch", "read_gap"):
            monkeypatch.setattr(tail, name, slow(getattr(tail, name)))
        shop.stamp(later, 1)
        roll_up()
    assert meanwhile == [taken]
    recount.check()
    roll_up_all()
    recount.check()
    assert audit().ok
