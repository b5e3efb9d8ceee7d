"""Django's registration of the room."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """The outbox room."""

    name = "regulars.outbox"
    label = "outbox"

    def ready(self) -> None:
        """Enter the loops that pass events on and send them, and webhooks as those who hear of all events."""
        from regulars.jobs import loops, schedule  # noqa: PLC0415 - models load first
        from regulars.outbox import consumers, deliver, fanout, tasks, webhooks  # noqa: PLC0415

        consumers.register("webhooks", None, webhooks.enlist)
        loops.register("events", fanout.step, every=0.2)
        loops.register("webhooks", deliver.step, every=0.2)
        schedule.register("outbox: forget old events", tasks.forget_old, cron=tasks.DAILY)
