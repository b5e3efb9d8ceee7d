"""Where the links of samples lead: tests and previews of letters have addresses, and belong to nobody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.web import language
from regulars.web.private import notice


@require_safe
def page(request: HttpRequest, what: str) -> HttpResponse:
    """Say that it is a sample. `what` only makes the address look like that of a letter."""
    with language.speaking(request):
        return notice(
            request,
            title=_("A sample"),
            text=_(
                "This link came from a sample of a letter. In the letter itself it leads to the page of "
                "whoever gets it."
            ),
        )
