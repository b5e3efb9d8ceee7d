"""What a reader of the results must know about how each limit was made."""

from __future__ import annotations

from bench import pgbench, servers, stock
from bench.workloads import SALES, STAMPS, Workload

_STAMPS_PGBENCH = (
    "The card's state is read and the posting made from it; every eighth stamp of a card takes the branch "
    "that also writes a reward and a second event."
)
_STEPS = (
    "The statements are those of the whole request, recorded while the product answered it: those that read "
    "the answer too, with BEGIN and COMMIT."
)
_PROMOTIONS = (
    f"{stock.LIVE_PROMOTIONS} promotions are live; {stock.MATCHING} fit every sale, the others are for a "
    "group, a branch, an SKU or a category."
)


def _what(workload: Workload) -> tuple[str, ...]:
    return (_PROMOTIONS,) if workload is SALES else ()


def postgresql(workload: Workload, clients: int, limited: int, *, missed: int) -> tuple[str, ...]:
    """About a comparison with pgbench, which ran `limited` transactions and lost `missed` of them."""
    options = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    listed = ", ".join(f"{name} {servers.POSTGRESQL_OPTIONS[name]}" for name in options)
    return (
        *_what(workload),
        (
            "Both sides use one PostgreSQL 18 over its unix socket, with a database each that began alike. "
            f"{listed}; no checkpoint during the rounds."
        ),
        (
            f"pgbench: `-M prepared -c {clients} -j {pgbench.THREADS}`, the product's own statements, "
            f"a variable for each value. {_STAMPS_PGBENCH if workload is STAMPS else _STEPS} "
            "Times, event ids and payloads are the same each time; NULL and the empty text are written "
            "into the statement."
        ),
        (
            f"pgbench ran {limited:,} transactions. {missed} of them met another one on the same row and "
            "did nothing; `regulars audit` agreed there too."
        ),
    )


def sqlite(workload: Workload) -> tuple[str, ...]:
    """About a comparison with a loop of statements."""
    more = "Every eighth stamp of a card also writes a reward and a second event."
    return (
        *_what(workload),
        (
            "Each side has a file of its own, copied from one, and opens it as the product does: WAL, "
            "`synchronous=FULL`, foreign keys on."
        ),
        (
            "The bare loop executes the product's own statements in `BEGIN IMMEDIATE` and `COMMIT`, one "
            f"thread, one connection. {more if workload is STAMPS else _STEPS} "
            "`regulars audit` agreed there too."
        ),
    )


def reading() -> tuple[str, ...]:
    """About a comparison with a view that reads nothing."""
    return (
        (
            "The limit is a Django view that returns a constant: no middleware, no database, no key, the "
            "same server software with as many processes, and the same requests."
        ),
    )
