"""Django's registration of the room."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns room."""

    name = "regulars.campaigns"
    label = "campaigns"
