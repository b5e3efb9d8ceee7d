"""Django's registration of the room."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """The analytics room."""

    name = "regulars.analytics"
    label = "analytics"

    def ready(self) -> None:
        """Enter this room in the registry of personal data."""
        from regulars.analytics import rollup  # noqa: PLC0415 - models load first
        from regulars.members import personal_data  # noqa: PLC0415 - models load first

        personal_data.register("analytics", order=10, erase=rollup.erase_member)
