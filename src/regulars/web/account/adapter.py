"""What django-allauth asks of us."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in by e-mail; businesses are registered at a page of our own."""

    def is_open_for_signup(self, request: object) -> bool:
        """Nobody signs up without a business."""
        return False
