"""Django's registration of the room."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """The members room."""

    name = "regulars.members"
    label = "members"

    def ready(self) -> None:
        """Enter this room in the registry of personal data. Follow what moves members between tiers."""
        from regulars.auditlog import actions as auditlog  # noqa: PLC0415 - models load first
        from regulars.jobs import schedule  # noqa: PLC0415 - models load first
        from regulars.members import personal, personal_data, tasks, tiers  # noqa: PLC0415 - models load first
        from regulars.outbox import actions as outbox  # noqa: PLC0415 - models load first
        from regulars.outbox import consumers  # noqa: PLC0415 - models load first

        personal_data.register("members", order=100, erase=personal.erase_profile, parts=personal.PARTS)
        # The audit log and the outbox lie below and know no members.
        personal_data.register("auditlog", order=95, erase=auditlog.blank, parts=personal.AUDIT_PARTS)
        personal_data.register(
            "outbox",
            order=90,
            erase=outbox.forget_member,
            parts=personal.OUTBOX_PARTS,
            apart=personal.OUTBOX_APART,
        )
        consumers.register("tiers", tiers.EVENTS, tiers.handle)
        schedule.register("members: tiers whose time ran out", tasks.sort_lapsing, cron=tasks.DAILY)
