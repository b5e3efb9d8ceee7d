"""Those who left the team, in the back office: found, told with the day, invited again, forgotten."""

from __future__ import annotations

from decimal import Decimal

import time_machine
from django_scopes import scope

from regulars.sales import actions as sales
from regulars.tenants.models import Staff
from tests.factories import Shop
from tests.office.seat import Seat, records
from tests.office.things import left_of


def place_of(shop: Shop, email: str) -> int:
    with scope(business=shop.business):
        return Staff.objects.get(user__email=email).pk


def file_of(seat: Seat, page: str, **query: str) -> str:
    """What a page exports."""
    response = seat.get(page, {**query, "export": "csv"})
    assert response.status_code == 200
    return b"".join(response).decode("utf-8-sig")


def give_points(seat: Seat, member_id: int) -> None:
    given = {"way": "give", "points": "2", "reason": "Kind"}
    assert seat.post("member-points", given, member_id=member_id).status_code == 303


def test_who_left_is_found_and_told_with_the_day(shop: Shop, owner: Seat) -> None:
    with time_machine.travel("2026-03-03T20:00:00Z", tick=False):  # the 4th in Kolkata
        left_id = left_of(shop)
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False):
        assert "Priya" not in owner.text("team")
        listed = owner.text("team", {"place": "left", "q": "pri"})
        assert owner.url("team-left", left_id=left_id) in listed
        assert "Alice" not in listed.split("<tbody")[1]
        assert "Priya (left on 4 March)" in owner.text("team-left", left_id=left_id)
    with time_machine.travel("2027-06-01T12:00:00Z", tick=False):
        assert "Priya (left on 4 March 2026)" in Seat(shop).text("team-left", left_id=left_id)
    owner = Seat(shop)  # in whose browser the clock did not jump
    file = file_of(owner, "team", place="left")
    assert [line.split(",")[0] for line in file.splitlines()] == ["Name", "Priya"]
    for name in ("team-member", "team-pin", "team-password"):
        assert owner.get(name, staff_id=left_id).status_code == 404
    assert owner.post("team-remove", staff_id=left_id).status_code == 404
    assert owner.get("team-left", left_id=shop.owner.pk).status_code == 404
    assert Seat.of(shop, "manager").get("team-left", left_id=left_id).status_code == 403


def test_what_who_left_did_is_under_their_name(shop: Shop, owner: Seat) -> None:
    bob, card = Seat.of(shop, "manager"), shop.enrol("Asha")
    name = bob.staff.name
    give_points(bob, card.pk)
    sale = sales.add_sale(
        business_id=shop.id, member_id=card.pk, total_value=Decimal(9), staff_id=bob.staff.pk
    )
    shop.stamp(card, 3, staff_id=bob.staff.pk)
    owner.post("team-remove", staff_id=bob.staff.pk)
    for page, more in (
        ("member", {"member_id": card.pk}),
        ("sale", {"sale_id": sale.pk}),
        ("report-team", {}),
        ("audit", {}),
    ):
        assert f"{name} (left on " in owner.text(page, **more), page
    assert f"{name} (left on " in file_of(owner, "report-team")
    found = owner.text("audit", {"who": str(bob.staff.pk)})
    assert ("Member: points given or taken" in found, "Staff" in found.split("<tbody")[1]) == (True, False)


def test_whoever_comes_back_goes_on_where_they_were(shop: Shop, owner: Seat) -> None:
    left_id = left_of(shop)
    again = owner.text("team-new", {"again": str(left_id)})
    assert 'value="Priya"' in again
    with scope(business=shop.business):
        email = Staff.history.get(pk=left_id).left_email
    assert f'value="{email}"' in again
    for wrong in ("x", str(shop.owner.pk), "9" * 30, "-1"):
        assert 'value="Priya"' not in owner.text("team-new", {"again": wrong})
    owner.post("team-new", {"name": "Priya", "email": email, "role": "staff", "office": "on"})
    assert place_of(shop, email) == left_id
    assert owner.get("team-left", left_id=left_id).status_code == 404


def test_a_name_is_forgotten_everywhere(shop: Shop, owner: Seat) -> None:
    bob, card = Seat.of(shop, "owner"), shop.enrol("Asha")
    name, email = bob.staff.name, bob.staff.user.email
    shop.stamp(card, 3, staff_id=bob.staff.pk)
    give_points(bob, card.pk)
    changed = {"name": name, "email": email, "role": "owner", "office": "on"}
    owner.post("team-member", changed | {"name": "Robert"}, staff_id=bob.staff.pk)
    owner.post("team-member", changed, staff_id=bob.staff.pk)
    assert owner.post("team-forget", left_id=bob.staff.pk).status_code == 404
    owner.post("team-remove", staff_id=bob.staff.pk)
    assert owner.post("team-forget", left_id=bob.staff.pk).status_code == 303
    owner.text("team")  # which says so
    pages = [
        owner.text(page, data, **more)
        for page, data, more in (
            ("team-left", {}, {"left_id": bob.staff.pk}),
            ("team", {"place": "left"}, {}),
            ("member", {}, {"member_id": card.pk}),
            ("report-team", {}, {}),
            ("audit", {}, {}),
        )
    ]
    for page in pages:
        assert "Somebody" in page
        assert name not in page
        assert email not in page
    told = [(row.action, row.actor, row.label, row.before, row.after) for row in records(shop)]
    assert told[0] == ("team.forget-name", "Alice", "", {}, {})
    assert not any(word in str(told) for word in (name, email, "Robert"))
