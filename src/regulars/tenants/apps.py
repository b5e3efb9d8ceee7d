"""Django's registration of the room."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """The tenants room."""

    name = "regulars.tenants"
    label = "tenants"
