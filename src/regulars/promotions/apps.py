"""Django's registration of the room."""

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    """The promotions room."""

    name = "regulars.promotions"
    label = "promotions"
