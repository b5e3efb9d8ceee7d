"""What was measured, what it has to reach, and how both are written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Generic, TypeVar

from bench.replay import CLIENTS, POINTS_PER_100, POINTS_REQUIRED, VOUCHER_VALUE, Replayed
from bench.workloads import WORKLOADS

_BESIDE = {"postgresql": "on PostgreSQL beside pgbench", "sqlite": "on SQLite beside a bare sqlite3 loop"}
_READ = "on PostgreSQL beside a bare Django view"
_NAMES = [(one, database) for one in WORKLOADS.values() for database in one.databases]
_DATABASES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}

# At least, and the dream: from the table in "what good means", which sets them for nearly every benchmark.
Goals = tuple[float, float] | None
GOALS: dict[str, Goals] = {f"{one.name}-{database}": (one.floor, one.dream) for one, database in _NAMES}
TITLES = {
    f"{one.name}-{database}": f"{one.title} {_BESIDE[database] if one.count else _READ}"
    for one, database in _NAMES
}
for _database, _named in _DATABASES.items():
    GOALS[f"webhooks-{_database}"] = (0.50, 0.80)
    TITLES[f"webhooks-{_database}"] = f"Webhook deliveries on {_named} beside a bare httpx loop"
    GOALS[f"campaigns-{_database}"] = None
    TITLES[f"campaigns-{_database}"] = f"E-mails of a campaign on {_named} beside a bare smtplib loop"


_WROTE = "The database held exactly as many {}, and `regulars audit` agreed."
_FOUND = {
    "stamps": _WROTE.format("new entries"),
    "sales": _WROTE.format("sales"),
    "vouchers": _WROTE.format("redeemed codes"),
    "rewards": _WROTE.format("redemptions"),
    "members": "`regulars audit` agreed.",
}

_SPEEDS = ("round", "limit, 1/s", "product, 1/s", "ratio")
# A limit that varies more than this between rounds, highest to lowest, says that others used the machine.
STEADY = 1.5


@dataclass(frozen=True, slots=True)
class Speeds:
    """The limit and the product, measured one after the other."""

    limit_per_second: float
    product_per_second: float

    @property
    def ratio(self) -> float:
        """What the product reaches of the limit."""
        return self.product_per_second / self.limit_per_second


@dataclass(frozen=True, slots=True)
class Round(Speeds):
    """Requests, answered by the limit and then by the product."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    server_cpu_us: float  # per request, of `regulars serve`
    database_cpu_us: float  # per request, of PostgreSQL; 0 where the database is in the server
    limit_cpu_us: float  # per transaction, of PostgreSQL; 0 likewise
    client_cpu: float  # share of one processor


@dataclass(frozen=True, slots=True)
class Pass(Speeds):
    """Things that are sent by themselves, by the limit and by the product."""

    product_cpu_us: float  # for each thing, of the product's process


R = TypeVar("R", bound=Speeds)


@dataclass(frozen=True, slots=True)
class Compared(Generic[R]):
    """All rounds of a comparison, and what was found afterwards."""

    name: str
    rounds: tuple[R, ...]
    notes: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(one.ratio for one in self.rounds)

    @property
    def passed(self) -> bool:
        """Whether the ratio is at least what it must be, if it must be anything."""
        goals = GOALS[self.name]
        return goals is None or self.ratio >= goals[0]

    @property
    def warning(self) -> str:
        """Why the ratio says little; empty when the limit was steady."""
        limits = [one.limit_per_second for one in self.rounds]
        if max(limits) <= STEADY * min(limits):
            return ""
        return (
            f"The limit itself varied from {min(limits):,.0f} to {max(limits):,.0f} a second: other work on "
            "this machine changed its speed between the rounds, so the ratio is rough."
        )

    @property
    def memory(self) -> str:
        """What is said of memory, if it was measured."""
        return ""

    def middle(self, figure: str) -> float:
        """The median of a figure over the rounds."""
        figures: list[float] = [getattr(one, figure) for one in self.rounds]
        return median(figures)

    def table(self) -> list[list[str]]:
        """The rounds, below the head of their table."""
        raise NotImplementedError

    def told(self) -> list[str]:
        """What a reader must know of them, before the notes."""
        return []


@dataclass(frozen=True, slots=True)
class Result(Compared[Round]):
    """Requests of clients."""

    member_count: int
    clients: int
    acknowledged: int

    def table(self) -> list[list[str]]:
        """See `Compared`."""
        head = [*_SPEEDS, "p50 / p95 / p99, ms", "server CPU, µs a request"]
        with_database = self.name.endswith("postgresql")
        if with_database:
            head.append("database CPU, µs a request: product / limit")
        rows = [
            [
                *_speeds(number, one),
                f"{one.p50_ms:.1f} / {one.p95_ms:.1f} / {one.p99_ms:.1f}",
                f"{one.server_cpu_us:,.0f}",
                *([f"{one.database_cpu_us:,.0f} / {one.limit_cpu_us:,.0f}"] if with_database else []),
            ]
            for number, one in enumerate(self.rounds, start=1)
        ]
        return [head, *rows]

    def told(self) -> list[str]:
        """See `Compared`."""
        return [
            f"{self.member_count:,} members with a card each; {self.clients} keep-alive connections.",
            f"{self.acknowledged:,} requests were acknowledged. {_FOUND[self.name.split('-')[0]]}",
            f"The load generator used {self.middle('client_cpu'):.0%} of one processor.",
        ]


