"""The one table that says what each role may do in the back office."""

from __future__ import annotations

from typing import Final

from regulars.tenants.models import Staff

# What somebody may be allowed, and how it is told.
PERMISSIONS: Final[dict[str, str]] = {
    "home.view": "See how the shop is doing",
    "members.view": "Look up members",
    "members.edit": "Enrol and edit members",
    "members.balance": "Give and take stamps and points, redeem rewards, undo",
    "members.manage": "Suspend, group, merge and erase members",
    "data.export": "Export lists and personal data",
    "vouchers.view": "See vouchers and their codes",
    "vouchers.issue": "Issue and redeem vouchers and scratch cards",
    "sales.view": "See sales",
    "sales.edit": "Enter and correct sales",
    "programme.edit": "Change the programme, promotions and products",
    "vouchers.edit": "Define vouchers and scratch cards",
    "campaigns.view": "See campaigns and messages",
    "campaigns.edit": "Write and send campaigns, change messages",
    "reports.view": "See reports",
    "branches.edit": "Open and change branches",
    "team.view": "See the team",
    "team.edit": "Add, change and remove people of the team",
    "settings.edit": "Change the business, its look and its pages",
    "api.edit": "Make and revoke API keys, set up webhooks",
    "audit.view": "Read the audit log",
}

_STAFF: Final = frozenset(
    {
        "home.view", "members.view", "members.edit", "members.balance", "vouchers.view", "vouchers.issue",
        "sales.view", "sales.edit",
    }
)  # fmt: skip
# What belongs to those who own the business.
_OWNERS_ONLY: Final = frozenset({"team.edit", "api.edit"})

ROLES: Final[dict[str, frozenset[str]]] = {
    Staff.Role.OWNER.value: frozenset(PERMISSIONS),
    Staff.Role.MANAGER.value: frozenset(PERMISSIONS) - _OWNERS_ONLY,
    Staff.Role.STAFF.value: _STAFF,
}


def may(staff: Staff, permission: str) -> bool:
    """Whether somebody of a team may do something in the back office."""
    return not staff.disable_backoffice_access and permission in ROLES[staff.role]
