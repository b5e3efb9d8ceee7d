"""Many pre-loaded codes at once: each is loaded or told why not."""

import pytest
from django_scopes import scope
from pytest_django import DjangoAssertNumQueries

from regulars.rules.errors import InvalidInput, NotFound
from regulars.vouchers import actions, issuing, loading
from regulars.vouchers.models import Precode
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def voucher(shop: Shop) -> int:
    return actions.add_voucher(business_id=shop.id, name="Free cake").pk


def codes(shop: Shop) -> list[str]:
    with scope(business=shop.business):
        return list(Precode.objects.order_by("pk").values_list("code", flat=True))


def test_each_line_is_loaded_or_told(shop: Shop) -> None:
    of = voucher(shop)
    actions.add_precode(business_id=shop.id, code="old-1", voucher_id=of)
    issuing.issue_voucher(business_id=shop.id, voucher_id=of)  # takes old-1
    actions.add_precode(business_id=shop.id, code="OLD-2", voucher_id=of)
    lines = ["NEW-1", "", "old-1", "old-2", "new-1", " NEW-2 ", "X" * 51]
    found = loading.load_precodes(business_id=shop.id, voucher_id=of, codes=lines)
    assert found.added == 2
    assert [(one.line, one.code) for one in found.refused] == [
        (3, "old-1"),
        (4, "old-2"),
        (5, "new-1"),
        (7, "X" * 50),
    ]
    assert found.refused[0].why == "belongs to an issued voucher"
    assert found.refused[2].why == "is also in line 1"
    assert codes(shop) == ["old-1", "OLD-2", "NEW-1", "NEW-2"]


@pytest.mark.parametrize("heading", ["Code", "CODES", "voucher_code", "Coupon Code", "gift-card number"])
def test_the_heading_of_a_list_is_no_code(shop: Shop, heading: str) -> None:
    found = loading.load_precodes(
        business_id=shop.id, voucher_id=voucher(shop), codes=[heading, "NEW-1", "Code"]
    )
    assert [(one.line, one.why) for one in found.refused] == [(1, "is the heading of the list")]
    assert codes(shop) == ["NEW-1", "Code"]


def test_a_long_list_takes_few_statements(
    shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    of = voucher(shop)
    lines = [f"LONG-{number}" for number in range(1_200)]
    with django_assert_max_num_queries(30):  # three parts
        assert loading.load_precodes(business_id=shop.id, voucher_id=of, codes=lines).added == 1_200
    assert codes(shop) == lines


def test_what_somebody_loads_at_this_moment_is_left_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    of = voucher(shop)
    actions.add_precode(business_id=shop.id, code="b", voucher_id=of)
    looked, honest = [0], loading._taken

    def late(said: list[str]) -> dict[str, str]:
        looked[0] += 1
        return {} if looked[0] == 1 else honest(said)

    monkeypatch.setattr(loading, "_taken", late)
    found = loading.load_precodes(business_id=shop.id, voucher_id=of, codes=["A", "B", "C"])
    assert (found.added, found.refused) == (2, [loading.Refused(2, "B", "is loaded already")])
    assert codes(shop) == ["b", "A", "C"]


def test_a_list_has_codes_and_an_end(shop: Shop) -> None:
    of = voucher(shop)
    for lines in ([], ["", "  "], ["A"] * (loading.MOST + 1)):
        with pytest.raises(InvalidInput):
            loading.load_precodes(business_id=shop.id, voucher_id=of, codes=lines)
    with pytest.raises(NotFound):
        loading.load_precodes(business_id=make_shop("Other").id, voucher_id=of, codes=["A"])
    assert codes(shop) == []
