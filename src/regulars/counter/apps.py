"""Django's registration of the room."""

from django.apps import AppConfig


class CounterConfig(AppConfig):
    """The counter room."""

    name = "regulars.counter"
    label = "counter"

    def ready(self) -> None:
        """Enter this room wherever rooms are called: erasure, signing out, the schedule."""
        from regulars.counter import personal, signing, tasks  # noqa: PLC0415 - models load first
        from regulars.jobs import schedule  # noqa: PLC0415 - models load first
        from regulars.ledger import merging  # noqa: PLC0415 - models load first
        from regulars.members import personal_data  # noqa: PLC0415 - models load first
        from regulars.tenants import sessions  # noqa: PLC0415 - models load first

        personal_data.register("counter", order=5, erase=personal.erase_member, parts=personal.PARTS)
        merging.register("counter", merging.rows_of("counter_action", "counter_scan"))
        sessions.register("counter", signing.end_sessions_of, signing.end_sessions_of_place)
        schedule.register("counter: forget ended sessions", tasks.forget_ended, cron=tasks.DAILY)
