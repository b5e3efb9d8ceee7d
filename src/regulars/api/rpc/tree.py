"""Reads calls: the tree `global[...]` out of a query, a form or JSON, strictly.

PHP's names are taken as PHP sends them (`global[fields][first_name]`); JSON has the same tree as objects.
What both mean is one flat list of paths and texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from regulars.api.rpc import multipart
from regulars.api.rpc.charsets import charset_of, decode
from regulars.api.rpc.errors import BAD_VALUE, UNKNOWN_FIELD, RpcError, bad_value

ROOT: Final = "global"
FIELDS: Final = "fields"
MOST_VALUES: Final = 500
LONGEST_NAME: Final = 64
_MOST_DEEP: Final = 3  # global, fields, name

_BRACKETED: Final = re.compile(r"global((?:\[[^\[\]]*\])+)")
_NAME: Final = re.compile(r"[A-Za-z0-9_]+")
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was sent. `fields` are `global[fields][...]`; `options` every other `global[...]`.

    All values are text, as a form would send them; a JSON null is the empty text.
    """

    method: str
    api_key: str
    api_time: str
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


def is_call(request: HttpRequest) -> bool:
    """Whether a request for the start page's address is a call: a POST, or `global[` in its query."""
    return request.method == "POST" or any(
        unquote_to_bytes(pair).startswith(b"global[") for pair in _query(request).split(b"&")
    )


def parse(request: HttpRequest) -> Call:
    """The call in a request's query and body together.

    Raises:
        RpcError: 006 or 011, naming the field that cannot be read.
    """
    found: dict[Path, str] = {}
    read(request, found)
    return call_of(found)


def read(request: HttpRequest, found: dict[Path, str]) -> None:
    """Read a request's query and body into `found`; what came before a mistake stays there.

    Raises:
        RpcError: see `parse`.
    """
    for path, value in _everything(request):
        name = shown(path)
        if path in found:
            raise bad_value(name, "was sent twice")
        if len(found) >= MOST_VALUES:
            raise RpcError(BAD_VALUE, f"The call has more than {MOST_VALUES} values")
        if _NO_TEXT.search(value):
            raise bad_value(name, "holds a character that text cannot have")
        found[path] = value


def call_of(found: dict[Path, str]) -> Call:
    """The call that these paths and texts make."""
    options = {path[0]: value for path, value in found.items() if len(path) == 1}
    fields = {path[1]: value for path, value in found.items() if len(path) == 2}  # noqa: PLR2004 - fields, name
    return Call(
        method=options.pop("api_method", "").strip(),
        api_key=options.pop("api_key", "").strip(),
        api_time=options.pop("api_time", "").strip(),
        fields=fields,
        options=options,
    )


def shown(path: Path) -> str:
    """How messages call a path: the field's own name, an option as `global[name]`."""
    if len(path) > 1 and path[0] == FIELDS:
        return _short(path[1])
    return f"global[{_short(path[0])}]"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _query(request: HttpRequest) -> bytes:
    return str(request.META.get("QUERY_STRING", "")).encode("latin-1", "replace")


def _everything(request: HttpRequest) -> Iterator[tuple[Path, str]]:
    charset = charset_of(request)
    for name, value in _pairs(_query(request), charset):
        if name.startswith(ROOT):  # an address may carry what is not meant for us
            yield _path(name), value
    if request.method == "POST":
        yield from _body(request, charset)


def _body(request: HttpRequest, charset: str) -> Iterator[tuple[Path, str]]:
    try:
        body = request.body
    except RequestDataTooBig:
        raise RpcError(BAD_VALUE, "The call is too large") from None
    except UnreadablePostError:
        raise RpcError(BAD_VALUE, "The call ended early") from None
    if not body:
        return
    kind = (request.content_type or "").lower()
    if kind in {"application/x-www-form-urlencoded", ""}:
        form = _pairs(body, charset)
    elif kind == "multipart/form-data":
        form = multipart.parts(body, (request.content_params or {}).get("boundary", ""), charset)
    elif kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        yield from _json(decode(body, charset, "The JSON").removeprefix("\ufeff"))
        return
    else:
        raise bad_value(
            "Content-Type",
            "must be application/x-www-form-urlencoded, multipart/form-data or application/json",
        )
    for name, value in form:
        yield _path(name), value


