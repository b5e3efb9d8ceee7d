"""Codes that are loaded beforehand, from a list or a file."""

from __future__ import annotations

import csv
import re
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.rules.errors import HasHistory, InvalidInput, NotFound
from regulars.vouchers import actions
from regulars.vouchers.loading import MOST, load_precodes
from regulars.web.office import offers
from regulars.web.office.desk import Desk
from regulars.web.office.forms import answer
from regulars.web.office.lists import ticked
from regulars.web.office.tags import number as shown
from regulars.web.office.vouchers.finding import voucher_of
from regulars.web.office.vouchers.forms import LoadForm

_MOST_BYTES: Final = 1024 * 1024
_SHOWN: Final = 200
# What no text has: all that controls a device, but for tabs and ends of lines.
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def _lines(cleaned: dict[str, Any]) -> list[str]:
    """The codes that were typed, or those of a file: the first column of each line."""
    if cleaned["codes"]:
        return str(cleaned["codes"]).splitlines()
    file = cleaned["file"]
    if file is None:
        raise InvalidInput.at("codes", "must have at least one code")
    if file.size > _MOST_BYTES:
        raise InvalidInput.at("file", "must have at most 1 MB")
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if _NO_TEXT.search(text):  # such as a spreadsheet
        said = _("This is no text file. Save the list as CSV in UTF-8, and choose that file.")
        raise InvalidInput(said, fields={"file": said})
    lines = text.splitlines()[: MOST + 1]
    mark = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    return [_first_column(line, mark, number) for number, line in enumerate(lines, start=1)]


def _first_column(line: str, mark: str, number: int) -> str:
    """The first column of a line. Each is read by itself: a stray quote spoils no other line."""
    try:
        row = next(csv.reader([line], delimiter=mark), None)
    except csv.Error:
        raise InvalidInput.at("file", f"cannot be read in line {number}") from None
    return row[0] if row else ""


def load(desk: Desk, voucher_id: int) -> HttpResponse:
    """Load codes; lines that could not be loaded are told, one by one."""
    voucher = voucher_of(voucher_id)
    back = {"url": desk.url("voucher-loaded", voucher_id=voucher_id), "label": _("Pre-loaded codes")}
    around = {**offers.tabs(desk, "vouchers", "vouchers"), "back": back, "cancel": back["url"]}

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        # Before the transaction of the record: while codes are loaded, others write too.
        done = load_precodes(business_id=desk.business.pk, voucher_id=voucher_id, codes=_lines(cleaned))
        with desk.changing("voucher.load-codes", voucher) as change:
            change.note(codes_loaded=done.added, lines_left_out=len(done.refused))
        if not done.refused:
            text = ngettext("%(count)s code was loaded.", "%(count)s codes were loaded.", done.added)
            return desk.done(text % {"count": shown(done.added)}, "voucher-loaded", voucher_id=voucher_id)
        context = {
            "title": _("Load codes"),
            **around,
            "added": done.added,
            "left_out": len(done.refused),
            "refused": done.refused[:_SHOWN],
        }
        return desk.page("vouchers/loaded", context)

    return answer(
        desk,
        LoadForm,
        title=_("Load codes for %(name)s") % {"name": voucher.name},
        save=save,
        button=_("Load codes"),
        here="vouchers",
        context=around,
    )


def delete(desk: Desk, voucher_id: int) -> HttpResponse:
    """Take back codes that were ticked and not issued yet."""
    voucher = voucher_of(voucher_id)
    done = kept = 0
    with desk.changing("voucher.take-back-codes", voucher) as change:
        for pk in ticked(desk):
            try:
                actions.delete_precode(business_id=desk.business.pk, pk=pk)
                done += 1
            except (HasHistory, NotFound):
                kept += 1
        change.note(codes_taken_back=done)
    text = ngettext("%(count)s code was taken back.", "%(count)s codes were taken back.", done)
    text %= {"count": shown(done)}
    if kept:
        more = ngettext("%(count)s was issued and stays.", "%(count)s were issued and stay.", kept)
        text = f"{text} {more % {'count': shown(kept)}}"
    return desk.done(text, "voucher-loaded", voucher_id=voucher_id)
