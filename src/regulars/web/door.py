"""The door of the back office: only its pages have sessions, tokens against forgery and people who sign in.

Everything else is asked for by tills, phones and tablets, in numbers, and knows nothing of these.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.module_loading import import_string

from regulars.rules.errors import Closed
from regulars.web import errors

Answer = Callable[[HttpRequest], HttpResponseBase]

# What is asked for below these, and which addresses there are then.
DOORS: Final = {
    "/office": "regulars.urls_office",
    "/account": "regulars.urls_office",
    "/admin": "regulars.urls_admin",
}
_BEHIND: Final = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
)
# The back office is written in this language.
LANGUAGE: Final = "en"


class Door:
    """Leads requests for the back office through what only it needs, which is loaded when first asked for."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the address."""
        first, _, _ = request.path_info[1:].partition("/")
        urlconf = DOORS.get(f"/{first}")
        if urlconf is None or getattr(request, "microsite", None) is not None:
            return self.get_response(request)
        request.urlconf = urlconf
        with translation.override(LANGUAGE):
            answer: Answer = self._behind[0]
            return answer(request)

    @cached_property
    def _behind(self) -> list[Any]:
        """What stands behind the door, the outermost first."""
        chain: list[Any] = []
        inner = self.get_response
        for name in reversed(_BEHIND):
            inner = import_string(name)(inner)
            chain.insert(0, inner)
        return chain

    def process_view(
        self, request: HttpRequest, view: Answer, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Let those behind the door look at the view that was found: forged forms are refused here."""
        for one in self._asked(request, "process_view"):
            response: HttpResponseBase | None = one(request, view, args, kwargs)
            if response is not None:
                return response
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Let those behind the door answer what a view raised: such as "say again who you are"."""
        if isinstance(exception, Closed):
            return errors.closed(request, exception)
        for one in self._asked(request, "process_exception"):
            response: HttpResponseBase | None = one(request, exception)
            if response is not None:
                return response
        return None

    def _asked(self, request: HttpRequest, hook: str) -> list[Any]:
        if getattr(request, "urlconf", None) not in DOORS.values():
            return []
        return [found for one in self._behind if (found := getattr(one, hook, None)) is not None]
