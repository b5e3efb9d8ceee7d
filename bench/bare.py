"""The least that Django can do: a view that returns a constant, behind the product's own server software."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

ANSWER = '<?xml version="1.0" encoding="UTF-8"?>\n<status>1 results found</status>\n'


def constant(_request: HttpRequest) -> HttpResponse:
    """Always the same."""
    return HttpResponse(ANSWER, content_type="text/xml; charset=utf-8")


urlpatterns = [path("rpc", constant)]

if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], MIDDLEWARE=[], SECRET_KEY="bare")  # noqa: S106
application = get_wsgi_application()


if __name__ == "__main__":
    Granian(
        "bench.bare:application",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=int(sys.argv[2]),
        blocking_threads=int(sys.argv[3]),
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()
