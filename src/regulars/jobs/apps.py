"""Django's registration of the room."""

import datetime as dt

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The jobs room."""

    name = "regulars.jobs"
    verbose_name = "What happens"  # above its tables in the admin
    label = "jobs"

    def ready(self) -> None:
        """Clean up behind ourselves, every day."""
        from regulars.jobs import schedule, tasks  # noqa: PLC0415 - models load first

        schedule.register("jobs: forget finished ones", tasks.forget_finished, every=dt.timedelta(days=1))
