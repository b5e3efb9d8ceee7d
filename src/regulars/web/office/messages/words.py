"""The words of one kind of message, for everybody or in one language, shown while they are written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages as flash
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.messages import actions, texts
from regulars.messages.kinds import Kind, automatic
from regulars.messages.models import MessageText
from regulars.rules.errors import InvalidInput, NotFound
from regulars.rules.languages import LANGUAGES
from regulars.web import mail
from regulars.web.office import framed
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, answer
from regulars.web.office.forms import told as told_refusal
from regulars.web.office.messages.kinds import chosen, here, when, written


class WordsForm(OfficeForm):
    """Subject, body, and what the button says. Empty ones go back to the usual words."""

    use_required_attribute = False
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=texts.MAX_SUBJECT, required=False)
    body = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=texts.MAX_BODY,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy("A line whose placeholders all have nothing to tell is left out."),
    )
    button = forms.CharField(label=gettext_lazy("Button"), max_length=texts.MAX_BUTTON, required=False)

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind.button is None:
            del self.fields["button"]


def _chosen(desk: Desk, kind: str) -> tuple[Kind, str, str]:
    """The kind, the name and the language that the address says."""
    found = automatic(kind)
    name = texts.check_name(found, desk.get.get("name", "").replace("\0", ""))
    return found, name, texts.check_language(desk.get.get("language", ""))


def _but_usual(clean: dict[str, Any], usual: Any) -> dict[str, Any]:
    """What was typed, empty where it is what goes out anyway."""
    typed = [field for field in ("subject", "body", "button") if field in clean]
    return {field: "" if same(clean[field], getattr(usual, field)) else clean[field] for field in typed}


def edit(desk: Desk, kind: str) -> HttpResponse:
    """Change the words of a kind."""
    found, name, language = _chosen(desk, kind)
    rows = rows_of(found)
    row = next((one for one in rows if one.name.upper() == name.upper() and one.language == language), None)
    spoken = language or desk.business.language
    # Words in one language are not those for everybody.
    heard = rows if language else [one for one in rows if not one.language]
    now = texts.text_among(heard, kind=found, name=name, language=spoken)
    # What goes out where nothing is written here.
    others = [one for one in heard if one is not row]
    usual = texts.text_among(others, kind=found, name=name, language=spoken)

    def save(clean: dict[str, Any]) -> HttpResponse:
        which: dict[str, Any] = {"kind": found.name, "name": name, "language": language}
        with desk.changing("message.edit", row) as change:
            actions.set_text(business_id=desk.business.pk, **which, **_but_usual(clean, usual))
            if row is None and (made := written(found.name, name, language)) is not None:
                change.made(made)
        flash.success(desk.request, _("The words are saved."))
        return desk.on(here(desk, found))

    query = chosen(name, language)
    return framed.around(
        answer(
            desk,
            WordsForm,
            title=found.label,
            save=save,
            initial={"subject": now.subject, "body": now.body, "button": now.button},
            edits=True,
            template="messages/words",
            here="campaigns",
            kind=found,
            context={
                "back": {"url": desk.url("messages"), "label": _("Automatic messages")},
                "cancel": desk.url("messages"),
                "preview": True,
                "preview_url": desk.url("message-preview", kind=found.name) + query,
                "kind": found,
                "when": when(found),
                "enabled": now.enabled,
                "is_own": row is not None and bool(name or row.subject or row.body or row.button),
                "languages": _languages(desk, found, rows, name, language),
                "names": _names(desk, found, rows, name),
                "name": name,
                "placeholders": found.placeholders,
                "urls": _urls(desk, found, query),
                "test_to": desk.staff.user.email,
            },
        )
    )


def _urls(desk: Desk, kind: Kind, query: str) -> dict[str, str]:
    deeds = ("test", "reset", "switch")
    return {deed: desk.url(f"message-{deed}", kind=kind.name) + query for deed in deeds}


def rows_of(kind: Kind) -> list[MessageText]:
    """All that the business wrote for a kind, by name and language."""
    return list(MessageText.objects.filter(kind=kind.name).order_by("name", "language"))


def same(typed: str, usual: str) -> bool:
    """Whether what was typed is what goes out anyway; forms send line ends of their own."""
    return typed.replace("\r\n", "\n").strip() == usual.strip()


def _languages(
    desk: Desk, kind: Kind, rows: list[MessageText], name: str, language: str
) -> list[dict[str, Any]]:
    """The languages that words can be in; only what members get is in their own."""
    if kind.to != "member":
        return []
    own = {
        row.language
        for row in rows
        if row.name.upper() == name.upper() and (row.subject or row.body or row.button)
    }
    found = {"": _("Everybody"), **LANGUAGES}
    return [
        {
            "label": label,
            "code": code,
            "url": desk.url("message", kind=kind.name) + chosen(name, code),
            "current": code == language,
            "own": code in own,
        }
        for code, label in found.items()
    ]


def _names(desk: Desk, kind: Kind, rows: list[MessageText], name: str) -> list[dict[str, Any]]:
    """The further texts of a kind that has such."""
    if not kind.variants:
        return []
    names = {row.name.upper(): row.name for row in rows}
    names.setdefault("", "")
    if name:
        names.setdefault(name.upper(), name)
    return [
        {
            "label": one or _("The usual text"),
            "url": desk.url("message", kind=kind.name) + chosen(one, ""),
            "current": key == name.upper(),
        }
        for key, one in sorted(names.items())
    ]


def preview(desk: Desk, kind: str) -> HttpResponse:
    """What is in the frame beside the form."""
    found, name, language = _chosen(desk, kind)
    words = {field: desk.post.get(field, "").replace("\0", "") for field in ("subject", "body", "button")}
    try:
        if name and not any(row.name.upper() == name.upper() for row in rows_of(found)):
            name = ""  # it is only being written
        shown = texts.preview(
            business_id=desk.business.pk, kind=found.name, name=name, language=language, **words
        )
    except (InvalidInput, NotFound) as refusal:
        return framed.problem(told_refusal(refusal))
    return framed.letter(shown)


def test(desk: Desk, kind: str) -> HttpResponse:
    """Send one to an address of one's own."""
    found, name, language = _chosen(desk, kind)
    try:
        with desk.changing("message.test") as change:
            to = actions.send_test(
                business_id=desk.business.pk,
                kind=found.name,
                to=desk.post.get("to", ""),
                name=name,
                language=language,
            ).to
            change.note(kind=found.name)
    except (InvalidInput, NotFound) as refusal:
        flash.error(desk.request, told_refusal(refusal))
        desk.regretted = True
    else:
        flash.success(desk.request, mail.told(_("A test is on its way to %(to)s.") % {"to": to}, to=to))
    return desk.on(here(desk, found))


def reset(desk: Desk, kind: str) -> HttpResponse:
    """Go back to the words that go out where nothing is written."""
    found, name, language = _chosen(desk, kind)
    row = written(found.name, name, language)
    with desk.changing("message.reset", row) as change:
        actions.reset_text(
            business_id=desk.business.pk,
            kind=found.name,
            name=name,
            language=language,
            other_languages=False,  # they have a page of their own
        )
        change.note(kind=found.name)
    flash.success(desk.request, _("The usual words are back."))
    if name and not any(one.name.upper() == name.upper() for one in rows_of(found)):
        return desk.to("message", kind=found.name)  # the text is gone
    return desk.on(here(desk, found))
