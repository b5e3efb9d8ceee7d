"""The API is for HTTPS. Plain HTTP is for this machine alone, and proxies are believed only if trusted."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from pytest_django import Settings

from regulars.api import forwarded
from tests.api.support import Rest, counted, ok, refused
from tests.factories import Shop

pytestmark = pytest.mark.django_db

HTTP: dict[str, Any] = {"wsgi.url_scheme": "http"}
LOOPBACK = ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]
ELSEWHERE = [
    "192.0.2.7",
    "10.0.0.1",
    "169.254.1.1",
    "::ffff:192.0.2.7",
    "fe80::1%eth0",
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "::",
    "",
    "x",
]
PROXY_HEADERS = {
    "HTTP_X_FORWARDED_FOR": "127.0.0.1",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "127.0.0.1",
    "HTTP_FORWARDED": "for=127.0.0.1;proto=https",
    "HTTP_X_REAL_IP": "127.0.0.1",
    "HTTP_VIA": "1.1 proxy",
}


def ask(rest: Rest, peer: str, **environ: Any) -> HttpResponseBase:
    """A request over plain HTTP from an address."""
    return rest.send("GET", "/api/stats", **HTTP, REMOTE_ADDR=peer, **environ)


def trust(settings: Settings, *networks: str) -> None:
    settings.REGULARS_TRUSTED_PROXIES = [ip_network(network) for network in networks]


def secure(response: HttpResponseBase) -> bool:
    """Whether the request counted as HTTPS; if not, it must be refused as such."""
    if response.status_code == 200:
        ok(response)
        return True
    refused(response, 403, "https_required")
    return False


@pytest.mark.parametrize("peer", LOOPBACK + ELSEWHERE)
def test_plain_http_is_never_enough_unless_allowed(peer: str, rest: Rest, settings: Settings) -> None:
    settings.REGULARS_ALLOW_HTTP = "never"
    assert not secure(ask(rest, peer))
    for header, value in PROXY_HEADERS.items():
        assert not secure(ask(rest, peer, **{header: value}))


def test_a_refused_request_has_no_effect_and_is_not_told_whose_key_it_is(
    shop: Shop, rest: Rest, settings: Settings
) -> None:
    settings.REGULARS_ALLOW_HTTP = "never"
    card = shop.enrol()
    for client in (rest, Rest()):
        response = client.send("POST", "/api/stamps/add", {"qr_code": card.qr_code}, **HTTP)
        error = refused(response, 403, "https_required")
        assert "HTTPS" in error["message"]
        assert counted(response)[1] == 300  # counted for the address, not for the business
    assert ok(rest.get(f"/api/customers/{card.pk}"))["current_stamps"] == 0


@pytest.mark.parametrize("peer", LOOPBACK)
def test_loopback_may_use_plain_http_when_allowed(peer: str, rest: Rest, settings: Settings) -> None:
    settings.REGULARS_ALLOW_HTTP = "loopback"
    assert secure(ask(rest, peer))


@pytest.mark.parametrize("peer", ELSEWHERE)
def test_others_may_not(peer: str, rest: Rest, settings: Settings) -> None:
    settings.REGULARS_ALLOW_HTTP = "loopback"
    assert not secure(ask(rest, peer))


@pytest.mark.parametrize("header", PROXY_HEADERS)
def test_what_a_proxy_handed_on_is_not_from_this_machine(header: str, rest: Rest, settings: Settings) -> None:
    settings.REGULARS_ALLOW_HTTP = "loopback"
    for value in (PROXY_HEADERS[header], "", "192.0.2.7"):
        assert not secure(ask(rest, "127.0.0.1", **{header: value}))


def test_a_trusted_proxy_tells_the_scheme(rest: Rest, settings: Settings) -> None:
    trust(settings, "192.0.2.0/24", "2001:db8::/32")
    for peer in ("192.0.2.1", "192.0.2.255", "::ffff:192.0.2.1", "2001:db8::7"):
        assert secure(ask(rest, peer, HTTP_X_FORWARDED_PROTO="https"))
        assert secure(ask(rest, peer, HTTP_X_FORWARDED_PROTO=" HTTPS "))
        assert not secure(ask(rest, peer, HTTP_X_FORWARDED_PROTO="http"))
        assert not secure(ask(rest, peer, HTTP_X_FORWARDED_PROTO=""))
        assert not secure(ask(rest, peer))


def test_a_stranger_does_not(rest: Rest, settings: Settings) -> None:
    trust(settings, "192.0.2.0/24")
    for peer in ("192.0.3.1", "10.0.0.1", "2001:db8::7", "", "192.0.2.1.evil", "192.0.2.1, 10.0.0.1"):
        assert not secure(ask(rest, peer, HTTP_X_FORWARDED_PROTO="https"))
        assert not secure(ask(rest, peer, HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_FOR="192.0.2.1"))


def test_of_several_schemes_the_nearest_proxys_counts(rest: Rest, settings: Settings) -> None:
    """What stands first may be the client's invention."""
    trust(settings, "192.0.2.0/24")
    assert not secure(ask(rest, "192.0.2.1", HTTP_X_FORWARDED_PROTO="https, http"))
    assert secure(ask(rest, "192.0.2.1", HTTP_X_FORWARDED_PROTO="http, https"))


