"""Mail by SMTP. The moment at which a server can have taken a message is the one at which it is told so.

A message ends with a dot on a line of its own: without it no server takes it. So everything else is sent
first; then the journal is told, then the dot is sent.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
from collections.abc import Sequence
from email.utils import parseaddr
from ssl import SSLWantReadError, SSLWantWriteError
from typing import Any, Final

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.utils import DNS_NAME

from regulars.messages.journal import Note, Step
from regulars.messages.mime import Written
from regulars.messages.outcomes import ChannelDown, Failed, Later, Outcome, Sent

_CLOSING: Final = 421  # "I am going away": a new connection may be welcome
_GO_AHEAD: Final = 354
_FINE: Final = 250
_FORWARDED: Final = 251
_FOR_GOOD: Final = 500
_NO_MAILBOX: Final = 550
_BAD_ADDRESS: Final = re.compile(r"(?:^|\s)5\.1\.(?:[0-36]|10)(?:\s|$)")
_ENHANCED: Final = re.compile(r"(?:^|\s)[45]\.\d{1,3}\.\d{1,3}(?:\s|$)")
_UNKNOWN: Final = re.compile(
    r"(?:user|address|recipient|mailbox) (?:is )?unknown|unknown (?:user|recipient|address)"
    r"|no such (?:user|recipient|mailbox|address|person)|does(?: not|n't) exist"
    r"|(?:mailbox|recipient) (?:not found|unavailable)|invalid recipient",
    re.IGNORECASE,
)

Reply = tuple[int, bytes]


class _Refused(Exception):  # noqa: N818 - an outcome, not an error
    """The server said no: to the sender, the recipient, or the message."""

    def __init__(self, what: str, reply: Reply) -> None:
        super().__init__(what)
        self.what = what
        self.code, self.text = reply


class Backend(EmailBackend):
    """Django's SMTP backend, which also tells exactly what became of a message."""

    connection: Any

    def open(self) -> bool | None:
        """Connect, if it is not connected; see Django's."""
        if self.connection is not None:
            return False
        # The name that we say who we are by. Django's would ask the name servers, who may take their time.
        name: Any = DNS_NAME
        name._fqdn = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]  # noqa: SLF001
        return super().open()

    def deliver(self, mail: Written, note: Note) -> Outcome:
        """Send one message over the open connection, or a new one, which stays open.

        Raises:
            ChannelDown: the server cannot be reached, or takes no mail at all.
        """
        was_open = self.connection is not None
        outcome = self._attempt(mail, note)
        if outcome is None and was_open:  # servers end connections after so many messages or minutes
            outcome = self._attempt(mail, note)
        return outcome or Later("The mail server ended the connection.")

    def _attempt(self, mail: Written, note: Note) -> Outcome | None:
        """None: the connection ended, and the message had not left."""
        self._connect()
        try:
            eight_bit = self.connection.has_extn("8bitmime")
            content = mail.content if eight_bit else mail.seven_bit()
            _envelope(self.connection, mail.sender, mail.to, content)
            _content(self.connection, content, note)
        except _Refused as refused:
            return self._refusal(refused)
        except (smtplib.SMTPException, OSError):
            self.drop()
            return None if note.step is Step.AT_WORK else Sent(reason="The mail server did not confirm it.")
        return Sent()

    def _connect(self) -> None:
        try:
            if self.open():
                # What belongs together leaves in two pieces: the second must not wait for a receipt.
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connection.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError as error:
            raise ChannelDown("The mail server does not accept the name and password.") from error
        except smtplib.SMTPResponseException as error:
            self.drop()
            raise ChannelDown(_said(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            self.drop()
            raise ChannelDown(f"The mail server cannot be reached: {error}") from error

    def _refusal(self, refused: _Refused) -> Outcome | None:
        if refused.code == _CLOSING:
            self.drop()
            return None
        try:
            self.connection.rset()
        except (smtplib.SMTPException, OSError):
            self.drop()
        said = _said(refused.code, refused.text)
        # What is said of the sender is said of all messages: when a person has mended it, they can go out.
        if refused.code < _FOR_GOOD or refused.what == "sender":
            return Later(said)
        bad = refused.what == "recipient" and _names_the_address(refused.code, said)
        return Failed(said, bad_address=bad)

    def drop(self) -> None:
        """Forget the connection without a word to the server."""
        connection, self.connection = self.connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def close(self) -> None:
        """Say goodbye, if the server still listens."""
        try:
            super().close()
        except (smtplib.SMTPException, OSError):
            self.drop()


def _envelope(link: Any, sender: str, to: str, content: bytes) -> None:
    """Say who writes to whom, up to the server's leave to send the message.

    Servers that say so take all commands at once (RFC 2920), which saves waiting for two answers.
    """
    announced = f" size={len(content)}" if link.does_esmtp and link.has_extn("size") else ""
    if not content.isascii():  # RFC 6152
        announced += " BODY=8BITMIME"
    commands = (
        f"MAIL FROM:<{sender}>{announced}",
        f"RCPT TO:<{to}>",
        "DATA",
    )
    if not link.has_extn("pipelining"):
        for command, what in zip(commands, _WHAT, strict=True):
            link.putcmd(command)
            _check(what, link.getreply())
        return
    link.send("".join(f"{command}\r\n" for command in commands))
    replies: Sequence[Reply] = [link.getreply() for _ in commands]
    if replies[-1][0] == _GO_AHEAD and not all(map(_fine, _WHAT, replies)):
        # It waits for a message, to nobody: an empty one ends that.
        link.send(b".\r\n")
        link.getreply()
    for what, reply in zip(_WHAT, replies, strict=True):
        _check(what, reply)


_WHAT: Final = ("sender", "recipient", "message")
_GOOD: Final = {"sender": {_FINE}, "recipient": {_FINE, _FORWARDED}, "message": {_GO_AHEAD}}


def _fine(what: str, reply: Reply) -> bool:
    return reply[0] in _GOOD[what]


def _check(what: str, reply: Reply) -> None:
    if not _fine(what, reply):
        raise _Refused(what, reply)


def _content(link: Any, content: bytes, note: Note) -> None:
    """Send the message itself, and its end only when that was noted."""
    body = re.sub(rb"(?m)^\.", b"..", content)
    link.send(body if body.endswith(b"\r\n") else body + b"\r\n")
    _end(link.sock, note)
    reply = link.getreply()
    # Whatever it answered, it did answer: what it did not take now, it never will.
    note(Step.TAKEN if reply[0] == _FINE else Step.AT_WORK)
    if reply[0] != _FINE:
        raise _Refused("message", reply)


_END: Final = b".\r\n"


def _end(sock: Any, note: Note) -> None:
    """Note that the message leaves, and send its end.

    Whoever is killed between these two seems to have sent what they have not, so there must be next to
    nothing between. A socket with a timeout would first ask whether it may send, and let other threads have
    the processor meanwhile; one without any just sends.
    """
    cells, at, leaving, send, patience = note.cells, note.at, int(Step.LEAVING), sock.send, sock.gettimeout()
    sock.settimeout(0)
    try:
        cells[at] = leaving
        sent = send(_END)
    except (BlockingIOError, SSLWantReadError, SSLWantWriteError):
        sent = 0  # the server has not yet read what came before
    finally:
        sock.settimeout(patience)
    if sent < len(_END):
        sock.sendall(_END[sent:])


def _names_the_address(code: int, said: str) -> bool:
    """Whether a refusal says that nobody is reached there, and not, say, that the mailbox is full."""
    if _ENHANCED.search(said):
        return bool(_BAD_ADDRESS.search(said))
    return code == _NO_MAILBOX and bool(_UNKNOWN.search(said))


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(words.split())}"[:280]
