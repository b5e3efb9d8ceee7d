"""`/api/team`: who works here, and how somebody new gets in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate
from django_scopes import scope, scopes_disabled

from regulars.messages import render
from regulars.messages.letter import Rendered
from regulars.messages.models import Message
from regulars.tenants import actions as tenants
from regulars.tenants.models import Staff, User
from tests.api.support import Rest, invalid, ok, refused, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 2, 4, 30, tzinfo=dt.UTC)


def add(rest: Rest, name: str = "Neha Singh", email: str = "neha@sunrise.example") -> dict[str, Any]:
    made: dict[str, Any] = ok(rest.post("/api/team", {"name": name, "email": email}), 201)
    return made


def test_the_owner_is_on_the_team(shop: Shop, rest: Rest) -> None:
    assert ok(rest.get("/api/team")) == [
        {
            "id": shop.owner.pk,
            "name": "Alice",
            "email": shop.owner.user.email,
            "role": "owner",
            "is_active": 1,
        }
    ]


def test_somebody_new_is_staff_and_last_in_the_list(rest: Rest) -> None:
    made = add(rest)
    assert made.keys() == {"id", "name", "email", "role", "temp_password"}
    row = ok(rest.get("/api/team"))[-1]
    shown = {key: value for key, value in made.items() if key != "temp_password"}
    assert row == shown | {"is_active": 1}
    assert row["role"] == "staff"


def test_no_list_shows_a_password(rest: Rest) -> None:
    password = add(rest)["temp_password"]
    with scopes_disabled():
        kept = Staff.objects.get(role="staff")
    assert password not in str(ok(rest.get("/api/team")))
    assert password not in kept.temp_password


def test_the_temporary_password_signs_in_and_must_be_changed(rest: Rest) -> None:
    made = add(rest)
    user = authenticate(username="neha@sunrise.example", password=made["temp_password"])
    assert isinstance(user, User)
    assert user.email == "neha@sunrise.example"
    staff = user.invited_staff  # type: ignore[attr-defined]
    assert staff.pk == made["id"]
    assert staff.must_change_password
    assert authenticate(username="NEHA@sunrise.example ", password=made["temp_password"]) == user
    for wrong in ("", made["temp_password"].upper() + "x", made["temp_password"][:-1], "a long password"):
        assert authenticate(username="neha@sunrise.example", password=wrong) is None


@pytest.mark.parametrize(
    ("later", "works"), [("6 23:59:59", True), ("7 00:00:00", False), ("30 00:00:00", False)]
)
def test_the_temporary_password_dies_after_seven_days(later: str, works: bool, rest: Rest) -> None:  # noqa: FBT001
    with time_machine.travel(NOW, tick=False):
        password = add(rest)["temp_password"]
    days, clock = later.split()
    hours, minutes, seconds = map(int, clock.split(":"))
    then = NOW + dt.timedelta(days=int(days), hours=hours, minutes=minutes, seconds=seconds)
    with time_machine.travel(then, tick=False):
        assert (authenticate(username="neha@sunrise.example", password=password) is not None) is works


def test_a_removed_colleague_cannot_sign_in(rest: Rest) -> None:
    made = add(rest)
    assert ok(rest.delete(f"/api/team/{made['id']}")) == {"deleted": True, "id": made["id"]}
    assert authenticate(username="neha@sunrise.example", password=made["temp_password"]) is None
    assert not User.objects.filter(email="neha@sunrise.example").exists()
    assert values(ok(rest.get("/api/team")), "role") == ["owner"]
    refused(rest.delete(f"/api/team/{made['id']}"), 404, "not_found")
    refused(rest.patch(f"/api/team/{made['id']}", {"name": "Neha"}), 404, "not_found")
    refused(rest.post(f"/api/team/{made['id']}/invite", {}), 404, "not_found")
    refused(rest.post(f"/api/team/{made['id']}/pin", {"pin": "7391"}), 404, "not_found")
    assert add(rest, "Somebody Else")["id"] != made["id"]


def test_a_removed_colleague_keeps_what_they_did_and_comes_back_to_it(shop: Shop, rest: Rest) -> None:
    made = add(rest)
    shop.stamp(shop.enrol(), 2, staff_id=made["id"])
    ok(rest.delete(f"/api/team/{made['id']}"))
    (row,) = ok(rest.get("/api/reports/staff"))
    assert (row["staff_id"], row["name"], row["stamps"]) == (made["id"], "Neha Singh", 2)
    assert dt.datetime.fromisoformat(row["left_at"]).year >= 2026
    again = add(rest)
    assert again["id"] == made["id"]
    assert again["temp_password"] != made["temp_password"]
    (row,) = ok(rest.get("/api/reports/staff"))
    assert (row["staff_id"], row["left_at"]) == (made["id"], None)


def test_the_last_owner_stays(shop: Shop, rest: Rest) -> None:
    add(rest)
    refused(rest.delete(f"/api/team/{shop.owner.pk}"), 409, "last_owner")
    second = tenants.add_staff(
        business=shop.business, name="Bob", email="bob@shop.example", role="owner"
    ).staff
    ok(rest.delete(f"/api/team/{shop.owner.pk}"))
    refused(rest.delete(f"/api/team/{second.pk}"), 409, "last_owner")
    assert values(ok(rest.get("/api/team")), "role") == ["staff", "owner"]


def test_an_owner_who_is_switched_off_does_not_count(shop: Shop, rest: Rest) -> None:
    other = tenants.add_staff(
        business=shop.business, name="Bob", email="bob@shop.example", role="owner"
    ).staff
    with scope(business=shop.business):
        Staff.objects.filter(pk=other.pk).update(is_active=False)
    refused(rest.delete(f"/api/team/{shop.owner.pk}"), 409, "last_owner")
    ok(rest.delete(f"/api/team/{other.pk}"))


@pytest.mark.parametrize("number", [0, 987_654_321, 2**63, 10**25])
def test_somebody_unknown_is_not_found(number: int, rest: Rest) -> None:
    refused(rest.delete(f"/api/team/{number}"), 404, "not_found")


@pytest.mark.parametrize("again", ["neha@sunrise.example", "NEHA@Sunrise.Example", " neha@sunrise.example "])
def test_an_email_that_is_on_the_team_is_known(again: str, rest: Rest) -> None:
    known = add(rest)["id"]
    error = refused(rest.post("/api/team", {"name": "Other", "email": again}), 409, "conflict", "email")
    assert error["id"] == known
    assert len(ok(rest.get("/api/team"))) == 2


def test_the_owners_email_is_known_too(shop: Shop, rest: Rest) -> None:
    response = rest.post("/api/team", {"name": "Alice", "email": shop.owner.user.email})
    refused(response, 409, "conflict", "email")


@pytest.mark.parametrize("email", ["neha", "neha@", "@sunrise.example", "", None, "a b@c.example", 5])
def test_an_email_is_needed(email: Any, rest: Rest) -> None:
    invalid(rest.post("/api/team", {"name": "Neha", "email": email}), "email")
    assert len(ok(rest.get("/api/team"))) == 1


def test_a_name_is_needed(rest: Rest) -> None:
    for name in ("", "  ", None, "x" * 201):
        invalid(rest.post("/api/team", {"name": name, "email": "neha@sunrise.example"}), "name")
    invalid(rest.post("/api/team", {}), "name", "email")


def test_the_password_cannot_be_chosen_nor_another_role(rest: Rest) -> None:
    body = {"name": "Neha", "email": "neha@sunrise.example"}
    for field in ("role", "password", "temp_password", "is_active"):
        invalid(rest.post("/api/team", body | {field: "king"}), field)


def test_somebody_is_added_with_a_role_a_branch_and_no_back_office(shop: Shop, rest: Rest) -> None:
    body = {"role": "manager", "branch_id": shop.branch().pk, "disable_backoffice_access": True}
    made = ok(rest.post("/api/team", body | {"name": "Neha", "email": "neha@sunrise.example"}), 201)
    assert made["role"] == "manager"
    with scope(business=shop.business):
        staff = Staff.objects.get(pk=made["id"])
    assert {name: getattr(staff, name) for name in body} == body


def test_what_is_named_is_changed(shop: Shop, rest: Rest) -> None:
    made = add(rest)
    place = f"/api/team/{made['id']}"
    branch = shop.branch()
    assert ok(rest.patch(place, {"role": "manager", "branch_id": branch.pk}))["role"] == "manager"
    assert ok(rest.patch(place, {"name": "Neha S"}))["name"] == "Neha S"
    with scope(business=shop.business):
        staff = Staff.objects.get(pk=made["id"])
    assert (staff.role, staff.branch_id) == ("manager", branch.pk)
    ok(rest.patch(place, {"branch_id": None}))
    with scope(business=shop.business):
        assert Staff.objects.get(pk=made["id"]).branch_id is None
    for field, value in (("name", ""), ("email", "nobody"), ("role", "king"), ("is_active", True)):
        invalid(rest.patch(place, {field: value}), field)
    invalid(rest.patch(f"/api/team/{shop.owner.pk}", {"branch_id": branch.pk}), "branch_id")
    refused(rest.patch(f"/api/team/{shop.owner.pk}", {"role": "staff"}), 409, "last_owner")


def test_a_lost_invitation_is_made_again(shop: Shop, rest: Rest) -> None:
    made = add(rest)
    again = ok(rest.post(f"/api/team/{made['id']}/invite", {}))
    assert authenticate(username="neha@sunrise.example", password=made["temp_password"]) is None
    assert authenticate(username="neha@sunrise.example", password=again["temp_password"]) is not None
    refused(rest.post(f"/api/team/{shop.owner.pk}/invite", {}), 409, "conflict")


def test_somebody_who_works_elsewhere_keeps_their_password_and_place(
    shop: Shop, stranger: Shop, rest: Rest
) -> None:
    email = stranger.owner.user.email
    made = add(rest, "Charlie", email)
    assert made["email"] == email
    own = authenticate(username=email, password="a long password")
    assert isinstance(own, User)
    # The invitation opens no door of an account that has its own password.
    assert authenticate(username=email, password=made["temp_password"]) is None
    ok(rest.delete(f"/api/team/{made['id']}"))
    assert authenticate(username=email, password="a long password") == own
    assert values(ok(Rest(stranger).get("/api/team")), "email") == [email]


def test_the_answer_does_not_tell_whether_an_account_exists(stranger: Shop, rest: Rest) -> None:
    known = rest.post("/api/team", {"name": "Charlie", "email": stranger.owner.user.email})
    new = rest.post("/api/team", {"name": "Charlie", "email": "nobody@shop.example"})
    assert ok(known, 201).keys() == ok(new, 201).keys()
    assert ok(known, 201)["name"] == ok(new, 201)["name"]


def test_an_invitation_of_two_shops_opens_each_its_own(rest: Rest, stranger: Shop) -> None:
    here, there = add(rest), add(Rest(stranger))
    for made in (here, there):
        user = authenticate(username="neha@sunrise.example", password=made["temp_password"])
        assert user is not None
        assert user.invited_staff.pk == made["id"]  # type: ignore[attr-defined]


def invitations(shop: Shop) -> list[Rendered]:
    """What is to be mailed to the team."""
    with scope(business=shop.id):
        queued = list(Message.objects.filter(kind="staff_invitation", status="queued").order_by("id"))
    assert all(message.to for message in queued)
    return [render.render_message(message=one, business=shop.business, member=None) for one in queued]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
def test_the_password_is_mailed_once(headers: dict[str, str], shop: Shop, rest: Rest) -> None:
    body = {"name": "Neha Singh", "email": "neha@sunrise.example"}
    made = ok(rest.post("/api/team", body, headers=headers), 201)
    (letter,) = invitations(shop)
    for told in (made["temp_password"], "neha@sunrise.example", "https://shop.example"):
        assert told in letter.text
    assert "Alice's Café" in letter.subject
    again = rest.post("/api/team", body, headers=headers)
    assert again.status_code == (201 if headers else 409)
    assert len(invitations(shop)) == 1


def test_whoever_cannot_be_added_is_not_invited(
    shop: Shop, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("regulars.tenants.mail._queues", [fail])
    response = rest.post("/api/team", {"name": "Neha", "email": "neha@sunrise.example"})
    assert response.status_code == 500
    assert len(ok(rest.get("/api/team"))) == 1  # and nobody is added who was not invited
    assert invitations(shop) == []


def test_a_name_cannot_add_headers_to_the_mail(shop: Shop, rest: Rest) -> None:
    ok(rest.patch("/api/business", {"business_name": "Tea\nBcc: all@example.com"}))
    add(rest, "Neha\nBcc: all@example.com")
    shop.business.refresh_from_db()
    (letter,) = invitations(shop)
    assert letter.subject == "You are on the team of Tea Bcc: all@example.com"
    assert letter.from_name == "Tea Bcc: all@example.com"
