"""The counter's settings, its devices, what is printed, and single sign-on."""

from __future__ import annotations

import re

import pytest
from django_scopes import scope

from regulars.counter import devices
from regulars.counter.refusals import NotSignedIn
from regulars.counter.settings import counter_settings, update_settings
from regulars.members import blank_cards
from regulars.portal import sso_secrets
from regulars.tenants import api_keys, legacy_sso
from regulars.tenants.actions import update_program
from regulars.tenants.microsites import update_microsite
from regulars.web.counter import here
from tests.counter.given import at_work, bob
from tests.factories import Shop
from tests.office.seat import Seat, records
from tests.office.sent import as_is

pytestmark = pytest.mark.django_db


def test_the_counter_is_set_up(owner: Seat, shop: Shop) -> None:
    wanted = as_is(owner, "settings-counter") | {
        "points_by": "buttons",
        "button_1_points": "3",
        "button_2_points": "5",
        "button_4_label": "Coffee: large",
        "button_4_points": "10",
        "scans_per_day": "2",
        "reasons": "Birthday\n Our mistake \n",
        "reason_required": "on",
        "undo_minutes": "0",
    }
    del wanted["enrols"]
    assert owner.post("settings-counter", wanted).status_code == 303
    found = counter_settings(shop.id)
    assert found.quickscan_function == "3, 5, Coffee: large:10"
    assert (found.scans_per_day, found.minutes_between, found.undo_minutes) == (2, None, 0)
    assert (found.reasons, found.reason_required, found.enrols) == (["Birthday", "Our mistake"], True, False)
    form = owner.get("settings-counter").context["form"]
    assert [(row.label.value(), row.points.value()) for row in form.buttons][:4] == [
        ("", 3),
        ("", 5),
        ("Coffee: large", 10),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ({"points_by": "amount"}, "calc"),
        ({"points_by": "amount", "least_amount": "9.50"}, "calc min:9.50"),
        ({"points_by": "number"}, "free"),
        ({"points_by": "visit", "visit_points": "7"}, "auto:7"),
        ({"points_by": "none"}, ""),
    ],
)
def test_how_points_are_given_is_chosen_and_not_spelled(
    owner: Seat, shop: Shop, chosen: dict[str, str], text: str
) -> None:
    update_microsite(business_id=shop.id, points_active=True)
    update_settings(business_id=shop.id, quickscan_function="4")
    assert owner.post("settings-counter", as_is(owner, "settings-counter") | chosen).status_code == 303
    assert counter_settings(shop.id).quickscan_function == text
    shown = as_is(owner, "settings-counter")
    assert {name: str(shown[name]) for name in chosen} == chosen


def test_the_counter_leads_an_owner_to_what_can_be_given(owner: Seat, shop: Shop) -> None:
    assert here.settings(at_work(shop))["setup_url"] == owner.url("settings-counter")
    update_program(business_id=shop.id, is_active=False)
    assert here.settings(at_work(shop))["setup_url"] == owner.url("programme")
    assert here.settings(at_work(shop, bob(shop)))["setup_url"] is None


def test_what_nobody_said_stays_unsaid_when_something_else_is_saved(owner: Seat, shop: Shop) -> None:
    wanted = as_is(owner, "settings-counter") | {"stamps_at_once": "3"}
    assert wanted["points_by"] == "none"
    assert owner.post("settings-counter", wanted).status_code == 303
    as_programme = as_is(owner, "programme") | {"points_active": "on"}
    assert owner.post("programme", as_programme).status_code == 303
    assert as_is(owner, "settings-counter")["points_by"] == "amount"
    assert counter_settings(shop.id).quickscan_function == "calc"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points_by", "buttons"),
        ("points_by", "calc"),
        ("least_amount", "-1"),
        ("visit_points", "0"),
        ("scans_per_day", "101"),
        ("reason_required", "on"),
        ("reasons", "A\na"),
    ],
)
def test_a_counter_that_cannot_be_is_refused_at_its_field(
    owner: Seat, shop: Shop, field: str, value: str
) -> None:
    answer = owner.post("settings-counter", as_is(owner, "settings-counter") | {field: value})
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert counter_settings(shop.id).pk is None
    assert records(shop) == []


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ({"button_1_label": "Eggs"}, "button_1_points"),
        ({"button_1_label": "Eggs", "button_1_points": "0"}, "button_1_points"),
        ({"button_1_label": "Eggs, Bacon", "button_1_points": "3"}, "button_1_label"),
        ({"button_3_label": "auto", "button_3_points": "3"}, "button_3_label"),
        ({"button_1_label": "calc min", "button_1_points": "3"}, "button_1_label"),
        ({"button_1_points": "3", "button_2_points": "3"}, "button_2_label"),
        (
            {f"button_{at}_label": str(at) * 60 for at in range(1, 8)}
            | {f"button_{at}_points": "3" for at in range(1, 8)},
            "points_by",
        ),
    ],
)
def test_a_button_that_cannot_be_is_refused_at_its_row(
    owner: Seat, shop: Shop, rows: dict[str, str], field: str
) -> None:
    wanted = as_is(owner, "settings-counter") | {"points_by": "buttons"} | rows
    answer = owner.post("settings-counter", wanted)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert counter_settings(shop.id).pk is None


