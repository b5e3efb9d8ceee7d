"""Pictures of a business for the home screens of phones: its first letter on its colour, or its logo."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from regulars.rules import colours
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import logos
from regulars.tenants.models import Business
from regulars.web.look import mixed
from regulars.web.pictures import kept, limited

if TYPE_CHECKING:  # loaded by whoever draws: servers that do not are smaller and start sooner
    from PIL import Image, ImageFont

SIZES: Final = (192, 512)
# Phones cut icons to shapes of their own: what matters stays within this share of the middle.
_SAFE: Final = 0.62
_LETTER: Final = 0.5
_SHADES: Final = 32
# Icons with a logo that a process remembers: 3 MB at worst, of logos that are nothing but noise.
REMEMBERED: Final = 10
# Fonts that may be on a machine, for letters that the one which comes with Pillow lacks.
_FONTS: Final = (
    "NotoSans-Bold.ttf",
    "DejaVuSans-Bold.ttf",
    "NotoSansDevanagari-Bold.ttf",
    "Arial Bold.ttf",
)


def initial(name: str) -> str:
    """The first letter or digit of a name, as a capital; "" when it has none."""
    return next((sign for sign in name if sign.isalnum()), "").upper()[:1]


def address(business: Business, size: int) -> str:
    """Where the icon of a business is: its logo on white, or its first letter on its colour."""
    if digest := logos.digest_of(business.pk):
        return reverse("icon-logo", args=[digest, size])
    letter = initial(business.name)
    return reverse(
        "icon", args=[business.accent_color.lstrip("#"), f"{ord(letter) if letter else 0:x}", size]
    )


@require_safe
@limited
def letter_icon(request: HttpRequest, colour: str, letter: str, size: int) -> HttpResponse:
    """An icon with a letter (its number in Unicode, in hex; 0 for none) on a colour (six hex digits)."""
    try:
        ground = colours.check_colour(f"#{colour}", field="colour")
        sign = _sign(letter)
    except (InvalidInput, ValueError, OverflowError):
        raise Http404 from None
    if size not in SIZES:
        raise Http404
    return kept(_letter(ground, sign, size), "image/png")


@require_safe
@limited
def logo_icon(request: HttpRequest, digest: str, size: int) -> HttpResponse:
    """An icon with a logo on white."""
    if size not in SIZES:
        raise Http404
    try:
        logos.check_logo(digest)
        return kept(_logo(digest, size), "image/png")
    except NotFound:
        raise Http404 from None


def _sign(letter: str) -> str:
    number = int(letter, 16)
    sign = chr(number) if number else ""
    if sign and not (sign.isalnum() and f"{number:x}" == letter):
        raise ValueError("not a letter")
    return sign


@lru_cache(maxsize=64)
def _letter(ground: str, sign: str, size: int) -> bytes:
    """One drawing of a letter serves for every colour: its shades become those between the two colours."""
    from PIL import Image  # noqa: PLC0415 - see above

    picture = Image.frombytes("P", (size, size), _shades(sign, size))
    last = _SHADES - 1
    tones = (mixed(ground, colours.text_on(ground), step / last) for step in range(_SHADES))
    picture.putpalette(b"".join(bytes.fromhex(tone[1:]) for tone in tones))
    return _png(picture)


@lru_cache(maxsize=8)
def _shades(sign: str, size: int) -> bytes:
    """How much of a letter is in each pixel: 0 for none of it, `_SHADES` - 1 where there is nothing else."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - see above

    picture = Image.new("L", (size, size))
    if sign:
        middle = (size / 2, size / 2)
        ImageDraw.Draw(picture).text(middle, sign, font=_font(sign, size * _LETTER), fill=255, anchor="mm")
    return picture.point([round(value * (_SHADES - 1) / 255) for value in range(256)]).tobytes()


def _font(sign: str, height: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont  # noqa: PLC0415 - see above

    for name in _FONTS:
        try:
            font = ImageFont.truetype(name, height)
        except OSError:
            continue
        # A font without a letter draws the box that stands for what it does not know.
        if bytes(font.getmask(sign)) != bytes(font.getmask("\uffff")):
            return font
    return ImageFont.load_default(height)


@lru_cache(maxsize=REMEMBERED)
def _logo(digest: str, size: int) -> bytes:
    from PIL import Image  # noqa: PLC0415 - see above

    picture = Image.new("RGB", (size, size), "white")
    with Image.open(io.BytesIO(logos.png_of(digest))) as source:
        logo = source.convert("RGBA")
    share = min(size * _SAFE / logo.width, size * _SAFE / logo.height)
    logo = logo.resize(
        (max(round(logo.width * share), 1), max(round(logo.height * share), 1)), Image.Resampling.LANCZOS
    )
    picture.paste(logo, ((size - logo.width) // 2, (size - logo.height) // 2), logo)
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
