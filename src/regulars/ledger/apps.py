"""Django's registration of the room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ledger room."""

    name = "regulars.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Enter this room in the registries of personal data and of what the audit compares."""
        from regulars.ledger import audit, merging, personal, post  # noqa: PLC0415 - models load first
        from regulars.members import merging as members  # noqa: PLC0415 - models load first
        from regulars.members import personal_data  # noqa: PLC0415 - models load first
        from regulars.outbox import actions as outbox  # noqa: PLC0415 - models load first

        personal_data.register("ledger", order=50, erase=post.erase_history, parts=personal.PARTS)
        # They lie below this room and know nothing of merging.
        merging.register("auditlog", merging.rows_of("auditlog_record"))
        merging.register("members", members.move)
        merging.register("outbox", outbox.move_member)
        audit.register_documents(
            "adjustment", table="ledger_pointsadjustment", worth="points", member="card_id"
        )
