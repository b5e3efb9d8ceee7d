"""Members are added, edited, suspended and erased; their card is shown, sent and replaced."""

from __future__ import annotations

import json

import pytest
import structlog
from django.conf import settings
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.members import labels
from regulars.members.groups import add_group
from regulars.members.models import Member
from regulars.messages.models import Message
from regulars.rules.languages import LANGUAGES
from tests.factories import Shop
from tests.office.seat import Seat, records


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Asha Rao", email="asha@rao.example", phone="+919876500007")


def member(shop: Shop, pk: int) -> Member:
    with scope(business=shop.business):
        return Member.objects.get(pk=pk)


ALL = {
    "first_name": "Asha",
    "last_name": "Rao-Iyer",
    "email": "new@rao.example",
    "cell": "098765 00008",
    "date_of_birth": "1990-05-17",
    "language": "de",
    "code": "A-1",
    "secondary_code": "S-1",
    "company_name": "Rao & Co",
    "telephone": "080 1",
    "street_address": "1 MG Road",
    "street_address2": "Floor 2",
    "street_suburb": "Ashok Nagar",
    "street_city": "Bengaluru",
    "street_zipcode": "560001",
    "street_state": "Karnataka",
    "subscription_date_from": "2026-01-01",
    "subscription_date_to": "2026-12-31",
    "optout_email": "on",
    "optout_post": "on",
    "metadata01": "Mocha",
}


def test_every_field_is_edited_and_told_to_the_audit_log(owner: Seat, shop: Shop, card: Card) -> None:
    labels.set_labels(business_id=shop.id, given={"metadata01": "Favourite drink"})
    branch = shop.branch("Harbour")
    assert "Favourite drink" in owner.text("member-edit", member_id=card.pk)
    given = ALL | {"branch_id": str(branch.pk), "group_id": ""}
    assert owner.post("member-edit", given, member_id=card.pk).status_code == 303
    edited = member(shop, card.pk)
    wanted = given | {"cell": "+919876500008", "optout_email": True, "optout_post": True}
    del wanted["group_id"]
    got = {name: getattr(edited, name) for name in wanted}
    days = ("date_of_birth", "subscription_date_from", "subscription_date_to")
    assert {
        **got,
        **{name: got[name].isoformat() for name in days},
        "branch_id": str(got["branch_id"]),
    } == wanted
    assert edited.optout_text is False
    (record,) = records(shop)
    assert (record.action, record.before["name"], record.after["name"]) == (
        "member.edit",
        "Asha Rao",
        "Asha Rao-Iyer",
    )
    # Sent once more without a change, it changes nothing, and empty fields erase.
    page = owner.text("member-edit", member_id=card.pk)
    for text in ('value="Rao-Iyer"', 'value="1990-05-17"', 'value="Mocha"'):
        assert text in page
    assert owner.post("member-edit", {"first_name": "Asha"}, member_id=card.pk).status_code == 303
    assert (member(shop, card.pk).name, member(shop, card.pk).street_city) == ("Asha", "")
    assert member(shop, card.pk).code == "A-1"


def test_of_two_tabs_each_saves_only_what_was_changed_in_it(owner: Seat, shop: Shop, card: Card) -> None:
    page = owner.get("member-edit", member_id=card.pk)
    form, text = page.context["form"], page.content.decode()
    switches = ("optout_email", "optout_text", "optout_post")
    lines = {name: form[name].value() or "" for name in form.fields if name not in switches}
    both = lines | {f"initial-{name}": value for name, value in lines.items()}
    both |= {f"initial-{name}": "False" for name in switches}
    assert [name for name in both if f'name="{name}"' not in text] == []
    first = both | {"last_name": "Iyer", "optout_text": "on", "date_of_birth": "1990-05-17"}
    assert owner.post("member-edit", first, member_id=card.pk).status_code == 303
    second = both | {"cell": "", "street_city": "Pune"}
    assert owner.post("member-edit", second, member_id=card.pk).status_code == 303
    edited = member(shop, card.pk)
    assert (edited.name, edited.street_city, edited.cell) == ("Asha Iyer", "Pune", "")
    assert (edited.optout_text, str(edited.date_of_birth)) == (True, "1990-05-17")
    third = both | {"initial-optout_text": "True"}
    assert owner.post("member-edit", third, member_id=card.pk).status_code == 303
    assert member(shop, card.pk).optout_text is False


def test_somebody_is_added_and_a_known_contact_refused(owner: Seat, shop: Shop, card: Card) -> None:
    added = owner.post("member-new", {"first_name": "Bob", "email": "bob@jones.example"})
    assert added.status_code == 303
    with scope(business=shop.business):
        bob = Member.objects.get(email="bob@jones.example")
    assert added.headers["Location"] == owner.url("member", member_id=bob.pk)
    assert records(shop)[0].action == "member.add"
    again = owner.post("member-new", {"first_name": "Rob", "email": "bob@jones.example"})
    assert again.status_code == 400
    assert f"number {bob.pk}" in again.content.decode()
    assert 'value="Rob"' in again.content.decode()
    assert owner.post("member-new", {"email": "x@y.example"}).status_code == 400


