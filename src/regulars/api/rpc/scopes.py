"""The one table that says which scope of an API key each method of the RPC dialect needs."""

from __future__ import annotations

from typing import Final

from regulars.api.rpc.method import Method
from regulars.api.rpc.methods import METHODS
from regulars.tenants.scopes import COUNTER, MEMBERS, READ, SETTINGS

# What adding, editing and deleting a kind of record needs, and what the methods that stand alone need.
# Everything that begins with `get_` needs `READ`.
OF_WRITES: Final[dict[str, str]] = {
    "member": MEMBERS,
    "transaction": COUNTER,
    "points": COUNTER,
    "voucher_issued": COUNTER,
    "redeem_voucher_code": COUNTER,
    "reserve_voucher_code": COUNTER,
    "capture_voucher_code": COUNTER,
    "release_voucher_code": COUNTER,
    "reset_voucher_code": COUNTER,
    "record_event": COUNTER,
    "sku_code": SETTINGS,
    "sku_category": SETTINGS,
    "voucher": SETTINGS,
    "voucher_precode": SETTINGS,
    "vouchers_precode": SETTINGS,
    "user": SETTINGS,
    "branch": SETTINGS,
    "promotion": SETTINGS,
    "transactional_promotion": SETTINGS,
    "non_transactional_promotion": SETTINGS,
}


def _scope(method: Method) -> str:
    if not method.write:
        # Whoever only asks whether the key is right needs nothing more than the key.
        return READ if method.name.startswith("get_") else ""
    return OF_WRITES.get(method.name) or OF_WRITES[method.name.partition("_")[2]]


# By the names of methods; empty where any key will do.
NEEDED: Final[dict[str, str]] = {name: _scope(method) for name, method in METHODS.items()}
