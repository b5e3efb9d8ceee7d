"""Tables as files: CSV for programs, Excel for people. No cell does anything when it is opened."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Final

from django.http.response import HttpResponseBase
from django.utils import timezone

from regulars import spool
from regulars.rules.errors import InvalidInput

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS: Final = {"csv": CSV, "xlsx": XLSX}
# What spreadsheets take for a formula when a cell begins with it.
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
_BOM: Final = "\ufeff".encode()
# A sheet of Excel ends here, its heading included.
_MOST_ROWS: Final = 1_048_576


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_RISKY) else text


def plain(value: Any) -> str:
    """A value as text in a CSV file: times in the zone of the page."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case dt.datetime():
            return (
                timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
                if value.tzinfo
                else value.isoformat(" ")
            )
        case dt.date():
            return value.isoformat()
        case int() | float() | Decimal():
            return str(value)
        case _:
            return harmless(str(value))


def _local(moment: dt.datetime) -> dt.datetime:
    """A moment as the clocks of the page's zone show it."""
    return timezone.localtime(moment).replace(tzinfo=None) if moment.tzinfo else moment


def write(kind: str, heading: Sequence[str], rows: Iterable[Sequence[Any]], to: IO[bytes]) -> None:
    """Write a table, row by row, in little memory.

    Raises:
        InvalidInput: it is no kind of file, or Excel takes no table as long as this one.
    """
    if kind == "csv":
        to.write(_BOM)  # so that Excel, too, reads it as UTF-8
        for line in _lines(heading, rows):
            to.write(line)
    elif kind == "xlsx":
        _write_sheet(heading, rows, to)
    else:
        raise InvalidInput.at("export", "must be csv or xlsx")


def _lines(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow([harmless(text) for text in heading])
    for row in rows:
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()
        writer.writerow([plain(value) for value in row])
    yield line.getvalue().encode()


def _write_sheet(heading: Sequence[str], rows: Iterable[Sequence[Any]], to: IO[bytes]) -> None:
    import xlsxwriter  # noqa: PLC0415 - loaded by those who export

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
    }
    book = xlsxwriter.Workbook(to, options)
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    formats = {
        dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        dt.date: book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    for column, text in enumerate(heading):
        sheet.write_string(0, column, text, bold)
        sheet.set_column(column, column, max(12, min(len(text) + 2, 40)))
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, start=1):
        if number >= _MOST_ROWS:
            book.close()
            raise InvalidInput.at(
                "export", f"has more than {_MOST_ROWS - 1} rows, which Excel takes; use CSV"
            )
        for column, value in enumerate(row):
            _write_cell(sheet, number, column, value, formats)
    book.close()


def _write_cell(sheet: Any, row: int, column: int, value: Any, formats: dict[type[dt.date], Any]) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case dt.datetime():
            sheet.write_datetime(row, column, _local(value), formats[dt.datetime])
        case dt.date():
            sheet.write_datetime(row, column, value, formats[dt.date])
        case int() | float() | Decimal():
            sheet.write_number(row, column, value)
        case _:
            sheet.write_string(row, column, str(value)[:32_767])


def answer(kind: str, name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """A table as a file to keep, called `name` and the day.

    Raises:
        InvalidInput: it is no kind of file, or too long for it.
    """
    if kind not in KINDS:
        raise InvalidInput.at("export", "must be csv or xlsx")
    response = spool.answer(lambda to: write(kind, heading, rows, to), content_type=KINDS[kind])
    day = timezone.localtime().strftime("%Y-%m-%d")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{day}.{kind}"'
    return response


def noted(
    desk: Desk, kind: str, name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]
) -> HttpResponseBase:
    """The same, and the audit log says who took it and how long it is: it may hold people's data.

    What was searched for is not noted, because it may be somebody's name.
    """
    number = 0

    def counted() -> Iterator[Sequence[Any]]:
        nonlocal number
        for number, row in enumerate(rows, 1):  # noqa: B007 - counted for whoever asks afterwards
            yield row

    response = answer(kind, name, heading, counted())
    with desk.changing(f"{name}.exported") as change:
        change.note(file=kind, rows=number)
    return response
