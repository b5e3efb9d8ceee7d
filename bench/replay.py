"""Real purchases through the RPC dialect, and what they should come to, worked out from the file alone.

Every person of a file becomes a member (`add_member`) and every purchase a sale (`add_transaction`), under a
promotion of 10 points per 100 and a voucher of 5.00 for 500 points. Then `regulars audit` must agree, and
each member's points and vouchers must be what the file says.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import places, servers

CLIENTS = 16
POINTS_PER_100 = 10
POINTS_REQUIRED = 500
VOUCHER_VALUE = "5.00"
_COLUMNS = 5
_ANSWER_WITHIN = 60.0  # seconds

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Purchase:
    """A line of the file: who, when, how many items, and for how much."""

    person: str
    day: dt.date
    items: int
    cents: int

    @property
    def dollars(self) -> str:
        """The value as a till writes it."""
        return f"{self.cents // 100}.{self.cents % 100:02d}"


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody has in the end: points left, and vouchers that points were taken for."""

    points: int
    vouchers: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """A file that went through: how much, how fast, and what came out."""

    database: str
    people: int
    purchases: int
    members_per_second: float
    sales_per_second: float
    p50_ms: float
    p95_ms: float
    points: int
    vouchers: int


def read_purchases(lines: Iterable[str]) -> list[Purchase]:
    """The purchases of a file: columns id, id in the sample, date (YYYYMMDD), items, dollars, between blanks.

    Raises:
        ValueError: a line is not like that; the message says which.
    """
    purchases = []
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            continue
        try:
            if len(fields) != _COLUMNS:
                raise ValueError(f"{len(fields)} columns")  # noqa: TRY301 - told with its line below
            _, person, day, items, dollars = fields
            cents = Decimal(dollars) * 100
            if cents != int(cents):
                raise ValueError(f"{dollars} dollars")  # noqa: TRY301 - the same
            date = dt.date(int(day[:4]), int(day[4:6]), int(day[6:]))
            purchases.append(Purchase(person, date, int(items), int(cents)))
        except (ValueError, InvalidOperation) as error:
            raise ValueError(f"line {number} is not a purchase: {error}") from error
    return purchases


def expect(purchases: Iterable[Purchase]) -> dict[str, Account]:
    """What each person has after their purchases, by arithmetic on the file and nothing of the product.

    10 points per 100 of spend, rounded down for each purchase; whenever there are 500, they become a voucher.
    """
    accounts: dict[str, Account] = {}
    for purchase in purchases:
        before = accounts.get(purchase.person, Account(0, 0))
        points = before.points + purchase.cents * POINTS_PER_100 // 10_000
        more = points // POINTS_REQUIRED
        accounts[purchase.person] = Account(points - more * POINTS_REQUIRED, before.vouchers + more)
    return accounts


