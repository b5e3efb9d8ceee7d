"""A mail as what leaves the house: its envelope and its bytes, written by Django."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address, utf8_charset_qp


@dataclass(frozen=True, slots=True)
class Written:
    """A mail in its envelope: from whom and to whom, as a server is told, and all of its content."""

    sender: str
    to: str
    content: bytes
    mail: EmailMultiAlternatives

    def seven_bit(self) -> bytes:
        """The same content for a server that takes only ASCII: with texts as quoted-printable."""
        if self.content.isascii():
            return self.content
        encoding = self.mail.encoding
        self.mail.encoding = utf8_charset_qp
        try:
            return _bytes(self.mail)
        finally:
            self.mail.encoding = encoding


def write(mail: EmailMultiAlternatives) -> Written:
    """Write a mail to one person.

    Raises:
        ValueError: a header has a line break, an address is none, or a text is no Unicode.
    """
    (to,) = mail.recipients()
    return Written(
        sender=sanitize_address(parseaddr(mail.from_email)[1], "utf-8"),
        to=sanitize_address(to, "utf-8"),
        content=_bytes(mail),
        mail=mail,
    )


def _bytes(mail: EmailMultiAlternatives) -> bytes:
    made: Any = mail.message()
    content: bytes = made.as_bytes(linesep="\r\n")
    return content
