"""Django's registration of the room."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal room."""

    name = "regulars.portal"
    label = "portal"

    def ready(self) -> None:
        """Enter this room wherever rooms are called: erasure, the schedule."""
        from regulars.jobs import schedule  # noqa: PLC0415 - models load first
        from regulars.ledger import merging  # noqa: PLC0415 - models load first
        from regulars.members import access, personal_data  # noqa: PLC0415 - models load first
        from regulars.portal import accounts, personal, sessions, tasks  # noqa: PLC0415 - models load first

        personal_data.register("portal", order=10, erase=personal.erase_member, parts=personal.PARTS)
        merging.register("portal", personal.move_member)
        access.register("portal", sign_out=sessions.end_all, take_back=accounts.take_back)
        schedule.register("portal: forget what ended", tasks.forget_old, cron="53 3 * * *")
