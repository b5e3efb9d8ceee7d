"""What is measured: for each kind of request what is sent, what comes back, and what it must reach."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from bench import members
from bench.shop import Shop

CODE_BASE = members.CODE_BASE
VOUCHER_BASE = members.VOUCHER_BASE
SALE_VALUE = "129.50"
_DATABASES = ("postgresql", "sqlite")


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of request. `body` has a mark where `asked` goes: what the n-th request asks for.

    A `sequential` one asks for something that is used up by it, so each number comes once.
    """

    name: str
    title: str
    floor: float
    dream: float
    path: str
    body: Callable[[Shop, str], str]
    asked: Callable[[Shop, int], str]
    expression: Callable[[int], str]  # `asked` for pgbench, from :number and how many members there are
    answer: bytes  # what a successful answer contains
    count: str = ""  # how many there are of what a request adds
    json: bool = False
    sequential: bool = False
    databases: tuple[str, ...] = _DATABASES

    def number(self, turn: int, member_count: int) -> int:
        """What the turn-th request asks for."""
        return turn if self.sequential else int(random.random() * member_count) + 1

    def headers(self, shop: Shop) -> Mapping[str, str]:
        """What a request needs beside its body."""
        if self.json:
            return {"X-Api-Key": shop.api_key, "Content-Type": "application/json"}
        return {"Content-Type": "application/x-www-form-urlencoded"}

    def request(self, shop: Shop, port: int) -> tuple[bytes, bytes]:
        """A whole request around what is asked for: what comes before it, and what comes after."""
        mark = "X" * len(self.asked(shop, 1))
        before, _, after = self.body(shop, mark).partition(mark)
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            *(f"{name}: {value}" for name, value in self.headers(shop).items()),
            f"Content-Length: {len(before) + len(mark) + len(after)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + before).encode(), after.encode()


def _rpc(shop: Shop, method: str, **fields: str) -> str:
    """A form as PHP sends it."""
    return urlencode(
        {
            "global[api_key]": shop.api_key,
            "global[api_time]": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}",
            "global[api_method]": method,
            **{f"global[fields][{name}]": value for name, value in fields.items()},
        }
    )


def _stamp(shop: Shop, asked: str) -> str:
    return f'{{"qr_code":"{asked}","count":1,"branch_id":{shop.branch_id}}}'


def _reward(_shop: Shop, asked: str) -> str:
    return f'{{"qr_code":"{asked}"}}'


def _sale(shop: Shop, asked: str) -> str:
    return _rpc(shop, "add_transaction", member=asked, total_value=SALE_VALUE)


def _voucher(shop: Shop, asked: str) -> str:
    return _rpc(shop, "redeem_voucher_code", voucher_code=asked)


def _member(shop: Shop, asked: str) -> str:
    return _rpc(shop, "get_members", code=asked)


def _qr_code(_shop: Shop, number: int) -> str:
    return members.qr_code(number).decode()


def _qr_in_turn(shop: Shop, number: int) -> str:
    return members.qr_code(1 + number % shop.member_count).decode()


def _member_code(_shop: Shop, number: int) -> str:
    return str(CODE_BASE + number)


def _voucher_code(_shop: Shop, number: int) -> str:
    return str(VOUCHER_BASE + number)


def _qr_expression(_member_count: int) -> str:
    return members.qr_expression(":number")


def _qr_in_turn_expression(member_count: int) -> str:
    return members.qr_expression(f"(1 + :number % {member_count})")


def _code_expression(_member_count: int) -> str:
    return f"{CODE_BASE} + :number"


def _voucher_expression(_member_count: int) -> str:
    return f"{VOUCHER_BASE} + :number"


STAMPS = Workload(
    name="stamps",
    title="`POST /api/stamps/add`",
    floor=0.25,
    dream=0.50,
    path="/api/stamps/add",
    body=_stamp,
    asked=_qr_code,
    expression=_qr_expression,
    answer=b'{"data":',
    count="SELECT count(*) FROM ledger_entry",
    json=True,
)
SALES = Workload(
    name="sales",
    title="RPC `add_transaction` with 20 live promotions",
    floor=0.12,
    dream=0.25,
    path="/rpc",
    body=_sale,
    asked=_member_code,
    expression=_code_expression,
    answer=b"<status>",
    count="SELECT count(*) FROM sales_sale",
)
VOUCHERS = Workload(
    name="vouchers",
    title="RPC `redeem_voucher_code`",
    floor=0.20,
    dream=0.40,
    path="/rpc",
    body=_voucher,
    asked=_voucher_code,
    expression=_voucher_expression,
    answer=b"<status>",
    count="SELECT count(*) FROM vouchers_vouchercode WHERE status = 'redeemed'",
    sequential=True,
)
REWARDS = Workload(
    name="rewards",
    title="`POST /api/rewards/redeem`",
    floor=0.20,
    dream=0.40,
    path="/api/rewards/redeem",
    body=_reward,
    asked=_qr_in_turn,
    expression=_qr_in_turn_expression,
    answer=b'{"data":',
    count="SELECT count(*) FROM ledger_entry WHERE kind = 'reward_redeem'",
    json=True,
    sequential=True,
)
MEMBERS = Workload(
    name="members",
    title="RPC `get_members` by code",
    floor=0.30,
    dream=0.60,
    path="/rpc",
    body=_member,
    asked=_member_code,
    expression=_code_expression,
    answer=b"<status>1 results found</status>",
    databases=("postgresql",),
)
WORKLOADS = {one.name: one for one in (STAMPS, SALES, VOUCHERS, REWARDS, MEMBERS)}
