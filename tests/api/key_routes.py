"""The operations about API keys and the request log."""

from __future__ import annotations

from django.utils import timezone
from django_scopes import scope

from regulars.requestlog.models import Call as Logged
from regulars.tenants import api_keys
from tests.api.things import Call, Things
from tests.factories import Shop

_KEY = "keys key_id"
_PATCH = "PATCH /api/keys/{key_id}"
_REVOKE = "DELETE /api/keys/{key_id}"

NOBODY = {_KEY: 8_888_040}


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """A second key, with which somebody has called."""
    row, _ = api_keys.create_api_key(business=shop.business, name=f"{word} till")
    with scope(business=shop.id):
        Logged.objects.create(
            business=shop.business,
            key=row,
            at=timezone.now(),
            dialect="rpc",
            method="POST",
            target="get_members",
            status=200,
            code="007",
            milliseconds=3,
        )
    return {_KEY: row.pk}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    return {
        "GET /api/keys": Call(),
        "POST /api/keys": Call(201, body={"name": "Till at the harbour", "scopes": ["settings"]}),
        _PATCH: Call(path={"key_id": mine.ids[_KEY]}, body={"name": "Web shop", "rpc_format": "json"}),
        _REVOKE: Call(path={"key_id": mine.ids[_KEY]}),
        "GET /api/request-log": Call(query={"key_id": mine.ids[_KEY], "outcome": "refused", "api": "rpc"}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's key."""
    return {
        _PATCH: [
            Call(404, path={"key_id": theirs.ids[_KEY]}, body={"name": "Taken over"}),
            Call(404, path={"key_id": theirs.ids[_KEY]}, body={"scopes": ["read"]}),
        ],
        _REVOKE: [Call(404, path={"key_id": theirs.ids[_KEY]})],
        "GET /api/request-log": [Call(query={"key_id": theirs.ids[_KEY]})],
    }
