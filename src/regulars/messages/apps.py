"""Django's registration of the room."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """The messages room."""

    name = "regulars.messages"
    label = "messages"

    def ready(self) -> None:
        """Enter this room wherever rooms are called: events, the team's mail, erasure, the schedule."""
        from regulars.jobs import loops, schedule  # noqa: PLC0415 - models load first
        from regulars.ledger import merging  # noqa: PLC0415 - models load first
        from regulars.members import personal_data  # noqa: PLC0415 - models load first
        from regulars.messages import (  # noqa: PLC0415 - models load first
            actions,
            automatic,
            personal,
            sending,
            tasks,
            upkeep,
        )
        from regulars.outbox import consumers  # noqa: PLC0415 - models load first
        from regulars.tenants import mail  # noqa: PLC0415 - models load first

        consumers.register("messages", frozenset(automatic.KINDS_OF_EVENTS), automatic.handle)
        mail.register(actions.queue_message)
        personal_data.register("messages", order=15, erase=personal.erase_member, parts=personal.PARTS)
        merging.register("messages", merging.rows_of("messages_message"))
        schedule.register("messages: today's", tasks.daily_messages, every=tasks.EVERY)
        schedule.register("messages: forget old ones", tasks.forget_messages, cron="41 3 * * *")
        schedule.register("messages: forget old journals", upkeep.forget_journals, cron="47 3 * * *")
        loops.register("messages", sending.step, every=sending.EVERY)
