"""Answers of the RPC dialect as XML (the documented shape, or with one root) and as JSON.

Rows may come from a generator: they are rendered one by one into a file that has no name, so an answer of any
length takes constant memory, and a fault half way is still answered as a fault.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

import orjson

XML: Final = "xml"
XML_ROOTED: Final = "xml_rooted"
JSON: Final = "json"
FORMATS: Final = (XML, XML_ROOTED, JSON)
CONTENT_TYPES: Final = {
    XML: "text/xml; charset=utf-8",
    XML_ROOTED: "text/xml; charset=utf-8",
    JSON: "application/json",
}

# Answers up to this size stay in memory, in bytes.
SMALL: Final = 256 * 1024
_PIECE: Final = 64 * 1024
_ROWS_AT_ONCE: Final = 64
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
# What XML 1.0 cannot carry; half a surrogate pair no encoding can.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PLAIN: Final = re.compile("[\n -%'-;=?-~\xa0-\ud7ff]*")
_STEP: Final = "   "

Row = Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method found or did.

    Without a `status` the rows are counted: "2 results found". `rows` None: the answer has no data part.
    Values are text, whole numbers, Decimals (sent as exact text), booleans (1 and 0), dates, None (empty), or
    a list of rows.
    """

    status: str | None = None
    rows: Iterable[Row] | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer ready to be sent: in memory, or for the greater part in a file."""

    head: bytes
    rows: IO[bytes] | None = None
    tail: bytes = b""
    length: int = 0

    def __iter__(self) -> Iterator[bytes]:
        """The body, piece by piece."""
        yield self.head
        while self.rows is not None and (piece := self.rows.read(_PIECE)):
            yield piece
        yield self.tail

    def close(self) -> None:
        """The file is gone."""
        if self.rows is not None:
            self.rows.close()


def found(number: int) -> str:
    """The status of a search. One wording for every number, as programs look for it."""
    return f"{number} results found"


def plain(value: Any) -> Any:
    """A value as JSON carries it: text, a whole number, None, or a list of objects."""
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_object(row) for row in value]
    raise TypeError(f"a row cannot hold {type(value).__name__}")


def _object(row: Row) -> dict[str, Any]:
    return {name: plain(value) for name, value in row}


def clean(text: str) -> str:
    """`text` without the characters that XML forbids."""
    return _FORBIDDEN.sub("", text)


def _escape(text: str) -> str:
    if _PLAIN.fullmatch(text):  # nearly all
        return text
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")  # a bare one would be read as a newline


def _json_text(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half a surrogate pair
        return orjson.dumps(_without_forbidden(value))


def _without_forbidden(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: _without_forbidden(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_forbidden(inner) for inner in value]
    return value


def _xml_row(row: Row, indent: str) -> str:
    inner = indent + _STEP
    lines = [f"{indent}<row>\n"]
    for name, value in row:
        if isinstance(value, str):
            text = _escape(value)
        elif value is None:
            text = ""
        elif isinstance(value, (list, tuple)):
            nested = "".join([_xml_row(one, inner + _STEP) for one in value])
            text = f"\n{nested}{inner}" if nested else ""
        else:
            text = str(plain(value))
        lines.append(f"{inner}<{name}>{text}</{name}>\n")
    lines.append(f"{indent}</row>\n")
    return "".join(lines)


class _Xml:
    """The documented shape: status, then data with rows. It has no single root unless asked for."""

    def __init__(self, *, rooted: bool) -> None:
        self._start = _DECLARATION + ("<response>\n" if rooted else "")
        self._end = "</response>\n" if rooted else ""

    def error(self, text: str) -> bytes:
        return f"{self._start}<error>{_escape(text)}</error>\n{self._end}".encode()

    def row(self, row: Row, *, first: bool) -> bytes:
        return _xml_row(row, "\t").encode()

    def around(self, status: str, *, data: bool) -> tuple[bytes, bytes]:
        head, tail = ("<data>\n", "</data>\n") if data else ("", "")
        start = f"{self._start}<status>{_escape(status)}</status>\n{head}"
        return start.encode(), f"{tail}{self._end}".encode()


class _Json:
    def error(self, text: str) -> bytes:
        return _json_text({"error": text})

    def row(self, row: Row, *, first: bool) -> bytes:
        return (b"" if first else b",") + _json_text(_object(row))

    def around(self, status: str, *, data: bool) -> tuple[bytes, bytes]:
        head, tail = (b',"data":[', b"]}") if data else (b"", b"}")
        return b'{"status":' + _json_text(status) + head, tail


_RENDERERS: Final[dict[str, _Xml | _Json]] = {
    XML: _Xml(rooted=False),
    XML_ROOTED: _Xml(rooted=True),
    JSON: _Json(),
}


def error(form: str, code: str, message: str) -> bytes:
    """An error in a format of FORMATS."""
    return _RENDERERS[form].error(f"{code}: {message}")


def render(answer: Answer, form: str, folder: Callable[[], Path]) -> Rendered:
    """An answer in a format of FORMATS. Rows that are not small lie in an unnamed file in `folder`.

    Raises:
        OSError: there is no room for the file.
    """
    renderer = _RENDERERS[form]
    if answer.rows is None:
        content = b"".join(renderer.around(answer.status or "", data=False))
        return Rendered(content, length=len(content))
    parts: list[bytes] = []
    size = number = 0
    file: IO[bytes] | None = None
    try:
        for number, row in enumerate(answer.rows, start=1):
            part = renderer.row(row, first=number == 1)
            size += len(part)
            parts.append(part)
            if size > SMALL and len(parts) > _ROWS_AT_ONCE:
                file = file or tempfile.TemporaryFile(dir=folder())  # noqa: SIM115 - closed when it was sent
                file.write(b"".join(parts))
                parts.clear()
        head, tail = renderer.around(found(number) if answer.status is None else answer.status, data=True)
        rest = b"".join(parts)
        length = len(head) + size + len(tail)
        if file is None:
            return Rendered(head + rest + tail, length=length)
        file.seek(0)
        return Rendered(head, file, rest + tail, length)
    except BaseException:
        if file is not None:
            file.close()
        raise
    finally:
        if close := getattr(answer.rows, "close", None):
            close()  # a generator that was left half way ends its transaction now


def stored(answer: Answer) -> str:
    """An answer in a form from which every format can be made again."""
    payload: dict[str, Any] = {"status": answer.status}
    if answer.rows is not None:
        rows = [_object(row) for row in answer.rows]
        payload = {"status": found(len(rows)) if answer.status is None else answer.status, "data": rows}
    return _json_text(payload).decode()


def restored(text: str) -> Answer:
    """The answer that `stored` made this text of."""
    payload = orjson.loads(text)
    rows = payload.get("data")
    return Answer(payload["status"], None if rows is None else [_pairs(row) for row in rows])


def _pairs(row: dict[str, Any]) -> Row:
    return [
        (name, [_pairs(one) for one in value] if isinstance(value, list) else value)
        for name, value in row.items()
    ]
