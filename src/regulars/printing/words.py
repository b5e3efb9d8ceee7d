"""What is printed about a business, in its own words and in the product's."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from regulars.rules import colours
from regulars.tenants import logos, queries
from regulars.tenants.models import Business

# Ink and hairlines on white paper.
INK = "#1c1917"
QUIET = "#57534e"
HAIR = "#a8a29e"
WHITE = "#ffffff"


@dataclass(frozen=True, slots=True)
class Face:
    """How a business shows itself. `kicker` leads to `promise`; `goal` is 0 without a stamp card."""

    name: str
    accent: str
    on_accent: str
    logo: bytes | None
    kicker: str
    promise: str
    also: str
    goal: int
    join_url: str

    @property
    def short_url(self) -> str:
        """The join address as people type it."""
        return self.join_url.partition("://")[2]


def face_of(business_id: int) -> Face:
    """How a business shows itself, in the language that is spoken.

    Raises:
        NotFound: there is no such business.
    """
    business = queries.business_by_id(business_id)
    logo = logos.logo_of(business_id)
    goal = business.program.stamps_required if business.program.is_active else 0
    kicker, promise, also = _promise(business, goal)
    return Face(
        name=business.name,
        accent=business.accent_color,
        on_accent=colours.text_on(business.accent_color),
        logo=bytes(logo.png) if logo else None,
        kicker=kicker,
        promise=promise,
        also=also,
        goal=goal,
        join_url=queries.join_url(business),
    )


def _promise(business: Business, goal: int) -> tuple[str, str, str]:
    if goal:
        kicker = ngettext("Collect %(goal)s stamp and get", "Collect %(goal)s stamps and get", goal)
        also = gettext("And points with every purchase.") if business.points_active else ""
        return kicker % {"goal": goal}, business.program.reward_description, also
    return gettext("Your card with us"), gettext("Points with every purchase"), ""


def steps() -> tuple[str, str, str]:
    """How somebody gets a card."""
    return (
        gettext("Scan the code with the camera of your phone."),
        gettext("Say who you are. That is your card."),
        gettext("Show it each time you pay."),
    )
