"""What is said when a form's token is missing or old: the page was open for long, or cookies are off."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from regulars.web.private import notice


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 as a page. Nothing was changed."""
    return notice(
        request,
        title=_("This page was open for too long"),
        text=_("Nothing was changed. Open the page again and repeat what you did. Cookies must be allowed."),
        status=HTTPStatus.FORBIDDEN,
        way_on=request.path if request.path.startswith(("/account/", "/office/", "/admin/")) else "/",
        way_on_text=_("Open the page again"),
    )
