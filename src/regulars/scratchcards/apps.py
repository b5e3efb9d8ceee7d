"""Django's registration of the room."""

from django.apps import AppConfig


class ScratchcardsConfig(AppConfig):
    """The scratchcards room."""

    name = "regulars.scratchcards"
    label = "scratchcards"
