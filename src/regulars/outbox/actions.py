"""Writes about events, other than telling them."""

from __future__ import annotations

from django_scopes import scope

from regulars.outbox.models import Event


def forget_member(*, business_id: int, member_id: int) -> None:
    """Delete the events that tell about a member. Within the caller's transaction."""
    with scope(business=business_id):
        Event.objects.filter(business_id=business_id, member_id=member_id).delete()
