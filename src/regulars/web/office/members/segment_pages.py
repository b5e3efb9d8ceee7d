"""Saved segments: the list, and the form in which a search gets a name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms as django_forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.members import segments
from regulars.members.filters import FILTERS, PARTS, clean, find
from regulars.members.models import SavedSegment
from regulars.rules.errors import InvalidInput, NotFound, Refusal
from regulars.web.office import forms
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm
from regulars.web.office.lists import Action, Column, Empty, Listing, is_id
from regulars.web.office.members import searches
from regulars.web.office.tags import number

_INPUTS = {
    "whole": django_forms.NumberInput,
    "days": django_forms.NumberInput,
    "text": django_forms.TextInput,
}


class SegmentForm(OfficeForm):
    """A name and every filter."""

    name = django_forms.CharField(label=gettext_lazy("Name"), max_length=segments.NAME_LENGTH)

    def __init__(self, *args: Any, at: Desk, **more: Any) -> None:
        super().__init__(*args, **more)
        words = searches.Words(at)
        parts: dict[str, list[str]] = {part: [] for part in PARTS}
        for one in FILTERS.values():
            # A filter may be called as the segment's own field is.
            name = f"by_{one.name}"
            before = str(self.initial.get(name, ""))
            if one.name in words.own and not words.own[one.name] and not before:
                continue
            chosen = str(self.data.get(name, before))
            self.fields[name] = field = _field(words, one.kind, words.choices(one, chosen), words.label(one))
            look = "form-select" if isinstance(field.widget, django_forms.Select) else "form-control"
            field.widget.attrs |= {"class": look, "id": f"id_{name}", "dir": "auto"}
            parts[one.part].append(name)
        self.sections = (  # type: ignore[misc]
            ("", "", ("name",)),
            *((PARTS[part], _hint(part), tuple(names)) for part, names in parts.items() if names),
        )

    def folds(self) -> Iterator[tuple[Any, bool]]:
        """The parts with filters, and whether each is open: it is filled, or most people look there."""
        for part in list(self.parts())[1:]:
            filled = any(field.value() or field.errors for field in part.fields)
            yield part, filled or part.title in (PARTS["membership"], PARTS["activity"])


def _hint(part: str) -> str:
    return _("An asterisk stands for any text: *@example.com") if part == "person" else ""


def _field(
    words: searches.Words, kind: str, choices: list[tuple[str, str]], label: str
) -> django_forms.Field:
    if choices:
        every = [("", _("All")), *choices]
        return django_forms.CharField(label=label, required=False, widget=django_forms.Select(choices=every))
    widget = (
        django_forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        if kind == "day"
        else _INPUTS[kind]()
    )
    return django_forms.CharField(label=label, max_length=300, required=False, widget=widget)


def listed(desk: Desk) -> HttpResponseBase:
    """All saved segments."""
    words = searches.Words(desk)
    return Listing(
        desk,
        title=_("Segments"),
        here="members",
        rows=SavedSegment.objects.all(),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                sort="name",
                link=lambda row: desk.url("segment", segment_id=row.pk),
            ),
            Column("search", _("Who is in it"), lambda row: words.sentence(row.filters)),
            Column("modified", _("Changed"), lambda row: row.modified_at, kind="moment", narrow=False),
        ),
        order=("name", "pk"),
        empty=Empty(
            _("A segment is a search with a name, such as who was not seen for 60 days."),
            _("Make a segment"),
            desk.url("segment-new"),
        ),
        actions=(Action(_("Make a segment"), desk.url("segment-new")),),
    ).answer()


def new(desk: Desk) -> HttpResponse:
    """Make a segment: of nothing, or of what the list is searched for."""

    def save(said: dict[str, Any]) -> HttpResponse:
        with desk.changing("segment.add") as change:
            with _at_its_field():
                made = segments.add_segment(
                    business_id=desk.business.pk, name=said["name"], given=_search(said)
                )
            change.made(made)
        return desk.done(_("Kept as a segment"), "segment", segment_id=made.pk)

    initial = {f"by_{name}": text for name, text in searches.given(desk, desk.get).items()}
    return _answer(desk, None, title=_("Make a segment"), save=save, initial=initial)


def edit(desk: Desk, segment_id: int) -> HttpResponse:
    """One segment: who is in it now, and its search."""
    segment = segments.segment_by_id(business_id=desk.business.pk, pk=segment_id)

    def save(said: dict[str, Any]) -> HttpResponse:
        given = _carried(segment, said) | _search(said)
        with desk.changing("segment.edit", segment), _at_its_field():
            segments.edit_segment(business_id=desk.business.pk, pk=segment.pk, name=said["name"], given=given)
        return desk.done(_("Saved"), "segment", segment_id=segment.pk)

    initial = {f"by_{name}": value for name, value in searches.texts(segment.filters)}
    return _answer(desk, segment, title=segment.name, save=save, initial=initial | {"name": segment.name})


def delete(desk: Desk, segment_id: int) -> HttpResponse:
    """Delete a segment."""
    segment = segments.segment_by_id(business_id=desk.business.pk, pk=segment_id)
    with desk.changing("segment.delete", segment):
        segments.delete_segment(business_id=desk.business.pk, pk=segment.pk)
    return desk.done(_("%(name)s is deleted. Its members stay.") % {"name": segment.name}, "segments")


def count(desk: Desk) -> HttpResponse:
    """How many members a search finds that is not kept yet, for the script of the form."""
    if not desk.is_htmx:  # it is a part of that page alone
        return desk.to("segment-new")
    text = desk.get.get("segment", "")
    segment = SavedSegment.objects.filter(pk=int(text)).first() if is_id(text) else None
    shown = {f"by_{name}" for name in FILTERS}
    given = {name: said for name, said in desk.get.items() if name in shown}
    given = (_carried(segment, given) if segment else {}) | _search(given)
    try:
        kept = clean(given, business_id=desk.business.pk, kept=segment.filters if segment else None)
        number_of: int | None = find(desk.business, kept).count()
        problem = ""
    except Refusal as refusal:
        kept, number_of, problem = {}, None, forms.told(refusal)
    context = {
        "told": _told(number_of) if number_of is not None else problem,
        "search": searches.Words(desk).sentence(kept),
        "url": f"{desk.url('members')}?{searches.query_of(kept)}" if number_of else "",
    }
    return desk.page("members/_count", context)


def _told(found: int) -> str:
    told = ngettext("%(number)s member now", "%(number)s members now", found)
    return told % {"number": number(found)}


def _carried(segment: SavedSegment, said: dict[str, Any]) -> dict[str, Any]:
    """What a segment keeps and its form does not show: without it more members would be in it."""
    return {name: value for name, value in segment.filters.items() if f"by_{name}" not in said}


@contextmanager
def _at_its_field() -> Iterator[None]:
    """A group or a branch that is gone is shown at its field, and is no page that is not there."""
    try:
        yield
    except NotFound as refusal:
        if not refusal.fields:
            raise
        raise InvalidInput(refusal.message, fields=refusal.fields) from refusal


def _search(said: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("by_"): value for name, value in said.items() if name != "name"}


def _answer(
    desk: Desk, segment: SavedSegment | None, *, title: str, save: Any, initial: dict[str, Any]
) -> HttpResponse:
    url = desk.url("segments")
    return forms.answer(
        desk,
        SegmentForm,
        title=title,
        save=save,
        initial=initial,
        edits=segment is not None,
        button=_("Save"),
        template="members/segment",
        here="members",
        names={name: f"by_{name}" for name in FILTERS if name != "name"},
        context={
            "cancel": url,
            "back": {"url": url, "label": _("Segments")},
            "segment": segment,
            "preview": True,
            "count_url": desk.url("segment-count") + (f"?segment={segment.pk}" if segment else ""),
            "delete_url": desk.url("segment-delete", segment_id=segment.pk) if segment else "",
        },
        at=desk,
    )
