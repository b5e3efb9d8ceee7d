"""Django's registration of the room."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """The tenants room."""

    name = "regulars.tenants"
    verbose_name = "Who is here"  # above its tables in the admin
    label = "tenants"

    def ready(self) -> None:
        """Forget the answers to retries after their time, and sessions that have ended."""
        from regulars.jobs import schedule  # noqa: PLC0415 - models load first
        from regulars.tenants import tasks  # noqa: PLC0415 - models load first

        schedule.register("tenants: forget answers to retries", tasks.forget_answers, every=tasks.EVERY)
        schedule.register("tenants: clear ended sessions", tasks.clear_sessions, cron=tasks.SESSIONS_AT)
