"""The benchmarks run the product: they fill it, record its statements and replay purchases as it is today."""

from pathlib import Path

import pytest

from bench import places, replay, servers, shop, sqlite_loop
from bench.child import call
from bench.recording import Joined
from bench.statements import Ref
from bench.workloads import WORKLOADS
from tests import blank

pytestmark = pytest.mark.once

LINES = [
    "1 0001 19970101 2 29.33",
    "2 0002 19970101 3 5000.00",
    "2 0002 19970102 3 12.00",
    "1 0001 19970301 1 8.00",
]


def test_purchases_of_a_file_come_to_what_the_file_says() -> None:
    said: list[str] = []
    done = replay.replay("sqlite", replay.read_purchases(LINES), said.append)
    assert (done.people, done.purchases, done.points, done.vouchers) == (2, 4, 3, 1)
    assert said == ["starting the server", "2 members", "4 purchases", "audit"]


@pytest.mark.parametrize("name", ["sales", "vouchers", "rewards"])
def test_what_a_request_executes_can_be_executed_again(tmp_path: Path, name: str) -> None:
    workload, file = WORKLOADS[name], tmp_path / "bench.sqlite3"
    environment = places.environment(tmp_path, f"sqlite:///{file}")
    blank.copy_into(environment)
    filled = call(shop.fill, environment, 50, name, 10_000)
    steps = call(shop.record_steps, environment, workload, filled)
    assert [step.sql.split()[0] for step in steps].count("COMMIT") == 1
    values = [value for step in steps for value in step.params]
    used = {value.name for value in values if isinstance(value, Ref)}
    used |= {value.ref.name for value in values if isinstance(value, Joined)}
    assert "asked" in used
    assert len(used) > 2
    done = sqlite_loop.run_steps(
        path=str(file),
        pragmas=call(shop.sqlite_pragmas, environment) + ";PRAGMA synchronous = OFF",
        steps=steps,
        workload=workload,
        shop=filled,
        first=600,
        warm_up=0.0,
        seconds=0.2,
    )
    assert done.transactions > 0
    servers.audit(environment, tmp_path)
