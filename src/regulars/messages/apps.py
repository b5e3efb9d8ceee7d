"""Django's registration of the room."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """The messages room."""

    name = "regulars.messages"
    label = "messages"
