"""Answers of any length in little memory: what does not stay small lies in a file until it was sent."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from django.conf import settings
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase

from regulars import private

# Answers up to this size stay in memory, in bytes.
SMALL: Final = 256 * 1024


def answer(write: Callable[[IO[bytes]], object], *, content_type: str) -> HttpResponseBase:
    """An answer with what `write` writes. Nothing is sent before all is written, so a refusal is still one.

    Raises:
        OSError: there is no room for the file.
    """
    # On the disk of the data, as a temporary folder may be memory.
    folder = private.folder(settings.REGULARS_DATA_DIR / "run")
    file = SpooledTemporaryFile(SMALL, dir=str(folder))  # noqa: SIM115 - closed when it was sent
    try:
        write(file)
        length = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response: HttpResponseBase
    if length > SMALL:
        response = FileResponse(file, content_type=content_type)
    else:
        response = HttpResponse(file.read(), content_type=content_type)
        file.close()
    response.headers["Content-Length"] = str(length)
    return response
