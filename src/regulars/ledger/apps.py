"""Django's registration of the room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ledger room."""

    name = "regulars.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Enter this room in the registry of personal data."""
        from regulars.ledger import post
        from regulars.members import personal_data

        personal_data.register("ledger", order=50, erase=post.erase_history)
