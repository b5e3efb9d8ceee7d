"""Django's registration of the room."""

from django.apps import AppConfig


class CounterConfig(AppConfig):
    """The counter room."""

    name = "regulars.counter"
    label = "counter"
