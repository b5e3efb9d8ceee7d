"""The operations about single sign-on, with requests that they accept and requests for others' secrets."""

from __future__ import annotations

from regulars.portal import sso_secrets
from tests.api.things import Call, Things
from tests.factories import Shop

_SECRET = "secrets secret_id"
_REVOKE = "DELETE /api/sso/secrets/{secret_id}"

NOBODY = {_SECRET: 8_888_030}


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """A secret."""
    return {_SECRET: sso_secrets.create_secret(business=shop.business)[0].pk}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    return {
        "GET /api/sso": Call(),
        "PATCH /api/sso": Call(body={"legacy_enabled": True}),
        "GET /api/sso/secrets": Call(),
        "POST /api/sso/secrets": Call(201),
        _REVOKE: Call(path={"secret_id": mine.ids[_SECRET]}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's secret."""
    return {_REVOKE: [Call(404, path={"secret_id": theirs.ids[_SECRET]})]}
