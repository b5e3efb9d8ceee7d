"""The documented requests of the REST dialect and the shapes of their documented answers.

Written down from the samples of the API that this dialect is compatible with.
"""

from __future__ import annotations

from tests.contract import beyond, campaign_calls, scratch_calls
from tests.contract.shapes import (
    CARD_URL,
    DAY,
    JOIN_URL,
    MOMENT,
    ONE_OR_ZERO,
    PAGE,
    QR_CODE,
    TEMP_PASSWORD,
    Documented,
)

# Rooms with a file of their own; each has CALLS and BEYOND as here.
ROOMS = (campaign_calls, scratch_calls, beyond)

_WRITABLE = "can be set with PATCH, so a client must be able to read it back"
_ROW = "the list's row has it; a client that knows the row need not ask twice"
_POINTS = "a customer has points beside stamps, and a client must be able to show them"
_BRANCH = "a branch is shown with the same fields wherever it is shown"

_PROGRAM_IN_BUSINESS = {
    "program_name": "Sunrise Stamps",
    "stamps_required": 8,
    "reward_description": "Free coffee",
    "birthday_bonus_stamps": 2,
}
_BUSINESS = {
    "id": int,
    "business_name": "Sunrise Cafe",
    "business_type": "Cafe / Coffee Shop",
    "phone": "9876543210",
    "address": "12 MG Road",
    "city": "Bengaluru",
    "state": "Karnataka",
    "plan": "professional",
    "join_url": JOIN_URL,
    "program": _PROGRAM_IN_BUSINESS,
}
_BUSINESS_EXTRA = {"pincode": _WRITABLE, "gstin": _WRITABLE}
_PROGRAM = {"id": int, **_PROGRAM_IN_BUSINESS, "is_active": bool}
_PROGRAM_EXTRA = {"terms_conditions": _WRITABLE}
_PERFORMANCE = {
    "id": int,
    "name": str,
    "city": str,
    "stamps": int,
    "unique_customers": int,
    "rewards": int,
    "last_active": (MOMENT, None),
}
_BRANCH_ROW = {
    "id": int,
    "name": str,
    "address": str,
    "city": str,
    "state": str,
    "phone": str,
    "latitude": float,
    "longitude": float,
    "is_active": ONE_OR_ZERO,
    "created_at": MOMENT,
}

# What we serve beyond the sample API, and why.
BEYOND = {
    "GET /api/points/program": "points come from the other dialect's API; their settings must be somewhere",
    "PATCH /api/points/program": "the same",
    "POST /api/transactions/{}/undo": "people at tills make mistakes",
    "POST /api/customers/{}/card/replace": "cards are lost",
    "POST /api/customers/{}/merge": "people join twice",
    "GET /api/duplicates": "and a shop with many customers has to find them",
}

