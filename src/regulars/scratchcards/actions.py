"""Writes about campaigns of scratch cards and their prizes. What happens to cards is in `cards.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django_scopes import scope

from regulars.rules import scratch, values
from regulars.rules.errors import HasHistory, InvalidInput, NotFound
from regulars.rules.text import clean_line, clean_text
from regulars.scratchcards import queries
from regulars.scratchcards.models import Prize, ScratchCampaign

MAX_NAME = 200
MAX_DESCRIPTION = 500
MAX_LABEL = 200


@dataclass(frozen=True, slots=True)
class NewPrize:
    """A prize as somebody asks for it. `pk` names one that is there already, which it changes."""

    label: str
    weight: Decimal
    is_winner: bool = True
    max_cards: int | None = None
    pk: int | None = None


def create_campaign(
    *,
    business_id: int,
    name: str,
    prizes: Sequence[NewPrize],
    description: str = "",
    expires_at: dt.date | None = None,
    max_cards: int | None = None,
    max_per_member: int | None = None,
) -> ScratchCampaign:
    """Start a campaign, active at once. `expires_at` is its last day, in the business's time zone.

    A prize's weight against the sum of all weights is its chance: any positive sum will do (REST seed). With
    `max_cards` a campaign or a prize has so many cards at most, with `max_per_member` a member so many.

    Raises:
        InvalidInput: a value is unusable, the last day has passed, or nothing could be drawn; the message
            names the field.
    """
    checked = _checked({"name": name, "description": description, "expires_at": expires_at})
    checked |= _checked({"max_cards": max_cards, "max_per_member": max_per_member})
    wanted = _checked_prizes(prizes)
    if scratch.has_passed(expires_at, queries.today(business_id)):
        raise InvalidInput.at("expires_at", "must not be in the past")
    with transaction.atomic(), scope(business=business_id):
        made = ScratchCampaign.objects.create(business_id=business_id, **checked)
        for place, prize in enumerate(wanted):
            if prize.pk is not None:
                raise _unknown_prize(place, prize.pk)
            Prize.objects.create(business_id=business_id, campaign=made, position=place, **_columns(prize))
    return queries.campaign(business_id=business_id, pk=made.pk)


def edit_campaign(
    *, business_id: int, pk: int, prizes: Sequence[NewPrize] | None = None, **changes: Any
) -> ScratchCampaign:
    """Change a campaign: `name`, `description`, `expires_at`, `max_cards`, `max_per_member`, `is_active`.

    What is not named stays, None lifts a limit. `prizes` replaces the list. A prize that cards hold keeps its
    label and stays a winner or not; left out of the list it stays with a weight of 0, and is drawn no more.
    Cards that were issued keep their prize and their last day.

    Raises:
        NotFound: the business has no such campaign, or the campaign no such prize.
        InvalidInput: a value is unusable, or nothing could be drawn; the message names the field.
        HasHistory: a prize that cards hold would become another one.
    """
    checked = _checked(changes)
    wanted = None if prizes is None else _checked_prizes(prizes)
    with transaction.atomic(), scope(business=business_id):
        campaign = lock_campaign(pk)
        held = list(campaign.prizes.order_by("position", "pk"))
        most = checked.get("max_cards")
        if most is not None and most < queries.totals(held).issued:
            raise InvalidInput.at(
                "max_cards", f"must be at least {queries.totals(held).issued}, already issued"
            )
        for column, value in checked.items():
            setattr(campaign, column, value)
        if checked:
            campaign.save(update_fields=[*checked, "modified_at"])
        if wanted is not None:
            _replace_prizes(campaign, held, wanted)
    return queries.campaign(business_id=business_id, pk=pk)


def toggle_campaign(*, business_id: int, pk: int) -> ScratchCampaign:
    """Pause an active campaign, or let a paused one go on. Cards that were issued stay good.

    Raises:
        NotFound: the business has no such campaign.
    """
    with transaction.atomic(), scope(business=business_id):
        campaign = lock_campaign(pk)
        campaign.is_active = not campaign.is_active
        campaign.save(update_fields=["is_active", "modified_at"])
    return campaign


def set_active(*, business_id: int, pk: int, is_active: bool) -> ScratchCampaign:
    """Let a campaign go on, or pause it, whatever it does now. Cards that were issued stay good.

    Raises:
        NotFound: the business has no such campaign.
    """
    with transaction.atomic(), scope(business=business_id):
        campaign = lock_campaign(pk)
        if campaign.is_active != is_active:
            campaign.is_active = is_active
            campaign.save(update_fields=["is_active", "modified_at"])
    return campaign


def delete_campaign(*, business_id: int, pk: int) -> None:
    """Delete a campaign of which no card was ever issued, with its prizes.

    Raises:
        NotFound: the business has no such campaign.
        HasHistory: a card was issued.
    """
    with transaction.atomic(), scope(business=business_id):
        campaign = ScratchCampaign.objects.select_for_update().filter(pk=pk).first()
        if campaign is None:
            raise queries.unknown(pk)
        if campaign.prizes.filter(issued__gt=0).exists():
            raise HasHistory(f"Campaign {pk} has issued cards and cannot be deleted. Pause it instead.")
        campaign.prizes.all().delete()
        campaign.delete()


def lock_campaign(pk: int) -> ScratchCampaign:
    """A campaign of the scope's business that nobody else changes or issues from until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    found = ScratchCampaign.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if found is None:
        raise queries.unknown(pk)
    return found


