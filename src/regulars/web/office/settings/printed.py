"""What an owner prints: poster, table tent, and cards for the purse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.members import blank_cards
from regulars.printing import cards, poster
from regulars.printing.sizes import PAPERS, paper_of
from regulars.rules.errors import InvalidInput
from regulars.rules.languages import LANGUAGES, check_language
from regulars.tenants.queries import join_url
from regulars.web.member import picture
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, WholeField, answer

_MOST_DIGITS = 9
# Files of earlier cards that are offered again.
_SHEETS = 5


class CardsForm(OfficeForm):
    """How many cards to make."""

    count = WholeField(
        1,
        blank_cards.MOST_AT_ONCE,
        label=gettext_lazy("How many new cards"),
        help_text=gettext_lazy("Ten fit on a sheet."),
    )
    after = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)


def page(desk: Desk) -> HttpResponse:
    """Everything that can be printed; new cards are numbered here."""
    business = desk.business
    counted = blank_cards.counts(business.pk)

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("settings.cards_make") as change:
            made = blank_cards.make_blanks(
                business_id=business.pk, count=given["count"], after=given["after"] or 0
            )
            change.note(first=made[0].number, last=made[-1].number)
        text = ngettext("%(count)s new card is ready.", "%(count)s new cards are ready.", len(made))
        return desk.done(text % {"count": len(made)}, "settings-print")

    url = join_url(business)
    return answer(
        desk,
        CardsForm,
        title=_("Print"),
        initial={"count": 20, "after": counted.last or 0},
        save=save,
        button=_("Make new cards"),
        template="settings/print",
        here="settings",
        context={
            "join_url": url,
            "qr_code": picture.qr_code(url),
            "cards": counted,
            "sheets": _sheets(desk, counted.last or 0),
            "languages": LANGUAGES.items(),
            "spoken": business.language,
            "papers": [paper.name for paper in PAPERS.values()],
            "paper": paper_of("", country=business.country).name,
        },
    )


def _sheets(desk: Desk, last: int) -> list[dict[str, Any]]:
    """The files of the newest cards, so many in each as may be made at once."""
    found: list[dict[str, Any]] = []
    end = last
    while end > 0 and len(found) < _SHEETS:
        first = max(end - blank_cards.MOST_AT_ONCE + 1, 1)
        query = urlencode({"first": first, "last": end})
        found.append({"first": first, "last": end, "url": f"{desk.url('settings-print-cards-file')}?{query}"})
        end = first - 1
    return found


def poster_file(desk: Desk) -> HttpResponse:
    """The poster as PDF."""
    return _file(desk, "poster", poster.poster)


def tent_file(desk: Desk) -> HttpResponse:
    """The table tent as PDF."""
    return _file(desk, "tent", poster.table_tent)


def cards_file(desk: Desk) -> HttpResponse:
    """Sheets of cards that nobody has yet, by their numbers, as often as needed."""
    first, last = (_number(desk.get.get(name, "")) for name in ("first", "last"))
    return _file(desk, "cards", cards.blank_cards, first=first, last=last or first)


def _number(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise InvalidInput.at("first", "must be the number of a card")
    return int(text)


def _file(desk: Desk, name: str, make: Callable[..., bytes], **which: int) -> HttpResponse:
    business = desk.business
    asked = desk.get.get("language", "")
    spoken = check_language(asked) if asked else business.language
    paper = paper_of(desk.get.get("size", ""), country=business.country)
    with translation.override(spoken):
        document = make(business_id=business.pk, language=spoken, paper=paper, **which)
    response = HttpResponse(document, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{business.slug}-{name}.pdf"'
    return response
