"""Groups of members: found by their code, made when it is new."""

import pytest
from django_scopes import scope

from regulars.members.groups import add_group, ensure_group
from regulars.members.models import MemberGroup
from regulars.rules.errors import Conflict, InvalidInput
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


def test_a_group_is_made_once() -> None:
    shop = make_shop()
    made = ensure_group(business=shop.business, code=" Gold ")
    assert (made.code, made.name) == ("Gold", "Gold")
    assert ensure_group(business=shop.business, code="Gold") == made
    assert ensure_group(business=shop.business, code="gOLD") == made
    with scope(business=shop.business):
        assert MemberGroup.objects.count() == 1


def test_a_group_with_a_name_of_its_own_keeps_it() -> None:
    shop = make_shop()
    named = add_group(business=shop.business, code="G1", name=" Friends of the house ")
    assert named.name == "Friends of the house"
    assert ensure_group(business=shop.business, code="g1") == named
    assert add_group(business=shop.business, code="G2").name == "G2"


def test_a_code_belongs_to_one_group_of_a_business_whatever_its_case() -> None:
    shop = make_shop()
    add_group(business=shop.business, code="Gold")
    with pytest.raises(Conflict) as refused:
        add_group(business=shop.business, code="GOLD")
    assert list(refused.value.fields) == ["code"]
    add_group(business=make_shop("Charlie's").business, code="GOLD")
    with scope(business=shop.business):
        assert [group.code for group in MemberGroup.objects.all()] == ["Gold"]


def test_each_business_has_its_own_groups() -> None:
    alice, charlie = make_shop("Alice's"), make_shop("Charlie's")
    ours = ensure_group(business=alice.business, code="Gold")
    assert ensure_group(business=charlie.business, code="Gold") != ours


@pytest.mark.parametrize("code", ["", "  ", "G\x00ld", "x" * 51])
def test_an_unusable_code_is_refused(code: str) -> None:
    shop = make_shop()
    with pytest.raises(InvalidInput) as refused:
        ensure_group(business=shop.business, code=code)
    assert "group" in refused.value.fields
