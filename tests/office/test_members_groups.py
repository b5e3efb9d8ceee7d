"""Segments, groups and tiers, names of own fields: made, changed and deleted in the back office."""

from __future__ import annotations

from django_scopes import scope

from regulars.jobs.models import Job
from regulars.members import tasks
from regulars.members.labels import labels
from regulars.members.models import MemberGroup, SavedSegment
from tests.factories import Shop
from tests.office.seat import Seat, records


def test_a_segment_is_made_changed_and_deleted(owner: Seat, shop: Shop) -> None:
    assert "Make a segment" in owner.text("segments")
    made = owner.post(
        "segment-new", {"name": "Rich", "by_points_from": "50", "by_name": "a*", "by_suspended": "0"}
    )
    assert made.status_code == 303
    with scope(business=shop.business):
        segment = SavedSegment.objects.get()
    assert segment.filters == {"points_from": 50, "name": "a*", "suspended": False}
    assert "Points, at least: 50" in owner.text("segments")
    page = owner.text("segment", segment_id=segment.pk)
    assert 'name="by_name" value="a*"' in page
    assert '<option value="0" selected>No</option>' in page
    wrong = owner.post("segment", {"name": "Rich", "by_points_from": "many"}, segment_id=segment.pk)
    assert wrong.status_code == 400
    assert 'value="many"' in wrong.content.decode()
    assert "Must be a whole number" in wrong.content.decode()
    assert owner.post("segment", {"name": "Rich"}, segment_id=segment.pk).status_code == 400
    assert (
        owner.post("segment", {"name": "Poor", "by_points_to": "5"}, segment_id=segment.pk).status_code == 303
    )
    assert owner.post("segment-delete", segment_id=segment.pk).status_code == 303
    assert [record.action for record in records(shop)] == ["segment.delete", "segment.edit", "segment.add"]


def test_a_search_is_counted_while_it_is_written(owner: Seat, shop: Shop) -> None:
    shop.enrol("Asha")
    shop.enrol("Bob")

    def counted(**query: str) -> str:
        address = owner.url("segment-count")
        part = owner.client.get(address, query, headers={"HX-Request": "true"}, secure=True)
        return part.content.decode()

    found = counted(by_name="a*", name="Anything")
    assert "1 member now" in found
    assert f"{owner.url('members')}?name=a%2A" in found
    assert "2 members now" in counted()
    assert "whole number" in counted(by_points_from="many")


def test_a_tier_is_made_changed_and_deleted(owner: Seat, shop: Shop) -> None:
    assert "Make a group" in owner.text("groups")
    given = {"name": "Gold", "code": "", "measure": "points", "threshold": "500", "window_months": "12"}
    assert owner.post("group-new", given).status_code == 303
    with scope(business=shop.business):
        gold = MemberGroup.objects.get()
    assert (gold.code, gold.threshold, gold.window_months, gold.stays) == ("Gold", 500, 12, False)
    assert Job.objects.filter(key=tasks.key_of(shop.id)).exists()
    shop.enrol("Asha", group_id=gold.pk)
    page = owner.text("groups")
    assert "From 500 points on, within 12 months" in page
    assert "1 member, being counted" in page
    Job.objects.all().delete()
    assert "being counted" not in owner.text("groups")
    wrong = owner.post("group-new", {"name": "Often", "measure": "visits", "threshold": "5"})
    assert wrong.status_code == 400
    assert "as in the other tiers" in wrong.content.decode()
    assert owner.post("group-new", {"name": "gold"}).status_code == 400
    plain = {"name": "Friends", "measure": "", "threshold": "500", "stays": "on"}
    assert owner.post("group", plain, group_id=gold.pk).status_code == 303
    gold.refresh_from_db()
    assert (gold.name, gold.code, gold.measure, gold.threshold) == ("Friends", "Gold", "", None)
    assert owner.post("group-delete", group_id=gold.pk).status_code == 303
    assert [record.action for record in records(shop)] == ["group.delete", "group.edit", "group.add"]


def test_own_fields_get_names(owner: Seat, shop: Shop) -> None:
    assert owner.post("labels", {"metadata01": "Pet", "metadata02": "pet"}).status_code == 400
    assert owner.post("labels", {"metadata01": "Pet"}).status_code == 303
    assert labels(business_id=shop.id)["metadata01"] == "Pet"
    assert records(shop)[0].after == {"metadata01": "Pet"}
