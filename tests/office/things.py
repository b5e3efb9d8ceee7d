"""What pages with a number or a name in their address are about: one of everything, by its parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_scopes import scope

from regulars.auditlog import actions as auditlog
from regulars.counter import devices
from regulars.jobs import actions as jobs
from regulars.jobs.models import Job
from regulars.outbox import actions as webhooks
from regulars.outbox import fanout
from regulars.outbox.models import Delivery
from regulars.portal import sso_secrets
from regulars.tenants import api_keys
from regulars.tenants.models import Staff
from regulars.web.office import exporting
from tests.factories import Shop

Maker = Callable[[Shop], Any]


def _member(shop: Shop) -> int:
    card = shop.enrol("Asha Rao", email=f"asha{shop.id}@example.com")
    shop.stamp(card, 3)
    return int(card.pk)


def _record(shop: Shop) -> int:
    actor = auditlog.Actor.of(shop.owner)
    return auditlog.record(
        business_id=shop.id, actor=actor, action="member.edit", before={"name": "A"}, after={"name": "B"}
    ).pk


def export_of(shop: Shop, staff: Staff) -> int:
    """An export that somebody asked for, and that is ready."""
    made = {"staff_id": staff.pk, "business_id": shop.id, "path": "/office/", "query": ""}
    job = jobs.enqueue(exporting.make_export, kwargs=made, business_id=shop.id)
    (exporting.folder() / f"file{job.pk}").write_bytes(b"name\r\nAsha\r\n")
    job.status = Job.Status.SUCCEEDED
    job.result = {"file": f"file{job.pk}", "name": "members.csv", "rows": 1}
    job.save()
    return job.pk


def _endpoint(shop: Shop) -> int:
    made, _ = webhooks.create_endpoint(business_id=shop.id, url="https://93.184.216.34/hooks")
    return made.pk


def _delivery(shop: Shop) -> int:
    endpoint_id = _endpoint(shop)
    shop.stamp(shop.enrol("Ravi Iyer", email=f"ravi{shop.id}@example.com"), 2)
    fanout.pass_on_all()
    with scope(business=shop.business):
        return Delivery.objects.filter(endpoint_id=endpoint_id).order_by("-pk")[0].pk


def _branch(shop: Shop) -> int:
    """A branch at which something happened: it stays when it is to be deleted."""
    branch = shop.branch(f"Branch {shop.id}")
    shop.stamp(shop.enrol("Dev"), branch_id=branch.pk)
    return int(branch.pk)


def _device(shop: Shop) -> int:
    """A paired device."""
    _, code = devices.create_pairing(business_id=shop.id)
    return devices.pair(code=code, name="Front counter")[0].pk


# By the name of the parameter in the address.
MAKERS: dict[str, Maker] = {
    "key_id": lambda shop: api_keys.create_api_key(business=shop.business, name="Till")[0].pk,
    "endpoint_id": _endpoint,
    "delivery_id": _delivery,
    "member_id": _member,
    "device_id": _device,
    "secret_id": lambda shop: sso_secrets.create_secret(business=shop.business)[0].pk,
    "record_id": _record,
    "branch_id": _branch,
    "staff_id": lambda shop: shop.owner.pk,
    "job_id": lambda shop: export_of(shop, shop.owner),
}

# Of those, what belongs to one person: nobody else of the team finds it.
OWN: dict[str, Callable[[Shop, Staff], Any]] = {"job_id": export_of}
