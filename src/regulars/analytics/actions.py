"""What an owner says so that figures can be shown in money."""

from __future__ import annotations

from decimal import Decimal

from django_scopes import scope

from regulars.analytics.models import RewardCost
from regulars.rules.errors import InvalidInput

_CENT = Decimal("0.01")
_MOST = Decimal(1_000_000_000)


def set_reward_cost(*, business_id: int, cost: Decimal | None) -> RewardCost | None:
    """Remember what handing out one reward costs, in the business's currency; None forgets it.

    Raises:
        InvalidInput: it is below zero, has more than two places, or is a billion or more.
    """
    with scope(business=business_id):
        if cost is None:
            RewardCost.objects.all().delete()
            return None
        if not cost.is_finite() or not 0 <= cost < _MOST or cost != cost.quantize(_CENT):
            raise InvalidInput.at("cost", "must be an amount of money, zero or more, with two places at most")
        made, _ = RewardCost.objects.update_or_create(business_id=business_id, defaults={"cost": cost})
        return made
