"""Writes about promotions: those on sales and those on events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from regulars.catalog import records
from regulars.catalog.models import Sku, SkuCategory
from regulars.members.models import MemberGroup
from regulars.promotions.models import EventPromotion, Promotion
from regulars.rules import occasions, quickscan, values
from regulars.rules.text import clean_text
from regulars.tenants.models import Branch


def _percent(name: str, value: Decimal | int) -> Decimal:
    return values.amount(value, field=name, digits=12, places=4)


def _event(name: str, value: str | None) -> str:
    return occasions.parse_promotion_event(clean_text(value or "", field=name, max_length=30))


def _quickscan(name: str, value: str | None) -> str:
    said = clean_text(value or "", field=name, max_length=quickscan.MAX_LENGTH)
    if said:
        quickscan.parse(said)
    return said  # as it was written: people find their own text again


def _check_days(promotion: Promotion | EventPromotion) -> None:
    values.check_days(promotion.date_from, promotion.date_to)


_ON_BOTH: dict[str, records.Check] = {
    "name": records.line(200),
    "group_id": records.reference(MemberGroup),
    "date_from": records.day,
    "date_to": records.day,
    "branch_id": records.reference(Branch),
}
_PROMOTIONS = records.Records(
    model=Promotion,
    noun="promotion",
    rows=lambda: Promotion.objects.select_related("group", "sku", "category", "branch"),
    checks=_ON_BOTH
    | {
        "percent_of_spend": _percent,
        "fixed_points_value": records.points,
        "sku_id": records.reference(Sku),
        "category_id": records.reference(SkuCategory),
    },
    required=frozenset({"percent_of_spend"}),
    letter="P",
    counter="promotion",
    check=_check_days,
)
_EVENT_PROMOTIONS = records.Records(
    model=EventPromotion,
    noun="event promotion",
    rows=lambda: EventPromotion.objects.select_related("group", "branch"),
    checks=_ON_BOTH
    | {
        "points_to_award": records.points,
        "auto_allocate_on_event": _event,
        "quickscan_function": _quickscan,
    },
    required=frozenset({"points_to_award"}),
    letter="N",
    counter="event_promotion",
    check=_check_days,
)


def add_promotion(*, business_id: int, code: str = "", **values: Any) -> Promotion:
    """Add a promotion on sales: `percent_of_spend` (required; points per 100 of spend, at most four digits
    after the point), `name`, `fixed_points_value`, `group_id`, `date_from`, `date_to` (business days, both
    inclusive), `sku_id`, `category_id` and `branch_id`. An empty code is made: P000001.

    Raises:
        InvalidInput: a value is unusable or the dates are in the wrong order; the message names the field.
        NotFound: the business has no such group, SKU, category or branch.
        Conflict: the code is taken.
    """
    return _PROMOTIONS.add(business_id=business_id, code=code, given=values)


def edit_promotion(*, business_id: int, pk: int, **changes: Any) -> Promotion:
    """Change a promotion; what is not named stays, what is empty is erased.

    Sales of the past keep what they earned until they are edited themselves.

    Raises:
        InvalidInput: a value is unusable or the dates are in the wrong order; the message names the field.
        NotFound: the business has no such promotion, group, SKU, category or branch.
        Conflict: the code is taken.
    """
    return _PROMOTIONS.edit(business_id=business_id, pk=pk, changes=changes)


def delete_promotion(*, business_id: int, pk: int) -> None:
    """Delete a promotion. Sales keep what it gave them, and its code.

    Raises:
        NotFound: the business has no such promotion.
    """
    _PROMOTIONS.delete(business_id=business_id, pk=pk)


def add_event_promotion(*, business_id: int, code: str = "", **values: Any) -> EventPromotion:
    """Add a promotion on an event: `points_to_award` (required), `name`, `group_id`, `date_from`, `date_to`
    (business days, both inclusive), `auto_allocate_on_event` (a name or number of
    `rules.occasions.PROMOTION_EVENTS`), `quickscan_function` and `branch_id`. An empty code is made: N000001.

    Raises:
        InvalidInput: a value is unusable or the dates are in the wrong order; the message names the field.
        NotFound: the business has no such group or branch.
        Conflict: the code is taken.
    """
    return _EVENT_PROMOTIONS.add(business_id=business_id, code=code, given=values)


def edit_event_promotion(*, business_id: int, pk: int, **changes: Any) -> EventPromotion:
    """Change a promotion on an event; what is not named stays, what is empty is erased.

    What it gave stays given, and it gives nothing twice for an occasion.

    Raises:
        InvalidInput: a value is unusable or the dates are in the wrong order; the message names the field.
        NotFound: the business has no such promotion, group or branch.
        Conflict: the code is taken.
    """
    return _EVENT_PROMOTIONS.edit(business_id=business_id, pk=pk, changes=changes)


def delete_event_promotion(*, business_id: int, pk: int) -> None:
    """Delete a promotion on an event. What it gave stays given.

    Raises:
        NotFound: the business has no such promotion.
    """
    _EVENT_PROMOTIONS.delete(business_id=business_id, pk=pk)
