"""What pages with a number or a name in their address are about: one of everything, by its parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_scopes import scope

from regulars.auditlog import actions as auditlog
from regulars.campaigns import actions as campaigns
from regulars.counter import devices
from regulars.jobs import actions as jobs
from regulars.jobs.models import Job
from regulars.members import actions as members
from regulars.members import groups, segments
from regulars.members.models import Member, MemberGroup, SavedSegment
from regulars.messages import actions as messages
from regulars.outbox import actions as webhooks
from regulars.outbox import fanout, queries
from regulars.outbox.models import Delivery
from regulars.portal import sso_secrets
from regulars.tenants import actions as tenants
from regulars.tenants import api_keys
from regulars.tenants.models import Staff, User
from regulars.web.office import exporting
from tests.factories import Shop
from tests.office import offered, traded

Maker = Callable[[Shop], Any]
_ENDPOINTS = 8


def _member(shop: Shop) -> int:
    card = shop.enrol("Asha Rao", email=f"asha{Member.objects.count()}@example.com")
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
    there = queries.endpoints(business_id=shop.id)
    if len(there) >= _ENDPOINTS:  # there can only be so many
        return there[-1].pk
    return webhooks.create_endpoint(business_id=shop.id, url="https://93.184.216.34/hooks")[0].pk


def _delivery(shop: Shop) -> int:
    endpoint_id = _endpoint(shop)
    shop.stamp(shop.enrol("Ravi Iyer"), 2)
    fanout.pass_on_all()
    with scope(business=shop.business):
        return Delivery.objects.filter(endpoint_id=endpoint_id).order_by("-pk")[0].pk


def left_of(shop: Shop) -> int:
    """Somebody who has left the team."""
    email = f"left{User.objects.count()}@shop.example"
    staff = tenants.add_staff(business=shop.business, name="Priya", email=email).staff
    tenants.remove_staff(business_id=shop.id, staff_id=staff.pk)
    return staff.pk


def _branch(shop: Shop) -> int:
    """A branch at which something happened: it stays when it is to be deleted."""
    branch = shop.branch(f"Branch {shop.id}")
    shop.stamp(shop.enrol("Dev"), branch_id=branch.pk)
    return int(branch.pk)


def _device(shop: Shop) -> int:
    """A paired device."""
    _, code = devices.create_pairing(business_id=shop.id)
    return devices.pair(code=code, name="Front counter")[0].pk


def draft_of(shop: Shop) -> int:
    """A campaign that was not sent."""
    made = campaigns.create_campaign(
        business_id=shop.id, name="Autumn", subject="Leaves", message="Hello {first_name|there}"
    )
    return made.pk


def _campaign(shop: Shop) -> int:
    """One that is sent, to a member."""
    shop.enrol("Tara Bose", email=f"tara{Member.objects.count()}@example.com")
    pk = draft_of(shop)
    campaigns.send_campaign(business_id=shop.id, pk=pk)
    return pk


def _posted(shop: Shop) -> int:
    """A campaign by post that was sent."""
    card = shop.enrol("Dev Anand")
    members.edit_member(business_id=shop.id, pk=card.pk, street_address="1 Lake Road")
    made = campaigns.create_campaign(business_id=shop.id, name="Card", message="Hello", channel="post")
    campaigns.send_campaign(business_id=shop.id, pk=made.pk)
    return made.pk


def _kind(_shop: Shop) -> str:
    return "welcome"


def _message(shop: Shop) -> int:
    card = shop.enrol("Nora Shah", email=f"nora{Member.objects.count()}@example.com")
    key = f"birthday:{card.pk}"
    row = messages.queue_message(business_id=shop.id, kind="birthday", key=key, member_id=card.pk)
    assert row is not None
    return row.pk


def _segment(shop: Shop) -> int:
    number = SavedSegment.objects.count()
    return segments.add_segment(business_id=shop.id, name=f"Segment {number}", given={"points_from": 1}).pk


def _group(shop: Shop) -> int:
    number = MemberGroup.objects.count()
    tier: dict[str, Any] = {"measure": "points", "threshold": 1_000_000 + number}
    return groups.add_group(business=shop.business, code=f"G{number}", **tier).pk


def _entry(shop: Shop) -> int:
    return shop.stamp(shop.enrol(), 1).entry_id


# By the name of the parameter in the address.
MAKERS: dict[str, Maker] = {
    "key_id": lambda shop: api_keys.create_api_key(business=shop.business, name="Till")[0].pk,
    "endpoint_id": _endpoint,
    "delivery_id": _delivery,
    "member_id": _member,
    "segment_id": _segment,
    "group_id": _group,
    "entry_id": _entry,
    "device_id": _device,
    "secret_id": lambda shop: sso_secrets.create_secret(business=shop.business)[0].pk,
    "record_id": _record,
    "branch_id": _branch,
    "staff_id": lambda shop: shop.owner.pk,
    "left_id": left_of,
    "job_id": lambda shop: export_of(shop, shop.owner),
    "campaign_id": _campaign,
    "draft_id": draft_of,
    "posted_id": _posted,
    "message_id": _message,
    **offered.MAKERS,
    **traded.MAKERS,
    "kind": _kind,  # of messages: the same in every business
}

# What is no row of a business.
NAMES = {"kind"}

# Of those, what belongs to one person: nobody else of the team finds it.
OWN: dict[str, Callable[[Shop, Staff], Any]] = {"job_id": export_of}
