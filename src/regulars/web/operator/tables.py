"""How tables are shown to operators: to be read. Nothing is added, changed or deleted but by deeds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold import decorators
from unfold.admin import ModelAdmin
from unfold.dataclasses import UnfoldAction

F = TypeVar("F", bound=Callable[..., Any])

# Where there is nothing to show.
NOTHING: Final = "—"


class Table(ModelAdmin):  # type: ignore[misc]
    """A table that is only read. Who may open the site may see it."""

    actions: ClassVar[Any] = None
    list_per_page = 50
    list_fullwidth = True
    change_form_template = "operator/row.html"
    compressed_fields = True
    view_on_site = False
    # What the page of the list is called; Django would say "Select … to view".
    called: ClassVar[Any] = ""
    # Deeds by name, and for what: each is offered only where it makes sense.
    offered: ClassVar[dict[str, Any]] = {}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, under its own name."""
        context = {"title": self.called} if self.called else {}
        return super().changelist_view(request, context | (extra_context or {}))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """See `Site.has_permission`."""
        return bool(self.admin_site.has_permission(request))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """See `Site.has_permission`."""
        return bool(self.admin_site.has_permission(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are changed by actions."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are deleted by actions."""
        return False

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[UnfoldAction]:
        """The deeds that make sense for a row as it is."""
        thing = self.get_object(request, str(object_id))
        wanted = [
            name for name, makes_sense in self.offered.items() if thing is not None and makes_sense(thing)
        ]
        return [self.get_unfold_action(name) for name in wanted]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Rows are picked by the filters that the page offers, and by nothing else.

        Django lets any column be asked for in the address, piece by piece: password hashes and tokens, too.

        Raises:
            IncorrectLookupParameters: the page has no such filter; Django answers with `?e=1`.
        """
        if lookup in self._filters():
            return True
        raise IncorrectLookupParameters

    def _filters(self) -> set[str]:
        """What the filters of the page are called in addresses."""
        names: set[str] = set()
        for offered in self.list_filter:
            if isinstance(offered, str):
                names |= {f"{offered}__exact", f"{offered}__isnull"}
            elif isinstance(offered, tuple):
                names.add(f"{offered[0]}__isempty")
            else:
                names.add(offered.parameter_name)
        return names

    def row(self, request: HttpRequest, object_id: Any) -> Any:
        """The row that an address names, or 404."""
        found = self.get_object(request, unquote(str(object_id)))
        if found is None:
            raise Http404
        return found

    def address(self, pk: Any = None) -> str:
        """Where a row is shown, or the table."""
        meta = self.model._meta  # noqa: SLF001 - Django's name for it
        name = f"admin:{meta.app_label}_{meta.model_name}"
        return reverse(f"{name}_changelist") if pk is None else reverse(f"{name}_change", args=[pk])


def column(description: Any, **how: Any) -> Callable[[F], F]:
    """A method that is a column: `ordering`, `boolean` and `label` as Unfold's `display` takes them."""
    made: Callable[[F], F] = decorators.display(description=description, **how)
    return made


def page(description: Any, *, path: str, icon: str) -> Callable[[F], F]:
    """A method that is a deed's page, with the button that leads there."""
    made: Callable[[F], F] = decorators.action(description=description, url_path=path, icon=icon)
    return made


def choice(title: Promise, parameter: str, choices: dict[str, tuple[Promise, Q]]) -> type[SimpleListFilter]:
    """A filter of a list: each choice by its value, with its label and the rows that it leaves."""

    class Choice(SimpleListFilter):
        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            return [(value, label) for value, (label, _rows) in choices.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            known = choices.get(self.value() or "")
            return queryset if known is None else queryset.filter(known[1])

    Choice.title = title  # type: ignore[assignment]
    Choice.parameter_name = parameter
    return Choice


def moment(value: dt.datetime | None) -> str:
    """A point in time in UTC, as operators compare it with logs."""
    return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" if value is not None else NOTHING


def link(url: str, text: object) -> SafeString:
    """A link within the admin."""
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, text)


def written(value: object) -> SafeString:
    """A long text with its line breaks."""
    return format_html('<pre class="long text-xs">{}</pre>', value)
