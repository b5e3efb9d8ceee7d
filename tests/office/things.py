"""What pages with a number or a name in their address are about: one of everything, by its parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.auditlog import actions as auditlog
from regulars.jobs import actions as jobs
from regulars.web.office import exporting
from tests.factories import Shop

Maker = Callable[[Shop], Any]


def _member(shop: Shop) -> int:
    card = shop.enrol("Asha Rao", email=f"asha{shop.id}@example.com")
    shop.stamp(card, 3)
    return card.pk


def _record(shop: Shop) -> int:
    actor = auditlog.Actor.of(shop.owner)
    return auditlog.record(
        business_id=shop.id, actor=actor, action="member.edit", before={"name": "A"}, after={"name": "B"}
    ).pk


def _export(shop: Shop) -> int:
    made = {"staff_id": shop.owner.pk, "business_id": shop.id, "path": "/office/", "query": ""}
    return jobs.enqueue(exporting.make_export, kwargs=made, business_id=shop.id).pk


# By the name of the parameter in the address.
MAKERS: dict[str, Maker] = {
    "member_id": _member,
    "record_id": _record,
    "job_id": _export,
}
