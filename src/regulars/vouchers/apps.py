"""Django's registration of the room."""

from django.apps import AppConfig


class VouchersConfig(AppConfig):
    """The vouchers room."""

    name = "regulars.vouchers"
    label = "vouchers"
