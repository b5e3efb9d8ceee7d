"""Django's registration of the room."""

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    """The promotions room."""

    name = "regulars.promotions"
    label = "promotions"

    def ready(self) -> None:
        """Follow enrolments: signing up is an occasion. Look at the calendar: somewhere a day begins."""
        from regulars.jobs import schedule  # noqa: PLC0415 - models load first
        from regulars.ledger import followups  # noqa: PLC0415 - models load first
        from regulars.promotions import occasions, tasks  # noqa: PLC0415 - models load first

        followups.register("promotions", enrolled=occasions.signed_up)
        schedule.register("promotions: daily run", tasks.daily_run, every=tasks.EVERY)
