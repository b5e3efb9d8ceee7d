"""Django's registration of the room."""

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    """The promotions room."""

    name = "regulars.promotions"
    label = "promotions"

    def ready(self) -> None:
        """Follow enrolments: signing up is an occasion."""
        from regulars.ledger import followups  # noqa: PLC0415 - models load first
        from regulars.promotions import occasions  # noqa: PLC0415 - models load first

        followups.register("promotions", enrolled=occasions.signed_up)
