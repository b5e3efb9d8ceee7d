"""What strangers send to pages is refused, and writes no traceback into the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from regulars.logs import Strangers

pytestmark = pytest.mark.django_db

PAGES = ["/u/x", "/password/forgot"]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "sent",
    [
        {"data": "a=" + "x" * (1024 * 1024 + 1), "content_type": FORM},
        {"data": "&".join(f"a{n}=1" for n in range(1001)), "content_type": FORM},
        {"data": "a=1", "content_type": FORM, "headers": {"host": "elsewhere.example"}},
    ],
    ids=["too large", "too many fields", "a foreign host"],
)
def test_a_suspicious_form_is_refused_quietly(
    path: str, sent: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    response = Client(raise_request_exception=False).post(path, secure=True, **sent)
    assert response.status_code in {400, 413}
    assert "Traceback" not in response.content.decode()
    written = [record for record in caplog.records if Strangers("info").filter(record)]
    assert written
    for record in written:
        assert (record.levelno, record.exc_info) == (logging.INFO, None)


def test_only_suspicious_requests_are_made_quiet() -> None:
    def record(name: str) -> logging.LogRecord:
        return logging.LogRecord(name, logging.ERROR, "", 1, "Something", None, None)

    assert not Strangers("warning").filter(record("django.security.DisallowedHost"))
    fault = record("django.request")
    assert Strangers("warning").filter(fault)
    assert fault.levelno == logging.ERROR
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["strangers"]