@pytest.mark.parametrize("scheme", ["wss", "httpss", "https://", "javascript", "https\x00", "on", "443"])
def test_a_scheme_that_is_none_changes_nothing(scheme: str, rest: Rest, settings: Settings) -> None:
    trust(settings, "192.0.2.0/24")
    assert not secure(ask(rest, "192.0.2.1", HTTP_X_FORWARDED_PROTO=scheme))


def test_a_proxy_may_say_that_it_was_plain_http(rest: Rest, settings: Settings) -> None:
    """A proxy that speaks HTTPS to us and HTTP to the world does not make the world safe."""
    trust(settings, "192.0.2.0/24")
    told: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_PROTO": "http"}
    assert not secure(rest.send("GET", "/api/stats", **told))
    assert secure(rest.send("GET", "/api/stats", **(told | {"REMOTE_ADDR": "198.51.100.9"})))


def client_behind(peer: str, chain: str | None) -> str:
    """The client's address that a request is counted for."""
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    if chain is not None:
        environ["HTTP_X_FORWARDED_FOR"] = chain
    forwarded.resolve(environ)
    return str(environ["REMOTE_ADDR"])


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (None, "192.0.2.1"),
        ("", "192.0.2.1"),
        ("198.51.100.9", "198.51.100.9"),
        ("198.51.100.9, 192.0.2.2", "198.51.100.9"),
        ("198.51.100.9,192.0.2.2 , 192.0.2.3", "198.51.100.9"),
        # Whatever a client puts in front is not believed.
        ("127.0.0.1, 198.51.100.9", "198.51.100.9"),
        ("10.1.1.1, 192.0.2.2, 198.51.100.9, 192.0.2.3", "198.51.100.9"),
        ("spoofed, 198.51.100.9", "198.51.100.9"),
        ("192.0.2.5, 192.0.2.6", "192.0.2.5"),
        (", ,198.51.100.9,,", "198.51.100.9"),
        ("2001:db8::9", "2001:db8::9"),
        ("unknown", "unknown"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_trusted_proxy(
    chain: str | None, client: str, settings: Settings
) -> None:
    trust(settings, "192.0.2.0/24")
    assert client_behind("192.0.2.1", chain) == client


@pytest.mark.parametrize("chain", ["127.0.0.1", "198.51.100.9, 127.0.0.1", "", "::1"])
def test_an_untrusted_peer_is_the_client_itself(chain: str, settings: Settings) -> None:
    trust(settings, "192.0.2.0/24")
    assert client_behind("203.0.113.5", chain) == "203.0.113.5"
    trust(settings)
    assert client_behind("192.0.2.1", chain) == "192.0.2.1"


@pytest.mark.parametrize("chain", ["127.0.0.1", "::1", "127.0.0.1, 127.0.0.1"])
def test_nobody_becomes_loopback_by_saying_so(chain: str, rest: Rest, settings: Settings) -> None:
    settings.REGULARS_ALLOW_HTTP = "loopback"
    trust(settings, "192.0.2.0/24", "127.0.0.0/8")
    for peer in ("192.0.2.1", "127.0.0.1", "203.0.113.5"):
        assert not secure(ask(rest, peer, HTTP_X_FORWARDED_FOR=chain))


def test_requests_without_a_key_count_for_the_client_behind_the_proxy(settings: Settings) -> None:
    trust(settings, "192.0.2.0/24")
    told: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_PROTO": "https"}

    def left(chain: str) -> int:
        return counted(Rest().send("GET", "/api/stats", **told, HTTP_X_FORWARDED_FOR=chain))[2]

    assert [left("198.51.100.9"), left("198.51.100.9"), left("198.51.100.8")] == [299, 298, 299]
    assert left("10.9.9.9, 198.51.100.9") == 297  # a made-up address in front wins nothing


def test_the_pages_of_the_api_may_be_read_over_plain_http(settings: Settings) -> None:
    """They hold no secret, and somebody who is new must be able to read how to set up HTTPS."""
    settings.REGULARS_ALLOW_HTTP = "never"
    for path in ("/api/docs", "/api/openapi.json", "/"):
        assert Rest().send("GET", path, **HTTP).status_code == 200


def test_https_is_asked_for_from_then_on(rest: Rest) -> None:
    for response in (rest.get("/api/stats"), rest.get("/api/nothing"), Rest().get("/api/stats")):
        assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Strict-Transport-Security" not in rest.send("GET", "/api/nothing", **HTTP).headers
