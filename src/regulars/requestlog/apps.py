"""The room as a Django application."""

from django.apps import AppConfig


class RequestLog(AppConfig):
    """The latest calls of the API, kept for whoever builds a till."""

    name = "regulars.requestlog"
