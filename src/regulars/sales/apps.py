"""Django's registration of the room."""

from django.apps import AppConfig


class SalesConfig(AppConfig):
    """The sales room."""

    name = "regulars.sales"
    label = "sales"
