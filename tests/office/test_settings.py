"""The business, its look and its pages: what is saved, what is refused, and what the audit log says of it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import microsites, region
from regulars.tenants.models import Business
from tests.factories import Shop
from tests.office.seat import Seat, records
from tests.office.sent import as_is

pytestmark = pytest.mark.django_db


def stored(shop: Shop) -> Business:
    return Business.objects.select_related("program").get(pk=shop.id)


def picture(name: str = "logo.png") -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "#8a4b2a").save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/png")


def test_a_form_that_is_sent_as_it_is_changes_nothing(owner: Seat, shop: Shop) -> None:
    before = Business.objects.values().get(pk=shop.id)
    for name in ("settings", "settings-look", "settings-pages", "settings-counter"):
        answer = owner.post(name, as_is(owner, name))
        assert (answer.status_code, answer.headers.get("Location")) == (303, owner.url(name)), name
    assert Business.objects.values().get(pk=shop.id) == before
    assert [record.action for record in records(shop)] == [
        "settings.counter", "settings.pages", "settings.look", "settings.business",
    ]  # fmt: skip


def test_the_profile_is_saved_and_told(owner: Seat, shop: Shop) -> None:
    wanted = as_is(owner, "settings") | {
        "business_name": "Blume & Blatt",
        "city": "Wien",
        "country": "AT",
        "timezone": "Europe/Vienna",
        "currency": "eur",
        "language": "de",
    }
    assert owner.post("settings", wanted).status_code == 303
    found = stored(shop)
    assert (found.name, found.city, found.country) == ("Blume & Blatt", "Wien", "AT")
    assert (found.timezone, found.currency, found.language) == ("Europe/Vienna", "EUR", "de")
    (record,) = records(shop)
    assert record.before["currency"] == "INR"
    assert record.after["currency"] == "EUR"
    assert "phone" not in record.after


def test_a_currency_from_before_there_was_a_list_stays(owner: Seat, shop: Shop) -> None:
    Business.objects.filter(pk=shop.id).update(currency="ZZZ")
    wanted = as_is(owner, "settings") | {"city": "Wien"}
    assert wanted["currency"] == "ZZZ"
    assert owner.post("settings", wanted).status_code == 303
    assert (stored(shop).city, stored(shop).currency) == ("Wien", "ZZZ")
    assert owner.post("settings", wanted | {"currency": "EUR"}).status_code == 303
    assert owner.post("settings", wanted).status_code == 400


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("business_name", " ", "This is needed"),
        ("currency", "E1", "three letters"),
        ("currency", "ZZZ", "three letters"),
        ("timezone", "Mars/Base", "Choose one of the list"),
        ("phone", "1" * 41, "at most 40"),
    ],
)
def test_a_profile_that_cannot_be_is_kept_as_typed(
    owner: Seat, shop: Shop, field: str, value: str, said: str
) -> None:
    wanted = as_is(owner, "settings") | {"city": "Atlantis", field: value}
    answer = owner.post("settings", wanted)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert said in page
    assert "Atlantis" in page
    assert stored(shop).city != "Atlantis"
    assert records(shop) == []


def test_the_look_takes_a_logo_and_gives_it_back(owner: Seat, shop: Shop) -> None:
    wanted = {"accent_color": "#8A4B2A", "reply_to": "hello@shop.example", "logo": picture()}
    assert owner.post("settings-look", wanted).status_code == 303
    found = stored(shop)
    assert (found.accent_color, found.reply_to) == ("#8a4b2a", "hello@shop.example")
    assert "This is your logo" in owner.text("settings-look")
    assert owner.post("settings-logo-remove").status_code == 303
    assert "This is your logo" not in owner.text("settings-look")
    assert [record.action for record in records(shop)] == ["settings.logo_remove", "settings.look"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"accent_color": "red"}, "Choose a colour"),
        ({"reply_to": "nobody"}, "valid email address"),
        ({"logo": SimpleUploadedFile("x.png", b"not a picture")}, "picture"),
    ],
)
def test_a_look_that_cannot_be_changes_nothing(
    owner: Seat, shop: Shop, sent: dict[str, Any], said: str
) -> None:
    answer = owner.post("settings-look", {"accent_color": "#112233", "reply_to": ""} | sent)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert stored(shop).accent_color == "#0f766e"
    assert records(shop) == []


def test_the_page_of_the_look_may_show_the_card_in_a_frame(owner: Seat) -> None:
    assert "frame-src 'self'" in owner.get("settings-look").headers["Content-Security-Policy"]


def test_customers_pages_are_saved_line_by_line(owner: Seat, shop: Shop) -> None:
    wanted = as_is(owner, "settings-pages") | {
        "about": "Flowers since 1923.",
        "join_contact": "email",
        "embed_origins": "https://shop.example\n\n https://www.shop.example/ \n",
    }
    del wanted["join_open"]
    assert owner.post("settings-pages", wanted).status_code == 303
    site = microsites.microsite(shop.id)
    assert (site.about, site.join_open, site.join_contact) == ("Flowers since 1923.", False, "email")
    assert site.embed_origins == ["https://shop.example", "https://www.shop.example"]
    assert owner.post("settings-pages", wanted | {"about": ""}).status_code == 303
    record, _first = records(shop)
    assert (record.before, record.after) == ({"about": "Flowers since 1923."}, {"about": ""})


def test_an_origin_with_a_path_is_named_at_its_field(owner: Seat, shop: Shop) -> None:
    wanted = as_is(owner, "settings-pages") | {"embed_origins": "https://shop.example/cards"}
    answer = owner.post("settings-pages", wanted)
    assert answer.status_code == 400
    assert "without a path" in str(answer.context["form"].errors["embed_origins"])
    assert records(shop) == []


def test_addresses_of_customers_pages_can_be_copied(owner: Seat, shop: Shop) -> None:
    page = owner.text("settings-pages")
    assert f'data-copy="https://shop.example/join/{shop.business.join_code}"' in page
    assert f'data-copy="https://shop.example/m/{shop.business.slug}/"' in page


def test_a_region_is_checked(shop: Shop) -> None:
    assert region.update_region(business_id=shop.id, country="gb").country == "GB"
    for wrong in ({"country": "XX"}, {"timezone": ""}, {"currency": None}, {"city": "Bonn"}):
        with pytest.raises(InvalidInput):
            region.update_region(business_id=shop.id, **wrong)
    with pytest.raises(NotFound):
        region.update_region(business_id=shop.id + 999, country="GB")
    assert ("IN", "India") in region.countries()
    assert {"UTC", "Asia/Kolkata", "Europe/Lisbon"} <= set(region.timezones())
    assert not {zone for zone in region.timezones() if zone.startswith("Etc/")}
