"""Django's registration of the room."""

from django.apps import AppConfig


class SalesConfig(AppConfig):
    """The sales room."""

    name = "regulars.sales"
    label = "sales"

    def ready(self) -> None:
        """Enter this room in the registry of personal data."""
        from regulars.members import personal_data  # noqa: PLC0415 - models load first
        from regulars.sales import store  # noqa: PLC0415 - models load first

        personal_data.register("sales", order=30, erase=store.erase)
