"""What became of one attempt to send one message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """It left the house. `reason` is not empty when the server never confirmed that."""

    provider_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """It was refused for now, or the connection broke before it left: try again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It will never be taken. `bad_address`: because nobody is reached there."""

    reason: str
    bad_address: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """It was not sent, because it must not be."""

    reason: str


Outcome = Sent | Later | Failed | Skipped


class ChannelDown(Exception):  # noqa: N818 - an outcome, not an error
    """No message at all can leave by this channel now, whatever it says. The text is fit for people."""


class ChannelMissing(Exception):  # noqa: N818 - the same
    """The installation has no way of sending by this channel. The text says which setting gives it one."""
