"""Django's registration of the room."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """The outbox room."""

    name = "regulars.outbox"
    label = "outbox"
