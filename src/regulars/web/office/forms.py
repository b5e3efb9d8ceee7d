"""The page kind "form": one column, in sections, which keeps what was typed when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.forms.boundfield import BoundField
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.rules.errors import InvalidInput, NotFound, Refusal
from regulars.web.office import meeting
from regulars.web.office.fields import (
    BranchField,
    ColourField,
    DayField,
    GroupField,
    MemberField,
    MomentField,
    MoneyField,
    SwitchField,
    WholeField,
)

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

__all__ = [
    "BranchField", "ColourField", "DayField", "GroupField", "MemberField", "MomentField", "MoneyField",
    "OfficeForm", "SwitchField", "WholeField", "answer", "told",
]  # fmt: skip

_CLASSES: Final[tuple[tuple[type[forms.Widget], str], ...]] = (
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxInput, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.Widget, "form-control"),
)

# What fields say of their own accord, by Django's codes.
_PLAIN: Final = {
    "required": "This is needed.",
    "invalid_choice": "Choose one of the list.",
    "min_value": "This must be at least %(limit_value)s.",
    "max_value": "This must be at most %(limit_value)s.",
    "min_length": "This must have at least %(limit_value)s characters, and has %(show_value)s.",
    "max_length": "This must have at most %(limit_value)s characters, and has %(show_value)s.",
}
# What actions say of a field, where its words are a programmer's.
_KNOWN: Final = (
    (
        re.compile(r"must have a prize with a probability above 0"),
        "One prize at least needs a chance above 0.",
    ),
    (
        re.compile(r"were asked for: (\d+), and (\d+) are available"),
        r"The balance is \2, and \1 were asked for.",
    ),
    (re.compile(r"belongs to another SKU"), "Another product has this."),
    (re.compile(r"belongs to another (\w+), number (\d+)"), r"Another \1 has this: number \2."),
)
# Actions' problems go on from the name of the field; these beginnings do not stand alone.
_BARE: Final = ("is ", "belongs ", "has ", "was ", "may ", "cannot ")
_NAME: Final = re.compile(r"\b[A-Za-z0-9]+(?:_[a-z0-9]+)+\b")


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a form, as it is drawn."""

    title: Any
    hint: Any
    fields: list[BoundField]


class OfficeForm(forms.Form):
    """A form of the back office: `sections` are (title, hint, fields); without them all fields are in one."""

    sections: ClassVar[tuple[tuple[Any, Any, tuple[str, ...]], ...]] = ()
    use_required_attribute = False
    # Whether `said` leaves out what was not changed since the form was drawn: see `remember`.
    only_changed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            look = next(look for kind, look in _CLASSES if isinstance(field.widget, kind))
            if field.widget.attrs.get("type") == "color":
                look = "form-control form-control-color"
            field.widget.attrs["class"] = f"{look} {field.widget.attrs.get('class', '')}".strip()
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs.setdefault("rows", 4)
            if isinstance(field, forms.CharField) and not isinstance(field.widget, forms.PasswordInput):
                field.widget.attrs.setdefault("dir", "auto")
            field.widget.attrs.setdefault("id", f"id_{self.prefix}-{name}" if self.prefix else f"id_{name}")

    def parts(self) -> Iterator[Part]:
        """The sections with their fields."""
        for title, hint, names in self.sections or (("", "", tuple(self.fields)),):
            found = [self[name] for name in names if name in self.fields]
            if found:
                yield Part(title, hint, found)

    def has_any(self, fields: Iterable[str], names: Mapping[str, str] | None = None) -> bool:
        """Whether one of these fields is here; `names` are fields here by their names there."""
        return any((names or {}).get(one, one) in self.fields for one in fields)

    def full_clean(self) -> None:
        """Take what was sent; what is wrong with it is said in plain words."""
        for field in self.fields.values():
            _speak_plainly(field)
        if not self.is_bound:
            super().full_clean()
            return
        # Fields that were left as they were drawn are taken as they are now, whoever changed them meanwhile.
        left = [self.fields[name] for name in self.fields if meeting.was_left(self[name])]
        for field in left:
            field.disabled = True
        super().full_clean()
        for field in left:
            field.disabled = False
        for name in meeting.met(self):
            now = meeting.shown(self[name])
            told = _("Somebody changed this meanwhile. It is now: %(now)s. Save again to have what is here.")
            self.add_error(name, told % {"now": now})

    def remember(self) -> None:
        """Let the page tell what each field was when drawn, so that only what was changed is.

        Whoever has a form open in two tabs, or at the same time as somebody else, changes only what they
        changed; what both changed is told to the second.
        """
        for field in self.fields.values():
            field.show_hidden_initial = not isinstance(field, forms.FileField)

    def said(self) -> dict[str, Any]:
        """What a valid form says: all of it, or, where `only_changed`, what was changed."""
        if not self.only_changed:
            return self.cleaned_data
        return {
            name: value
            for name, value in self.cleaned_data.items()
            # Who sends no more than the fields, such as a program, means all of them.
            if not meeting.was_left(self[name])
        }

    def refuse(self, refusal: Refusal, names: Mapping[str, str] | None = None) -> None:
        """Put what an action refused at its fields; `names` are fields here by their names there."""
        placed = False
        for theirs, problem in refusal.fields.items():
            name = (names or {}).get(theirs, theirs)
            if name in self.fields:
                self.add_error(name, _of_field(self._labelled(problem, names)))
                placed = True
        if not placed:
            self.add_error(None, self._labelled(told(refusal), names))

    def _labelled(self, text: str, names: Mapping[str, str] | None) -> str:
        """What an action says, with the labels of this form instead of its own names of fields."""

        def label(found: re.Match[str]) -> str:
            field = self.fields.get((names or {}).get(found[0].lower(), found[0].lower()))
            return (
                f"\N{LEFT DOUBLE QUOTATION MARK}{field.label}\N{RIGHT DOUBLE QUOTATION MARK}"
                if field
                else found[0]
            )

        return _NAME.sub(label, text)


