"""What is typed or scanned at the counter, and what it names."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.counter.finding import MOST_TO_CHOOSE, find
from regulars.ledger.merging import merge_members
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_of_those_who_are_called_so_the_newest_can_be_chosen(shop: Shop) -> None:
    members = [shop.enrol(f"Priya {number}").pk for number in range(MOST_TO_CHOOSE)]
    found = find(business=shop.business, text="priya")
    assert (list(found.member_ids), found.more, found.certain) == (members[::-1], False, False)
    members.append(shop.enrol("Priya too").pk)
    found = find(business=shop.business, text="priya")
    assert (list(found.member_ids), found.more) == (members[:0:-1], True)


def test_nobody_counts_all_who_are_called_so(shop: Shop) -> None:
    priya = shop.enrol("Priya")
    with CaptureQueriesContext(connection) as asked:
        assert find(business=shop.business, text="priya").member_ids == (priya.pk,)
    assert [query["sql"] for query in asked.captured_queries if "COUNT(" in query["sql"].upper()] == []
    assert f"LIMIT {MOST_TO_CHOOSE + 1}" in asked.captured_queries[-1]["sql"]


def test_of_those_who_share_a_number_the_first_can_be_chosen(shop: Shop) -> None:
    shared = {"phone": "+919876543210", "unique_contact": False}
    members = [shop.enrol(f"Priya {number}", **shared).pk for number in range(MOST_TO_CHOOSE + 1)]
    found = find(business=shop.business, text="098765 43210")
    assert (list(found.member_ids), found.more, found.certain) == (members[:-1], True, True)


def test_what_a_merged_record_had_names_whom_it_was_merged_into(shop: Shop) -> None:
    kept, other = shop.enrol("Nora"), shop.enrol("Twin", phone="+919876543210")
    code = other.member.code
    merge_members(business_id=shop.id, member_id=kept.pk, other_id=other.pk)
    for text in (other.qr_code, code, "098765 43210"):
        assert find(business=shop.business, text=text).member_ids == (kept.pk,)
