"""What is said when a form's token is missing or old: the page was open for long, or cookies are off.

Or what was sent is larger than the gate lets in: it was thrown away, and the token with it.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from regulars.gate import MOST_BYTES
from regulars.web.private import notice


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 as a page, 413 for what is too large. Nothing was changed."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > MOST_BYTES:
        return notice(
            request,
            title=_("This file is too large"),
            text=_(
                "Nothing was changed. A file may have at most 2 MB. Open the page again and choose another."
            ),
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            **_way_on(request),
        )
    return notice(
        request,
        title=_("This page was open for too long"),
        text=_("Nothing was changed. Open the page again and repeat what you did. Cookies must be allowed."),
        status=HTTPStatus.FORBIDDEN,
        **_way_on(request),
    )


def _way_on(request: HttpRequest) -> dict[str, str]:
    own = request.path.startswith(("/account/", "/office/", "/admin/"))
    return {"way_on": request.path if own else "/", "way_on_text": _("Open the page again")}
