"""E-mail, by whatever backend of Django's the settings name."""

from __future__ import annotations

from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import sanitize_address

from regulars.messages import mime, providers, smtp
from regulars.messages.channels import Parcel
from regulars.messages.journal import Note, Step
from regulars.messages.message_ids import message_id
from regulars.messages.outcomes import ChannelDown, Failed, Outcome, Sent
from regulars.rules.placeholders import one_line


class Email:
    """Sends one message at a time; an SMTP connection stays open in between."""

    def __init__(self) -> None:
        self._backend: Any = get_connection()

    def send(self, parcel: Parcel, note: Note) -> Outcome:
        """See `Channel`."""
        if not parcel.to.rpartition("@")[0].isascii():
            return Failed("Addresses with other letters than a to z in front of the @ cannot be written to.")
        try:
            mail = make(parcel)
            written = mime.write(mail)
        except ValueError as error:  # a header with a line break, an address that is none
            return Failed(f"The message cannot be written: {error}", bad_address=_unusable(parcel.to))
        if isinstance(self._backend, smtp.Backend):
            return self._backend.deliver(written, note)
        if providers.is_provider(self._backend):
            return providers.deliver(self._backend, mail, note)
        note(Step.LEAVING)
        try:
            self._backend.send_messages([mail])
        except OSError as error:
            note(Step.AT_WORK)
            raise ChannelDown(f"The mail could not be written: {error.strerror or error}.") from error
        note(Step.TAKEN)
        return Sent()

    def close(self) -> None:
        """See `Channel`."""
        self._backend.close()


def _quoted(name: str) -> str:
    # Not encoded yet: whoever writes the header does that, and folds it.
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unusable(address: str) -> bool:
    try:
        sanitize_address(address, "utf-8")
    except ValueError:
        return True
    return False


@lru_cache(maxsize=4)
def _own(header: str) -> tuple[str, str]:
    return parseaddr(header)


def make(parcel: Parcel) -> EmailMultiAlternatives:
    """The mail of a message: from the installation's address, in the name of the business."""
    rendered, business = parcel.rendered, parcel.business
    own_name, own_address = _own(settings.DEFAULT_FROM_EMAIL)
    name = one_line(rendered.from_name or business.name or own_name)
    headers = dict(rendered.headers)
    reply_to = headers.pop("Reply-To", "")
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=f"{_quoted(name)} <{own_address}>",
        to=[parcel.to],
        reply_to=[reply_to] if reply_to else None,
        headers={**headers, "Message-ID": message_id(parcel.number)},
        connection=None,
    )
    if rendered.html:
        mail.attach_alternative(rendered.html, "text/html")
    return mail
