"""The ways out of the house. All have one interface; what sends need not know which it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from regulars.messages.journal import Note
from regulars.messages.letter import Rendered
from regulars.messages.outcomes import ChannelMissing, Outcome
from regulars.tenants.models import Business


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message with its address. `number` is that of its row, which its Message-ID is made from."""

    number: int
    to: str
    business: Business
    rendered: Rendered


class Channel(Protocol):
    """A way out, used by one thread. It may keep a connection until it is closed."""

    def send(self, parcel: Parcel, note: Note) -> Outcome:
        """Send one message; `note` must be told before the server can have taken it, and when it has.

        Raises:
            ChannelDown: no message can leave now; this one was not sent.
        """

    def close(self) -> None:
        """Give up the connection, if there is one."""


def connect(name: str) -> Channel:
    """A new channel of this name: "email" or "sms".

    Raises:
        ChannelMissing: the installation has none of this name.
    """
    # Imported here: what a channel needs is loaded when it is used.
    if name == "email":
        from regulars.messages.channels.email import Email  # noqa: PLC0415

        return Email()
    if name == "sms":
        from regulars.messages.channels import sms  # noqa: PLC0415

        return sms.connect()
    raise ChannelMissing("Letters by post are printed, not sent.")
