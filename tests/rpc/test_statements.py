"""How many statements a call costs, and that none of them grows with what there is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_shop
from tests.rpc.till import Till

# Begin, commit and savepoints are not counted.
CALLS = {
    "get_member": ({"code": "M000001"}, 1, 1),
    "add_transaction": ({"member": "M000001", "total_value": "120"}, 10, 15),
    "add_points": ({"member": "M000001", "points": "5"}, 9, 12),
    "get_transactions": ({"member": "M000001"}, 4, 4),
    "redeem_voucher_code": ({"voucher_code": "ONE"}, 3, 5),
}
_NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def till(promotions: int, sales: int) -> Till:
    made = Till(make_shop())
    made.call("add_member", {"first_name": "Ana", "last_name": "Sousa"})
    for number in range(promotions):
        made.call("add_promotion", {"name": f"Number {number}", "percent_of_spend": "1"})
    for _ in range(sales):
        made.call("add_transaction", {"member": "M000001", "total_value": "100"})
    made.call("add_points", {"member": "M000001", "points": "5"})  # the first makes the business's counters
    made.call("add_voucher", {"name": "Five off", "value": "5"})
    for code in ("ONE", "TWO"):
        made.call("add_voucher_precode", {"voucher": "V000001", "code": code})
    made.call("add_voucher_issued", {"voucher": "V000001", "member": "M000001", "qty": "2"})
    made.call("redeem_voucher_code", {"voucher_code": "TWO"})
    return made


def cost(of: Till, method: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        of.call(method, CALLS[method][0])
    return sum(not query["sql"].startswith(_NOT_COUNTED) for query in queries)


@pytest.mark.django_db(transaction=True)
def test_a_call_costs_so_many_statements_however_much_there_is(database: str) -> None:
    small, large = till(2, 1), till(20, 12)
    for method, (_, on_postgresql, on_sqlite) in CALLS.items():
        expected = on_sqlite if database == "sqlite" else on_postgresql
        assert (method, cost(small, method), cost(large, method)) == (method, expected, expected)
