"""What somebody types who joins: read, checked, and shown again with words about what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from regulars.portal import joining
from regulars.rules.errors import InvalidInput
from regulars.rules.languages import LANGUAGES
from regulars.tenants.models import Business, Microsite
from regulars.web.member.own_fields import Birthday, birthday_told, name_told, phone_told

_LONGEST: Final = 300
_TEXTS: Final = ("name", "contact", "token", "card", "words")
# In the order in which they stand on the page.
FIELDS: Final = ("name", "contact", "birthday")


@dataclass(slots=True)
class Form:
    """The fields as they were typed, and what is `wrong` with them, in words of the page's language.

    `words` says which words were shown that somebody agrees to; `reworded` that they are others now.
    """

    name: str = ""
    contact: str = ""
    born: Birthday = field(default_factory=Birthday)
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
        return cls(**texts, born=Birthday.of(sent), offers=bool(sent.get("offers")))

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
    def focuses_birthday(self) -> bool:
        """Whether the birthday is the first field with which something is wrong."""
        return self.first_wrong == "birthday"

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
            birthday = self.born.date() if site.join_asks_birthday else None
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
    if name == "name":
        return name_told(problem)
    if name == "birthday":
        return birthday_told(problem)
    return _contact_told(name, problem, site, typed) if name in {"phone", "email"} else problem


def _contact_told(name: str, problem: str, site: Microsite, typed: str) -> str:
    if not typed:
        return _("Fill this in, so that you find your card again.")
    if "at most" in problem:
        return _("This is too long. Please shorten it.")
    if name == "email":
        return _("This is not a whole e-mail address, such as nora@example.com.")
    usual = _("Type a phone number, or a whole e-mail address such as nora@example.com.")
    if site.join_contact == Microsite.Contact.PHONE:
        usual = _("A phone number is needed here, with all its digits.")
    return phone_told(problem, usual=usual)