def _speak_plainly(field: forms.Field) -> None:
    """Give a field plain words for what it finds wrong, unless it has words of its own."""
    if not (get_language() or "en").startswith("en"):
        return  # Django's words are translated, and these are not
    usual: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        usual |= getattr(kind, "default_error_messages", {})
    for code, text in _PLAIN.items():
        if code == "max_length" and isinstance(field, forms.FileField):
            continue  # it counts by other names
        if field.error_messages.get(code) is usual.get(code):
            field.error_messages[code] = text


def _of_field(problem: str) -> str:
    """What an action finds wrong with a field, as a sentence beneath it."""
    return _known(problem) or _sentence(f"this {problem}" if problem.startswith(_BARE) else problem)


def _known(problem: str) -> str:
    """A problem that has a sentence of its own; empty where it has none."""
    for known, text in _KNOWN:
        if found := known.fullmatch(problem):
            return found.expand(text)
    return ""


def _sentence(problem: str) -> str:
    """A problem such as "must be a colour" as a sentence of its own."""
    text = problem[:1].upper() + problem[1:]
    return text if text.endswith((".", "?")) else f"{text}."


def told(refusal: Refusal) -> str:
    """What was refused, in a sentence for people."""
    if len(refusal.fields) == 1 and (text := _known(*refusal.fields.values())):
        return text
    return _sentence(refusal.message)


def answer(
    desk: Desk,
    form_class: type[OfficeForm],
    *,
    title: str,
    save: Callable[[dict[str, Any]], HttpResponse],
    initial: Mapping[str, Any] | None = None,
    button: str = "",
    template: str = "form",
    context: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
    here: str = "",
    edits: bool = False,
    check: Callable[[dict[str, Any]], object] | None = None,
    **form_kwargs: Any,
) -> HttpResponse:
    """Show a form, or take it: `save` does it and leads on, or refuses, which is shown with what was typed.

    A form that `edits` something, which is as `initial` says, changes only what was changed in it.

    `names` are fields of this form by the names that refusals give them. What is not found is told at the
    field that named it; where none did, the thing of the page itself is gone. `check` refuses, of what is
    left of a form that is wrong already, what `save` would, so that all of it is said at once.
    """
    status = HTTPStatus.OK
    if desk.is_post:
        form = form_class(desk.post, desk.request.FILES, initial=dict(initial or {}), **form_kwargs)
        if edits:
            form.remember()
        if form.is_valid():
            try:
                return save(form.said())
            except Refusal as refusal:
                if isinstance(refusal, NotFound) and not form.has_any(refusal.fields, names):
                    raise
                form.refuse(refusal, names)
        elif check is not None:
            try:
                check(form.cleaned_data)
            except InvalidInput as refusal:
                form.refuse(refusal, names)
        status = HTTPStatus.BAD_REQUEST
    else:
        form = form_class(initial=dict(initial or {}), **form_kwargs)
        if edits:
            form.remember()
    shared = {"title": title, "form": form, "button": button or _("Save"), "here": here, "edits": edits}
    return desk.page(template, {**shared, **(context or {})}, status)
