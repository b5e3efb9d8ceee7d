"""The joining page, as a browser without scripts gets it and sends it."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django_scopes import scope

from regulars.members.models import Member
from tests.factories import Shop

FILLED = {"name": "Nora Whitfield", "contact": "nora@mail.example"}


def get(shop: Shop, query: str = "", client: Client | None = None, **more: Any) -> Any:
    """Ask for the page."""
    return (client or Client()).get(f"/join/{shop.business.join_code}{query}", secure=True, **more)


def post(shop: Shop, client: Client | None = None, headers: Any = None, **fields: Any) -> Any:
    """Send the form as the page has it now, or with other `words` than it has."""
    sent = FILLED | fields
    if "words" not in sent:
        sent |= {"words": words_in(get(shop, client=client, headers=headers))}
    address = f"/join/{shop.business.join_code}"
    return (client or Client()).post(address, sent, secure=True, headers=headers)


def text(response: Any) -> str:
    """What a page says, in one line."""
    body = re.sub(r"<(svg|script)\b.*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def token_in(response: Any) -> str:
    """What names the form of a page."""
    found = re.search(r'name="token" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def words_in(response: Any) -> str:
    """What says which words the form of a page shows; empty where there is no form."""
    found = re.search(r'name="words" value="([^"]+)"', response.content.decode())
    return found[1] if found else ""


def members_of(shop: Shop) -> list[Member]:
    """The shop's members, in the order in which they joined."""
    with scope(business=shop.business):
        return list(Member.objects.order_by("id"))
