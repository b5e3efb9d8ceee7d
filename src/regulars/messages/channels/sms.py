"""Text messages: by one request to a provider for each, or into files for trying out."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings

from regulars import outbound, private
from regulars.messages.channels import Channel, Parcel
from regulars.messages.journal import Note, Step
from regulars.messages.outcomes import ChannelDown, ChannelMissing, Failed, Later, Outcome, Sent

MISSING: Final = "No way of sending text messages is set up (REGULARS_SMS_URL)."
_FINE: Final = range(200, 300)
_ACCESS: Final = {401, 403}
_WAIT: Final = {408, 425, 429}
_REFUSED: Final = range(400, 500)


def connect() -> Channel:
    """The channel that REGULARS_SMS_URL describes.

    Raises:
        ChannelMissing: it is not set.
    """
    sms = settings.TEXT_MESSAGES
    if sms.folder:
        return Files(Path(sms.folder))
    if not sms.url:
        raise ChannelMissing(MISSING)
    return Provider(sms)


def available() -> bool:
    """Whether the installation can send text messages."""
    return bool(settings.TEXT_MESSAGES.folder or settings.TEXT_MESSAGES.url)


class Files:
    """One JSON line for each message, in a file of each process."""

    def __init__(self, folder: Path) -> None:
        private.folder(folder)
        self._file = folder / f"{os.getpid()}.jsonl"

    def send(self, parcel: Parcel, note: Note) -> Outcome:
        """See `Channel`."""
        line = {"at": time.time(), "to": parcel.to, "text": parcel.rendered.text, "message": parcel.number}
        note(Step.LEAVING)
        try:
            with private.open_file(self._file, append=True) as file:
                file.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            note(Step.AT_WORK)
            raise ChannelDown(f"The text message could not be written: {error.strerror}.") from error
        note(Step.TAKEN)
        return Sent()

    def close(self) -> None:
        """Nothing is kept open."""


class Provider:
    """Anybody who takes a message by one HTTP request."""

    def __init__(self, sms: Any) -> None:
        self._sms = sms

    def send(self, parcel: Parcel, note: Note) -> Outcome:
        """See `Channel`."""
        sms = self._sms
        values = {"{to}": parcel.to, "{text}": parcel.rendered.text}
        escape = {"form": _in_url, "json": _in_json, "": _in_url}
        body = _fill(sms.body, values, escape[sms.form])
        note(Step.LEAVING)
        try:
            answer = outbound.send(
                method="POST" if sms.form else "GET",
                url=_fill(sms.url, values, _in_url),
                headers=sms.headers,
                body=body.encode(),
                guarded=False,  # the operator chose the address
            )
        except outbound.Unreachable as trouble:
            if trouble.sent:
                return Sent(reason=f"The provider did not confirm it: {trouble}")
            note(Step.AT_WORK)
            raise ChannelDown(f"The provider of text messages cannot be reached: {trouble}") from trouble
        return _judge(answer, note)

    def close(self) -> None:
        """Nothing is kept open."""


def _judge(answer: outbound.Response, note: Note) -> Outcome:
    if answer.status in _FINE:
        note(Step.TAKEN)
        return Sent()
    note(Step.AT_WORK)
    said = f"The provider of text messages answered {answer.status}."
    if answer.status in _ACCESS:
        raise ChannelDown(said)
    if answer.status in _REFUSED and answer.status not in _WAIT:
        words = " ".join(answer.body.decode("utf-8", "replace").split())
        return Failed(f"{said} {words}"[:280])
    return Later(said)


def _in_url(value: str) -> str:
    return quote(value, safe="")


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _fill(template: str, values: dict[str, str], escape: Any) -> str:
    parts = [template]
    for name, value in values.items():
        # Never looked at again, so that what a text says is not taken for a place of its own.
        parts = [
            piece
            for part in parts
            for piece in ([part] if part.startswith("\0") else _put(part, name, "\0" + escape(value)))
        ]
    return "".join(part.removeprefix("\0") for part in parts)


def _put(part: str, name: str, value: str) -> list[str]:
    first, *rest = part.split(name)
    return [first, *(piece for more in rest for piece in (value, more))]
