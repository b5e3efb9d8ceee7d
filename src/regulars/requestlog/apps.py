"""The room as a Django application."""

from django.apps import AppConfig


class RequestLog(AppConfig):
    """The latest calls of the API, kept for whoever builds a till."""

    name = "regulars.requestlog"

    def ready(self) -> None:
        """Forget old calls."""
        from regulars.jobs import schedule  # noqa: PLC0415 - models load first
        from regulars.requestlog import tasks  # noqa: PLC0415 - models load first

        schedule.register("requestlog: forget old calls", tasks.forget_old, cron=tasks.DAILY)
