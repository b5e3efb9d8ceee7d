"""The back office as a Django application: what it does by the schedule."""

from django.apps import AppConfig


class Office(AppConfig):
    """The back office."""

    name = "regulars.web.office"
    label = "office"

    def ready(self) -> None:
        """Forget the files of exports that were kept long enough."""
        from regulars.jobs import schedule  # noqa: PLC0415 - models load first
        from regulars.web.office import exporting  # noqa: PLC0415 - models load first

        schedule.register("office: forget files of exports", exporting.forget_exports, every=exporting.EVERY)
