"""The one table that says which scope of an API key each operation of the REST dialect needs."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from ninja import NinjaAPI

from regulars.tenants.scopes import CAMPAIGNS, COUNTER, MEMBERS, READ, SETTINGS

# What an operation that changes something needs, by its tag. Reading needs `READ`.
OF_TAG: Final[dict[str, str]] = {
    "Analytics": SETTINGS,
    "API keys": SETTINGS,
    "Branches": SETTINGS,
    "Business": SETTINGS,
    "Campaigns": CAMPAIGNS,
    "Counter": SETTINGS,
    "Customers": MEMBERS,
    "Customers' pages": SETTINGS,
    "Groups and segments": MEMBERS,
    "Messages": CAMPAIGNS,
    "Points": SETTINGS,
    "Printing": SETTINGS,
    "Reports": SETTINGS,
    "Request log": SETTINGS,
    "Rewards": COUNTER,
    "Scratch cards": SETTINGS,
    "Single sign-on": SETTINGS,
    "Stamps": COUNTER,
    "Team": SETTINGS,
    "Transactions": COUNTER,
    "Webhooks": SETTINGS,
}
# And those that need something else.
OF_OPERATION: Final[dict[str, str]] = {
    # All that is stored about somebody, at once.
    "GET /api/customers/{customer_id}/data": MEMBERS,
    "POST /api/blank-cards": MEMBERS,
    "POST /api/scratch-cards/redeem": COUNTER,
    "POST /api/scratch-cards/{campaign_id}/issue": COUNTER,
    # Who else calls, with what and from where.
    "GET /api/keys": SETTINGS,
    "GET /api/request-log": SETTINGS,
}

_needed: dict[tuple[str, str], str] = {}


def install(api: NinjaAPI) -> None:
    """Look up what every operation of an API needs, before it is asked for, and say it in its description.

    Raises:
        KeyError: an operation that changes something has a tag that the table does not know.
    """
    for prefix, router in api._routers:  # noqa: SLF001 - ninja has no public list of them
        for path, view in router.path_operations.items():
            address = f"/api{prefix}{path}"
            for operation in view.operations:
                for method in operation.methods:
                    scope = _scope(method, _plain(address), operation.tags or router.tags or [])
                    _needed[method, _route(address)] = scope
                    text = operation.description or ""
                    operation.description = f"{text}\n\nNeeds the scope `{scope}`.".lstrip()


def _scope(method: str, address: str, tags: list[str]) -> str:
    special = OF_OPERATION.get(f"{method} {address}")
    return special or (READ if method == "GET" else OF_TAG[tags[0]])


def _plain(address: str) -> str:
    """`/api/branches/{int:branch_id}` as the description writes it: `/api/branches/{branch_id}`."""
    return "/".join(
        "{" + part.rpartition(":")[2] if part.startswith("{") and ":" in part else part
        for part in address.split("/")
    )


def _route(address: str) -> str:
    """The same as Django writes it: `api/branches/<int:branch_id>`."""
    return address.lstrip("/").replace("{", "<").replace("}", ">")


def needed(request: HttpRequest) -> str:
    """The scope that a request needs. One that nobody decided about needs the most."""
    route = request.resolver_match.route if request.resolver_match else ""
    return _needed.get((request.method or "", route), SETTINGS)
