"""Cards for many members at once: a job goes through them by id, one transaction for each.

How far it is stands in the batch's own row, written with the card itself: when a worker dies, the next one
goes on behind the last member, who has exactly one card of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_scopes import scope

from regulars.jobs import actions as jobs
from regulars.jobs import progress
from regulars.jobs.outcomes import Again
from regulars.ledger.post import business_day
from regulars.members import filters as member_filters
from regulars.members.models import Member
from regulars.rules import scratch, values
from regulars.rules.errors import Conflict, NotFound, Refusal, Suspended
from regulars.rules.text import clean_line
from regulars.scratchcards import cards, queries, tasks
from regulars.scratchcards.models import ScratchBatch, ScratchCampaign
from regulars.tenants.models import Business

AUDIENCE_LENGTH: Final = 200
# So many ids are read at once. Each of them has a transaction of its own.
_BATCH: Final = 500
_MAX_ATTEMPTS: Final = 1_000
_RUNNING: Final = ScratchBatch.State.RUNNING.value


def start_batch(
    *,
    business_id: int,
    campaign_id: int,
    filters: Mapping[str, Any],
    audience: str,
    expires_days: int = scratch.USUAL_DAYS,
    members: int | None = None,
) -> ScratchBatch:
    """Let a job issue a card of a campaign to each member whom cleaned `filters` find; empty: to all.

    `audience` is what people call them. Whoever is suspended, or has as many cards of the campaign as one
    member may have, is left out. It ends early when the campaign is paused or over, or nothing is left.
    `members` is how many they are, from callers within a transaction: nothing is counted in one, because on
    SQLite nobody else writes meanwhile.

    Raises:
        InvalidInput: `expires_days` is unusable.
        NotFound: the business has no such campaign.
        ScratchPaused, ScratchEnded: the campaign issues no cards.
        Conflict: another batch of the campaign is under way.
    """
    days = values.whole_number(expires_days, field="expires_days", least=1, most=scratch.MAX_DAYS)
    audience = clean_line(audience, field="audience", max_length=AUDIENCE_LENGTH, required=True)
    business = Business.objects.select_related("program").get(pk=business_id)
    if members is None:
        with scope(business=business_id):
            members = found(business, filters).count()
    with transaction.atomic(), scope(business=business_id):
        campaign = ScratchCampaign.objects.filter(pk=campaign_id).first()
        if campaign is None:
            raise queries.unknown(campaign_id)
        cards.check_open(campaign, business_day(business.timezone, timezone.now()))
        batch = _insert(
            ScratchBatch(
                business_id=business_id,
                campaign=campaign,
                audience=audience,
                filters=dict(filters),
                expires_days=days,
                total=members,
            )
        )
        jobs.enqueue(
            tasks.issue_batch,
            kwargs={"business_id": business_id, "batch_id": batch.pk},
            business_id=business_id,
            key=f"scratch-batch:{batch.pk}",
            max_attempts=_MAX_ATTEMPTS,
        )
    return batch


def _insert(batch: ScratchBatch) -> ScratchBatch:
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("Cards of this campaign are being issued already. Wait until that is done.") from error
    batch.refresh_from_db()
    return batch


def found(business: Business, filters: Mapping[str, Any]) -> QuerySet[Member]:
    """Those who would get a card. Within the business's scope; it comes with its programme."""
    return member_filters.find(business, filters).filter(suspended=False)


def stop_batch(*, business_id: int, batch_id: int) -> ScratchBatch:
    """Issue no further cards of a batch. Those that were issued stay good.

    Raises:
        NotFound: the business has no such batch.
        Conflict: it has ended.
    """
    with transaction.atomic(), scope(business=business_id):
        batch = _locked(batch_id)
        if batch is None:
            raise NotFound(f"There is no batch {batch_id}.", fields={"batch_id": "is unknown"})
        if batch.state != _RUNNING:
            raise Conflict("These cards were issued already.")
        _end(batch, ScratchBatch.State.STOPPED.value, "Somebody stopped it.")
    return batch


def batches(*, business_id: int, campaign_id: int, most: int = 20) -> list[ScratchBatch]:
    """The latest batches of a campaign, newest first.

    Raises:
        NotFound: the business has no such campaign.
    """
    with scope(business=business_id):
        if not ScratchCampaign.objects.filter(pk=campaign_id).exists():
            raise queries.unknown(campaign_id)
        return list(ScratchBatch.objects.filter(campaign_id=campaign_id).order_by("-pk")[:most])


def issue_rest(*, business_id: int, batch_id: int) -> dict[str, int]:
    """Issue what is left of a batch: what the job does. How many cards it has issued by then.

    Raises:
        Again: the worker is to stop; the job goes on where it was.
    """
    with scope(business=business_id):
        batch = ScratchBatch.objects.filter(pk=batch_id).first()
        if batch is None:
            return {"issued": 0}
        for member_id in _waiting(batch):
            if progress.stopping():
                raise Again
            batch = _issue_one(batch_id, member_id)
            if batch is None or batch.state != _RUNNING:
                break
            progress.report(done=batch.done, total=batch.total, text=batch.audience)
        else:
            with transaction.atomic():
                batch = _locked(batch_id)
                if batch is not None and batch.state == _RUNNING:
                    _end(batch, ScratchBatch.State.DONE.value)
    return {"issued": batch.issued if batch is not None else 0}


def _waiting(batch: ScratchBatch) -> Iterator[int]:
    """Those who come behind the member whom the batch has reached, by id."""
    business = Business.objects.select_related("program").get(pk=batch.business_id)
    reached = batch.reached
    while True:
        rest = found(business, batch.filters).filter(pk__gt=reached).order_by("pk")
        some = list(rest.values_list("pk", flat=True)[:_BATCH])
        if not some:
            return
        yield from some
        reached = some[-1]


def _locked(batch_id: int) -> ScratchBatch | None:
    return ScratchBatch.objects.select_for_update().filter(pk=batch_id).first()


def _issue_one(batch_id: int, member_id: int) -> ScratchBatch | None:
    """Issue the card of one member, once, and note that they were reached."""
    with transaction.atomic():
        batch = _locked(batch_id)
        if batch is None or batch.state != _RUNNING or batch.reached >= member_id:
            return batch
        try:
            cards.issue_card(
                business_id=batch.business_id,
                campaign_id=batch.campaign_id,
                member_id=member_id,
                expires_days=batch.expires_days,
            )
            batch.issued += 1
        except Refusal as refusal:
            if not _is_of_member(refusal):
                _end(batch, ScratchBatch.State.STOPPED.value, refusal.message)
                return batch
            batch.skipped += 1
        batch.reached = member_id
        batch.save(update_fields=["reached", "issued", "skipped"])
        return batch


def _is_of_member(refusal: Refusal) -> bool:
    """Whether one member cannot have a card, while others can: suspended or erased since, or has enough."""
    return isinstance(refusal, (Suspended, NotFound)) or "customer_id" in refusal.fields


def _end(batch: ScratchBatch, state: str, reason: str = "") -> None:
    batch.state, batch.reason, batch.finished_at = state, reason[:300], timezone.now()
    batch.filters = {}  # they may name people, and are asked no more
    batch.save(update_fields=["state", "reason", "finished_at", "filters"])
