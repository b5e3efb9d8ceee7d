"""Logging: one line per event on standard error, for Django's and the server's own loggers too."""

from __future__ import annotations

import logging
import sys
from typing import Any

# structlog would load rich where it finds it, and with it pygments and attrs, for a console that is not used
# here: 4 MB of every server and a part of every start.
_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]
import structlog  # noqa: E402

if _rich is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _rich


class Strangers(logging.Filter):
    """Makes requests that are refused as suspicious plain lines of level info.

    Anybody can send a form that is too large or a wrong `Host`, and is answered 400. Django logs each as an
    error with a traceback.
    """

    def __init__(self, level: str) -> None:
        super().__init__()
        self._told = logging.getLevelNamesMapping()[level.upper()] <= logging.INFO

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if not record.name.startswith("django.security."):
            return True
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.exc_info = record.exc_text = None
        return self._told


def configure(level: str) -> dict[str, Any]:
    """Set structlog up and return what Django's LOGGING setting wants.

    Lines are JSON, or ``key=value`` when a person watches the terminal.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    order = ["timestamp", "level", "event"]
    renderer: Any = (
        structlog.processors.LogfmtRenderer(key_order=order)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "structlog.stdlib.ProcessorFormatter",
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            },
        },
        "filters": {"strangers": {"()": Strangers, "level": level}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["strangers"]}
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            # Django's defaults mail errors to admins and print requests; the one handler above is enough.
            "django": {"handlers": [], "level": level.upper(), "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # A request refused with 4xx is an answer, not an event; faults (5xx) are logged.
            "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
            "_granian": {"handlers": [], "propagate": True},
            "granian.access": {"handlers": [], "propagate": True},
        },
    }
