"""The daily run is killed at its work, again and again: in the end everybody has their gift once."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.races.clients import Ask
from tests.races.serving import COMMAND, Installation
from tests.races.test_kills import asking

LONG = bool(os.environ.get("SOAK"))
KILLS = 30 if LONG else 2
MEMBERS = 20 * (KILLS + 1)
PATIENCE = 60  # seconds

# Everybody's birthday is today, and yesterday is done.
FILL = f"""
import datetime as dt
import django
django.setup()
from django_scopes import scope
from regulars.ledger.actions import enrol
from regulars.promotions.actions import add_event_promotion
from regulars.promotions.models import DailyRun
from regulars.tenants.models import Business
from regulars.vouchers.actions import add_voucher
business = Business.objects.get()
now = dt.datetime.now(dt.UTC)
for number in range({MEMBERS}):
    enrol(business=business, name="Ann", email=f"ann{{number}}@shop.example", birthday=now.date(),
          occurred_at=now - dt.timedelta(hours=1))
for points in (5, 3):
    add_event_promotion(business_id=business.pk, points_to_award=points, auto_allocate_on_event="birthday")
add_voucher(business_id=business.pk, name="Cake", value=5, auto_allocate_on_event="birthday")
with scope(business=business):
    DailyRun.objects.create(business=business, day=now.date() - dt.timedelta(days=1))
"""

GIFTS = "SELECT count(*) FROM ledger_pointsadjustment"
CARDS = "SELECT points, count(*) FROM ledger_card GROUP BY points"
ISSUES = "SELECT count(*), count(DISTINCT member_id) FROM vouchers_voucherissue"


def start(installation: Installation) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [COMMAND, "daily"],
        env=installation.env,
        cwd=installation.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for_gifts(ask: Ask, number: int, working: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while ask(GIFTS)[0][0] < number:
        assert working.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_the_daily_run_is_killed_and_gives_everything_once(installation: Installation) -> None:
    installation.create_business("Bean")
    filling = {**installation.env, "DJANGO_SETTINGS_MODULE": "regulars.settings"}
    subprocess.run([sys.executable, "-c", FILL], env=filling, cwd=installation.folder, check=True)
    ask = asking(installation.database_url)
    for _ in range(KILLS):
        before = ask(GIFTS)[0][0]
        working = start(installation)
        wait_for_gifts(ask, before + 7, working)  # in the middle of somebody's gifts, more or less
        working.send_signal(signal.SIGKILL)
        working.wait()
    assert 7 * KILLS <= ask(GIFTS)[0][0] < 2 * MEMBERS
    assert installation.run("daily").startswith("Gave ")
    assert ask(GIFTS) == [(2 * MEMBERS,)]
    assert ask(CARDS) == [(8, MEMBERS)]
    assert ask(ISSUES) == [(MEMBERS, MEMBERS)]
    installation.audit()
    assert installation.run("daily").startswith("Gave 0 points, 0 stamps and 0 vouchers;")
