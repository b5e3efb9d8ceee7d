"""Branches in the back office: opened, placed, changed, archived and deleted."""

from __future__ import annotations

from django_scopes import scope

from regulars.tenants.models import Branch
from tests.factories import Shop
from tests.office.seat import Seat, records
from tests.office.things import MAKERS

PLACE = {"name": "Indiranagar", "city": "Bengaluru", "latitude": "12.9716", "longitude": "77.6412"}


def branches(shop: Shop) -> list[Branch]:
    with scope(business=shop.business):
        return list(Branch.objects.order_by("pk"))


def test_a_branch_is_opened_with_its_place(shop: Shop, owner: Seat) -> None:
    assert "One shop needs no branches" in owner.text("branches")
    response = owner.post("branch-new", PLACE)
    assert (response.status_code, response["Location"]) == (303, owner.url("branches"))
    (branch,) = branches(shop)
    assert (branch.name, branch.code, branch.latitude, branch.longitude) == (
        "Indiranagar",
        "B000001",
        12.9716,
        77.6412,
    )
    record = records(shop)[0]
    assert (record.action, record.object_id, record.after["city"]) == ("branch.add", branch.pk, "Bengaluru")
    shown = owner.text("branches")
    assert "Indiranagar" in shown
    assert "Indiranagar" in owner.text("branches", {"q": "bengal"})
    assert "Indiranagar" not in owner.text("branches", {"state": "archived"})


def test_what_was_typed_is_kept_when_something_is_wrong(shop: Shop, owner: Seat) -> None:
    owner.post("branch-new", PLACE | {"code": "MAIN"})
    for wrong, told in (
        ({"code": "main"}, "This belongs to another branch"),
        ({"longitude": ""}, "One coordinate is of no use without the other"),
        ({"latitude": "91"}, "must be at most 90"),
    ):
        response = owner.post("branch-new", PLACE | {"name": "Two"} | wrong)
        text = response.content.decode()
        assert response.status_code == 400
        assert told in text
        assert 'value="Two"' in text
    assert len(branches(shop)) == 1


def test_a_plan_with_no_room_says_so(shop: Shop, owner: Seat) -> None:
    shop.business.plan = "basic"
    shop.business.save()
    owner.post("branch-new", PLACE)
    assert "Your plan has room for one branch" in owner.text("branches")
    response = owner.post("branch-new", PLACE)
    assert response.status_code == 400
    assert "plan allows 1 branches" in response.content.decode()


def test_a_branch_is_changed_archived_and_opened_again(shop: Shop, owner: Seat) -> None:
    pk = shop.branch("Old", latitude=1.0, longitude=2.0).pk
    assert 'value="Old"' in owner.text("branch", branch_id=pk)
    assert owner.post("branch", {"name": "New", "city": "Mysuru"}, branch_id=pk).status_code == 303
    (branch,) = branches(shop)
    assert (branch.name, branch.city, branch.latitude) == ("New", "Mysuru", None)
    assert records(shop)[0].before["name"] == "Old"
    owner.post("branch-archive", branch_id=pk)
    assert not branches(shop)[0].is_active
    assert "Archived" in owner.text("branches")
    owner.post("branch-open", branch_id=pk)
    assert branches(shop)[0].is_active


def test_only_a_branch_without_history_is_deleted(shop: Shop, owner: Seat) -> None:
    used, unused = MAKERS["branch_id"](shop), shop.branch("Unused").pk
    refused = owner.post("branch-delete", branch_id=used)
    assert refused.status_code == 409
    assert "Archive it" in refused.content.decode()
    assert owner.post("branch-delete", branch_id=unused).status_code == 303
    assert [branch.pk for branch in branches(shop)] == [used]
    assert records(shop)[0].action == "branch.delete"


def test_a_branch_to_which_people_are_limited_is_not_deleted(shop: Shop, owner: Seat) -> None:
    branch = shop.branch("Old Town")
    bob = Seat.of(shop, "manager", branch_id=branch.pk).staff
    refused = owner.post("branch-delete", branch_id=branch.pk)
    assert refused.status_code == 409
    assert f"{bob.name} of the team can only work at Old Town" in refused.content.decode()
    with scope(business=shop.business):
        bob.refresh_from_db()
    assert bob.branch_id == branch.pk