def _limit(field: str, value: Any) -> int | None:
    return None if value is None else values.whole_number(value, field=field, least=1, most=scratch.MAX_CARDS)


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a campaign that are named, fit to be stored."""
    checked: dict[str, Any] = {}
    for field, value in given.items():
        match field:
            case "name":
                checked[field] = clean_line(value or "", field=field, max_length=MAX_NAME, required=True)
            case "description":
                checked[field] = clean_text(value or "", field=field, max_length=MAX_DESCRIPTION)
            case "max_cards" | "max_per_member":
                checked[field] = _limit(field, value)
            case "expires_at":
                checked[field] = value
            case "is_active":
                checked[field] = bool(value)
            case _:
                raise TypeError(f"a campaign has no {field}")
    return checked


def _checked_prizes(prizes: Sequence[NewPrize]) -> list[NewPrize]:
    scratch.check_weights([prize.weight for prize in prizes])
    named = [prize.pk for prize in prizes if prize.pk is not None]
    if len(named) != len(set(named)):
        raise InvalidInput.at("prizes", "must name each prize once")
    return [_checked_prize(prize, f"prizes.{place}") for place, prize in enumerate(prizes)]


def _checked_prize(prize: NewPrize, where: str) -> NewPrize:
    return NewPrize(
        label=clean_line(prize.label, field=f"{where}.label", max_length=MAX_LABEL, required=True),
        weight=values.amount(
            prize.weight,
            field=f"{where}.probability",
            digits=scratch.WEIGHT_DIGITS,
            places=scratch.WEIGHT_PLACES,
        ),
        is_winner=prize.is_winner,
        max_cards=_limit(f"{where}.max_cards", prize.max_cards),
        pk=prize.pk,
    )


def _columns(prize: NewPrize) -> dict[str, Any]:
    return {
        "label": prize.label,
        "weight": prize.weight,
        "is_winner": prize.is_winner,
        "max_cards": prize.max_cards,
    }


def _unknown_prize(place: int, pk: int) -> NotFound:
    return NotFound(f"There is no prize {pk} in this campaign.", fields={f"prizes.{place}.id": "is unknown"})


def _replace_prizes(campaign: ScratchCampaign, held: list[Prize], wanted: list[NewPrize]) -> None:
    there = {prize.pk: prize for prize in held}
    for place, prize in enumerate(wanted):
        if prize.pk is None:
            columns = _columns(prize) | {"campaign": campaign, "position": place}
            Prize.objects.create(business_id=campaign.business_id, **columns)
            continue
        if prize.pk not in there:
            raise _unknown_prize(place, prize.pk)
        _change_prize(there.pop(prize.pk), prize, place)
    for place, gone in enumerate(there.values(), start=len(wanted)):
        if gone.issued:
            # The prize's other columns may be counting at this moment: only these two are written.
            gone.weight, gone.position = Decimal(0), place
            gone.save(update_fields=["weight", "position"])
        else:
            gone.delete()


def _change_prize(there: Prize, wanted: NewPrize, place: int) -> None:
    where = f"prizes.{place}"
    if there.issued and (there.label, there.is_winner) != (wanted.label, wanted.is_winner):
        raise HasHistory(
            f"Cards hold the prize {there.label!r}. Leave it out and add another one instead.",
            fields={where: "is held by cards, so label and is_winner stay"},
        )
    if wanted.max_cards is not None and wanted.max_cards < there.issued:
        raise InvalidInput.at(f"{where}.max_cards", f"must be at least {there.issued}, already issued")
    for column, value in (_columns(wanted) | {"position": place}).items():
        setattr(there, column, value)
    there.save(update_fields=[*_columns(wanted), "position"])
