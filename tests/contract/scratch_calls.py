"""The documented requests about scratch cards."""

from __future__ import annotations

import re

from tests.contract.shapes import DAY, Documented

TOKEN = re.compile(r"[0-9a-f]{32}")
SCRATCH_URL = re.compile(r"https://shop\.example/scratch/[0-9a-f]{32}")

_DETAIL = "a campaign can be looked at, changed and deleted, as in the back office"

BEYOND = {
    "GET /api/scratch-cards/{}": _DETAIL,
    "PATCH /api/scratch-cards/{}": _DETAIL,
    "DELETE /api/scratch-cards/{}": _DETAIL,
    "GET /api/scratch-cards/{}/cards": "what became of each card",
}

CALLS = [
    Documented(
        "GET",
        "/api/scratch-cards",
        [
            {
                "id": "<scratch_campaign>",
                "name": "Summer Spin",
                "description": "Win free drinks!",
                "is_active": 1,
                "total_issued": 1,
                "total_won": 1,
                "expires_at": DAY,
                "card_count": 1,
            }
        ],
    ),
    Documented(
        "POST",
        "/api/scratch-cards",
        {"id": int, "name": "Summer Spin", "is_active": True},
        body={
            "name": "Summer Spin",
            "prizes": [
                {"label": "Free Coffee", "probability": 10, "is_winner": True},
                {"label": "10% Off", "probability": 30, "is_winner": True},
                {"label": "Better luck next time", "probability": 60, "is_winner": False},
            ],
        },
        status=201,
    ),
    Documented(
        "POST",
        "/api/scratch-cards/<scratch_campaign>/issue",
        {"id": int, "token": TOKEN, "card_url": SCRATCH_URL, "expires_at": DAY, "customer_id": "<customer>"},
        body={"customer_id": "<customer>", "expires_days": 14},
        status=201,
    ),
    Documented(
        "POST",
        "/api/scratch-cards/<scratch_campaign>/toggle",
        {"id": "<scratch_campaign>", "is_active": False},
    ),
    Documented(
        "POST",
        "/api/scratch-cards/redeem",
        {"redeemed": True, "prize_label": "Free Coffee", "is_winner": True},
        body={"token": "<scratch_token>"},
    ),
]
