"""Pages, styles and scripts are sent compressed: a phone in a queue waits for a third of the bytes."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# These answer programs, in a few hundred bytes that are counted in microseconds. The RPC dialect shares an
# address with a page, so what leads to it says of a request whether it is a call.
_PROGRAMS = ("/api/", "/scan/api/")
_COMPRESSED = (
    "text/",
    "application/json",
    "application/manifest+json",
    "image/svg+xml",
    "application/javascript",
)
_WEAK = "W/"


class Compression(GZipMiddleware):
    """Compresses what people look at. Its length varies at random, so that it gives nothing away.

    Bytes that differ never share a strong tag (RFC 9110, 8.8.1), so the tag of what is compressed is weak:
    with it browsers ask whether a file changed, and do not put parts together.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Ask for a file by its own tag, whatever coding its reader has it in."""
        tag = request.META.get("HTTP_IF_NONE_MATCH", "")
        if tag.startswith(_WEAK):
            request.META["HTTP_IF_NONE_MATCH"] = tag.removeprefix(_WEAK)
            request.asked_weakly = True  # type: ignore[attr-defined]
        if "HTTP_IF_RANGE" in request.META:
            # Files do not look at it, and the whole is always a right answer (RFC 9110, 13.1.5).
            request.META.pop("HTTP_RANGE", None)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, smaller where that is worth it."""
        tag = response.headers.get("ETag", "")
        if (
            response.status_code == HTTPStatus.NOT_MODIFIED
            and tag
            and getattr(request, "asked_weakly", False)
        ):
            response.headers["ETag"] = _WEAK + tag.removeprefix(_WEAK)
        kind = response.headers.get("Content-Type", "")
        is_part = response.status_code == HTTPStatus.PARTIAL_CONTENT or "Content-Range" in response.headers
        if is_part or _is_for_program(request) or not kind.startswith(_COMPRESSED):
            return response
        smaller: HttpResponseBase = super().process_response(request, response)
        return smaller


def _is_for_program(request: HttpRequest) -> bool:
    return request.path_info.startswith(_PROGRAMS) or getattr(request, "is_call", False)
