"""How pages about the API call things."""

from __future__ import annotations

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.outbox.models import Delivery, WebhookEndpoint
from regulars.requestlog.models import Call
from regulars.requestlog.queries import outcome_of
from regulars.tenants.models import ApiKey
from regulars.web.office import tags

Badge = tuple[str, str]

# What scopes are called, and what a key with each may do.
SCOPES: Final[dict[str, tuple[Promise, Promise]]] = {
    "read": (gettext_lazy("Read"), gettext_lazy("Look up members, sales, vouchers and figures")),
    "members": (gettext_lazy("Members"), gettext_lazy("Enrol, edit, merge and erase members")),
    "counter": (
        gettext_lazy("Counter"),
        gettext_lazy("Give and take stamps and points, enter sales, redeem rewards and vouchers"),
    ),
    "campaigns": (gettext_lazy("Campaigns"), gettext_lazy("Write and send campaigns, change messages")),
    "settings": (
        gettext_lazy("Settings"),
        gettext_lazy("Change the programme, offers, branches, team, webhooks and keys: as much as an owner"),
    ),
}
FORMATS: Final[dict[str, str]] = {"xml": "XML", "xml_rooted": "XML, one root", "json": "JSON"}
OUTCOMES: Final[dict[str, tuple[Promise, str]]] = {
    "ok": (gettext_lazy("Done"), "success"),
    "refused": (gettext_lazy("Refused"), "warning"),
    "failed": (gettext_lazy("Failed"), "danger"),
}
# What the error codes of the RPC API mean.
RPC_CODES: Final[dict[str, Promise]] = {
    "000": gettext_lazy("our fault"),
    "001": gettext_lazy("no HTTPS"),
    "002": gettext_lazy("wrong key"),
    "003": gettext_lazy("wrong time"),
    "004": gettext_lazy("unknown method"),
    "005": gettext_lazy("field missing"),
    "006": gettext_lazy("bad value"),
    "007": gettext_lazy("not found"),
    "008": gettext_lazy("there already"),
    "009": gettext_lazy("not now"),
    "010": gettext_lazy("too many"),
    "011": gettext_lazy("unknown field"),
    "012": gettext_lazy("not for this key"),
}
# What events are about, by what stands before the point of their types.
GROUPS: Final[dict[str, Promise]] = {
    "member": gettext_lazy("Members"),
    "card": gettext_lazy("Cards"),
    "stamp": gettext_lazy("Stamps"),
    "reward": gettext_lazy("Rewards"),
    "points": gettext_lazy("Points"),
    "sale": gettext_lazy("Sales"),
    "voucher": gettext_lazy("Vouchers"),
    "scratch_card": gettext_lazy("Scratch cards"),
    "campaign": gettext_lazy("Campaigns"),
    "message": gettext_lazy("Messages"),
    "webhook": gettext_lazy("Webhooks themselves"),
}
STATES: Final[dict[str, tuple[Promise, str]]] = {
    Delivery.Status.PENDING.value: (gettext_lazy("Waiting"), "warning"),
    Delivery.Status.DELIVERED.value: (gettext_lazy("Delivered"), "success"),
    Delivery.Status.FAILED.value: (gettext_lazy("Given up"), "danger"),
}


def told_scopes(scopes: list[str]) -> str:
    """What a key may be used for, in a few words."""
    return ", ".join(str(SCOPES[one][0]) for one in scopes if one in SCOPES) or _("Everything")


def key_badge(key: ApiKey) -> Badge:
    """Whether a key works."""
    return (_("Revoked"), "secondary") if key.revoked_at else (_("In use"), "success")


def told_code(call: Call) -> str:
    """Why a call was refused or failed, in a few words; empty for a success."""
    if call.dialect == Call.Dialect.RPC:
        return f"{call.code} {RPC_CODES.get(call.code, '')}".strip()
    return call.code.replace("_", " ")


def call_badge(call: Call) -> Badge:
    """How a call ended: its status, and why it was refused."""
    return f"{call.status} {told_code(call)}".strip(), OUTCOMES[outcome_of(call)][1]


def told_target(call: Call) -> str:
    """What a call was for."""
    if call.dialect == Call.Dialect.RPC:
        return f"RPC {call.target or _('without a method')}"
    return f"{call.method} {call.target}"


def told_types(types: list[str]) -> str:
    """Which events an endpoint receives."""
    return _("All events") if "*" in types else ", ".join(types)


def told_group(group: str) -> str:
    """What the events of a group are about."""
    return str(GROUPS.get(group, group))


def endpoint_badge(endpoint: WebhookEndpoint) -> Badge:
    """How an endpoint does."""
    if not endpoint.is_active:
        return _("Switched off"), "secondary"
    if endpoint.failures:
        return _("Failing"), "danger"
    return (_("Working"), "success") if endpoint.last_success_at else (_("Nothing sent yet"), "secondary")


def delivery_badge(delivery: Delivery) -> Badge:
    """What became of a delivery."""
    text, colour = STATES[delivery.status]
    if delivery.status == Delivery.Status.PENDING and delivery.attempts:
        return _("Tries again"), colour
    return str(text), colour


def milliseconds(number: int) -> str:
    """A span of time."""
    return _("%(number)s ms") % {"number": tags.number(number)}


def choices(table: dict[str, Any]) -> list[tuple[str, Any]]:
    """A table of texts as choices."""
    return [(name, text[0]) for name, text in table.items()]
