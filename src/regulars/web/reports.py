"""Where providers and mail servers report what became of mail."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_http_methods

from regulars.messages import bounces, providers
from regulars.messages.bounces import Report
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_line, is_blank

log = structlog.get_logger(__name__)


@require_http_methods(["HEAD", "POST"])  # some providers ask whether the address is there before they use it
def reports(request: HttpRequest, secret: str) -> HttpResponse:
    """Take a report: of the provider that REGULARS_EMAIL_URL names, or in our own form (docs/settings.md)."""
    expected = settings.REGULARS_MAIL_REPORTS_SECRET
    if not expected or not constant_time_compare(secret, expected):
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    try:
        found = _read(request)
    except InvalidInput as refusal:
        return _refused(refusal.message, refusal.fields)
    except providers.NotTheirs as problem:
        return _refused(str(problem), {})
    recorded = sum(bounces.record(report) for report in found)
    return JsonResponse({"recorded": recorded})


def _refused(message: str, fields: dict[str, str]) -> HttpResponse:
    log.warning("a report about mail was refused", reason=message)
    body = {"error": {"code": "invalid_input", "message": message, "fields": fields}}
    return JsonResponse(body, status=HTTPStatus.BAD_REQUEST)


def _read(request: HttpRequest) -> list[Report]:
    try:
        given = json.loads(request.body)
    except (ValueError, UnicodeDecodeError):
        given = None
    ours = isinstance(given, dict) and bool({"email", "message_id"} & given.keys())
    if settings.MAIL_PROVIDER and not (ours and given.get("type") in _TYPES):
        return providers.read_reports(request)
    if not isinstance(given, dict):
        raise InvalidInput("Expected a JSON object with type, and email or message_id.")
    return [_own(given)]


_TYPES = {bounces.BOUNCE, bounces.COMPLAINT}
_LONGEST = 998  # characters of a line of a mail (RFC 5322)


def _own(given: dict[str, Any]) -> Report:
    for name in ("type", "email", "message_id", "detail"):
        if not isinstance(given.get(name, ""), str):
            raise InvalidInput.at(name, "must be text")
    if given.get("type") not in _TYPES:
        raise InvalidInput.at("type", "must be bounce or complaint")
    about = [name for name in ("email", "message_id") if name in given]
    if not about:
        raise InvalidInput.at("message_id", "or email must say what it is about")
    said = {name: clean_line(given[name], field=name, max_length=_LONGEST) for name in about}
    if all(map(is_blank, said.values())):
        raise InvalidInput.at(about[0], "must not be empty")
    return Report(given["type"], detail=given.get("detail", ""), **said)
