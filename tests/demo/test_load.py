"""Loading: all or nothing, once, with progress. A small shop does as well here.

What the database has no part in runs on SQLite alone.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import quote

import pytest
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from django_scopes import scope

from regulars.commands import demo
from regulars.demo import load
from regulars.demo.load import DemoExists, load_demo, reopen_demo
from regulars.demo.shops import BAKERY
from regulars.demo.shown import renewed
from regulars.environment import Environment
from regulars.ledger.audit import audit
from regulars.members.actions import delete_member
from regulars.members.models import Member
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business, Logo, Microsite, Staff, User

SMALL = replace(BAKERY, members=10)


@pytest.fixture(autouse=True)
def small_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "SHOPS", (SMALL,))


@pytest.mark.once
@pytest.mark.django_db
def test_progress_counts_each_stage_from_nothing_to_all() -> None:
    stages: dict[str, list[tuple[int, int]]] = {}
    load_demo(lambda stage, done, total: stages.setdefault(stage, []).append((done, total)))
    assert len(stages) == 2
    for reports in stages.values():
        done = [number for number, _ in reports]
        assert done == sorted(done)
        assert len({total for _, total in reports}) == 1
        assert reports[0][0] == 0
        assert reports[-1][0] == reports[-1][1] > 0
    assert len(stages[f"{SMALL.name}: a year of visits"]) > 5


@pytest.mark.django_db
def test_a_load_that_fails_half_way_leaves_nothing_and_may_be_repeated() -> None:
    def fail_half_way(_: str, done: int, total: int) -> None:
        if done > total / 2:
            assert audit().checked["entry"] > 0
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_demo(fail_half_way)
    assert not Business.objects.exists()
    assert not User.objects.exists()
    assert not any(audit().checked.values())
    assert len(load_demo().businesses) == Business.objects.count() == 1
    assert audit().ok


KILLED = f"""
import os, signal
import django
django.setup()
from dataclasses import replace
from regulars.demo import load
from regulars.demo.shops import BAKERY
from regulars.demo.shown import renewed
from regulars.environment import Environment
load.SHOPS = (replace(BAKERY, members={SMALL.members}),)
def kill_half_way(stage, done, total):
    if done > total / 2:
        os.kill(os.getpid(), signal.SIGKILL)
load.load_demo(kill_half_way)
"""


def database_url() -> str:
    """The tests' own database, as another process would be told."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgresql://{at['USER']}@{quote(at['HOST'], safe='')}/{at['NAME']}"


@pytest.mark.django_db(transaction=True)
def test_a_killed_load_leaves_nothing_and_may_be_repeated(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")} | {
        "DJANGO_SETTINGS_MODULE": "regulars.settings",
        "REGULARS_DATABASE_URL": database_url(),
        "REGULARS_DATA_DIR": str(tmp_path),
    }
    killed = subprocess.run(
        [sys.executable, "-c", KILLED],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not Business.objects.exists()
    assert not any(audit().checked.values())
    assert len(load_demo().businesses) == Business.objects.count() == 1
    assert audit().checked["card"] == SMALL.members
    assert audit().ok


@pytest.mark.once
@pytest.mark.django_db
def test_a_second_load_changes_nothing() -> None:
    load_demo()
    before = audit().checked
    with pytest.raises(DemoExists):
        load_demo()
    assert audit().checked == before
    assert Business.objects.count() == 1


@pytest.mark.once
@pytest.mark.django_db
def test_a_demo_that_lost_its_people_is_recognised_by_name() -> None:
    load_demo()
    User.objects.update(email=Concat(Value("not-"), F("email")))
    with pytest.raises(DemoExists, match="padaria-boa-fornada"):
        load_demo()


@pytest.mark.once
@pytest.mark.django_db
def test_somebody_with_a_demo_address_is_not_overwritten() -> None:
    tenants.create_business(name="Another", owner_email=SMALL.team[1].email, owner_password="not the demo's")
    with pytest.raises(DemoExists, match=r"rui@boafornada\.example"):
        load_demo()
    assert Business.objects.get().name == "Another"


@pytest.mark.once
@pytest.mark.django_db
def test_other_businesses_stay_as_they_are() -> None:
    other = tenants.create_business(name="Another", owner_email="owner@another.example").business
    load_demo()
    assert set(Business.objects.values_list("name", flat=True)) == {"Another", SMALL.name}
    other.refresh_from_db()
    assert other.slug == "another"


@pytest.mark.django_db
def test_without_a_demo_there_is_nothing_to_reopen() -> None:
    assert reopen_demo() is None


@pytest.mark.once
@pytest.mark.django_db
def test_another_member_is_shown_once_the_one_who_was_is_gone(tmp_path: Path) -> None:
    [shown] = load_demo().businesses
    assert renewed(shown) == shown
    business = Business.objects.get()
    with scope(business=business):
        member = Member.objects.get(card__qr_code=shown.qr_code)
    delete_member(business_id=business.pk, member_id=member.pk)
    now = renewed(shown)
    assert now.qr_code
    assert now.qr_code != shown.qr_code
    assert (now.api_key, now.slug) == (shown.api_key, shown.slug)
    assert renewed(now) == now
    settings = cast("Environment", SimpleNamespace(data_dir=tmp_path))
    login = {"email": "a@b.example", "password": "p", "role": "owner", "pin": "1"}
    (tmp_path / demo.FILE).write_text(json.dumps({"logins": [login], "businesses": [asdict(shown)]}))
    told = demo.kept_now(settings)
    assert told is not None
    assert told["businesses"] == [asdict(now)]
    assert demo.kept(settings) == told


@pytest.mark.once
@pytest.mark.django_db
def test_reopening_gives_the_demo_of_an_earlier_version_its_pages_and_pins() -> None:
    load_demo()
    business = Business.objects.get()
    with scope(business=business):
        before = [
            list(rows.order_by("pk").values_list(*names))
            for rows, names in (
                (Staff.objects.all(), ("user__email",)),
                (Logo.objects.all(), ("digest",)),
                (Microsite.objects.all(), ("about",)),
            )
        ]
        Staff.objects.update(pin="")
        Logo.objects.all().delete()
        Microsite.objects.all().delete()
    again = reopen_demo()
    assert again is not None
    with scope(business=business):
        after = [
            list(rows.order_by("pk").values_list(*names))
            for rows, names in (
                (Staff.objects.exclude(pin=""), ("user__email",)),
                (Logo.objects.all(), ("digest",)),
                (Microsite.objects.all(), ("about",)),
            )
        ]
    assert after == before
    assert all(before)


@pytest.mark.once
@pytest.mark.django_db
def test_reopening_makes_no_key_for_a_business_that_knows_the_demos_owner() -> None:
    load_demo()
    owner = SMALL.team[0]
    tenants.create_business(name="Another", owner_email=owner.email, owner_password="not the demo's")
    again = reopen_demo()
    assert again is not None
    assert [business.name for business in again.businesses] == [SMALL.name]
