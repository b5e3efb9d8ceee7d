"""The nine fields of a business's own have names."""

import pytest

from regulars.members.labels import FIELDS, labels, set_labels
from regulars.rules.errors import InvalidInput
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


def test_fields_are_named_renamed_and_given_up() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    unused = dict.fromkeys(FIELDS, "")
    assert labels(business_id=shop.id) == unused
    set_labels(business_id=shop.id, given={"metadata01": " Favourite  drink ", "metadata09": "Pet"})
    assert labels(business_id=shop.id) == unused | {"metadata01": "Favourite drink", "metadata09": "Pet"}
    assert set_labels(business_id=shop.id, given={"metadata01": "Drink", "metadata09": ""}) == unused | {
        "metadata01": "Drink"
    }
    assert labels(business_id=other.id) == unused


def test_two_names_are_swapped_in_one_go() -> None:
    shop = make_shop()
    set_labels(business_id=shop.id, given={"metadata01": "Tea", "metadata02": "Coffee"})
    swapped = {"metadata01": "Coffee", "metadata02": "Tea"}
    assert set_labels(business_id=shop.id, given=swapped).items() >= swapped.items()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"metadata10": "Pet"}, "metadata10"),
        ({"metadata01": "x" * 61}, "metadata01"),
        ({"metadata01": "Pet\x00"}, "metadata01"),
        ({"metadata01": "PET"}, "metadata01"),
        ({"metadata03": "Cat", "metadata04": "cat"}, "metadata03"),
    ],
)
def test_an_unusable_name_is_refused_and_nothing_changed(given: dict[str, str], field: str) -> None:
    shop = make_shop()
    before = set_labels(business_id=shop.id, given={"metadata02": "Pet"})
    with pytest.raises(InvalidInput) as refused:
        set_labels(business_id=shop.id, given=given)
    assert field in refused.value.fields
    assert labels(business_id=shop.id) == before
