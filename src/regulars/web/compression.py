"""Pages, styles and scripts are sent compressed: a phone in a queue waits for a third of the bytes."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# The dialects answer programs, in a few hundred bytes that are counted in microseconds.
_PROGRAMS = ("/api/", "/rpc", "/scan/api/")
_COMPRESSED = (
    "text/",
    "application/json",
    "application/manifest+json",
    "image/svg+xml",
    "application/javascript",
)


class Compression(GZipMiddleware):
    """Compresses what people look at. Its length varies at random, so that it gives nothing away."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, smaller where that is worth it."""
        kind = response.headers.get("Content-Type", "")
        if request.path_info.startswith(_PROGRAMS) or not kind.startswith(_COMPRESSED):
            return response
        tag = response.headers.get("ETag")
        smaller: HttpResponseBase = super().process_response(request, response)
        if tag is not None:
            # With it browsers ask whether a file changed, in whatever coding they got it.
            smaller.headers["ETag"] = tag
        return smaller
