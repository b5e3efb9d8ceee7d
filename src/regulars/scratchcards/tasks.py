"""What the room does in the background: it issues cards to many members."""

from __future__ import annotations

from django_tasks import task


@task()
def issue_batch(*, business_id: int, batch_id: int) -> dict[str, int]:
    """Issue the rest of a batch of cards; how many it has issued by then."""
    from regulars.scratchcards import batches  # noqa: PLC0415 - which enqueues this

    return batches.issue_rest(business_id=business_id, batch_id=batch_id)
