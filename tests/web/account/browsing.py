"""Somebody at the pages of signing in, as far as requests go."""

from __future__ import annotations

import os
import re
from itertools import count
from typing import Any

from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from regulars.messages.models import Message
from regulars.seal import unseal
from regulars.tenants.models import User
from tests.factories import Shop

URLS = "regulars.urls_office"
PASSWORD = "a long password"
NEW = "correct horse battery"
_places = count(1)


def url(name: str, **ids: Any) -> str:
    """The address of a page of signing in."""
    return reverse(name, URLS, kwargs=ids or None)


class Browser:
    """One browser; it follows nothing by itself."""

    def __init__(self, **extra: Any) -> None:
        # Each from a place of its own: tries are counted by place.
        self.client = Client(**{"REMOTE_ADDR": f"2001:db8:{os.getpid():x}::{next(_places):x}", **extra})

    def get(self, name: str, data: dict[str, Any] | None = None, **ids: Any) -> Any:
        """Look at a page."""
        return self.client.get(url(name, **ids), data or {}, secure=True)

    def post(self, name: str, data: dict[str, Any] | None = None, **ids: Any) -> Any:
        """Send a form."""
        return self.client.post(url(name, **ids), data or {}, secure=True)

    def sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> Any:
        """Send the form for signing in."""
        return self.post("account_login", {"login": email, "password": password, **more})

    def who(self) -> int | None:
        """Who is signed in."""
        found = self.client.session.get("_auth_user_id")
        return int(found) if found else None

    def prove(self, password: str = PASSWORD) -> None:
        """Give the password once more, as before changes."""
        response = self.post("account_reauthenticate", {"password": password})
        assert response.status_code == 302, said(response)


def owner_of(shop: Shop) -> User:
    """The owner's account, as it is now."""
    return User.objects.get(pk=shop.owner.user.pk)


def signed_in(user: User, password: str = PASSWORD) -> Browser:
    """A browser in which somebody has signed in with their password."""
    browser = Browser()
    response = browser.sign_in(user.email, password)
    assert response.status_code == 302, said(response)
    return browser


def said(response: Any) -> str:
    """What a page says, in one line."""
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(text.split())


def mails(kind: str) -> list[Message]:
    """What was queued of a kind, oldest first."""
    with scopes_disabled():
        return list(Message.objects.filter(kind=kind).order_by("pk"))


def link_in(message: Message, name: str) -> str:
    """The path of the address in a message that nobody may read in the database."""
    found = re.search(rf'"{name}": "https?://[^/]+([^"]+)"', unseal(message.sealed))
    assert found is not None
    return found[1]
