"""The first three steps: what is collected, how it looks, the poster and the first scan."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django_scopes import scope
from PIL import Image

from regulars.ledger.models import Card
from regulars.promotions import actions as promotions
from regulars.promotions.models import Promotion
from regulars.tenants import logos, setup
from regulars.tenants.actions import update_program
from regulars.tenants.models import Business
from tests.counter.given import at_work, do, scan
from tests.factories import Shop
from tests.office.seat import Seat, records

STAMPS = {"kind": "stamps", "stamps_required": "10", "reward_description": "A free cake"}


@pytest.fixture
def new(shop: Shop) -> Shop:
    Business.objects.filter(pk=shop.id).update(setup_step=setup.PROGRAMME)
    return shop


def now(shop: Shop) -> Business:
    return Business.objects.select_related("program").get(pk=shop.id)


def picture() -> SimpleUploadedFile:
    file = BytesIO()
    Image.new("RGB", (40, 40), "#aa0000").save(file, "PNG")
    return SimpleUploadedFile("logo.png", file.getvalue(), "image/png")


def test_three_steps_lead_to_the_first_scan(new: Shop, owner: Seat) -> None:
    assert owner.get("start")["Location"] == owner.url("start-programme")
    assert owner.post("start-programme", STAMPS)["Location"] == owner.url("start-look")
    assert owner.get("start")["Location"] == owner.url("start-look")
    shown = now(new).program.program_name
    given = {"program_name": "Cakes", "accent_color": "#8a1c4a", "logo": picture()}
    assert owner.post("start-look", given)["Location"] == owner.url("start-poster")
    business = now(new)
    program = business.program
    assert (program.stamps_required, program.reward_description, program.program_name) == (
        10,
        "A free cake",
        "Cakes",
    )
    assert (business.accent_color, bool(logos.digest_of(new.id))) == ("#8a1c4a", True)
    assert business.join_code in owner.text("start-poster")
    assert owner.get("start-poster-file").content[:5] == b"%PDF-"
    owner.post("start-done")
    assert now(new).setup_step == setup.DONE
    look = records(new)[1]
    assert (look.before["program_name"], look.after["program_name"]) == (shown, "Cakes")
    assert [record.action for record in records(new)] == [
        "business.started",
        "business.look",
        "programme.edit",
    ]


@pytest.mark.parametrize("kind", ["points", "both"])
def test_points_come_with_what_a_sale_earns(new: Shop, owner: Seat, kind: str) -> None:
    owner.post("start-programme", STAMPS | {"kind": kind, "points_per_unit": "5"})
    business = now(new)
    assert (business.program.is_active, business.points_active) == (kind == "both", True)
    with scope(business=new.business):
        assert [row.percent_of_spend for row in Promotion.objects.all()] == [500]
    first = records(new)[0]
    assert (first.before["points_active"], first.after["points_active"]) == (False, True)
    assert 'value="5"' in owner.text("start-programme")
    owner.post("start-programme", STAMPS | {"kind": kind, "points_per_unit": "7"})
    changed = records(new)[0]
    assert (changed.before["points_per_unit"], changed.after["points_per_unit"]) == (5, 7)
    assert "points_active" not in changed.after
    with scope(business=new.business):
        assert [row.percent_of_spend for row in Promotion.objects.all()] == [700]
    owner.post("start-programme", STAMPS)
    assert not now(new).points_active


@pytest.mark.parametrize("kind", ["points", "both"])
def test_whoever_chose_points_types_a_purchase_at_the_first_scan(new: Shop, owner: Seat, kind: str) -> None:
    owner.post("start-programme", STAMPS | {"kind": kind, "points_per_unit": "5"})
    card = new.enrol("Priya")
    operator = at_work(new)
    seen = scan(operator, card.qr_code)
    assert seen.shown is not None
    assert (seen.shown.offered.sale, seen.shown.offered.minimum) == (True, None)
    do(operator, "sale", card, amount="4.50")
    with scope(business=new.business):
        assert Card.objects.get(pk=card.pk).points == 22


@pytest.mark.parametrize(
    ("name", "kind", "called"),
    [
        ("Harbour", "stamps", "Harbour Stamps"),
        ("Harbour", "points", "Harbour Points"),
        ("Bean & Leaf", "both", "Bean & Leaf Card"),
        ("Bluebird Bakery & Coffee", "stamps", "Stamps"),
        ("Bluebird Bakery & Coffee", "both", "Card"),
    ],
)
def test_the_card_is_called_after_what_it_collects(
    new: Shop, owner: Seat, name: str, kind: str, called: str
) -> None:
    Business.objects.filter(pk=new.id).update(name=name)
    update_program(business_id=new.id, program_name=f"{name} Stamps")
    given = STAMPS | {"points_per_unit": "5"}
    for one in ("points", "stamps", kind):  # somebody comes back to the step
        owner.post("start-programme", given | {"kind": one})
    assert now(new).program.program_name == called


def test_a_name_that_somebody_chose_for_the_card_stays(new: Shop, owner: Seat) -> None:
    update_program(business_id=new.id, program_name="Sunrise Club")
    owner.post("start-programme", STAMPS | {"kind": "points", "points_per_unit": "5"})
    assert now(new).program.program_name == "Sunrise Club"
    update_program(business_id=new.id, program_name=f"{now(new).name} Stamps")
    setup.reach(business_id=new.id, step=setup.DONE)
    owner.post("start-programme", STAMPS | {"kind": "points", "points_per_unit": "5"})
    assert now(new).program.program_name == f"{now(new).name} Stamps"


@pytest.mark.parametrize("percent", ["250", "500"])
def test_a_promotion_of_ones_own_stays_as_it_is(new: Shop, owner: Seat, percent: str) -> None:
    promotions.add_promotion(business_id=new.id, name="Ours", percent_of_spend=percent)
    page = owner.text("start-programme")
    assert "points_per_unit" not in page
    assert "Ours" in page
    given = STAMPS | {"kind": "both", "points_per_unit": "9"}
    assert owner.post("start-programme", given)["Location"] == owner.url("start-look")
    assert now(new).points_active
    with scope(business=new.business):
        assert [row.percent_of_spend for row in Promotion.objects.all()] == [Decimal(percent)]


@pytest.mark.parametrize("change", [{"percent_of_spend": "250"}, {"fixed_points_value": 3}, {"branch_id": 0}])
def test_what_was_changed_in_the_promotion_of_the_steps_stays(
    new: Shop, owner: Seat, change: dict[str, object]
) -> None:
    given = STAMPS | {"kind": "points", "points_per_unit": "5"}
    owner.post("start-programme", given)
    if "branch_id" in change:
        change = {"branch_id": new.branch().pk}
    with scope(business=new.business):
        made = Promotion.objects.get()
    promotions.edit_promotion(business_id=new.id, pk=made.pk, **change)
    with scope(business=new.business):
        before = list(Promotion.objects.values())
    assert "points_per_unit" not in owner.text("start-programme")
    assert owner.post("start-programme", given)["Location"] == owner.url("start-look")
    with scope(business=new.business):
        assert list(Promotion.objects.values()) == before


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"stamps_required": ""}, "This is needed"),
        ({"stamps_required": "51"}, "must be at most 50"),
        ({"reward_description": " "}, "This is needed"),
        ({"kind": "points", "points_per_unit": ""}, "This is needed"),
        ({"kind": "nothing"}, "Choose one of the list"),
    ],
)
def test_what_is_missing_is_marked(new: Shop, owner: Seat, wrong: dict[str, str], told: str) -> None:
    response = owner.post("start-programme", STAMPS | wrong)
    assert response.status_code == 400
    assert told in response.content.decode()
    assert now(new).setup_step == setup.PROGRAMME


def test_a_file_that_is_no_picture_changes_nothing(new: Shop, owner: Seat) -> None:
    file = SimpleUploadedFile("logo.png", b"nonsense", "image/png")
    response = owner.post("start-look", {"program_name": "Cakes", "accent_color": "#8a1c4a", "logo": file})
    assert response.status_code == 400
    assert now(new).program.program_name != "Cakes"


def test_the_card_beside_it_shows_what_is_typed(new: Shop, owner: Seat) -> None:
    response = owner.post("start-card", {"program_name": "<b>Cakes</b>", "accent_color": "#8A1C4A"})
    text = response.content.decode()
    assert "&lt;b&gt;Cakes&lt;/b&gt;" in text
    assert "/look/8a1c4a.css" in text
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    unreadable = owner.post("start-card", {"accent_color": "red; x"})
    assert f"/look/{now(new).accent_color[1:]}.css" in unreadable.content.decode()
    assert not records(new)


@pytest.mark.parametrize(
    ("address", "warnings"),
    [
        ("http://127.0.0.1:8000", 1),
        ("http://localhost:8000", 1),
        ("http://shop.localhost", 1),
        ("http://[::1]:8000", 1),
        ("https://192.168.1.7:8000", 0),
        ("https://stamps.harbour.example", 0),
    ],
)
def test_codes_that_phones_cannot_open_are_said_to_be_such(
    owner: Seat, settings: LazySettings, address: str, warnings: int
) -> None:
    settings.REGULARS_PUBLIC_URL = address
    for name in ("start-poster", "settings-print"):
        page = owner.text(name)
        assert page.count("Phones cannot open") == warnings
        assert page.count("--host 0.0.0.0 --tls") == warnings


def test_the_page_notices_the_first_card_and_the_first_stamp(new: Shop, owner: Seat) -> None:
    assert "has a card" not in owner.text("start-first-now")
    card = new.enrol("Priya")
    joined = owner.text("start-first-now")
    assert "Priya has a card" in joined
    assert "hx-get" in joined
    new.stamp(card)
    stamped = owner.text("start-first-now")
    assert "The first is on the card" in stamped
    assert "hx-get" not in stamped