class Rpc:
    """A caller of the RPC dialect on one connection that is kept open."""

    def __init__(self, port: int, api_key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_WITHIN)
        self._api_key = api_key
        self.latencies: list[float] = []

    def __call__(self, method: str, **fields: str) -> list[dict[str, Any]]:
        """The rows that a method answers with.

        Raises:
            RuntimeError: the answer is an error.
        """
        form = {
            "global[api_key]": self._api_key,
            "global[api_time]": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}",
            "global[api_method]": method,
            "global[api_format]": "json",
            **{f"global[fields][{name}]": value for name, value in fields.items()},
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        started = time.perf_counter()
        self._connection.request("POST", "/rpc", urlencode(form), headers)
        response = self._connection.getresponse()
        body = response.read()
        self.latencies.append(time.perf_counter() - started)
        answer: dict[str, Any] = {"error": response.reason}
        if response.status == http.HTTPStatus.OK:
            answer = json.loads(body)
        if "error" in answer:
            raise RuntimeError(f"{method} {fields}: {answer['error']}")
        rows: list[dict[str, Any]] = answer.get("data") or []
        return rows

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def replay(database: str, purchases: Sequence[Purchase], say: Say) -> Replayed:
    """Send a file's purchases to a server of their own on "postgresql" or "sqlite", and check the outcome.

    Raises:
        RuntimeError: a call fails, the audit finds differences, or a member has something else than expected.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(places.temporary_folder())
        environment = places.environment(folder, stack.enter_context(places.database(database, folder)))
        say("starting the server")
        serving = stack.enter_context(servers.regulars(environment, folder))
        api_key = _create_business(environment, folder)
        callers = [Rpc(serving.port, api_key) for _ in range(CLIENTS)]
        for caller in callers:
            stack.callback(caller.close)
        callers[0]("add_promotion", name="10 points per 100", percent_of_spend=str(POINTS_PER_100))
        callers[0](
            "add_voucher",
            name="500 points: 5.00",
            points_required=str(POINTS_REQUIRED),
            value=VOUCHER_VALUE,
            auto_allocate_on_event="points_reach_required",
        )
        people = list(dict.fromkeys(purchase.person for purchase in purchases))
        say(f"{len(people):,} members")
        members_time = _together(callers, [[_member(person)] for person in people])
        for caller in callers:
            caller.latencies.clear()
        say(f"{len(purchases):,} purchases")
        sales_time = _together(callers, _by_person(purchases))
        latencies = sorted(latency for caller in callers for latency in caller.latencies)
        say("audit")
        servers.audit(environment, folder)
        found = _accounts(callers[0])
        check(found, expect(purchases))
        if len(callers[0]("get_transactions")) != len(purchases):
            raise RuntimeError("there are not as many transactions as purchases")
    return Replayed(
        database=database,
        people=len(people),
        purchases=len(purchases),
        members_per_second=len(people) / members_time,
        sales_per_second=len(purchases) / sales_time,
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p95_ms=latencies[int(len(latencies) * 0.95)] * 1000,
        points=sum(account.points for account in found.values()),
        vouchers=sum(account.vouchers for account in found.values()),
    )


def _create_business(environment: dict[str, str], folder: Path) -> str:
    """A business with the product's defaults; its API key."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "regulars.cli", "createbusiness", "Replayed"),
            *("--owner-email", "owner@bench.example"),
        ],
        env=servers.clean(environment),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"regulars createbusiness failed: {done.stderr[-2000:]}")
    key: str = json.loads(done.stdout)["api_key"]
    return key


Calls = list[tuple[str, dict[str, str]]]


def _member(person: str) -> tuple[str, dict[str, str]]:
    return "add_member", {"first_name": "Number", "last_name": person, "code": person}


def _by_person(purchases: Sequence[Purchase]) -> list[Calls]:
    """Each person's purchases in the order of the file."""
    calls: dict[str, Calls] = {}
    for one in purchases:
        fields = {
            "member": one.person,
            "total_value": one.dollars,
            "transaction_date": one.day.isoformat(),
            "qty": str(one.items),
        }
        calls.setdefault(one.person, []).append(("add_transaction", fields))
    return list(calls.values())


def _together(callers: Sequence[Rpc], work: Sequence[Calls]) -> float:
    """Do all the work, a piece of it at a time by whoever is free; how many seconds that took."""
    pieces = iter(work)

    def run(caller: Rpc) -> None:
        for piece in pieces:  # a list's iterator may be shared by threads
            for method, fields in piece:
                caller(method, **fields)

    started = time.perf_counter()
    with ThreadPoolExecutor(len(callers)) as pool:
        for future in [pool.submit(run, caller) for caller in callers]:
            future.result()
    return time.perf_counter() - started


def _accounts(caller: Rpc) -> dict[str, Account]:
    """What the product says that each member has."""
    vouchers: dict[str, int] = {}
    for issue in caller("get_vouchers_issued"):
        vouchers[issue["member"]] = vouchers.get(issue["member"], 0) + int(issue["qty"])
    return {
        member["code"]: Account(int(member["points_balance"]), vouchers.get(member["code"], 0))
        for member in caller("get_members")
    }


def check(found: dict[str, Account], expected: dict[str, Account]) -> None:
    """Compare the product's accounts with those from the file.

    Raises:
        RuntimeError: they differ; the message shows the first few.
    """
    wrong = [
        f"{person}: {found.get(person)} and not {expected.get(person)}"
        for person in sorted(found.keys() | expected.keys())
        if found.get(person) != expected.get(person)
    ]
    if wrong:
        raise RuntimeError(f"{len(wrong)} members differ from the file: " + "; ".join(wrong[:5]))
