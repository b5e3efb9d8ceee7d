"""A browser at a shop's micro-site, as far as requests go."""

from __future__ import annotations

import html
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from regulars.portal import sessions
from tests.factories import Shop

HOST = "shop.example"


class Browser:
    """Keeps cookies by host and path, as browsers do, and says where its requests come from."""

    def __init__(self, shop: Shop, *, host: str = "", **headers: str) -> None:
        self.shop = shop
        self.base = "/" if host else f"/m/{shop.business.slug}/"
        self.host = host or HOST
        self.client = Client(raise_request_exception=False)
        self.headers = headers

    @classmethod
    def on_own_host(cls, shop: Shop) -> Browser:
        return cls(shop, host=f"{shop.business.slug}.{HOST}")

    def get(self, path: str = "", **headers: str) -> HttpResponse:
        return self.send("GET", path, {}, headers)

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, data or {}, {"Sec-Fetch-Site": "same-origin"} | headers)

    def send(self, method: str, path: str, data: dict[str, Any], headers: dict[str, str]) -> HttpResponse:
        address = path if path.startswith("/") else f"{self.base}{path}"
        names = {name.replace("_", "-"): value for name, value in (self.headers | headers).items()}
        client: Any = self.client
        ask = getattr(client, method.lower())
        more: dict[str, Any] = {"wsgi.url_scheme": "https", "SERVER_NAME": self.host, "SERVER_PORT": "443"}
        body = (data,) if method == "POST" else ()
        answer: HttpResponse = ask(address, *body, headers=names, **more)
        return answer

    @property
    def cookie(self) -> str:
        """How the cookie of a member is called here."""
        return "__Host-regulars_member" if self.base == "/" else "regulars_member"

    def sign_in(self, member_id: int, how: str = "link") -> Browser:
        """Be signed in, as if by that way."""
        token = sessions.begin(business_id=self.shop.id, member_id=member_id, how=how)
        self.client.cookies[self.cookie] = token
        return self

    def is_signed_in(self) -> bool:
        answer = self.get("profile")
        assert answer.status_code in {200, 303}
        return answer.status_code == 200


def text(answer: HttpResponse, status: int = 200) -> str:
    """What a page says, without its markup."""
    assert answer.status_code == status, (answer.status_code, answer.headers, answer.content[:500])
    plain = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(plain).replace("\xa0", " "))


def form_of(answer: HttpResponse) -> dict[str, str]:
    """What the hidden fields of a page's form say."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="(\w*)"', answer.content.decode()))


def all_fields(answer: HttpResponse) -> dict[str, str]:
    """The same, whatever they hold."""
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    return {name: html.unescape(value) for name, value in found}
