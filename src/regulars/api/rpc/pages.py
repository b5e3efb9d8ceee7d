"""`/rpc/docs`: the dialect's reference as a page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars.api.rpc import reference
from regulars.api.rpc.errors import CODES

_KEY = "YOUR_KEY"
_WRITERS = (("curl", reference.as_curl), ("PHP", reference.as_php), ("Python", reference.as_python))


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every method with its fields, types and examples, and every error code with its mending."""
    url = settings.REGULARS_PUBLIC_URL
    chapters = [
        {
            "title": chapter.title,
            "anchor": chapter.anchor,
            "methods": [
                {
                    "text": method,
                    "examples": [(name, write(method, url, _KEY)) for name, write in _WRITERS],
                }
                for method in chapter.methods
            ],
        }
        for chapter in reference.chapters()
    ]
    errors = [(code, cause, mending.replace("`", "")) for code, (cause, mending) in CODES.items()]
    return render(
        request, "regulars/rpc.html", {"chapters": chapters, "errors": errors, "url": url, "key": _KEY}
    )
