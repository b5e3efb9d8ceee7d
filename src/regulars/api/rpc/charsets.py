"""Bytes into text, by the charset that a request names, and never by guessing."""

from __future__ import annotations

import codecs
import re
from typing import Final

from django.http import HttpRequest

from regulars.api.rpc.errors import bad_value

# What tills and shops send. Python knows many more codecs, some of which are no charsets at all.
_KNOWN: Final = re.compile(
    r"ascii|utf-8|utf-16|iso8859-\d+|cp125\d|koi8-[ru]|shift_jis|euc_(jp|kr)|gb2312|gbk|gb18030|big5|mac-roman"
)


def known(name: str) -> str:
    """The codec of a charset; without a name UTF-8.

    Raises:
        RpcError: 006, the charset is none of those that are taken.
    """
    try:
        codec = codecs.lookup(name.strip() or "utf-8").name
    except (LookupError, ValueError):
        codec = ""
    if not _KNOWN.fullmatch(codec):
        raise bad_value("charset", "must be one that this server knows, such as utf-8 or iso-8859-1")
    return codec


def charset_of(request: HttpRequest) -> str:
    """The codec of a request's query and body."""
    return known((request.content_params or {}).get("charset", ""))


def decode(raw: bytes, charset: str, what: str) -> str:
    """Bytes as text.

    Raises:
        RpcError: 006, naming `what` holds bytes that the charset does not have.
    """
    try:
        return raw.decode(charset)
    except UnicodeError:
        raise bad_value(what, f"is not valid {charset} text") from None
