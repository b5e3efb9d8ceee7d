"""Reads request bodies, strictly."""

from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from ninja.parser import Parser

from regulars.rules.errors import InvalidInput


def _read_object(request: HttpRequest) -> dict[str, Any]:
    kind = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise InvalidInput.at("Content-Type", f"must be application/json, not {kind or 'missing'}")
    try:
        body = request.body
    except RequestDataTooBig:
        raise InvalidInput.at("body", "is too large") from None
    except UnreadablePostError:
        raise InvalidInput.at("body", "ended early") from None
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput.at("body", f"is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidInput.at("body", "must be a JSON object")
    return found


class JsonParser(Parser):
    """Takes JSON objects alone, and says what is wrong with everything else."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body's object.

        Raises:
            InvalidInput: another content type, malformed JSON, or not an object.
        """
        return _read_object(request)
