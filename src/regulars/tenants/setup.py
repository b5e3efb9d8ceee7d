"""The three first steps of a new business: what is collected, how it looks, the poster and the first scan."""

from __future__ import annotations

from typing import Final

from regulars.tenants.models import Business

PROGRAMME, LOOK, POSTER, DONE = 1, 2, 3, 0
STEPS: Final = (PROGRAMME, LOOK, POSTER)


def reach(*, business_id: int, step: int) -> None:
    """Note that the owner has come to a step, or with `DONE` that they are through; nobody goes back."""
    rows = Business.objects.filter(pk=business_id).exclude(setup_step=DONE)
    (rows if step == DONE else rows.filter(setup_step__lt=step)).update(setup_step=step)
