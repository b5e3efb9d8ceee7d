"""What somebody types who joins: read, checked, and shown again with words about what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from regulars.portal import joining
from regulars.rules.errors import InvalidInput
from regulars.rules.languages import LANGUAGES
from regulars.tenants.models import Business, Microsite

_LONGEST: Final = 300
_TEXTS: Final = ("name", "contact", "day", "month", "year", "token", "card", "words")
# In the order in which they stand on the page.
FIELDS: Final = ("name", "contact", "birthday")
_NO_SUCH_DAY: Final = "is no day of the calendar"


@dataclass(slots=True)
class Form:
    """The fields as they were typed, and what is `wrong` with them, in words of the page's language.

    `words` says which words were shown that somebody agrees to; `reworded` that they are others now.
    """

    name: str = ""
    contact: str = ""
    day: str = ""
    month: str = ""
    year: str = ""
    token: str = ""
    card: str = ""
    words: str = ""
    offers: bool = False
    reworded: bool = False
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Form:
        """From what a browser sent."""
        texts: dict[str, Any] = {name: str(sent.get(name, ""))[:_LONGEST] for name in _TEXTS}
        texts["card"] = card_code(texts["card"])
        return cls(**texts, offers=bool(sent.get("offers")))

    @property
    def language(self) -> str:
        """The language in which the page was shown; empty when the form does not say."""
        language = self.words.partition(".")[0]
        return language if language in LANGUAGES else ""

    @property
    def is_back(self) -> bool:
        """Whether it was sent, and is shown again."""
        return bool(self.wrong) or self.reworded

    @property
    def first_wrong(self) -> str:
        """The first field with which something is wrong."""
        return next((name for name in FIELDS if name in self.wrong), "")

    @property
    def has_birthday(self) -> bool:
        """Whether anything was typed of a birthday."""
        return any(part.strip() for part in (self.day, self.month, self.year))

    def values(self, *, business: Business, site: Microsite) -> dict[str, Any]:
        """The fields as `joining.join` takes them.

        Raises:
            InvalidInput: some are unusable; all of them are named.
        """
        contact = self.contact.strip()
        wanted = site.join_contact
        by_mail = wanted == Microsite.Contact.EMAIL or (wanted == Microsite.Contact.EITHER and "@" in contact)
        found: dict[str, Any] = {
            "business": business,
            "name": self.name,
            "phone": "" if by_mail else contact,
            "email": contact if by_mail else "",
        }
        wrong: dict[str, str] = {}
        birthday = None
        try:
            birthday = self._birthday() if site.join_asks_birthday else None
            joining.check(**found, birthday=birthday)
        except InvalidInput as refusal:
            wrong |= refusal.fields
        if "birthday" in wrong:  # the others were not looked at
            try:
                joining.check(**found)
            except InvalidInput as refusal:
                wrong |= refusal.fields
        if wrong:
            raise InvalidInput(
                "; ".join(f"{name} {problem}" for name, problem in wrong.items()), fields=wrong
            )
        return found | {"birthday": birthday}

    def _birthday(self) -> dt.date | None:
        if not self.has_birthday:
            return None
        try:
            return dt.date(int(self.year), int(self.month), int(self.day))
        except (ValueError, OverflowError) as error:
            problem = _NO_SUCH_DAY if self._is_whole_day() else "is not whole"
            raise InvalidInput.at("birthday", problem) from error

    def _is_whole_day(self) -> bool:
        return all(part.strip().isdecimal() for part in (self.day, self.month, self.year))

    def told(self, refusal: InvalidInput, *, site: Microsite) -> dict[str, str]:
        """What to do about a refusal, by the fields of the page."""
        found: dict[str, str] = {}
        for name, problem in refusal.fields.items():
            on_page = "contact" if name in {"phone", "email"} else name
            found.setdefault(on_page, _what_to_do(name, problem, site, self.contact.strip()))
        return found


def card_code(typed: str) -> str:
    """The code of a printed card as it is kept, of one that may have been typed in capitals."""
    return typed.strip().lower()


def _what_to_do(name: str, problem: str, site: Microsite, typed: str) -> str:
    told = {
        "name": _("Type your name, so that the shop can greet you."),
        "birthday": _birthday(problem),
        "email": _("This is not a whole e-mail address, such as nora@example.com."),
        "phone": _phone(problem, alone=site.join_contact == Microsite.Contact.PHONE),
    }.get(name, problem)
    if "web address" in problem:
        told = _("Please leave web addresses out of your name, and put a space after each full stop.")
    if name in {"phone", "email"} and not typed:
        told = _("Fill this in, so that you find your card again.")
    if "at most" in problem:
        told = _("This is too long. Please shorten it.")
    return told


def _birthday(problem: str) -> str:
    if problem == _NO_SUCH_DAY:
        return _("There is no such day. Check the day and the month.")
    if "future" in problem:
        return _("This day is yet to come. Check the year.")
    if "or later" in problem:
        return _("This is too long ago. Check the year: all four digits of it are needed.")
    return _("Fill in the day, the month and the whole year, or leave all three empty.")


def _phone(problem: str, *, alone: bool) -> str:
    sentences = {
        "one digit short": _("This phone number is one digit short."),
        "one digit too many": _("This phone number has one digit too many."),
        "in use": _("There is no such phone number. Check its digits."),
        "too short": _("This phone number is too short. Is a digit missing?"),
        "too long": _("This phone number is too long. Is there a digit too many?"),
        "area code": _("Type the phone number with its area code."),
        "country code": _("Check the country code at the beginning of the phone number."),
    }
    named = next((sentence for words, sentence in sentences.items() if words in problem), None)
    if named is not None:
        return named
    if alone:
        return _("A phone number is needed here, with all its digits.")
    return _("Type a phone number, or a whole e-mail address such as nora@example.com.")
