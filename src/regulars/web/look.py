"""How pages look like the business: a small style sheet with its accent, in light and in dark.

Pages allow no inline styles, so the accent comes as a file of its own, which browsers keep for a year.
A logo's address changes with the logo, so it is kept as long.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from regulars import __version__
from regulars.rules import colours
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import logos
from regulars.tenants.models import Business
from regulars.web.pictures import kept, limited

# What pages are made of: `--raised` of their style sheets (tokens.css); buttons stand on `--paper`, too.
LIGHT_GROUND = "#ffffff"
LIGHT_PAPER = "#f5f4f1"
DARK_GROUND = "#221e1b"
# Text in the accent stands on tinted grounds, too, so it has some contrast to spare.
INK_CONTRAST = 6
# What belongs to a button stands out from its ground by so much (WCAG 2.2, 1.4.11).
EDGE_CONTRAST = 3
_STEPS = 40

# A card's face stays in the shop's own colour, with an edge where the ground is of much the same; what is
# pressed gets an edge on light grounds, and is lighter on dark ones.
_SHEET = """\
:root {{ --accent: {accent}; --on-accent: {on_accent}; --accent-ink: {light_ink}; --accent-edge: {edge};
  --face: {accent}; --on-face: {on_accent}; --accent-deep: {deep}; --accent-pale: {pale}; }}
@media (prefers-color-scheme: dark) {{
  :root:not([data-theme="light"]) {{ {in_the_dark} }}
}}
:root[data-theme="dark"] {{ {in_the_dark} }}
"""
_IN_THE_DARK = "--accent: {dark}; --on-accent: {on_dark}; --accent-ink: {dark_ink}; --accent-edge: {dark};"


def mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share (0 to 1) of another one in it."""
    parts = (
        round(int(colour[at : at + 2], 16) * (1 - share) + int(other[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)


def apart(colour: str, ground: str, *, ratio: float) -> str:
    """The colour nearest to this one with a contrast of `ratio` on a ground: mixed with black or white."""
    towards = max((colours.BLACK, colours.WHITE), key=lambda end: colours.contrast(end, ground))
    for step in range(_STEPS):
        found = mixed(colour, towards, step / _STEPS)
        if colours.contrast(found, ground) >= ratio:
            return found
    return towards


def sheet(accent: str) -> str:
    """The style sheet of an accent."""
    dark = apart(accent, DARK_GROUND, ratio=EDGE_CONTRAST)
    in_the_dark = _IN_THE_DARK.format(
        dark=dark,
        on_dark=colours.text_on(dark),
        dark_ink=apart(accent, DARK_GROUND, ratio=INK_CONTRAST),
    )
    return _SHEET.format(
        accent=accent,
        on_accent=colours.text_on(accent),
        light_ink=apart(accent, LIGHT_GROUND, ratio=INK_CONTRAST),
        edge=apart(accent, LIGHT_PAPER, ratio=EDGE_CONTRAST),
        deep=mixed(accent, colours.BLACK, 0.28),
        pale=mixed(accent, colours.WHITE, 0.34),
        in_the_dark=in_the_dark,
    )


def address(accent: str) -> str:
    """Where the style sheet of an accent is. Another version of the program makes another one."""
    return f"{reverse('look', args=[accent.lstrip('#')])}?v={__version__}"


@require_safe
def look(request: HttpRequest, colour: str) -> HttpResponse:
    """The style sheet of a colour, written as six hex digits."""
    try:
        accent = colours.check_colour(f"#{colour}", field="colour")
    except InvalidInput:
        raise Http404 from None
    return kept(sheet(accent).encode(), "text/css; charset=utf-8")


def logo_url(business: Business, *, size: int = 128) -> str:
    """Where the logo of a business is, no side longer than `size` (`logos.SIZES`) pixels; empty for none.

    Show it half as large, so that it is crisp on phones. Size 0 is the PNG that is kept.
    """
    digest = logos.digest_of(business.pk)
    if not digest:
        return ""
    return reverse("logo-small", args=[digest, size]) if size else reverse("logo", args=[digest])


@require_safe
@limited
def logo(request: HttpRequest, digest: str, size: int = 0) -> HttpResponse:
    """A logo as it is kept, or a small picture of it."""
    if size and size not in logos.SIZES:
        raise Http404
    try:
        if size:
            return kept(logos.small(digest, side=size), "image/webp")
        return kept(logos.png_of(digest), "image/png")
    except NotFound:
        raise Http404 from None
