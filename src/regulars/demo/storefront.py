"""How a demo business receives its customers: what its pages say, its logo, its counter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django_scopes import scope
from PIL import Image, ImageDraw

from regulars.counter import pins
from regulars.counter import settings as counter
from regulars.tenants import logos, microsites
from regulars.tenants.models import Logo, Staff

_SIDE = 1024  # pixels; it is made smaller when it is stored, which smooths its edges
_CREAM = "#fdf6ec"


@dataclass(frozen=True, slots=True)
class Storefront:
    """What customers and operators meet. `pins` are those of the team, in its order."""

    site: dict[str, Any]
    pins: tuple[str, ...]
    paint: Callable[[ImageDraw.ImageDraw], None]
    ground: str
    counter: dict[str, Any] = field(default_factory=dict)


def open_doors(*, business_id: int, storefront: Storefront, team: list[Staff]) -> None:
    """Put up the pages, the logo and the counter of a business."""
    microsites.update_microsite(business_id=business_id, **storefront.site)
    logos.set_logo(business_id=business_id, data=_logo(storefront))
    counter.update_settings(business_id=business_id, **storefront.counter)
    for staff, pin in zip(team, storefront.pins, strict=True):
        pins.set_pin(business_id=business_id, staff_id=staff.pk, pin=pin)


def has_doors(business_id: int) -> bool:
    """Whether a business has a logo, the last thing that nobody has without having asked for it."""
    with scope(business=business_id):
        return Logo.objects.exists()


def _logo(storefront: Storefront) -> bytes:
    image = Image.new("RGBA", (_SIDE, _SIDE))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, _SIDE - 1, _SIDE - 1), radius=220, fill=storefront.ground)
    storefront.paint(pen)
    kept = BytesIO()
    image.resize((_SIDE // 2, _SIDE // 2), Image.Resampling.LANCZOS).save(kept, "PNG")
    return kept.getvalue()


def _tumbler(pen: ImageDraw.ImageDraw) -> None:
    """A steel tumbler in its bowl, with steam."""
    pen.polygon([(350, 400), (674, 400), (634, 730), (390, 730)], fill=_CREAM)
    pen.rounded_rectangle((326, 364, 698, 420), radius=28, fill=_CREAM)
    pen.chord((232, 560, 792, 900), 0, 180, fill=_CREAM)
    pen.rounded_rectangle((212, 706, 812, 752), radius=23, fill=_CREAM)
    for middle, top in ((424, 190), (512, 150), (600, 190)):
        pen.rounded_rectangle((middle - 16, top, middle + 16, 310), radius=16, fill=_CREAM)


def _loaf(pen: ImageDraw.ImageDraw) -> None:
    """A loaf with three cuts."""
    pen.ellipse((162, 322, 862, 762), fill=_CREAM)
    for left in (330, 470, 610):
        pen.line((left, 640, left + 100, 430), fill="#1f6f78", width=44)


PARIJATA = Storefront(
    site={
        "about": "Filter coffee from beans of Chikmagalur, roasted next door, in four corners of Bengaluru. "
        "Come for the coffee at seven; stay for the second one.",
        "website": "https://parijata.example",
        "privacy_url": "https://parijata.example/privacy",
        "language": "en",
        "points_active": True,
    },
    counter={
        "quickscan_function": "calc",
        "reasons": ["Forgot the card", "Waited too long", "Spilled cup"],
        "scans_per_day": 6,
    },
    pins=("7294", "2815", "6038", "4907", "9361"),
    paint=_tumbler,
    ground="#8a4b2a",
)
FORNADA = Storefront(
    site={
        "about": "Pão de massa-mãe e pastéis de nata, todos os dias desde as sete da manhã.",
        "website": "https://boafornada.example",
        "language": "pt",
        "points_active": True,
        "double_opt_in": True,
    },
    counter={"minutes_between": 10},
    pins=("8164", "5370"),
    paint=_loaf,
    ground="#1f6f78",
)
