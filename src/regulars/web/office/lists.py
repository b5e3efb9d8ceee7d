"""The page kind "list": search, filters as chips, columns that fit, bulk actions, export.

It pages in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from regulars.rules.errors import InvalidInput
from regulars.web.office import exporting, exports
from regulars.web.office.filters import Filter
from regulars.web.office.pages import BIGGEST_ID
from regulars.web.office.tags import number

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

PER_PAGE: Final = 50
# Longer lists are not counted to their end.
COUNTED: Final = 10_000
# So few that a search leaves are read by their keys.
FEW: Final = 1_000
# Longer ones are exported by a job.
EXPORTED_AT_ONCE: Final = 5_000
_MOST_BULK: Final = 1_000
_AT_ONCE: Final = 1_000
_DIGITS: Final = len(str(BIGGEST_ID))

Text = str | Promise
Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `value` of a row, how it is drawn (`kind`), where it leads, by what it sorts.

    What is not `indexed` sorts only lists that are counted to their end.

    Kinds: text, number, money, day, moment, flag, badge (a value and a colour, as a pair). `narrow` columns
    are also shown on phones. One that is `only_exported` is not drawn.
    """

    name: str
    label: Text
    value: Callable[[Any], Any]
    kind: str = "text"
    link: Callable[[Any], str] | None = None
    sort: str = ""
    indexed: bool = True
    narrow: bool = True
    only_exported: bool = False


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says that has nothing to show yet: one sentence, one action."""

    text: Text
    action: Text = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do from a page: a link, or with `post` a button."""

    label: Text
    url: str
    primary: bool = True
    post: bool = False
    confirm: Text = ""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Something to do with the rows that are ticked: their ids are posted to `url` as `id`."""

    name: str
    label: Text
    url: str
    confirm: Text = ""
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is drawn."""

    column: Column
    value: Any
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is drawn."""

    key: int
    cells: list[Cell]


@dataclass
class Listing:
    """A list page. `rows` is a query of the business; everything else says how it is looked at."""

    desk: Desk
    title: Text
    rows: Rows
    columns: Sequence[Column]
    here: str = ""
    search: Callable[[Rows, str], Rows] | None = None
    search_label: Text = ""
    filters: Sequence[Filter] = ()
    order: Sequence[str] = ("-pk",)
    empty: Empty = field(default_factory=lambda: Empty(_("There is nothing here yet.")))
    actions: Sequence[Action] = ()
    bulk: Sequence[Bulk] = ()
    export: str = ""
    template: str = "list"
    context: dict[str, Any] = field(default_factory=dict)

    def answer(self) -> HttpResponseBase:
        """The page, a part of it for the script that searches, or the file of an export."""
        if self.export and "export" in self.desk.get and self.desk.may("data.export"):
            return self._exported(self.desk.get.get("export", ""))
        shown = {
            "title": self.title,
            "here": self.here,
            "listing": self,
            **self.context,
        }
        return self.desk.page("_list" if self.desk.is_htmx else self.template, shown)

    @property
    def head_actions(self) -> list[Action]:
        """What can be done from the head of the page: without what an empty list offers in its middle."""
        is_empty = not (self.lines or self.is_narrowed or self.number > 1)
        return [one for one in self.actions if not (is_empty and one.url == self.empty.url)]

    @property
    def can_search(self) -> bool:
        """Whether it can be searched."""
        return self.search is not None

    @property
    def q(self) -> str:
        """What is searched for."""
        return " ".join(self.desk.get.get("q", "").replace("\0", "").split())[:200]

    @cached_property
    def _narrowed(self) -> Rows:
        rows = self.rows
        if self.search is not None and self.q:
            rows = self.search(rows, self.q)
        for one in self.filters:
            rows = one.narrowed(rows, self.desk.get)
        return rows

    @cached_property
    def found(self) -> Rows:
        """The rows that the search and the filters leave, in order."""
        return self._narrowed.order_by(*self._order())

    def _can_sort(self, column: Column) -> bool:
        return bool(column.sort) and (column.indexed or self.total <= COUNTED)

    def _order(self) -> Sequence[str]:
        wanted = self.desk.get.get("sort", "")
        column = next((one for one in self.columns if one.sort and one.name == wanted.lstrip("-")), None)
        if column is None or not self._can_sort(column):
            return self.order
        sign = "-" if wanted.startswith("-") else ""
        return (f"{sign}{column.sort}", f"{sign}pk")

    @property
    def not_sorted(self) -> str:
        """The label of a column by which it was to be sorted, and is not because there are too many rows."""
        wanted = self.desk.get.get("sort", "").lstrip("-")
        column = next((one for one in self.columns if one.sort and one.name == wanted), None)
        return "" if column is None or self._can_sort(column) else str(column.label)

    @cached_property
    def _keys(self) -> list[Any]:
        """The keys of the rows that a search or filters leave, to the bound of counting.

        To find that a few, or none, of a million fit takes a look at all of them: once is enough.
        """
        return list(self._narrowed.order_by().values_list("pk", flat=True)[: COUNTED + 1])

    @cached_property
    def total(self) -> int:
        """How many there are, counted to a bound."""
        if self.is_narrowed:
            return len(self._keys)
        rows: Rows = self._narrowed.order_by()
        return rows.values("pk")[: COUNTED + 1].count()

    @property
    def total_text(self) -> str:
        """How many there are, for people."""
        return f"{number(COUNTED)}+" if self.total > COUNTED else number(self.total)

    @cached_property
    def number(self) -> int:
        """The number of the page, from 1. Behind the last page there is the last one, if all are counted."""
        text = self.desk.get.get("page", "1")
        wanted = int(text) if text.isascii() and text.isdigit() and len(text) < len(str(10**9)) else 1
        if wanted > 1 and self.total <= COUNTED:
            wanted = min(wanted, -(-self.total // PER_PAGE))
        return max(1, wanted)

    @property
    def has_next(self) -> bool:
        """Whether another page follows."""
        return len(self._read) > PER_PAGE

    @property
    def first(self) -> int:
        """The number of the first row on the page, from 1."""
        return (self.number - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        """The number of the last row on the page."""
        return self.first + len(self.lines) - 1

    @cached_property
    def _read(self) -> list[Any]:
        start = (self.number - 1) * PER_PAGE
        few = self.is_narrowed and self.total <= FEW
        found = self.rows.filter(pk__in=self._keys).order_by(*self._order()) if few else self.found
        return list(found[start : start + PER_PAGE + 1])

    @cached_property
    def lines(self) -> list[Line]:
        """The rows of the page."""
        shown = [column for column in self.columns if not column.only_exported]
        return [
            Line(
                row.pk if isinstance(row, Model) else row["pk"],
                [Cell(one, one.value(row), one.link(row) if one.link is not None else "") for one in shown],
            )
            for row in self._read[:PER_PAGE]
        ]

    @property
    def shown_columns(self) -> list[dict[str, Any]]:
        """The headings, each with where a press on it leads."""
        wanted = self.desk.get.get("sort", "")
        found = []
        for one in self.columns:
            if one.only_exported:
                continue
            down = wanted == one.name
            sorts = self._can_sort(one)
            up_or_down = "ascending" if down else "descending" if wanted == f"-{one.name}" else ""
            state = up_or_down if sorts else ""
            url = self.address(sort=f"-{one.name}" if down else one.name, page=None) if sorts else ""
            found.append({"column": one, "url": url, "state": state})
        return found

    @property
    def is_narrowed(self) -> bool:
        """Whether something is searched for or filtered."""
        return bool(self.q) or any(one.chosen(self.desk.get) for one in self.filters)

    @property
    def filters_open(self) -> bool:
        """Whether the sheet of filters stays open: a script has just sent it."""
        return self.desk.is_htmx and self.desk.request.headers.get("HX-Trigger-Name") == "filters"

    @property
    def chips(self) -> list[dict[str, Any]]:
        """The filters as they stand: what is chosen, and where a press that takes it away leads."""
        return [
            {
                "filter": one,
                "id": f"filter-{one.name}",
                "fields": one.fields(self.desk.get),
                "chosen": one.told(self.desk.get),
                "without": self.address(**dict.fromkeys(one.parameters), page=None),
            }
            for one in self.filters
        ]

    def address(self, **changes: Any) -> str:
        """The address of this list with other choices; None takes one away."""
        query = self.desk.get.copy()
        query.pop("export", None)
        for name, value in changes.items():
            query.pop(name, None)
            if value is not None:
                query[name] = str(value)
        text = query.urlencode()
        return f"{self.desk.request.path}?{text}" if text else self.desk.request.path

    @property
    def next_url(self) -> str:
        """Where the next page is."""
        return self.address(page=self.number + 1)

    @property
    def previous_url(self) -> str:
        """Where the page before is."""
        return self.address(page=self.number - 1 if self.number > 2 else None)  # noqa: PLR2004 - the first has no number

    @property
    def plain_url(self) -> str:
        """The list with nothing chosen."""
        return self.desk.request.path

    @property
    def exports(self) -> list[tuple[str, str]]:
        """The files that can be made of it: what they are called, and where they are."""
        if not self.export or not self.desk.may("data.export"):
            return []
        return [
            (name, self.address(export=kind, page=None)) for kind, name in (("csv", "CSV"), ("xlsx", "Excel"))
        ]

    def _exported(self, kind: str) -> HttpResponseBase:
        if kind not in exports.KINDS:
            raise InvalidInput.at("export", "must be csv or xlsx")
        if (made := exporting.under_way(self.desk.request)) is not None:
            made.write(kind, self.export, self.heading, self.values())
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        if self.found.order_by().values("pk")[: EXPORTED_AT_ONCE + 1].count() > EXPORTED_AT_ONCE:
            with self.desk.changing(f"{self.export}.exported") as change:
                job, page = exporting.begin(self.desk)
                change.note(file=kind, job=job.pk)
            return page
        return exports.noted(self.desk, kind, self.export, self.heading, self.values())

    @property
    def heading(self) -> list[str]:
        """The labels of all columns."""
        return [str(column.label) for column in self.columns]

    def values(self) -> Iterator[list[Any]]:
        """All rows that were found, as an export tells them."""
        for row in self.found.iterator(chunk_size=_AT_ONCE):
            yield [_exported(column, column.value(row)) for column in self.columns]


def _exported(column: Column, value: Any) -> Any:
    if column.kind == "badge" and isinstance(value, tuple):
        return str(value[0]) if value else ""
    return str(value) if isinstance(value, Promise) else value


def ticked(desk: Desk) -> list[int]:
    """The ids of the rows that were ticked for something that is done with all of them.

    Raises:
        InvalidInput: none was, or more than a thousand, or what is no id.
    """
    texts = desk.post.getlist("id")
    if not 1 <= len(texts) <= _MOST_BULK:
        raise InvalidInput.at("id", f"must name 1 to {_MOST_BULK} rows: tick some of the list")
    if not all(map(is_id, texts)):
        raise InvalidInput.at("id", "must be numbers of rows: tick some of the list")
    return [int(text) for text in texts]


def is_id(text: str) -> bool:
    """Whether a text is a number that a row may have."""
    # The length first: Python takes long to read a long number, or refuses to.
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) <= BIGGEST_ID
