"""Saved segments: searches under a name."""

from __future__ import annotations

import pytest
from django_scopes import scope

from regulars.members import groups, segments
from regulars.members.models import SavedSegment
from regulars.members.segments import (
    add_segment,
    delete_segment,
    edit_segment,
    members_of,
    saved_segments,
    segment_by_id,
)
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.tenants.queries import business_by_id
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def who(shop: Shop, segment: SavedSegment) -> list[int]:
    business = business_by_id(shop.id)
    with scope(business=business):
        return list(members_of(segment, business=business).order_by("pk").values_list("pk", flat=True))


def test_a_segment_is_found_anew_whenever_it_is_asked_for(shop: Shop) -> None:
    segment = add_segment(business_id=shop.id, name=" Rich ", given={"points_from": "1", "name": ""})
    assert (segment.name, segment.filters) == ("Rich", {"points_from": 1})
    card = shop.enrol()
    assert who(shop, segment) == []
    edited = edit_segment(business_id=shop.id, pk=segment.pk, given={"points_to": 0})
    assert (edited.name, who(shop, edited)) == ("Rich", [card.pk])
    renamed = edit_segment(business_id=shop.id, pk=segment.pk, name="Poor")
    assert (renamed.name, renamed.filters) == ("Poor", {"points_to": 0})
    delete_segment(business_id=shop.id, pk=segment.pk)
    assert saved_segments(business_id=shop.id) == []


def test_names_are_unique_whatever_their_case_and_the_list_goes_by_name(shop: Shop) -> None:
    for name in ("beta", "Alpha"):
        add_segment(business_id=shop.id, name=name, given={"suspended": False})
    beta, alpha = reversed(saved_segments(business_id=shop.id))
    assert [alpha.name, beta.name] == ["Alpha", "beta"]
    with pytest.raises(Conflict) as refused:
        add_segment(business_id=shop.id, name="BETA", given={"q": "x"})
    assert list(refused.value.fields) == ["name"]
    with pytest.raises(Conflict):
        edit_segment(business_id=shop.id, pk=alpha.pk, name="Beta")
    add_segment(business_id=make_shop("Charlie's").id, name="beta", given={"q": "x"})


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("", {"q": "x"}, "name"),
        ("Everybody", {}, "filters"),
        ("Everybody", {"q": " "}, "filters"),
        ("Tall", {"height": 2}, "height"),
    ],
)
def test_an_unusable_segment_is_refused(shop: Shop, name: str, given: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        add_segment(business_id=shop.id, name=name, given=given)
    assert list(refused.value.fields) == [field]


def test_what_is_kept_stays_though_it_could_not_be_given_anew(shop: Shop) -> None:
    shop.enrol()
    group = groups.add_group(business=shop.business, code="G", name="Gold")
    segment = add_segment(business_id=shop.id, name="Gold", given={"group_id": group.pk})
    groups.delete_group(business_id=shop.id, pk=group.pk)
    with scope(business=shop.business):
        SavedSegment.objects.filter(pk=segment.pk).update(filters=segment.filters | {"height": 2})
    same = {"group_id": str(group.pk), "height": "2", "points_to": "5"}
    edited = edit_segment(business_id=shop.id, pk=segment.pk, given=same)
    assert edited.filters == {"group_id": group.pk, "height": 2, "points_to": 5}
    assert who(shop, edited) == []
    with pytest.raises(InvalidInput):
        edit_segment(business_id=shop.id, pk=segment.pk, given=same | {"height": 3})
    with pytest.raises(NotFound):
        add_segment(business_id=shop.id, name="Anew", given={"group_id": group.pk})


def test_a_business_has_so_many_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MOST", 2)
    for name in ("One", "Two"):
        add_segment(business_id=shop.id, name=name, given={"q": "x"})
    with pytest.raises(Conflict, match="can have 2 segments"):
        add_segment(business_id=shop.id, name="Three", given={"q": "x"})
    add_segment(business_id=make_shop("Charlie's").id, name="Three", given={"q": "x"})


def test_those_of_another_business_are_not_there(shop: Shop) -> None:
    theirs = add_segment(business_id=make_shop("Charlie's").id, name="Rich", given={"points_from": 1})
    for act in (
        lambda: segment_by_id(business_id=shop.id, pk=theirs.pk),
        lambda: edit_segment(business_id=shop.id, pk=theirs.pk, name="Ours"),
        lambda: delete_segment(business_id=shop.id, pk=theirs.pk),
    ):
        with pytest.raises(NotFound):
            act()
