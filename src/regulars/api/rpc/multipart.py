"""Reads multipart/form-data (RFC 7578) with texts alone, strictly: nothing is repaired, nothing left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.http import parse_header_parameters

from regulars.api.rpc.charsets import decode, known
from regulars.api.rpc.errors import BAD_VALUE, RpcError, bad_value

LONGEST_BOUNDARY: Final = 70
_PLAIN_ENCODINGS: Final = {"", "7bit", "8bit", "binary"}


def parts(body: bytes, boundary: str, charset: str) -> Iterator[tuple[str, str]]:
    """Name and text of each part.

    Raises:
        RpcError: 006; the body is not well-formed, or a part is a file or otherwise no text.
    """
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
        raise bad_value("Content-Type", "must name the boundary of its parts")
    _preamble, *sections = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if not sections or not sections[-1].startswith(b"--"):
        raise RpcError(BAD_VALUE, "The call ended early: the last boundary is missing")
    for section in sections[:-1]:
        padding, line, rest = section.partition(b"\r\n")
        if padding.strip(b" \t") or not line:
            raise RpcError(BAD_VALUE, "The multipart body is malformed")
        head, end, content = (line + rest).partition(b"\r\n\r\n")
        if not end:
            raise RpcError(BAD_VALUE, "The multipart body is malformed")
        yield _part(head, content, charset)


def _part(head: bytes, content: bytes, charset: str) -> tuple[str, str]:
    headers: dict[str, str] = {}
    for line in decode(head, "utf-8", "The name of a field").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    disposition, named = _parameters(headers.get("content-disposition", ""))
    if disposition != "form-data" or "name" not in named:
        raise RpcError(BAD_VALUE, "The multipart body has a part without a name")
    name = named["name"]
    if "filename" in named:
        raise bad_value(name[:64], "must be a text, not a file")
    if headers.get("content-transfer-encoding", "").lower() not in _PLAIN_ENCODINGS:
        raise bad_value(name[:64], "must be sent without a Content-Transfer-Encoding")
    _, kind = _parameters(headers.get("content-type", ""))
    return name, decode(content, known(kind["charset"]) if "charset" in kind else charset, name[:64])


def _parameters(header: str) -> tuple[str, dict[str, str]]:
    try:
        value, parameters = parse_header_parameters(header)
    except ValueError:
        raise RpcError(BAD_VALUE, "The multipart body is malformed") from None
    return value.lower(), parameters