def test_a_group_by_hand_and_back_to_the_tiers(owner: Seat, shop: Shop, card: Card) -> None:
    gold = add_group(business=shop.business, code="gold", measure="points", threshold=10)
    assert '<option value="tiers" selected' in owner.text("member-edit", member_id=card.pk)
    same = {"first_name": "Asha", "last_name": "Rao"}
    owner.post("member-edit", same | {"group_id": "tiers"}, member_id=card.pk)
    assert not member(shop, card.pk).group_by_hand
    owner.post("member-edit", same | {"group_id": str(gold.pk)}, member_id=card.pk)
    assert (member(shop, card.pk).group_id, member(shop, card.pk).group_by_hand) == (gold.pk, True)
    owner.post("member-edit", same | {"group_id": "tiers"}, member_id=card.pk)
    assert (member(shop, card.pk).group_id, member(shop, card.pk).group_by_hand) == (None, False)


def test_staff_without_the_right_change_no_group(shop: Shop, card: Card) -> None:
    gold = add_group(business=shop.business, code="gold")
    seat = Seat.of(shop, "staff")
    assert 'name="group_id"' not in seat.text("member-edit", member_id=card.pk)
    given = {"first_name": "Asha", "group_id": str(gold.pk)}
    assert seat.post("member-edit", given, member_id=card.pk).status_code == 303
    assert member(shop, card.pk).group_id is None


def test_suspended_and_let_in_again(owner: Seat, shop: Shop, card: Card) -> None:
    for suspended in (True, False):
        assert owner.post("member-suspend", member_id=card.pk).status_code == 303
        assert member(shop, card.pk).suspended is suspended
        assert ("Suspended: this member" in owner.text("member", member_id=card.pk)) is suspended
    assert [record.action for record in records(shop)] == ["member.let-in-again", "member.suspended"]


def test_all_data_is_given_out(owner: Seat, shop: Shop, card: Card) -> None:
    response = owner.get("member-data", member_id=card.pk)
    assert "attachment" in response.headers["Content-Disposition"]
    data = json.loads(response.getvalue())
    assert data["profile"]["email"] == "asha@rao.example"
    assert records(shop)[0].action == "member.data-given-out"


def test_who_is_limited_to_a_branch_does_not_take_what_happened_at_all(shop: Shop, card: Card) -> None:
    bob = Seat.of(shop, "manager", branch_id=shop.branch().pk)
    assert "All their data" not in bob.text("member", member_id=card.pk)
    assert bob.get("member-data", member_id=card.pk).status_code == 403
    assert "All their data" in Seat.of(shop, "manager").text("member", member_id=card.pk)


def test_nobody_is_erased_unless_their_name_is_typed(owner: Seat, shop: Shop, card: Card) -> None:
    refused = owner.post("member-erase", {"name": "Asha"}, member_id=card.pk)
    assert refused.status_code == 400
    assert member(shop, card.pk).name == "Asha Rao"
    assert owner.post("member-erase", {"name": " asha  RAO "}, member_id=card.pk).status_code == 303
    with scope(business=shop.business):
        assert not Member.objects.exists()
    (record,) = records(shop)
    assert (record.action, record.label, record.after) == ("member.erased", "", {"customer_id": card.pk})
    assert owner.get("member", member_id=card.pk).status_code == 404


def test_the_card_is_shown_sent_and_replaced(owner: Seat, shop: Shop, card: Card) -> None:
    page = owner.text("member-card", member_id=card.pk)
    assert f"{settings.REGULARS_PUBLIC_URL}/card/{card.qr_code}" in page
    assert "<svg" in page
    assert owner.post("member-card-send", member_id=card.pk).status_code == 303
    with scope(business=shop.business):
        assert (
            Message.objects.filter(member_id=card.pk, kind="welcome", key__startswith="welcome:again").count()
            == 1
        )
    assert owner.post("member-card", {"qr_code": "no such code"}, member_id=card.pk).status_code == 400
    assert owner.post("member-card", {"qr_code": ""}, member_id=card.pk).status_code == 303
    with scope(business=shop.business):
        assert Card.objects.get(pk=card.pk).qr_code != card.qr_code
    nobody = shop.enrol("Nora")
    with structlog.testing.capture_logs() as logs:
        owner.post("member-card-send", member_id=nobody.pk)
    assert logs == []  # what was not done is not missed in the audit log
    with scope(business=shop.business):
        assert not Message.objects.filter(member_id=nobody.pk, key__startswith="welcome:again").exists()


def test_languages_are_named_in_their_own_words(owner: Seat) -> None:
    page = owner.text("member-new")
    for code, name in LANGUAGES.items():
        assert f'<option value="{code}">{name}</option>' in page
