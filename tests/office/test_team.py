"""The team in the back office: added, invited, limited, given PINs, taken off."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import authenticate
from django_scopes import scope, scopes_disabled

from regulars.counter import devices, signing
from regulars.messages.models import Message
from regulars.tenants import actions as tenants
from regulars.tenants.models import Staff
from regulars.web.office import once
from tests.factories import Shop
from tests.office.seat import Seat, records

NEHA = {"name": "Neha Singh", "email": "neha@shop.example", "role": "manager", "office": "on"}


def staff_of(shop: Shop, email: str = "neha@shop.example") -> Staff:
    with scope(business=shop.business):
        return Staff.objects.select_related("branch").get(user__email=email)


def password_on(page: str) -> str:
    found = re.search(r'id="temp-password">([0-9a-f]{12})<', page)
    assert found is not None
    return found[1]


def test_somebody_is_added_and_their_password_shown_once(shop: Shop, owner: Seat) -> None:
    branch = shop.branch()
    response = owner.post("team-new", NEHA | {"branch_id": str(branch.pk), "invite": "on"})
    neha = staff_of(shop)
    assert response["Location"] == owner.url("team-password", staff_id=neha.pk)
    assert (neha.role, neha.branch, neha.disable_backoffice_access) == ("manager", branch, False)
    password = password_on(owner.text("team-password", staff_id=neha.pk))
    assert "shown already" in owner.text("team-password", staff_id=neha.pk)
    assert authenticate(username="neha@shop.example", password=password) is not None
    assert "Invited" in owner.text("team")
    with scopes_disabled():
        assert Message.objects.get(kind="staff_invitation").to == "neha@shop.example"
    record = records(shop)[0]
    assert (record.action, record.after["temp_password"]) == ("team.add", True)
    assert password not in str(record.after)


def test_the_password_waits_for_nobody_else(shop: Shop, owner: Seat) -> None:
    owner.post("team-new", NEHA)
    with scopes_disabled():
        assert not Message.objects.exists()
    neha = staff_of(shop)
    kept = str(dict(owner.client.session))
    assert re.search(r"\b[0-9a-f]{12}\b", kept) is None
    other = Seat.of(shop, "manager")
    tenants.edit_staff(business_id=shop.id, pk=other.staff.pk, role="owner")
    assert "shown already" in other.text("team-password", staff_id=neha.pk)


def test_an_invitation_that_was_lost_is_made_again(shop: Shop, owner: Seat) -> None:
    owner.post("team-new", NEHA)
    neha = staff_of(shop)
    first = password_on(owner.text("team-password", staff_id=neha.pk))
    owner.post("team-invite", staff_id=neha.pk)
    second = password_on(owner.text("team-password", staff_id=neha.pk))
    assert authenticate(username="neha@shop.example", password=first) is None
    assert authenticate(username="neha@shop.example", password=second) is not None
    come_in = owner.post("team-invite", staff_id=shop.owner.pk)
    assert come_in.status_code == 409
    assert "a password of their own" in come_in.content.decode()


def test_roles_branches_and_the_way_in_are_changed(shop: Shop, owner: Seat) -> None:
    bob = Seat.of(shop, "manager")
    assert bob.get("branches").status_code == 200
    email = bob.staff.user.email
    given = {"name": "Bob", "email": email, "role": "staff", "office": "on"}
    assert owner.post("team-member", given, staff_id=bob.staff.pk).status_code == 303
    assert bob.get("branches").status_code == 403
    owner.post("team-member", {**given, "office": ""}, staff_id=bob.staff.pk)
    assert staff_of(shop, email).disable_backoffice_access
    assert bob.get("start").status_code == 404
    assert [record.action for record in records(shop)] == ["team.edit", "team.edit"]


def test_another_address_is_another_invitation(shop: Shop, owner: Seat) -> None:
    bob = Seat.of(shop, "staff")
    given = {"name": "Bob", "email": "Robert@Shop.example", "role": "staff", "office": "on"}
    owner.post("team-member", given, staff_id=bob.staff.pk)
    assert staff_of(shop, "robert@shop.example").must_change_password
    with scopes_disabled():
        assert Message.objects.get(kind="staff_invitation").to == "robert@shop.example"
    record = records(shop)[0]
    emails = (record.before["email"], record.after["email"])
    assert emails == (bob.staff.user.email, "robert@shop.example")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"email": "nobody"}, "not an e-mail address"),
        ({"name": " "}, "This is needed"),
        ({"role": "king"}, "Choose one of the list"),
        ({"email": "again@shop.example"}, "is on the team already"),
    ],
)
def test_what_was_typed_is_kept(shop: Shop, owner: Seat, wrong: dict[str, str], told: str) -> None:
    owner.post("team-new", NEHA | {"email": "again@shop.example"})
    response = owner.post("team-new", NEHA | wrong)
    assert response.status_code == 400
    assert told in response.content.decode()
    assert 'value="' + (NEHA | wrong)["email"] in response.content.decode()


def test_the_last_owner_stays(shop: Shop, owner: Seat) -> None:
    pk = shop.owner.pk
    gone = owner.post("team-remove", staff_id=pk)
    assert gone.status_code == 409
    assert "The last owner stays" in gone.content.decode()
    given = {"name": "Alice", "email": shop.owner.user.email, "role": "staff", "office": "on"}
    assert owner.post("team-member", given, staff_id=pk).status_code == 400
    assert staff_of(shop, shop.owner.user.email).role == "owner"
    assert not records(shop)


def test_an_owner_keeps_the_whole_business(shop: Shop, owner: Seat) -> None:
    branch = shop.branch()
    pk, given = shop.owner.pk, {"name": "Alice", "email": shop.owner.user.email, "office": "on"}
    assert 'data-when="role=manager|staff"' in owner.text("team-member", staff_id=pk)
    sent = given | {"role": "owner", "branch_id": str(branch.pk)}
    assert owner.post("team-member", sent, staff_id=pk).status_code == 303
    assert staff_of(shop, shop.owner.user.email).branch is None
    assert owner.get("team-new").status_code == 200


def test_passwords_of_two_people_wait_beside_each_other(shop: Shop, owner: Seat) -> None:
    tim = "tim@shop.example"
    for email in (NEHA["email"], tim):
        owner.post("team-new", NEHA | {"email": email})
    for email in (NEHA["email"], tim):
        shown = password_on(owner.text("team-password", staff_id=staff_of(shop, email).pk))
        assert authenticate(username=email, password=shown) is not None


def test_so_many_passwords_wait_at_most(shop: Shop, owner: Seat) -> None:
    emails = [f"{number}@shop.example" for number in range(once.MOST + 1)]
    for email in emails:
        owner.post("team-new", NEHA | {"email": email})
    first, last = (staff_of(shop, email).pk for email in (emails[0], emails[-1]))
    assert "shown already" in owner.text("team-password", staff_id=first)
    assert "shown already" not in owner.text("team-password", staff_id=last)


def test_somebody_is_taken_off_the_team(shop: Shop, owner: Seat) -> None:
    bob = Seat.of(shop, "manager")
    owner.post("team-remove", staff_id=bob.staff.pk)
    assert bob.get("team").status_code in (302, 404)
    assert records(shop)[0].label == bob.staff.name
    with scope(business=shop.business):
        assert [staff.pk for staff in Staff.objects.all()] == [shop.owner.pk]


def test_a_pin_opens_a_paired_counter_until_it_is_taken_away(shop: Shop, owner: Seat) -> None:
    _, code = devices.create_pairing(business_id=shop.id)
    _, token = devices.pair(code=code)
    for wrong, told in (("12", "4 to 8 digits"), ("1234", "Everybody tries this PIN first")):
        response = owner.post("team-pin", {"pin": wrong}, staff_id=shop.owner.pk)
        assert (response.status_code, told in response.content.decode()) == (400, True)
    owner.post("team-pin", {"pin": "4913"}, staff_id=shop.owner.pk)
    made = signing.sign_in_with_pin(device_token=token, staff_id=shop.owner.pk, pin="4913")
    assert made.staff == shop.owner
    record = records(shop)[0]
    assert (record.action, record.before, record.after) == ("team.pin", {"pin": False}, {"pin": True})
    owner.post("team-pin-away", staff_id=shop.owner.pk)
    assert staff_of(shop, shop.owner.user.email).pin == ""


def test_a_plan_without_a_team_says_so(shop: Shop, owner: Seat) -> None:
    shop.business.plan = "trial"
    shop.business.save()
    response = owner.post("team-new", NEHA)
    assert response.status_code == 400
    assert "A team is not part of the trial plan" in response.content.decode()
    unasked = owner.get("team-new")
    assert unasked.status_code == 403
    assert "A team is not part of the trial plan" in unasked.content.decode()
    assert "<input" not in unasked.content.decode().partition("<main")[2].replace('type="hidden"', "")


def test_managers_see_the_team_and_change_nothing(shop: Shop, owner: Seat) -> None:
    bob = Seat.of(shop, "manager")
    shown = bob.text("team")
    assert "Add somebody" not in shown
    assert owner.url("team-member", staff_id=shop.owner.pk) not in shown
