"""The documented requests about campaigns."""

from __future__ import annotations

from tests.contract.shapes import MOMENT, Documented

_BY_OTHERS = "campaigns also go by text message and by post, and at a time of their own"
_SAVED = "campaigns also go to segments that the business made"
_DETAIL = "a campaign can be looked at, changed, tried out and stopped, as in the back office"

BEYOND = {
    "GET /api/campaigns/{}": _DETAIL,
    "PATCH /api/campaigns/{}": _DETAIL,
    "POST /api/campaigns/{}/preview": _DETAIL,
    "POST /api/campaigns/{}/test": _DETAIL,
    "POST /api/campaigns/{}/cancel": _DETAIL,
    "GET /api/campaigns/{}/recipients": "what became of each message",
    "GET /api/campaigns/{}/came": "who came afterwards, beside who came before",
    "GET /api/campaigns/segments": "whom a campaign would reach",
}

CALLS = [
    Documented(
        "GET",
        "/api/campaigns",
        [
            {
                "id": int,
                "name": "June Promo",
                "subject": "Double stamps this week!",
                "segment_filter": "all",
                "status": ("draft", "sending"),
                "total_recipients": int,
                "sent_at": (MOMENT, None),
            }
        ],
        extra={"channel": _BY_OTHERS, "scheduled_at": _BY_OTHERS, "segment_id": _SAVED},
    ),
    Documented(
        "POST",
        "/api/campaigns",
        {"id": int, "status": "draft"},
        body={
            "name": "June Promo",
            "subject": "Double stamps this week!",
            "message": "Visit us this week for double stamps.",
            "segment_filter": "active_30d",
        },
        status=201,
    ),
    Documented("POST", "/api/campaigns/<campaign>/send", {"sent": True, "recipients": 1}),
    Documented("DELETE", "/api/campaigns/<campaign>", {"deleted": True}),
]