@dataclass(frozen=True, slots=True)
class Sent(Compared[Pass]):
    """Things that leave the house by themselves, and how much memory the process took for them."""

    grown_mb: float | None = None

    @property
    def memory(self) -> str:
        """See `Compared`."""
        return "" if self.grown_mb is None else f"{self.grown_mb:,.0f} MB more memory"

    def table(self) -> list[list[str]]:
        """See `Compared`."""
        rows = [
            [*_speeds(number, one), f"{one.product_cpu_us:,.0f}"]
            for number, one in enumerate(self.rounds, start=1)
        ]
        return [[*_SPEEDS, "CPU of the product, µs for each"], *rows]


def _speeds(number: int, one: Speeds) -> list[str]:
    return [str(number), f"{one.limit_per_second:,.0f}", f"{one.product_per_second:,.0f}", f"{one.ratio:.3f}"]


def headline(result: Compared[Any]) -> str:
    """One line for the terminal."""
    goals = GOALS[result.name]
    ratios = [one.ratio for one in result.rounds]
    verdict = "reached" if result.passed else "NOT REACHED"
    goal = f"at least {goals[0]:.2f} {verdict}, dream {goals[1]:.2f}" if goals else "no floor is set"
    product, limit = result.middle("product_per_second"), result.middle("limit_per_second")
    return (
        f"{result.name}: {product:,.0f}/s of {limit:,.0f}/s, "
        f"ratio {result.ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}); {goal}"
        + (f"; {result.memory}" if result.memory else "")
        + (f"\n  {result.warning}" if result.warning else "")
    )


def replay_headline(replayed: Replayed) -> str:
    """One line for the terminal about a file of purchases."""
    return (
        f"replay-{replayed.database}: {replayed.purchases:,} purchases of {replayed.people:,} people, "
        f"{replayed.sales_per_second:,.0f} add_transaction/s and {replayed.members_per_second:,.0f} "
        "add_member/s; the audit agrees, and every member has the points and vouchers that the file says"
    )


def render(
    results: Sequence[Compared[Any]], replayed: Sequence[Replayed], *, machine: Sequence[str], today: dt.date
) -> str:
    """The page about a run."""
    parts = [
        "# Benchmark results",
        (
            f"Written by `make bench` on {today.isoformat()}. Speed is a ratio: the product beside a limit, "
            "mostly what the database itself can do with the same statements, measured in turns on the same "
            "machine."
        ),
        "\n".join(f"- {line}" for line in machine),
        *([_overview(results)] if results else []),
    ]
    parts += [_detail(result) for result in results]
    parts.append(_replay(replayed))
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _overview(results: Sequence[Compared[Any]]) -> str:
    rows = []
    for result in results:
        goals = GOALS[result.name]
        reached = "yes" if result.passed else "**no**"
        ratios = [one.ratio for one in result.rounds]
        speed = f"{result.middle('product_per_second'):,.0f} a second"
        rows.append(
            [
                TITLES[result.name] + (f" ({speed}, {result.memory})" if result.memory else ""),
                f"**{result.ratio:.2f}**",
                f"{min(ratios):.2f} to {max(ratios):.2f}",
                *([f"{goals[0]:.2f}", f"{goals[1]:.2f}", reached] if goals else ["not set"] * 3),
            ]
        )
    return _table(["what", "ratio (median)", "rounds", "at least", "dream", "reached"], rows)


def _detail(result: Compared[Any]) -> str:
    head, *rows = result.table()
    notes = [*result.told(), *([f"**{result.warning}**"] if result.warning else []), *result.notes]
    listed = "\n".join(f"- {note}" for note in notes)
    return f"## {TITLES[result.name]}\n\n{_table(head, rows)}\n\n{listed}"


def _replay(replayed: Sequence[Replayed]) -> str:
    title = "## Real purchases over RPC\n\n"
    if not replayed:
        return f"{title}Not in this run: no file of purchases was given (`--data`)."
    rows = [
        [
            _DATABASES[one.database],
            f"{one.people:,}",
            f"{one.members_per_second:,.0f}",
            f"{one.purchases:,}",
            f"{one.sales_per_second:,.0f}",
            f"{one.p50_ms:.1f} / {one.p95_ms:.1f}",
            f"{one.points:,}",
            f"{one.vouchers:,}",
        ]
        for one in replayed
    ]
    head = [
        "database",
        "members",
        "`add_member`, 1/s",
        "purchases",
        "`add_transaction`, 1/s",
        "p50 / p95, ms",
        "points left",
        "vouchers",
    ]
    notes = [
        (
            f"Every person became a member and every purchase a sale, by {CLIENTS} callers at once, under a "
            f"promotion of {POINTS_PER_100} points per 100 and a voucher of {VOUCHER_VALUE} for "
            f"{POINTS_REQUIRED} points."
        ),
        (
            "Afterwards `regulars audit` agreed, and every member had exactly the points and vouchers that "
            "were worked out from the file alone."
        ),
    ]
    listed = "\n".join(f"- {note}" for note in notes)
    return f"{title}{_table(head, rows)}\n\n{listed}"
