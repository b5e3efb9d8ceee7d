"""A business's logo: what is taken, what is kept, and what is left out of it."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from django_scopes import scopes_disabled
from PIL import Image

from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import logos
from regulars.tenants.models import Logo
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


def picture(size: tuple[int, int] = (300, 200), kind: str = "PNG", mode: str = "RGB", **save: Any) -> bytes:
    """The bytes of a picture: red, with a green corner at its upper left."""
    made = Image.new("RGBA", size, (200, 0, 0, 128 if mode == "RGBA" else 255))
    made.paste((0, 160, 0, 255), (0, 0, size[0] // 4, size[1] // 4))
    file = io.BytesIO()
    made.convert(mode).save(file, kind, **save)
    return file.getvalue()


def kept(business_id: int) -> Image.Image:
    found = logos.logo_of(business_id)
    assert found is not None
    opened = Image.open(io.BytesIO(bytes(found.png)))
    assert (found.width, found.height) == opened.size
    assert opened.format == "PNG"
    return opened


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_each_kind_of_picture_is_kept_as_png(kind: str) -> None:
    shop = make_shop()
    logos.set_logo(business_id=shop.id, data=picture(kind=kind))
    assert kept(shop.id).size == (300, 200)
    red, green, _ = kept(shop.id).convert("RGB").getpixel((250, 150))  # type: ignore[misc, unused-ignore]
    assert (red > 180, green < 20) == (True, True)


def test_large_pictures_become_small_and_keep_their_shape() -> None:
    shop = make_shop()
    logos.set_logo(business_id=shop.id, data=picture((2048, 1024), mode="RGBA"))
    opened = kept(shop.id)
    assert opened.size == (512, 256)
    assert opened.getpixel((400, 200))[3] == 128, "what one can look through stays so"  # type: ignore[index]


def test_notes_in_a_picture_go_and_it_stands_upright() -> None:
    notes = Image.Exif()
    notes[0x0112] = 6  # the camera was turned: the right side is the bottom
    notes[0x010F] = "A camera that somebody owns"
    shop = make_shop()
    logos.set_logo(business_id=shop.id, data=picture(kind="JPEG", exif=notes, comment=b"where it was taken"))
    opened = kept(shop.id)
    assert opened.size == (200, 300)
    red, green, _ = opened.getpixel((190, 10))  # type: ignore[misc]
    assert (green > 140, red < 60) == (True, True), "the green corner was turned with the rest"
    assert not opened.info
    assert not opened.getexif()


def _bomb() -> bytes:
    """A small file that has 64 million pixels."""
    file = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "must be a PNG, JPEG, WebP or GIF"),
        (picture()[:90], "must be a PNG"),
        (picture(kind="BMP"), "must be a PNG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "must be a PNG"),
        (bytes(logos.MOST_BYTES + 1), "larger than 2097152 bytes"),
        (_bomb(), "more than 25000000 pixels"),
    ],
)
def test_what_is_no_logo_is_refused_and_changes_nothing(data: bytes, problem: str) -> None:
    shop = make_shop()
    before = logos.set_logo(business_id=shop.id, data=picture()).digest
    with pytest.raises(InvalidInput, match=problem) as refused:
        logos.set_logo(business_id=shop.id, data=data)
    assert refused.value.fields.keys() == {"logo"}
    assert logos.digest_of(shop.id) == before


def test_a_new_logo_has_a_new_address_and_a_removed_one_none() -> None:
    shop = make_shop()
    first = logos.set_logo(business_id=shop.id, data=picture()).digest
    assert logos.set_logo(business_id=shop.id, data=picture()).digest == first
    second = logos.set_logo(business_id=shop.id, data=picture((20, 20))).digest
    assert second != first
    with pytest.raises(NotFound):
        logos.png_of(first)
    logos.remove_logo(business_id=shop.id)
    logos.remove_logo(business_id=shop.id)
    assert logos.digest_of(shop.id) == ""
    assert logos.logo_of(shop.id) is None


def test_the_same_picture_in_two_businesses_are_two_logos() -> None:
    one, other = make_shop(), make_shop("Charlie's")
    digests = {logos.set_logo(business_id=shop.id, data=picture()).digest for shop in (one, other)}
    assert len(digests) == 2
    logos.remove_logo(business_id=one.id)
    assert logos.digest_of(other.id)
    with scopes_disabled():
        assert Logo.objects.count() == 1


def test_a_small_picture_is_small() -> None:
    shop = make_shop()
    logo = logos.set_logo(business_id=shop.id, data=picture((500, 250)))
    small = logos.small(logo.digest, side=128)
    with Image.open(io.BytesIO(small)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (128, 64))
    assert len(small) < 2000


def test_a_small_picture_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    logos._small.cache_clear()
    drawn: list[str] = []
    read = logos.png_of

    def noted(digest: str) -> bytes:
        drawn.append(digest)
        return read(digest)

    monkeypatch.setattr(logos, "png_of", noted)
    shop = make_shop()
    digest = logos.set_logo(business_id=shop.id, data=picture()).digest
    first = logos.small(digest, side=64)
    assert logos.small(digest, side=64) is first
    assert logos.small(digest, side=128) != first
    assert drawn == [digest, digest]
    logos.remove_logo(business_id=shop.id)
    with pytest.raises(NotFound):
        logos.small(digest, side=64)


def test_what_is_remembered_of_small_pictures_is_little() -> None:
    noise = Image.frombytes("RGB", (512, 512), random.Random(1).randbytes(512 * 512 * 3))
    file = io.BytesIO()
    noise.save(file, "PNG")
    shop = make_shop()
    digest = logos.set_logo(business_id=shop.id, data=file.getvalue()).digest
    assert logos.REMEMBERED * len(logos.small(digest, side=max(logos.SIZES))) < 3_000_000
