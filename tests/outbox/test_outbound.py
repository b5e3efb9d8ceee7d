"""The way to other people's servers: what it refuses to reach, and for how long it waits."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from regulars import outbound, tls
from tests.outbox.receiver import Receiver, Reply

pytestmark = pytest.mark.once


def send(url: str, **more: Any) -> outbound.Response:
    return outbound.send(method="POST", url=url, headers={"x-of-ours": "1"}, body=b"{}", **more)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name have these addresses, one list after another; the names that were asked for."""
    asked: list[str] = []

    def answer(host: str, port: int, **_: Any) -> list[Any]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["100.64.0.1"], ["::1"], ["fd00::1"],
        ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["8.8.8.8", "192.168.0.1"],
        ["2606:4700::1", "fe80::1"],
    ],
)  # fmt: skip
def test_a_name_with_any_closed_address_is_refused_before_connecting(
    found: list[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.REGULARS_WEBHOOK_NETWORKS = []
    resolving(monkeypatch, found)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(outbound.Unreachable, match=r"is not public|must be called over https") as caught:
        send("https://till.example/")
    assert not caught.value.sent


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::ffff:a00:1]/", "https://0x7f000001/", "https://127.1/"]
)
def test_numbers_are_looked_at_in_any_spelling(url: str, settings: Settings) -> None:
    settings.REGULARS_WEBHOOK_NETWORKS = []
    with pytest.raises(outbound.Unreachable, match="is not public"):
        send(url)


def test_the_address_that_was_looked_at_is_the_one_that_is_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that changes between the look and the connection (DNS rebinding) changes nothing."""
    asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    assert send(f"http://till.example:{receiver.port}/hook").status == 200
    assert asked == ["till.example"]
    assert receiver.received[0].headers["host"] == f"till.example:{receiver.port}"
    with pytest.raises(outbound.Unreachable, match="must be called over https"):
        send(f"http://till.example:{receiver.port}/hook")


def test_plain_http_stays_in_the_networks_of_the_installation(settings: Settings) -> None:
    settings.REGULARS_WEBHOOK_NETWORKS = [ipaddress.ip_network("10.0.0.0/8")]
    with pytest.raises(outbound.Unreachable, match="over https"):
        send("http://1.1.1.1/")


def test_what_the_operator_chose_is_not_looked_at(receiver: Receiver, settings: Settings) -> None:
    settings.REGULARS_WEBHOOK_NETWORKS = []
    assert send(receiver.url, guarded=False).body == b"thanks"


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(receiver.url).status == 200


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answering = lambda _: Reply(307, {"location": receiver.url})
    assert send(receiver.url).status == 307
    assert len(receiver.received) == 1


def test_a_slow_drip_ends_with_the_time_for_all_of_it(receiver: Receiver) -> None:
    receiver.answering = lambda _: Reply(body=b"x" * 1000, drip=0.02)
    began = time.monotonic()
    with pytest.raises(outbound.Unreachable, match=r"no whole answer within 0\.3 seconds") as caught:
        send(receiver.url, timeout=0.3)
    assert 0.25 < time.monotonic() - began < 5
    assert caught.value.sent


def test_no_more_is_read_than_anybody_looks_at(receiver: Receiver) -> None:
    receiver.answering = lambda _: Reply(body=b"x" * 300_000)
    assert len(send(receiver.url, repeatable=True).body) == outbound.MAX_ANSWER
    assert send(receiver.url, repeatable=True).status == 200  # on another connection


def test_a_connection_that_was_given_up_is_replaced(receiver: Receiver) -> None:
    receiver.answering = lambda _: Reply(headers={"connection": "close"})
    for _ in range(3):
        assert send(receiver.url, repeatable=True).status == 200
    assert len(receiver.received) == 3


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(outbound.Unreachable, match="Nobody listens") as caught:
            send(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert not caught.value.sent


def test_name_servers_that_do_not_answer_are_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer.wait(30) and [])
    began = time.monotonic()
    with pytest.raises(outbound.Unreachable, match=r"did not find till\.example in time"):
        send("https://till.example/", timeout=0.2)
    assert time.monotonic() - began < 5
    answer.set()


def test_something_else_than_http(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            link, _ = server.accept()
            with link:
                link.recv(4096)
                link.sendall(b"220 mail.example ready\r\n\r\n")

        threading.Thread(target=talk, daemon=True).start()
        with pytest.raises(outbound.Unreachable, match="was not an HTTP answer"):
            send(f"http://127.0.0.1:{server.getsockname()[1]}/")


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
FALSE = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfalse"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (OK, 1), (CHUNKED, 1), (EMPTY, 1),
        (OK + FALSE, 3), (CHUNKED + FALSE, 3), (EMPTY + FALSE, 3), (EMPTY + b"no", 3), (OK + b"k", 3),
    ],
)  # fmt: skip
def test_what_is_left_over_is_never_the_answer_to_the_next_request(answer: bytes, connections: int) -> None:
    opened: list[socket.socket] = []

    def talk(link: socket.socket) -> None:
        heard = b""
        with link:
            while part := link.recv(4096):
                heard += part
                if heard.endswith(b"{}"):
                    heard = b""
                    link.sendall(answer)

    def accept(server: socket.socket) -> None:
        while True:
            try:
                opened.append(server.accept()[0])
            except OSError:
                return
            threading.Thread(target=talk, args=(opened[-1],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        for _ in range(3):
            assert send(url, repeatable=True).body in {b"ok", b""}
        server.shutdown(socket.SHUT_RDWR)
    outbound.hang_up()
    assert len(opened) == connections


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver over TLS, whose certificate is for "localhost" and from an authority of this test."""
    files = tls.ensure(tmp_path, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    monkeypatch.setenv("AUTHORITY", str(files.ca_certificate))
    with Receiver(tls=context) as made:
        yield made
    forget_pools()


def forget_pools() -> None:
    outbound._tls.cache_clear()
    outbound.hang_up()


def test_certificates_are_checked(secured: Receiver) -> None:
    forget_pools()
    with pytest.raises(
        outbound.Unreachable, match="The certificate is not good: unable to get local issuer certificate"
    ):
        send(f"https://localhost:{secured.port}/")
    assert secured.received == []


def test_a_trusted_certificate_must_be_for_the_name(
    secured: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_pools()
    monkeypatch.setenv("SSL_CERT_FILE", os.environ["AUTHORITY"])
    assert send(f"https://localhost:{secured.port}/").status == 200
    resolving(monkeypatch, ["127.0.0.1"])
    with pytest.raises(outbound.Unreachable, match="The certificate is not good: Hostname mismatch"):
        send(f"https://till.example:{secured.port}/")
