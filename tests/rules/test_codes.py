"""Codes look as documented, do not repeat, and cannot be foreseen."""

import hashlib
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules import codes

DRAWN = [
    pytest.param(codes.new_qr_code, "[0-9a-f]{16}", id="card"),
    pytest.param(codes.new_join_code, "[0-9a-f]{10}", id="join"),
    pytest.param(codes.temp_password, "[0-9a-f]{12}", id="temporary password"),
    pytest.param(codes.new_api_key, "rk_[2-9a-hjkmnp-zA-HJ-NP-Z]{40}", id="API key"),
]


@pytest.mark.parametrize(("draw", "shape"), DRAWN)
def test_random_codes_have_their_shape_and_do_not_repeat(draw: Callable[[], str], shape: str) -> None:
    drawn = [draw() for _ in range(500)]
    assert all(re.fullmatch(shape, code) for code in drawn)
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize(("draw", "shape"), DRAWN)
def test_random_codes_do_not_come_from_the_seeded_generator(draw: Callable[[], str], shape: str) -> None:
    state = random.getstate()
    try:
        random.seed(1)
        first = draw()
        random.seed(1)
        assert draw() != first, f"a code like {shape} can be computed from a seed"
    finally:
        random.setstate(state)


def test_keys_use_every_clear_character_and_no_look_alike() -> None:
    seen = set("".join(codes.new_api_key().removeprefix("rk_") for _ in range(500)))
    assert seen == set(codes.CLEAR_CHARACTERS)
    assert len(codes.CLEAR_CHARACTERS) == len(seen)
    assert not seen & set("0Oo1Il")


def test_a_keys_prefix_is_its_first_eleven_characters() -> None:
    key = codes.new_api_key()
    assert len(codes.key_prefix(key)) == 11
    assert key.startswith(codes.key_prefix(key))


def test_a_keys_hash_is_sha256() -> None:
    # The published digest of "abc" (FIPS 180-2, appendix B.1).
    assert codes.key_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(key=st.text())
def test_a_keys_hash_is_of_its_utf8(key: str) -> None:
    assert codes.key_hash(key) == hashlib.sha256(key.encode()).hexdigest()


def test_a_key_of_broken_unicode_is_merely_unknown() -> None:
    assert len(codes.key_hash("rk_\ud800")) == 64
    assert codes.key_hash("rk_\ud800") != codes.key_hash("rk_")


@pytest.mark.parametrize(
    ("number", "code"), [(1, "M000001"), (42, "M000042"), (999_999, "M999999"), (1_000_000, "M1000000")]
)
def test_member_codes(number: int, code: str) -> None:
    assert codes.member_code(number) == code


@given(letter=st.sampled_from("ABCXYZ"), number=st.integers(1, 10**12))
def test_numbered_codes_give_their_number_back(letter: str, number: int) -> None:
    code = codes.numbered_code(letter, number)
    assert code[0] == letter
    assert int(code[1:]) == number
    assert len(code) >= 7


@pytest.mark.parametrize(
    ("letter", "number"),
    [("M", 0), ("M", -1), ("", 1), ("MM", 1), ("m", 1), ("1", 1), ("Ä", 1)],
)
def test_codes_that_cannot_be_are_refused(letter: str, number: int) -> None:
    with pytest.raises(ValueError, match="code"):
        codes.numbered_code(letter, number)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Sunrise Cafe", "sunrise-cafe"),
        ("Café Zoë", "cafe-zoe"),
        ("Joe's & Ann\u2019s", "joes-anns"),
        ("Straße 9", "strasse-9"),
        ("Łódź \u2014 Bar", "lodz-bar"),
        ("SMØRREBRØD", "smorrebrod"),
        ("İstanbul Kahvesi", "istanbul-kahvesi"),
        ("Æbler Œuf Đakovo Guðrún Þór Ħaż", "aebler-oeuf-dakovo-gudrun-thor-haz"),
        ("KIRMIZI k\u0131rm\u0131z\u0131", "kirmizi-kirmizi"),
        ("7", "7-shop"),
        ("Ai", "ai-shop"),
        ("Bar", "bar"),
        ("東京カフェ", "shop"),
        ("", "shop"),
        (" -- ", "shop"),
        ("a" * 60, "a" * 40),
        ("a" * 39 + " bakery", "a" * 39),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert codes.slugify_name(name) == slug


@given(name=st.one_of(st.text(), st.text("aZé-' 9", max_size=90)))
def test_a_slug_fits_an_address_and_is_its_own_slug(name: str) -> None:
    slug = codes.slugify_name(name)
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert 3 <= len(slug) <= 40
    assert codes.slugify_name(slug) == slug
