"""Mail by SMTP. The moment at which a server can have taken a message is the one at which it is told so.

A message ends with a dot on a line of its own: without it no server takes it. So everything else is sent
first; then the journal is told, then the dot is sent.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
from typing import Any, Final

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from regulars.messages.channels import Note
from regulars.messages.journal import Step
from regulars.messages.outcomes import ChannelDown, Failed, Later, Outcome, Sent

_CLOSING: Final = 421  # "I am going away": a new connection may be welcome
_GO_AHEAD: Final = 354
_FINE: Final = 250
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


class _Noting:
    """Sends the end of a message only after it was noted."""

    note: Note | None = None

    def data(self, msg: bytes | str) -> tuple[int, bytes]:
        """The command DATA, as in smtplib, with a pause before the end."""
        link: Any = self
        link.putcmd("data")
        code, text = link.getreply()
        if code != _GO_AHEAD:
            raise smtplib.SMTPDataError(code, text)
        body = smtplib._quote_periods(msg if isinstance(msg, bytes) else msg.encode())  # type: ignore[attr-defined] # noqa: SLF001
        if body[-2:] != b"\r\n":
            body += b"\r\n"
        link.send(body)
        if self.note is not None:
            self.note(Step.LEAVING)
        link.send(b".\r\n")
        code, text = link.getreply()
        if self.note is not None:
            # Whatever it answered, it did answer: what it did not take, it never will.
            self.note(Step.TAKEN if code == _FINE else Step.AT_WORK)
        return code, text


class _Plain(_Noting, smtplib.SMTP):
    """A connection that may be encrypted by STARTTLS."""


class _Tls(_Noting, smtplib.SMTP_SSL):
    """A connection that is encrypted from the first byte."""


class Backend(EmailBackend):
    """Django's SMTP backend, which also tells exactly what became of a message."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """See Django's."""
        return _Tls if self.use_ssl else _Plain

    def deliver(self, mail: EmailMessage, note: Note) -> Outcome:
        """Send one message over the open connection, or a new one, which stays open.

        Raises:
            ChannelDown: the server cannot be reached, or takes no mail at all.
        """
        was_open = self.connection is not None
        outcome = self._attempt(mail, note)
        if outcome is None and was_open:  # servers end connections after so many messages or minutes
            outcome = self._attempt(mail, note)
        return outcome or Later("The mail server ended the connection.")

    def _attempt(self, mail: EmailMessage, note: Note) -> Outcome | None:
        """None: the connection ended, and the message had not left."""
        self._connect()
        step = Step.AT_WORK

        def noting(now: Step) -> None:
            nonlocal step
            step = now
            note(now)

        self.connection.note = noting
        outcome: Outcome | None
        try:
            self.send_messages([mail])
            outcome = Sent()
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            outcome = self._refusal(code, text, recipient=True)
        except smtplib.SMTPResponseException as refused:
            outcome = self._refusal(refused.smtp_code, refused.smtp_error)
            if isinstance(refused, smtplib.SMTPSenderRefused) and outcome is not None:
                # Of the sender, thus of all messages. When a person has mended that, they can still go out.
                outcome = Later(_said(refused.smtp_code, refused.smtp_error))
        except (smtplib.SMTPNotSupportedError, UnicodeError):
            self.drop()
            outcome = Failed(
                "The mail server does not take addresses with such characters.", bad_address=True
            )
        except (smtplib.SMTPException, OSError):
            self.drop()
            left = step is not Step.AT_WORK
            outcome = Sent(reason="The mail server did not confirm it.") if left else None
        return outcome

    def _connect(self) -> None:
        try:
            if self.open():
                # What belongs together is sent in two pieces: the second must not wait for the first's receipt.
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except smtplib.SMTPAuthenticationError as error:
            raise ChannelDown("The mail server does not accept the name and password.") from error
        except smtplib.SMTPResponseException as error:
            raise ChannelDown(_said(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelDown(f"The mail server cannot be reached: {error}") from error

    def _refusal(self, code: int, text: bytes | str, *, recipient: bool = False) -> Outcome | None:
        if code == _CLOSING:
            self.drop()
            return None
        if code < _FOR_GOOD:
            return Later(_said(code, text))
        said = _said(code, text)
        return Failed(said, bad_address=recipient and _names_the_address(code, said))

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


def _names_the_address(code: int, said: str) -> bool:
    """Whether a refusal says that nobody is reached there, and not, say, that the mailbox is full."""
    if _ENHANCED.search(said):
        return bool(_BAD_ADDRESS.search(said))
    return code == _NO_MAILBOX and bool(_UNKNOWN.search(said))


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(words.split())}"[:280]
