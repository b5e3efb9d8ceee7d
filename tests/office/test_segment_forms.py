"""Segments in the back office: what is kept and cannot be shown or read never lets more members in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django_scopes import scope

from regulars.members import groups
from regulars.members.models import SavedSegment
from regulars.members.segments import add_segment, segment_by_id
from tests.factories import Shop
from tests.office.seat import Seat

pytestmark = pytest.mark.django_db


def kept(shop: Shop, segment: SavedSegment) -> dict[str, Any]:
    return dict(segment_by_id(business_id=shop.id, pk=segment.pk).filters)


def typed(text: str) -> dict[str, str]:
    """What a browser would send for the form of this page."""
    found = dict(re.findall(r'<input[^>]* name="(by_\w+|name)"[^>]* value="([^"]*)"', text))
    for name, options in re.findall(r'<select name="(by_\w+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        found[name] = next(iter(re.findall(r'value="([^"]*)"[^>]* selected', options)), "")
    return found


def test_saving_what_was_shown_changes_nothing(shop: Shop, owner: Seat) -> None:
    shop.enrol()
    group = groups.add_group(business=shop.business, code="G", name="Gold")
    given = {"group_id": group.pk, "metadata03": "oat", "suspended": False}
    segment = add_segment(business_id=shop.id, name="Gold", given=given)
    groups.delete_group(business_id=shop.id, pk=group.pk)
    with scope(business=shop.business):
        SavedSegment.objects.filter(pk=segment.pk).update(filters=given | {"height": 2})
    page = owner.text("segment", segment_id=segment.pk)
    assert "one that was deleted" in page
    form = typed(page)
    assert (form["by_metadata03"], form["by_group_id"]) == ("oat", str(group.pk))
    owner.post("segment", form | {"name": "Renamed"}, segment_id=segment.pk)
    assert kept(shop, segment) == given | {"height": 2}
    address, query = owner.url("segment-count"), {**form, "segment": str(segment.pk)}
    counted = owner.client.get(address, query, headers={"HX-Request": "true"}, secure=True)
    assert "0 members now" in counted.content.decode()
    owner.post("segment", form | {"by_group_id": ""}, segment_id=segment.pk)
    assert kept(shop, segment) == {"metadata03": "oat", "suspended": False, "height": 2}


@pytest.mark.parametrize(
    "asked", [{"group_id": "999999"}, {"points_from": "many"}, {"joined_from": "2026-13-40"}]
)
def test_what_cannot_be_read_finds_nobody_and_is_not_lost(
    shop: Shop, owner: Seat, asked: dict[str, str]
) -> None:
    card = shop.enrol("Priya")
    text = owner.text("members", asked)
    assert owner.url("member", member_id=card.pk) not in text
    ((name, value),) = asked.items()
    form = owner.text("segment-new", asked)
    assert typed(form)[f"by_{name}"] == value
    refused = owner.post("segment-new", {"name": "Odd", f"by_{name}": value})
    assert refused.status_code == 400
    with scope(business=shop.business):
        assert not SavedSegment.objects.exists()


def test_an_own_field_without_a_name_narrows_the_list_that_asks_for_it(shop: Shop, owner: Seat) -> None:
    other, card = shop.enrol("Omar", metadata03="cow"), shop.enrol("Priya", metadata03="oat")
    text = owner.text("members", {"metadata03": "oat"})
    assert owner.url("member", member_id=card.pk) in text
    assert owner.url("member", member_id=other.pk) not in text
