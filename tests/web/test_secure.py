"""Cookies go over plain HTTP only where the installation is reached by it."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from regulars.web import language
from regulars.web.counter import cookies as counter
from regulars.web.microsite import cookies as microsite


@pytest.mark.parametrize(("tls", "secure"), [(True, False), (False, True), (True, True), (False, False)])
def test_cookies_are_secure_when_the_installation_or_the_request_is(
    settings: Settings, *, tls: bool, secure: bool
) -> None:
    settings.SESSION_COOKIE_SECURE = tls
    request = RequestFactory().get("/?language=de", secure=secure)
    answer = HttpResponse()
    microsite.give(answer, request, "/m/alice/", "t" * 43)
    microsite.give(answer, request, "/", "t" * 43)
    counter.keep(answer, request, counter.SESSION, "t")
    language.remember(answer, request)
    wanted = bool(tls or secure)
    assert [bool(cookie["secure"]) for cookie in answer.cookies.values()] == [wanted] * (4 if wanted else 3)
    # Plain HTTP knows no __Host- cookie: both of the micro-site have one name then.
    assert (microsite.HOST_NAME in answer.cookies) is wanted