def test_a_device_is_paired_with_a_code_that_is_shown_once(owner: Seat, shop: Shop) -> None:
    branch = shop.branch("Indiranagar")
    assert "No phone or tablet is a counter yet" in owner.text("settings-devices")
    answer = owner.post("settings-pair", {"branch_id": str(branch.pk)})
    assert answer.headers["Location"] == owner.url("settings-code")
    (code,) = re.findall(r'id="code"[^>]*>([A-Z0-9]{4}-[A-Z0-9]{4})<', owner.text("settings-code"))
    assert owner.get("settings-code").headers["Location"] == owner.url("settings-devices")
    device, token = devices.pair(code=code, name="Tablet")
    page = owner.text("settings-devices")
    assert "Tablet" in page
    assert "Indiranagar" in page
    assert "Indiranagar" in owner.text("settings-device", device_id=device.pk)
    assert owner.post("settings-device-end", device_id=device.pk).status_code == 303
    with pytest.raises(NotSignedIn):
        devices.device_of(token)
    assert "is no counter any more" in owner.text("settings-device", device_id=device.pk)
    assert [record.action for record in records(shop)] == ["settings.device_end", "settings.device_pair"]


def test_cards_are_made_once_however_often_it_is_pressed(owner: Seat, shop: Shop) -> None:
    wanted = as_is(owner, "settings-print") | {"count": "25"}
    assert owner.post("settings-print", wanted).status_code == 303
    assert owner.post("settings-print", wanted).status_code == 400
    assert blank_cards.counts(shop.id).printed == 25
    assert "Cards 1 to 25" in owner.text("settings-print")


def test_what_is_printed_is_a_file(owner: Seat, shop: Shop) -> None:
    with scope(business=shop.business):
        blank_cards.make_blanks(business_id=shop.id, count=2)
    asked = {
        "settings-print-poster-file": {"language": "de", "size": "Letter"},
        "settings-print-tent-file": {},
        "settings-print-cards-file": {"first": "1", "last": "2"},
    }
    for name, query in asked.items():
        answer = owner.get(name, query)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf"), name
        assert answer.content.startswith(b"%PDF-")
        assert shop.business.slug in answer.headers["Content-Disposition"]
    assert owner.get("settings-print-cards-file", {"first": "x"}).status_code == 400
    assert owner.get("settings-print-poster-file", {"language": "xx"}).status_code == 400
    assert owner.get("settings-print-cards-file", {"first": "7", "last": "9"}).status_code == 404


def test_a_secret_is_shown_once_and_revoked(owner: Seat, shop: Shop) -> None:
    assert owner.post("settings-sso-new").headers["Location"] == owner.url("settings-sso-secret")
    ((pk, secret),) = sso_secrets.in_use(shop.id)
    assert secret in owner.text("settings-sso-secret")
    assert owner.get("settings-sso-secret").status_code == 303
    page = owner.text("settings-sso")
    assert secret[: sso_secrets.PREFIX_LENGTH] in page
    assert secret not in page
    assert owner.post("settings-sso-revoke", secret_id=pk).status_code == 303
    assert sso_secrets.in_use(shop.id) == []
    told = str([(record.action, record.before, record.after) for record in records(shop)])
    assert secret not in told


def test_a_key_signs_members_in_the_older_way_only_for_who_has_it(owner: Seat, shop: Shop) -> None:
    row, key = api_keys.create_api_key(business=shop.business, name="Website")
    answer = owner.post("settings-sso", {"api_key": "rk_" + "x" * 40})
    assert answer.status_code == 400
    assert "api_key" in answer.context["form"].errors
    assert owner.post("settings-sso", {"api_key": f" {key} "}).status_code == 303
    assert legacy_sso.is_on(business_id=shop.id, key_id=row.pk)
    assert key not in str([(record.before, record.after, record.label) for record in records(shop)])
    assert "Website" in owner.text("settings-sso")
    assert owner.post("settings-sso-off", key_id=row.pk).status_code == 303
    assert not legacy_sso.is_on(business_id=shop.id, key_id=row.pk)
