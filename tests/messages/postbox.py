"""A real mail server in a thread. It keeps what it took, and refuses what it is told to refuse."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass
class Postbox:
    """What came in. `at_rcpt` and `at_dot` are what it answers to a recipient and to a whole message."""

    port: int = 0
    at_rcpt: str = ""
    at_dot: str = ""
    refused: set[str] = field(default_factory=set)
    refused_for_now: float = 0.0  # the share of recipients and of messages
    refuses_messages: bool = True  # else recipients only
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    sessions: int = 0
    names: set[str] = field(default_factory=set)  # by which clients introduce themselves
    most_a_session: int = 0  # then it closes the connection; 0: never
    pipelining: bool = False
    eight_bit: bool = True
    options: list[list[str]] = field(default_factory=list)  # what was said with each sender
    most_at_once: int = 0  # clients between the beginning and the end of a message
    busy: set[int] = field(default_factory=set)
    silent_at_dot: bool = False  # takes the message, and closes the connection without a word

    def counted(self) -> Counter[str]:
        """How many messages each recipient was sent."""
        return Counter(self.reached)

    @property
    def url(self) -> str:
        """What REGULARS_EMAIL_URL would say."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd looks for these names
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.sessions += 1
        self.names.add(hostname)
        session.host_name, session.taken = hostname, 0
        said = [line for line in responses if self.eight_bit or "8BITMIME" not in line]
        return ["250-PIPELINING", *said] if self.pipelining else said

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.most_a_session and session.taken >= self.most_a_session:
            server.transport.close()
            return "421 4.7.0 Enough for now"
        envelope.mail_from = address
        self.options.append([option for option in options if not option.upper().startswith("SIZE=")])
        self.busy.add(id(session))
        self.most_at_once = max(self.most_at_once, len(self.busy))
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 Nobody here"
        if answer := self.at_rcpt or self._refusal():
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.busy.discard(id(session))
        for to in envelope.rcpt_tos:
            if answer := self.at_dot or (self._refusal() if self.refuses_messages else ""):
                return answer
            self.reached.append(to)
        self.raw.append(envelope.content)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        session.taken += 1
        if self.silent_at_dot:
            server.transport.close()
        return "250 OK"

    def _refusal(self) -> str:
        # Half of them at the recipient, half at the end of the message.
        return "451 4.3.0 Not now" if random.random() < self.refused_for_now / 2 else ""


class _Thorough(SMTP):
    """Reads what has arrived to its end when the client is gone, as mail servers do.

    aiosmtpd would stop at once, and forget a message that had come whole.
    """

    async def _handle_client(self) -> None:
        with suppress(ConnectionError):  # nobody is there to hear the answer
            await super()._handle_client()

    def eof_received(self) -> bool | None:
        return asyncio.StreamReaderProtocol.eof_received(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        asyncio.StreamReaderProtocol.connection_lost(self, None)


class _Quiet(Controller):
    def factory(self) -> SMTP:
        return _Thorough(self.handler, hostname="mail.example", loop=self.loop)


@contextmanager
def opened(port: int = 0) -> Iterator[Postbox]:
    """A mail server that listens on loopback while this lasts."""
    postbox = Postbox(port=port or free_port())
    controller = _Quiet(postbox, hostname="127.0.0.1", port=postbox.port, loop=asyncio.new_event_loop())
    controller.start()
    try:
        yield postbox
    finally:
        controller.stop()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
