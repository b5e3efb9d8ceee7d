"""What operators do: a page that says what will happen, a form where something is to be said, one button.

Asking for the page changes nothing. What is done is an action of a domain room, in one transaction with two
notes of it: one in the operators' log, and, where a business is concerned, one in that business's audit log,
where its owner reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from regulars.auditlog import actions as auditlog
from regulars.rules.errors import Refusal
from regulars.tenants.models import Business
from regulars.web.operator.notes import note
from regulars.web.operator.site import site

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that an operator may do to `thing`.

    `name` is how logs call it, such as "operator.close". `do` gets what the form holds and calls an action.
    `business_id` is whose audit log tells of it, None where no business is concerned; `businesses` asks for
    several. `back` is where the
    operator is led afterwards, and is told `done`; or `answer` is what they get. `made_thing` says what was
    made, where `thing` was not there before. `told` are those columns of `thing` that logs tell of.
    """

    name: str
    thing: Model
    title: str
    text: str
    button: str
    done: str
    back: str
    do: Callable[[Values], Any]
    business_id: int | None = None
    businesses: Callable[[], Collection[int]] | None = None
    form: type[forms.Form] | None = None
    initial: Mapping[str, Any] = field(default_factory=dict)
    danger: bool = False
    made_thing: Callable[[Any], Model] | None = None
    answer: Callable[[Any], HttpResponse] | None = None
    told: Collection[str] | None = None


def perform(request: HttpRequest, deed: Deed) -> HttpResponse:
    """Show a deed's page, or do it."""
    posted = request.method == "POST"
    form = (deed.form or forms.Form)(request.POST if posted else None, initial=dict(deed.initial))
    if posted and form.is_valid():
        try:
            made = _do(request, deed, form.cleaned_data)
        except Refusal as refusal:
            _refuse(form, refusal)
        else:
            if deed.answer is not None:
                return deed.answer(made)
            messages.success(request, deed.done)
            return HttpResponseRedirect(deed.back, status=HTTPStatus.SEE_OTHER)
    status = HTTPStatus.BAD_REQUEST if posted else HTTPStatus.OK
    context = {
        **site.each_context(request),
        "title": deed.title,
        "deed": deed,
        "form": form,
        "opts": deed.thing._meta,  # noqa: SLF001 - Django's name for it
        "original": deed.thing if deed.thing.pk else None,
    }
    return render(request, "operator/deed.html", context, status=status)


def _do(request: HttpRequest, deed: Deed, values: Values) -> Any:
    with transaction.atomic():
        before = _facts(deed, deed.thing) if deed.thing.pk else {}
        made = deed.do(values)
        thing = deed.made_thing(made) if deed.made_thing is not None else deed.thing
        rows: Any = type(thing)._default_manager  # noqa: SLF001 - Django's documented name for it
        now = rows.filter(pk=thing.pk).first() if thing.pk else None
        differs = auditlog.difference(before, _facts(deed, now) if now is not None else {})
        note(
            request,
            deed.name,
            thing,
            businesses=_concerned(deed, thing),
            before=differs[0],
            after=differs[1],
            reason=str(values.get("reason", "")),
        )
    return made


def _concerned(deed: Deed, thing: Model) -> Collection[int]:
    """Whose audit logs tell of it."""
    if deed.businesses is not None:
        return deed.businesses()
    one = thing.pk if isinstance(thing, Business) else deed.business_id
    return [] if one is None else [one]


def _facts(deed: Deed, thing: Model) -> auditlog.Facts:
    found = auditlog.facts(thing)
    return found if deed.told is None else {name: found[name] for name in deed.told}


def _refuse(form: forms.Form, refusal: Refusal) -> None:
    known = {name: problem for name, problem in refusal.fields.items() if name in form.fields}
    for name, problem in known.items():
        form.add_error(name, problem[:1].upper() + problem[1:])
    if not known:
        form.add_error(None, refusal.message)
