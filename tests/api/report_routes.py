"""The operations about reports, and requests for others' branches."""

from __future__ import annotations

from tests.api.things import Call, Things
from tests.factories import Shop

NOBODY: dict[str, int] = {}

_OF_A_BRANCH = ("days", "staff", "hours")


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """Nothing of its own: reports are about what is there."""
    return {}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    branch = {"branch_id": mine.branch_id, "date_from": "2026-01-01", "date_to": "2026-01-31"}
    return {
        **{f"GET /api/reports/{name}": Call(query=branch) for name in _OF_A_BRANCH},
        "GET /api/reports/branches": Call(),
        "GET /api/reports/retention": Call(query={"months": 3}),
        "GET /api/reports/visits": Call(),
        "GET /api/reports/points": Call(),
        "GET /api/reports/reward-cost": Call(),
        "PATCH /api/reports/reward-cost": Call(body={"cost": "1.75"}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's branch."""
    branch = {"branch_id": theirs.branch_id}
    return {f"GET /api/reports/{name}": [Call(404, query=branch)] for name in _OF_A_BRANCH}
