"""How much of a request is taken in, whichever dialect it speaks."""

import io

from django.conf import settings
from django.http import HttpRequest

from regulars.rules.errors import InvalidInput
from regulars.tenants import logos

_MOST_DRAINED = 16 * 1024 * 1024
_PIECE = 64 * 1024
# What takes files, and how large they may be in bytes.
_FILES = {"/api/business/logo": logos.MOST_BYTES}


def check_size(request: HttpRequest) -> None:
    """Let a body through that is not larger than the product takes; one without a stated length too.

    Raises:
        InvalidInput: it is larger (the field is `body`), or its stated length is no number.
    """
    file = _FILES.get(request.path_info)
    most = file or settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    problem = InvalidInput.at("body", f"must not be larger than {most} bytes")
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise InvalidInput.at("Content-Length", "must be a number") from None
    if length > most:
        _drain(request, length)
        raise problem
    if file and length:
        # Django alone would stop at its own limit. Where it looks for what it has read.
        request._body = request.META["wsgi.input"].read(length)  # noqa: SLF001
        if len(request._body) < length:  # noqa: SLF001
            raise InvalidInput.at("body", "ended early")
    elif not length and request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        # A body without a stated length: Django would take it for none.
        body = request.META["wsgi.input"].read(most + 1)
        if len(body) > most:
            raise problem
        request._stream = io.BytesIO(body)  # noqa: SLF001 - what Django itself would have put there


def _drain(request: HttpRequest, length: int) -> None:
    # Whoever is still sending when the connection closes never sees the answer, and a proxy calls it broken.
    left = min(length, _MOST_DRAINED)
    while left > 0 and (piece := request.META["wsgi.input"].read(min(left, _PIECE))):
        left -= len(piece)
