"""Two people who edit one thing at once: what was left as it was drawn, and what both changed.

The page sends with each field what it was when drawn (Django's `show_hidden_initial`). What the thing is now
is the form's `initial`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import Truncator
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.forms.boundfield import BoundField

# So much is told of what somebody else typed.
_TOLD = 200


def was_left(bound: BoundField) -> bool:
    """Whether a field was sent as it had been drawn; False where the page does not tell."""
    return _is_told(bound) and not _differ(bound.field, _drawn(bound), bound.data)


def met(form: forms.Form) -> list[str]:
    """The fields that were changed here, and otherwise by somebody else since the form was drawn.

    From then on the form tells what they are now, so that who sends it once more means it.
    """
    found = []
    for name, field in form.fields.items():
        bound = form[name]
        if not _is_told(bound) or not _differ(field, _drawn(bound), bound.data):
            continue
        now = field.prepare_value(bound.initial)
        if _differ(field, _drawn(bound), now) and _differ(field, now, bound.data):
            found.append(name)
    sent: Any = form.data
    if found:
        form.data = sent.copy()
    for name in found:
        _draw_anew(form, name)
    return found


def shown(bound: BoundField) -> str:
    """What a field is now, for people."""
    value: Any = bound.initial
    field: Any = bound.field
    if isinstance(field, forms.BooleanField):
        return _("on") if value else _("off")
    chosen = [str(one) for one in value] if isinstance(value, list | tuple | set) else [_text(value)]
    if isinstance(field, forms.ChoiceField):
        offered: Any = field.choices
        names = {str(key): str(name) for key, name in offered}
        chosen = [names.get(one, one) for one in chosen]
    widget = field.widget
    if isinstance(widget, forms.DateInput | forms.DateTimeInput):
        return str(widget.format_value(field.prepare_value(value)) or _("empty"))
    return Truncator(", ".join(chosen)).chars(_TOLD) or _("empty")


def _is_told(bound: BoundField) -> bool:
    return bound.field.show_hidden_initial and bound.html_initial_name in bound.form.data


def _drawn(bound: BoundField) -> Any:
    """What a field was when the form was drawn."""
    hidden = bound.field.hidden_widget()
    return hidden.value_from_datadict(bound.form.data, bound.form.files, bound.html_initial_name)


def _draw_anew(form: forms.Form, name: str) -> None:
    bound = form[name]
    now: Any = bound.field.prepare_value(bound.initial)
    data: Any = form.data
    if isinstance(now, list | tuple | set):
        data.setlist(bound.html_initial_name, [str(one) for one in now])
    else:
        data[bound.html_initial_name] = _text(now)


def _differ(field: forms.Field, one: Any, other: Any) -> bool:
    try:
        return bool(_plain(field.to_python(one)) != _plain(field.to_python(other)))
    except ValidationError:
        return True


def _plain(value: Any) -> Any:
    """A value such that what a browser makes of it is the same."""
    if isinstance(value, list | tuple | set):
        return sorted(str(one) for one in value)
    if isinstance(value, str):
        return "\n".join(value.splitlines())
    return "" if value is None else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)
