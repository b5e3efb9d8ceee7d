"""What the door of the dialect and its methods have in common."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from regulars.api.rpc.answers import Answer
from regulars.api.rpc.errors import unknown_field
from regulars.api.rpc.tree import Call
from regulars.tenants.plans import Plan


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: a business by one of its keys, and what its dates, money and phones are read by."""

    business_id: int
    timezone: str  # name of a zone, as Asia/Kolkata
    currency: str
    country: str
    key_id: int
    plan: Plan

    @property
    def zone(self) -> ZoneInfo:
        """The business's own time zone."""
        return ZoneInfo(self.timezone)


# What a method that found nothing to count answers with (seed).
DONE = "API call succeeded"
# Options that stand beside the fields of every method.
ALWAYS = frozenset({"api_format", "idempotency_key"})


def check_options(call: Call, allowed: AbstractSet[str] = frozenset()) -> None:
    """Refuse an option that the method does not know, with 011."""
    for name in call.options:
        if name not in allowed and name not in ALWAYS:
            raise unknown_field(f"global[{name}]")


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the dialect. A `write` takes effect once per idempotency key.

    `run` raises RpcError, or a Refusal whose fields are already called as the dialect calls them.
    """

    name: str
    write: bool
    run: Callable[[Caller, Call], Answer]
