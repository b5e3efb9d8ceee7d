"""What customers' pages say and ask."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.microsites import business_to_join, microsite, update_microsite
from regulars.tenants.models import Business, Microsite
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_a_shop_that_chose_nothing_has_the_defaults(shop: Shop) -> None:
    site = microsite(shop.id)
    assert (site.join_open, site.join_contact, site.double_opt_in) == (True, "either", False)
    with scope(business=shop.business):
        assert not Microsite.objects.exists()


def test_what_is_named_changes_and_the_rest_stays(shop: Shop) -> None:
    other = make_shop("Charlie's")
    update_microsite(business_id=shop.id, about=" Since 1987. ", language="DE", points_active=True)
    site = update_microsite(business_id=shop.id, join_contact="phone", about=None)
    assert (site.about, site.join_contact, site.join_open) == ("", "phone", True)
    business = Business.objects.get(pk=shop.id)
    assert (business.language, business.points_active) == ("de", True)
    assert Business.objects.get(pk=other.id).language == "en"
    assert microsite(other.id).join_contact == "either"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Shop.Example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://sunrise.localhost", "http://sunrise.localhost"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_origins_are_kept_as_browsers_write_them(shop: Shop, given: str, kept: str) -> None:
    assert update_microsite(business_id=shop.id, embed_origins=[given, given]).embed_origins == [kept]


@pytest.mark.parametrize(
    "value",
    [
        "http://shop.example",
        "shop.example",
        "https://shop.example/path",
        "https://shop.example?x",
        "https://shop.example#x",
        "https://user@shop.example",
        "https://*.shop.example",
        "https://shop.example:99999",
        "https://shop example",
        "https://shop.example; script-src *",
        "https://",
        "*",
        "null",
        "javascript:alert(1)",
        "https://sh\x00op.example",
        7,
    ],
)
def test_what_is_no_origin_is_refused(shop: Shop, value: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        update_microsite(business_id=shop.id, embed_origins=["https://good.example", value])
    assert refusal.value.fields.keys() == {"embed_origins"}
    assert microsite(shop.id).embed_origins == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("website", "shop.example"),
        ("website", "javascript:alert(1)"),
        ("website", "https://"),
        ("privacy_url", "https://name:word@shop.example/"),
        ("privacy_url", "https://shop.example/" + "x" * 300),
        ("privacy_url", "ftp://shop.example/"),
        ("privacy_url", 7),
        ("about", "x" * 5001),
        ("consent_text", "x" * 2001),
        ("consent_text", "a\0b"),
        ("join_open", None),
        ("join_open", "yes"),
        ("join_contact", "fax"),
        ("language", "tlh"),
        ("language", None),
        ("embed_origins", "https://shop.example"),
        ("embed_origins", [f"https://{number}.example" for number in range(21)]),
        ("points_active", 1),
        ("slug", "mine"),
    ],
)
def test_what_cannot_be_set_is_named_and_nothing_changes(shop: Shop, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        update_microsite(business_id=shop.id, **{"double_opt_in": True, field: value})
    assert refusal.value.fields.keys() == {field}
    assert microsite(shop.id).double_opt_in is False


@pytest.mark.parametrize("value", ["https://shop.example/a?b=c#d", "http://shop.example:8080", ""])
def test_addresses_of_pages_are_kept_as_given(shop: Shop, value: str) -> None:
    assert update_microsite(business_id=shop.id, website=value).website == value


def test_the_code_of_a_poster_finds_its_shop(shop: Shop) -> None:
    code = shop.business.join_code
    assert business_to_join(code) == business_to_join(f" {code.upper()}") == shop.business
    for wrong in ("", "0" * 10, "x" * 100, "\0"):
        with pytest.raises(NotFound):
            business_to_join(wrong)


def test_a_shop_that_is_gone_has_no_pages() -> None:
    with pytest.raises(NotFound):
        update_microsite(business_id=999, language="de")


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("website", "https://münchen.de/Über", "https://xn--mnchen-3ya.de/Über"),
        ("website", "https://münchen.de:8443/", "https://xn--mnchen-3ya.de:8443/"),
        ("embed_origins", ["https://MÜNCHEN.de"], ["https://xn--mnchen-3ya.de"]),
        ("embed_origins", ["https://münchen.de:8443"], ["https://xn--mnchen-3ya.de:8443"]),
    ],
)
def test_names_with_letters_of_their_own_are_kept_as_browsers_send_them(
    field: str, given: object, kept: object
) -> None:
    shop, changed = make_shop(), {field: given}
    assert getattr(update_microsite(business_id=shop.id, **changed), field) == kept


@pytest.mark.parametrize("part", ["\n", "\t", " ", "\u202e", "\u2066", "\u200b"])
@pytest.mark.parametrize("field", ["website", "privacy_url", "embed_origins"])
def test_what_browsers_leave_out_or_nobody_sees_is_refused(field: str, part: str) -> None:
    shop, address = make_shop(), f"https://x{part}foo"
    given = [address] if field == "embed_origins" else address
    with pytest.raises(InvalidInput) as refused:
        update_microsite(business_id=shop.id, **{field: given})
    assert list(refused.value.fields) == [field]