def _pairs(text: bytes, charset: str) -> Iterator[tuple[str, str]]:
    for pair in text.split(b"&") if text else ():
        raw_name, _, raw_value = pair.replace(b"+", b" ").partition(b"=")
        name = decode(unquote_to_bytes(raw_name), charset, "The name of a field")
        if name or raw_value:
            yield name, decode(unquote_to_bytes(raw_value), charset, _short(name) or "A value")


def _path(name: str) -> Path:
    """The path of a bracketed name, without the root."""
    found = _BRACKETED.fullmatch(name)
    if found is None:
        if name.partition("[")[0] == ROOT:
            raise bad_value(_short(name), "must be written global[name] or global[fields][name]")
        raise RpcError(UNKNOWN_FIELD, f"{_short(name)} is outside of global[...]; fields are sent as "
                       "global[fields][name]")  # fmt: skip
    return _checked(tuple(found[1][1:-1].split("][")))


def _checked(path: Path) -> Path:
    """The path, if a value may stand there."""
    for part in path[:_MOST_DEEP]:
        if part and (not _NAME.fullmatch(part) or len(part) > LONGEST_NAME):
            raise RpcError(UNKNOWN_FIELD, f"{_short(part)} is not the name of a field")
    if path[0] == FIELDS:
        if len(path) == 1:
            raise bad_value("global[fields]", "must hold fields: global[fields][name]")
        if len(path) >= _MOST_DEEP or not path[1]:
            raise bad_value(_short(path[1]) or "global[fields]", "must be one value, not a list")
    elif len(path) > 1:
        raise bad_value(shown(path), "must be one value, not a list")
    elif not path[0]:
        raise bad_value("global", "must be written global[name] or global[fields][name]")
    return path


def _json(text: str) -> Iterator[tuple[Path, str]]:
    """The same paths out of JSON. Numbers stay as they were written; objects come as lists of pairs."""
    try:
        found = json.loads(
            text,
            object_pairs_hook=_Object,
            parse_int=str,
            parse_float=str,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise bad_value("The JSON", "is nested too deeply") from None
    except ValueError as error:
        raise bad_value("The JSON", f"is malformed: {error}") from None
    if not isinstance(found, _Object):
        raise bad_value("The JSON", 'must be an object: {"global": {...}}')
    for name, value in found:
        if name != ROOT:
            raise RpcError(UNKNOWN_FIELD, f'{_short(name)} is outside of "global"')
        if not isinstance(value, _Object):
            raise bad_value("global", 'must be an object: {"global": {...}}')
        yield from _options(value)


class _Object(list[tuple[str, Any]]):
    """A JSON object with all its pairs, so that a name that comes twice is seen."""


def _no_constant(name: str) -> str:
    raise ValueError(f"{name} is not JSON")


def _options(tree: _Object) -> Iterator[tuple[Path, str]]:
    for name, value in tree:
        if name != FIELDS:
            yield _leaf((name,), value)
        elif isinstance(value, _Object):
            for inner, one in value:
                yield _leaf((FIELDS, inner), one)
        elif value not in (None, []):  # PHP writes an array without entries as []
            raise bad_value("global[fields]", "must be an object")


def _leaf(path: Path, value: Any) -> tuple[Path, str]:
    _checked(path)
    if isinstance(value, list):
        raise bad_value(shown(path), "must be one value, not a list or an object")
    if isinstance(value, bool):
        return path, "true" if value else "false"  # which no number takes for itself
    return path, "" if value is None else str(value)
