"""Letters by post: a list of addresses for a spreadsheet or a printer's shop."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from regulars.members.models import Member
from regulars.rules.cells import harmless

COLUMNS = ("code", "name", "company", "street", "street2", "suburb", "city", "state", "zipcode")
# Without it a spreadsheet guesses the encoding, and guesses wrong.
_MARK = "\ufeff"


def addresses_csv(members: Iterable[Member]) -> Iterator[str]:
    """The lines of a CSV file, in UTF-8, with one row for each member and harmless cells."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(COLUMNS)
    yield _MARK + line.getvalue()
    for member in members:
        line.seek(0)
        line.truncate()
        writer.writerow([harmless(" ".join(cell.split())) for cell in _cells(member)])
        yield line.getvalue()


def _cells(member: Member) -> tuple[str, ...]:
    return (
        member.code,
        member.name,
        member.company_name,
        member.street_address,
        member.street_address2,
        member.street_suburb,
        member.street_city,
        member.street_state,
        member.street_zipcode,
    )


def address_lines(member: Member) -> list[str]:
    """The lines of an address as they stand on a letter."""
    place = " ".join(
        part for part in (member.street_city, member.street_state, member.street_zipcode) if part
    )
    lines = (
        member.name,
        member.company_name,
        member.street_address,
        member.street_address2,
        member.street_suburb,
        place,
    )
    return [tidy for line in lines if (tidy := " ".join(line.split()))]