CALLS = [
    Documented("GET", "/api/business", _BUSINESS, extra=_BUSINESS_EXTRA),
    Documented(
        "PATCH",
        "/api/business",
        _BUSINESS | {"phone": "9999999999", "city": "Mumbai"},
        body={"phone": "9999999999", "city": "Mumbai"},
        extra=_BUSINESS_EXTRA,
    ),
    Documented("GET", "/api/program", _PROGRAM, extra=_PROGRAM_EXTRA),
    Documented(
        "PATCH",
        "/api/program",
        _PROGRAM | {"stamps_required": 10, "reward_description": "Free slice of cake"},
        body={"stamps_required": 10, "reward_description": "Free slice of cake"},
        extra=_PROGRAM_EXTRA,
    ),
    Documented(
        "GET",
        "/api/customers",
        [
            {
                "id": int,
                "name": "Priya Sharma",
                "email": "priya@example.com",
                "phone": str,
                "current_stamps": int,
                "pending_rewards": int,
                "total_visits": int,
                "rewards_redeemed": int,
                "joined_at": MOMENT,
                "last_visit": MOMENT,
                "stamps_required": 8,
            }
        ],
        query="page=1&per_page=20&q=priya",
        meta=PAGE,
        extra={"points_balance": _POINTS},
    ),
    Documented(
        "GET",
        "/api/customers/<customer>",
        {
            "id": "<customer>",
            "name": "Priya Sharma",
            "current_stamps": int,
            "pending_rewards": int,
            "total_visits": int,
            "stamps_required": 8,
            "recent_activity": [
                {
                    "transaction_type": ("stamp_add", "reward_redeem"),
                    "stamps_added": int,
                    "branch_id": ("<branch>", None),
                    "branch_name": ("Koramangala", None),
                    "created_at": MOMENT,
                    # Beyond the sample: what is shown can be undone.
                    "id": int,
                    "undone": bool,
                }
            ],
        },
        extra={
            **dict.fromkeys(("email", "phone", "rewards_redeemed", "joined_at", "last_visit"), _ROW),
            "points_balance": _POINTS,
            "qr_code": "enrolment shows it once; a till that lost it must find it again",
            "card_url": "the same",
        },
    ),
    Documented(
        "POST",
        "/api/customers",
        {"id": int, "qr_code": QR_CODE, "card_url": CARD_URL},
        body={"name": "Rahul Mehta", "phone": "9123456780"},
        status=201,
    ),
    Documented("DELETE", "/api/customers/<customer>", {"deleted": True, "id": "<customer>"}),
    Documented(
        "POST",
        "/api/stamps/add",
        {
            "customer_id": "<customer>",
            "stamps_added": 1,
            "current_stamps": int,
            "goal": 8,
            "reward_earned": bool,
            "pending_rewards": int,
            "branch_id": "<branch>",
        },
        body={"qr_code": "<qr_code>", "count": 1, "branch_id": "<branch>"},
        extra={"rewards_earned": "one call can complete several rewards; the boolean cannot say how many"},
    ),
    Documented(
        "POST",
        "/api/rewards/redeem",
        {"redeemed": True, "reward": "Free coffee", "pending_rewards": 0, "total_redeemed": 2},
        body={"qr_code": "<qr_code>"},
    ),
    Documented(
        "GET",
        "/api/rewards",
        [
            {
                "id": "<customer>",
                "name": "Priya Sharma",
                "phone": str,
                "pending_rewards": 1,
                "qr_code": QR_CODE,
            }
        ],
        meta={"total": 1, "page": 1, "per_page": 20},
        extra_meta={"pages": "the other paged lists have it"},
    ),
    Documented(
        "GET",
        "/api/transactions",
        [
            {
                "id": int,
                "customer_id": "<customer>",
                "customer_name": "Priya Sharma",
                "transaction_type": "stamp_add",
                "branch_id": "<branch>",
                "branch_name": "Koramangala",
                "stamps_added": int,
                "redemption_confirmed": None,
                "created_at": MOMENT,
            }
        ],
        query="type=stamp_add&branch_id=<branch>&date_from=2026-06-01&date_to=2126-06-30",
        meta=PAGE | {"per_page": 50},
        extra={
            **dict.fromkeys(("undone", "undoes"), "transactions can be undone, and a client must see it"),
            "reason": "stamps are taken for a reason",
        },
    ),
    Documented(
        "GET",
        "/api/stats",
        {
            "total_customers": 1,
            "total_stamps": 21,
            "total_rewards": 1,
            "pending_rewards": 1,
            "active_7d": 1,
            "active_30d": 1,
            "stamps_today": 21,
        },
    ),
    Documented(
        "GET",
        "/api/analytics",
        {
            "range_days": 30,
            "stamps_per_day": [{"date": DAY, "stamps": int}],
            "new_customers_per_day": [{"date": DAY, "count": int}],
            "top_customers": [{"id": "<customer>", "name": "Priya Sharma", "total_visits": int}],
            "redemption_rate_pct": float,
            "total_stamps": 21,
            "total_rewards": 1,
            "branch_performance": [_PERFORMANCE],
            "unassigned_stamps": 3,
        },
        query="range=30",
    ),
    Documented(
        "GET",
        "/api/team",
        [{"id": int, "name": str, "email": str, "role": ("owner", "staff"), "is_active": ONE_OR_ZERO}],
    ),
    Documented(
        "POST",
        "/api/team",
        {
            "id": int,
            "name": "Neha Singh",
            "email": "neha.singh@sunrise.example",
            "role": "staff",
            "temp_password": TEMP_PASSWORD,
        },
        body={"name": "Neha Singh", "email": "neha.singh@sunrise.example"},
        status=201,
    ),
    Documented("DELETE", "/api/team/<staff>", {"deleted": True, "id": "<staff>"}),
    Documented("GET", "/api/branches", [_BRANCH_ROW]),
    Documented(
        "GET",
        "/api/branches/nearest",
        {
            "branch_id": "<branch>",
            "name": "Koramangala",
            "address": "47 5th Block",
            "city": "Bengaluru",
            "latitude": 12.9352,
            "longitude": 77.6245,
            "distance_km": float,
            "distance_m": int,
        },
        query="lat=12.9352&lng=77.6245",
    ),
    Documented(
        "POST",
        "/api/branches",
        {
            "id": int,
            "name": "Indiranagar",
            "city": "Bengaluru",
            "latitude": 12.9784,
            "longitude": 77.6408,
            "is_active": 1,
            "created_at": MOMENT,
        },
        body={"name": "Indiranagar", "city": "Bengaluru", "latitude": 12.9784, "longitude": 77.6408},
        status=201,
        extra=dict.fromkeys(("address", "state", "phone"), _BRANCH),
    ),
    Documented(
        "PATCH",
        "/api/branches/<spare_branch>",
        _BRANCH_ROW
        | {"id": "<spare_branch>", "name": "Indiranagar", "latitude": 12.9784, "longitude": 77.6408},
        body={"latitude": 12.9784, "longitude": 77.6408},
    ),
    Documented("DELETE", "/api/branches/<spare_branch>", {"deleted": True, "id": "<spare_branch>"}),
]

for _room in ROOMS:
    CALLS += _room.CALLS
    BEYOND |= _room.BEYOND
