"""Django's registration of the room."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """The analytics room."""

    name = "regulars.analytics"
    label = "analytics"

    def ready(self) -> None:
        """Enter this room in the registry of personal data, and what it does by itself."""
        from regulars.analytics import (  # noqa: PLC0415 - models load first
            merging,
            personal,
            rollup,
            tasks,
            trade,
        )
        from regulars.jobs import loops, schedule  # noqa: PLC0415
        from regulars.ledger import merging as ledger  # noqa: PLC0415 - models load first
        from regulars.members import personal_data  # noqa: PLC0415 - models load first

        personal_data.register("analytics", order=10, erase=rollup.erase_member, parts=personal.PARTS)
        # After those whose deleted rows stay counted.
        personal_data.register("analytics: erased", order=40, erase=trade.end_erasing, parts=())
        ledger.register("analytics", merging.merge_members)
        loops.register("roll-up", rollup.step, every=rollup.EVERY)
        schedule.register("analytics: integrity", tasks.check_integrity, cron=tasks.AT_NIGHT)
