"""Django's registration of the room."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """The members room."""

    name = "regulars.members"
    label = "members"

    def ready(self) -> None:
        """Enter this room in the registry of personal data."""
        from regulars.members import personal, personal_data  # noqa: PLC0415 - models load first
        from regulars.outbox import actions as outbox  # noqa: PLC0415 - models load first

        personal_data.register("members", order=100, erase=personal.erase_profile, parts=personal.PARTS)
        # The outbox lies below and knows no members.
        personal_data.register(
            "outbox",
            order=90,
            erase=outbox.forget_member,
            parts=personal.OUTBOX_PARTS,
            apart=personal.OUTBOX_APART,
        )
