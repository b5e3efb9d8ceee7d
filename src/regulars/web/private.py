"""Pages whose address is a secret of one person: no cache, no search engine and no other site learns it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from regulars import __version__, db

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """Answer as a page of one person."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # What it is about may be erased at the same moment: then it looks again.
        response = db.unless_overtaken(lambda: view(request, *args, **kwargs), vanishing=True)
        response.headers["Cache-Control"] = "no-store"
        # Our own forms still say where they come from: see web/origin.py.
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapped


def notice(
    request: HttpRequest, *, title: str, text: str, status: HTTPStatus = HTTPStatus.OK, **more: Any
) -> HttpResponse:
    """A page that says one thing.

    `business`, `look` and `logo` make it a shop's own; `way_on` and `way_on_text` say where to go on,
    `buttons` (value, label, class) what can be answered.
    """
    page = {"version": __version__, "title": title, "text": text, **more}
    return render(request, "web/small.html", page, status=status)
