"""Groups of members: found by their code, made when it is new."""

import pytest
from django_scopes import scope

from regulars.members.groups import ensure_group
from regulars.members.models import MemberGroup
from regulars.rules.errors import InvalidInput
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


def test_a_group_is_made_once() -> None:
    shop = make_shop()
    made = ensure_group(business=shop.business, code=" Gold ")
    assert (made.code, made.name) == ("Gold", "Gold")
    assert ensure_group(business=shop.business, code="Gold") == made
    with scope(business=shop.business):
        assert MemberGroup.objects.count() == 1


def test_a_group_with_a_name_of_its_own_keeps_it() -> None:
    shop = make_shop()
    with scope(business=shop.business):
        named = MemberGroup.objects.create(business=shop.business, code="G1", name="Friends of the house")
    assert ensure_group(business=shop.business, code="G1").name == named.name


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
