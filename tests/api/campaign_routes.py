"""The operations about campaigns, with requests that they accept and requests for others' records."""

from __future__ import annotations

from regulars.campaigns import actions as campaigns
from tests.api.group_routes import SEGMENT
from tests.api.things import Call, Things
from tests.factories import Shop

_OF_A_DRAFT = {
    "PATCH /api/campaigns/{campaign_id}": {"subject": "Changed"},
    "DELETE /api/campaigns/{campaign_id}": None,
    "POST /api/campaigns/{campaign_id}/send": None,
    "POST /api/campaigns/{campaign_id}/preview": None,
    "POST /api/campaigns/{campaign_id}/test": {"to": "maeve@harbour.example"},
}
_OF_ONE_THAT_IS_SENT = (
    "GET /api/campaigns/{campaign_id}",
    "GET /api/campaigns/{campaign_id}/recipients",
    "GET /api/campaigns/{campaign_id}/came",
    "POST /api/campaigns/{campaign_id}/cancel",
)
_WORDS = {"name": "June Promo", "subject": "Double stamps", "message": "Visit us this week."}
_DRAFT, _SENT = "campaigns campaign_id", "campaigns sent"

NOBODY = {_DRAFT: 8_888_010, _SENT: 8_888_011}


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """A draft and a campaign that waits for a worker."""
    made = [
        campaigns.create_campaign(
            business_id=shop.id,
            name=f"{word} {number}",
            subject=f"{word} week",
            message=f"To {word} customers",
        ).pk
        for number in range(2)
    ]
    assert campaigns.send_campaign(business_id=shop.id, pk=made[1]) > 0
    return dict(zip((_DRAFT, _SENT), made, strict=True))


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    drafted = {"campaign_id": mine.ids[_DRAFT]}
    return {
        "GET /api/campaigns": Call(),
        "GET /api/campaigns/segments": Call(),
        "POST /api/campaigns": Call(201, body=_WORDS),
        **{name: Call(path=drafted, body=body) for name, body in _OF_A_DRAFT.items()},
        **{name: Call(path={"campaign_id": mine.ids[_SENT]}) for name in _OF_ONE_THAT_IS_SENT},
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's campaign."""
    return {
        **{
            name: [Call(404, path={"campaign_id": theirs.ids[_DRAFT]}, body=body)]
            for name, body in _OF_A_DRAFT.items()
        },
        **{name: [Call(404, path={"campaign_id": theirs.ids[_SENT]})] for name in _OF_ONE_THAT_IS_SENT},
        "POST /api/campaigns": [Call(404, body={**_WORDS, "segment_id": theirs.ids[SEGMENT]})],
        "PATCH /api/campaigns/{campaign_id}": [
            Call(404, path={"campaign_id": theirs.ids[_DRAFT]}, body={"subject": "Changed"}),
            Call(
                404,
                path={"campaign_id": mine.ids[_DRAFT]},
                body={"segment_id": theirs.ids[SEGMENT]},
            ),
        ],
    }
