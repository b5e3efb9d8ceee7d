"""How the members get their codes: by one formula that Python, both databases and pgbench can compute."""

from __future__ import annotations

CODE_BASE = 10_000_000  # the n-th member has the code CODE_BASE + n
VOUCHER_BASE = 20_000_000_000  # and the n-th voucher code is VOUCHER_BASE + n
_LEAST = 1_000_000_000_000_000
_STEP = 8_765_432_109_877
_RANGE = 8_999_999_999_999_999
MOST_MEMBERS = 1_000_000  # beyond it the product below leaves 64 bits


def qr_expression(number: str) -> str:
    """The QR code of the n-th member for SQL or pgbench: 16 digits, spread evenly, all different."""
    return f"{_LEAST} + ({number} * {_STEP}) % {_RANGE}"


def qr_code(number: int) -> bytes:
    """The QR code of the n-th member."""
    return b"%d" % (_LEAST + number * _STEP % _RANGE)
