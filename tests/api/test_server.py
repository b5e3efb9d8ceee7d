"""The API behind its real server: what only bytes on a socket can show."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import blank

pytestmark = pytest.mark.once

MEGABYTE = 1024 * 1024
COMMAND = str(Path(sys.executable).parent / "regulars")


@dataclass(frozen=True)
class Server:
    """A running server, and the key of the one business in it."""

    port: int
    key: str

    def send(self, raw: bytes) -> tuple[int, dict[str, str], Any]:
        """Send bytes; the first answer's status, headers and JSON."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as link:
            link.sendall(raw)
            with link.makefile("rb") as answer:
                status = int(answer.readline().split()[1])
                headers = dict(
                    line.decode().strip().lower().split(": ", 1)
                    for line in iter(answer.readline, b"\r\n")
                    if b": " in line
                )
                body = answer.read(int(headers.get("content-length", "0")))
        return status, headers, json.loads(body) if "json" in headers.get("content-type", "") else None

    def request(self, line: str, *headers: str, body: bytes = b"") -> tuple[int, dict[str, str], Any]:
        """Send a request with the key."""
        lines = [
            line,
            f"Host: 127.0.0.1:{self.port}",
            f"X-Api-Key: {self.key}",
            "Connection: close",
            *headers,
        ]
        return self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def city(self) -> str:
        return str(self.request("GET /api/business HTTP/1.1")[2]["data"]["city"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "DJANGO_"))}
    env |= {"REGULARS_DATA_DIR": str(folder / "data"), "REGULARS_ALLOW_HTTP": "loopback"}
    blank.copy_into(env)
    made = subprocess.run(
        [COMMAND, "createbusiness", "Sunrise", "--owner-email", "owner@shop.example"],
        env=env,
        cwd=folder,
        capture_output=True,
        check=True,
    )
    with subprocess.Popen(
        [COMMAND, "serve", "--port", "0"],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        found = next(filter(None, (re.search(r"serves http://\S+?:(\d+)", line) for line in process.stdout)))
        yield Server(int(found[1]), json.loads(made.stdout)["api_key"])
        process.terminate()


def chunks(body: bytes, size: int) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize("size", [3, 1000, 100_000])
def test_a_chunked_body_is_read(size: int, server: Server) -> None:
    city = f"Pune {size}"
    body = json.dumps({"city": city, "address": "x" * 300}).encode()
    status, _, answer = server.request("PATCH /api/business HTTP/1.1", JSON, CHUNKED, body=chunks(body, size))
    assert (status, answer["data"]["city"]) == (200, city)


@pytest.mark.parametrize("size", [MEGABYTE + 1, 4 * MEGABYTE])
def test_a_chunked_body_over_a_megabyte_is_refused(size: int, server: Server) -> None:
    before = server.city()
    body = json.dumps({"city": "Huge"}).encode()
    body += b" " * (size - len(body))
    status, headers, answer = server.request(
        "PATCH /api/business HTTP/1.1", JSON, CHUNKED, body=chunks(body, 65_536)
    )
    assert (status, answer["error"]["code"]) == (400, "invalid_input")
    assert "x-ratelimit-limit" in headers
    assert server.city() == before


def test_a_client_that_sends_too_much_sees_why_it_is_refused(server: Server) -> None:
    size = 3 * MEGABYTE
    status, _, answer = server.request(
        "PATCH /api/business HTTP/1.1", JSON, f"Content-Length: {size}", body=b" " * size
    )
    assert (status, answer["error"]["fields"].keys()) == (400, {"body"})


def test_a_client_that_leaves_in_the_middle_changes_nothing(server: Server) -> None:
    before = server.city()
    for body in (b'{"city": "Half', b'{"city": "Half"}'):
        head = f"PATCH /api/business HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: {server.key}\r\n{JSON}\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
            link.sendall(f"{head}Content-Length: 1000\r\n\r\n".encode() + body)
    assert server.city() == before


@pytest.mark.parametrize(
    "line",
    [
        b"GET /api/customers/\xff HTTP/1.1",
        b"GET /api/customers/%ff HTTP/1.1",
        b"GET /api/customers/%00 HTTP/1.1",
        b"GET /api/customers?q=%00 HTTP/1.1",
        b"GET /api/customers?q=\xff HTTP/1.1",
        b"GET /api/customers?q=%ff HTTP/1.1",
        b"GET /api/customers?page=1%00 HTTP/1.1",
        b"GET //api/stats HTTP/1.1",
        b"GET http://evil.example/api/stats HTTP/1.1",
        b"GET /api/stats#fragment HTTP/1.1",
        b"BREW /api/stats HTTP/1.1",
        b"GET /api/" + b"a" * 8_000 + b" HTTP/1.1",
    ],
)
def test_strange_request_lines_are_no_fault_of_ours(line: bytes, server: Server) -> None:
    lines = [line, b"Host: 127.0.0.1", b"X-Api-Key: " + server.key.encode(), b"Connection: close"]
    status, _, answer = server.send(b"\r\n".join(lines) + b"\r\n\r\n")
    assert status in {200, 400, 404, 405}
    assert answer is None or "Traceback" not in str(answer)
    assert isinstance(server.city(), str)  # and it still serves


@pytest.mark.parametrize(
    "header",
    [
        "Host: evil.example",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Proto: https",
        "Forwarded: for=127.0.0.1;proto=https",
        "Via: 1.1 proxy",
        "Idempotency-Key: \xe9",
        "X-Api-Key: another",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Expect: 100-continue",
        "Cookie: " + "a" * 4_000,
    ],
)
def test_strange_headers_are_no_fault_of_ours(header: str, server: Server) -> None:
    body = chunks(b"{", 1) if "chunked" in header else b""
    status, _, _ = server.request("PATCH /api/business HTTP/1.1", JSON, header, body=body)
    assert status in {400, 401, 403}


def test_plain_http_is_for_this_machine_alone(server: Server) -> None:
    status, _, answer = server.request("GET /api/stats HTTP/1.1", "X-Forwarded-Proto: https")
    assert (status, answer["error"]["code"]) == (403, "https_required")
    assert server.request("GET /api/stats HTTP/1.1")[0] == 200


def test_a_connection_serves_one_request_after_the_other(server: Server) -> None:
    head = f"Host: 127.0.0.1\r\nX-Api-Key: {server.key}\r\n"
    refused = f"PATCH /api/business HTTP/1.1\r\n{head}{JSON}\r\nContent-Length: 3\r\n\r\n{{x}}"
    good = f"GET /api/stats HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
        link.sendall((refused + good).encode())
        with link.makefile("rb") as stream:
            whole = stream.read()
    assert re.findall(rb"HTTP/1\.1 (\d+)", whole) == [b"400", b"200"]
