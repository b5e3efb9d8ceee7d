"""A business's logo: taken as people have it, kept as one small PNG."""

from __future__ import annotations

import io
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django_scopes import scope

from regulars import db
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.models import Logo

if TYPE_CHECKING:  # loaded by whoever draws: servers that do not are smaller and start sooner
    from PIL import Image

# Of the file as it is sent, in bytes; of the picture in it, in pixels; of a side of what is kept.
MOST_BYTES: Final = 2 * 1024 * 1024
MOST_PIXELS: Final = 25_000_000
LONGEST_SIDE: Final = 512
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
# Sides of the small pictures that pages show.
SIZES: Final = (64, 128, 256)
_WEBP_QUALITY: Final = 85
# Small pictures that a process remembers: 2 MB at worst, of logos that are nothing but noise.
REMEMBERED: Final = 48


def set_logo(*, business_id: int, data: bytes) -> Logo:
    """Give a business a logo, from the bytes of a PNG, JPEG, WebP or GIF file, whose first picture counts.

    It is drawn anew, so that neither a place nor a camera stays in it, and made smaller where it has to be.

    Raises:
        InvalidInput: the file is empty, too large, or no such picture.
    """
    picture = _drawn(data)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    png = file.getvalue()
    # Two businesses may have the same picture, and each has an address of its own.
    digest = blake2b(png, digest_size=16, salt=business_id.to_bytes(8, "big")).hexdigest()
    values = {"digest": digest, "png": png, "width": picture.width, "height": picture.height}
    with transaction.atomic(), scope(business=business_id):
        return Logo.objects.update_or_create(business_id=business_id, defaults=values)[0]


def remove_logo(*, business_id: int) -> None:
    """Take the logo away. None there is no error."""
    with scope(business=business_id):
        Logo.objects.all().delete()


def logo_of(business_id: int) -> Logo | None:
    """The logo of a business, None for none."""
    with scope(business=business_id):
        return Logo.objects.first()


def digest_of(business_id: int) -> str:
    """What names a business's logo in its address; empty for none. The picture itself is not read."""
    rows = db.run("SELECT digest FROM tenants_logo WHERE business_id = %s", (business_id,))
    return str(rows[0][0]) if rows else ""


def png_of(digest: str) -> bytes:
    """The picture of an address, of whichever business: pages show it to everybody.

    Raises:
        NotFound: there is no such logo.
    """
    rows = db.run("SELECT png FROM tenants_logo WHERE digest = %s", (digest,))
    if not rows:
        raise NotFound("There is no such logo.")
    return bytes(rows[0][0])


def small(digest: str, *, side: int) -> bytes:
    """The picture of an address as WebP, no side longer than `side` pixels.

    Each process draws it once and remembers it: a digest names one picture for ever, so what is remembered
    is right in all of them. Whether the logo is still there is asked each time.

    Raises:
        NotFound: there is no such logo.
    """
    check_logo(digest)
    return _small(digest, side)


def check_logo(digest: str) -> None:
    """See that there is a logo of an address. Its picture is not read.

    Raises:
        NotFound: there is none.
    """
    if not db.run("SELECT 1 FROM tenants_logo WHERE digest = %s", (digest,)):
        raise NotFound("There is no such logo.")


@lru_cache(maxsize=REMEMBERED)
def _small(digest: str, side: int) -> bytes:
    from PIL import Image  # noqa: PLC0415 - see above

    with Image.open(io.BytesIO(png_of(digest)), formats=("PNG",)) as picture:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        # The best method (6) takes up to ten times as long, for 10 % fewer bytes at most.
        picture.save(file, "WEBP", quality=_WEBP_QUALITY, method=4)
    return file.getvalue()


def _drawn(data: bytes) -> Image.Image:
    from PIL import Image, ImageOps  # noqa: PLC0415 - see above

    if not data:
        raise InvalidInput.at("logo", "is empty: send the bytes of a picture")
    if len(data) > MOST_BYTES:
        raise InvalidInput.at("logo", f"must not be larger than {MOST_BYTES} bytes")
    try:
        # Opening reads what the file says of itself; only then is room made for its pixels.
        with Image.open(io.BytesIO(data), formats=FORMATS) as found:
            _check_pixels(found)
            found.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
            upright = ImageOps.exif_transpose(found)
            clear = "A" in upright.getbands() or "transparency" in upright.info
            picture = upright.convert("RGBA" if clear else "RGB")
    except InvalidInput:
        raise
    except Exception:  # noqa: BLE001 - decoders of broken pictures fail in more ways than they list
        raise InvalidInput.at("logo", "must be a PNG, JPEG, WebP or GIF picture") from None
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    # A new picture has nothing of the old one's notes.
    plain = Image.new(picture.mode, picture.size)
    plain.paste(picture)
    return plain


def _check_pixels(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise InvalidInput.at("logo", f"must not have more than {MOST_PIXELS} pixels")
