"""The operations about the logo and about printing, with requests that they accept."""

from __future__ import annotations

import io

from PIL import Image

from regulars.members import blank_cards
from regulars.tenants import logos
from tests.api.things import Call, Things
from tests.factories import Shop

NOBODY: dict[str, int] = {}
# What takes files is not in the description, which is of JSON alone.
FILES = {"/api/business/logo": {"PUT"}}


def picture(colour: str = "#0f766e") -> bytes:
    """The bytes of a small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(file, "PNG")
    return file.getvalue()


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """A logo, and cards that nobody has yet. No call names them by id."""
    logos.set_logo(business_id=shop.id, data=picture())
    blank_cards.make_blanks(business_id=shop.id, count=2)
    return {}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    return {
        "GET /api/business/logo": Call(),
        "DELETE /api/business/logo": Call(),
        "GET /api/blank-cards": Call(),
        "POST /api/blank-cards": Call(201, body={"count": 3}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """None of them names a record."""
    return {}
