"""Campaigns that are sent by themselves when their time has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.campaigns import actions
from regulars.campaigns.models import Campaign
from regulars.rules.errors import Conflict, NotFound, PlanRequired
from regulars.tenants.plans import check_feature, plan_of
from regulars.tenants.queries import business_by_id

EVERY: Final = 5.0  # seconds between looks
_MOST: Final = 20

log = structlog.get_logger(__name__)


def step(stop: Callable[[], bool]) -> bool:
    """Send what is due; whether there may be more. Only reads when nothing is.

    Any number of workers may do so: a campaign is sent by one of them.
    """
    due = db.run(
        # Those of a business that is kept closed wait until it is open again.
        "SELECT c.business_id, c.id FROM campaigns_campaign c "
        "JOIN tenants_business b ON b.id = c.business_id "
        "WHERE c.status = 'scheduled' AND c.scheduled_at <= %s AND b.suspended_at IS NULL "
        "ORDER BY c.scheduled_at, c.id LIMIT %s",
        (db.moment(timezone.now()), _MOST),
    )
    for business_id, campaign_id in due:
        if stop():
            break
        _send(business_id, campaign_id)
    return len(due) == _MOST


def _send(business_id: int, campaign_id: int) -> None:
    try:
        check_feature(plan_of(business_by_id(business_id)), "campaigns")
        actions.send_campaign(business_id=business_id, pk=campaign_id)
    except (PlanRequired, Conflict) as refusal:
        # Nothing changes when somebody else was first and has sent it.
        with scope(business=business_id):
            drafted = Campaign.objects.filter(pk=campaign_id, status=Campaign.Status.SCHEDULED).update(
                status=Campaign.Status.DRAFT.value, scheduled_at=None, modified_at=timezone.now()
            )
        if drafted:
            log.warning("campaign_not_sent", campaign=campaign_id, reason=refusal.message)
    except NotFound:
        return  # it was deleted at this moment
