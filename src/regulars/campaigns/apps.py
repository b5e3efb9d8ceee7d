"""Django's registration of the room."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns room."""

    name = "regulars.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        """Enter how a campaign's messages are rendered, and the loop that sends those whose time has come."""
        from regulars.campaigns import letters, scheduled  # noqa: PLC0415 - models load first
        from regulars.jobs import loops  # noqa: PLC0415 - models load first
        from regulars.messages import render  # noqa: PLC0415 - models load first

        render.register("campaign", letters.render)
        loops.register("campaigns", scheduled.step, every=scheduled.EVERY)
