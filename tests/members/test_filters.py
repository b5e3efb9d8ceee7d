"""What members are looked for by: each filter finds whom it says, and nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django_scopes import scope

from regulars.ledger import points
from regulars.ledger.models import Card
from regulars.members import filters, labels
from regulars.members.actions import edit_member
from regulars.members.filter_values import NONE
from regulars.members.groups import add_group
from regulars.members.models import Member
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.queries import business_by_id
from tests.factories import Shop, make_shop
from tests.test_plans import sqlite_only, steps, wide

pytestmark = pytest.mark.django_db

KOLKATA = ZoneInfo("Asia/Kolkata")
TODAY = dt.date(2026, 6, 10)
NOW = dt.datetime.combine(TODAY, dt.time(11), KOLKATA)


def ago(days: int, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(TODAY - dt.timedelta(days=days), dt.time(hour), KOLKATA)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def people(shop: Shop) -> dict[str, Card]:
    """Two who differ in everything: whatever finds Anna does not find Bob."""
    gold = add_group(business=shop.business, code="gold")
    branch = shop.branch()
    anna = shop.enrol(
        "Anna Mária O'Neil",
        cell="+919876500001",
        email="anna@neil.example",
        date_of_birth=dt.date(1990, 5, 17),
        code="A1",
        secondary_code="CARD-1",
        company_name="Neil & Co",
        telephone="040 123",
        street_address="1 MG Road",
        street_address2="Floor 2",
        street_suburb="Ashok Nagar",
        street_city="Bengaluru",
        street_zipcode="560001",
        street_state="Karnataka",
        subscription_date_from=dt.date(2026, 1, 1),
        subscription_date_to=dt.date(2026, 12, 31),
        optout_email=True,
        optout_text=True,
        optout_post=True,
        group_id=gold.pk,
        branch_id=branch.pk,
        occurred_at=ago(100, 0),
        **{field: f"Tea {field[-1]}" for field in labels.FIELDS},
    )
    bob = shop.enrol("Bob Jones", contact_required=False, occurred_at=ago(101, 23), code="B1")
    for _ in range(2):
        shop.stamp(anna, 8, occurred_at=ago(30))
    shop.stamp(anna, 7, occurred_at=ago(29, 0))
    points.add_points(business_id=shop.id, member_id=anna.pk, points_to_add=50, occurred_at=ago(29))
    edit_member(business_id=shop.id, pk=anna.pk, suspended=True)
    return {"Anna": anna, "Bob": bob}


def found(shop: Shop, **given: Any) -> list[str]:
    business = business_by_id(shop.id)
    cleaned = filters.clean(given, business_id=shop.id)
    with scope(business=business):
        rows = filters.find(business, cleaned, now=NOW).order_by("-first_name")
        return [row.first_name.split()[0] for row in rows]


ONLY_ANNA: tuple[tuple[str, Any], ...] = (
    ("q", "o'NEIL"),
    ("q", "98765 00001"),
    ("q", "a1"),
    ("code", "a1"),
    ("secondary_code", "card-*"),
    ("name", "anna*neil"),
    ("first_name", "anna mária"),
    ("last_name", "o'*"),
    ("company_name", "*& co"),
    ("email", "*@NEIL.example"),
    ("cell", "098765 00001"),
    ("cell", "+9198*"),
    ("telephone", "040 123"),
    ("date_of_birth", "1990-05-17"),
    ("birthday_month", "5"),
    ("street_address", "1 mg road"),
    ("street_address2", "floor*"),
    ("street_suburb", "Ashok Nagar"),
    ("street_city", "bengaluru"),
    ("street_zipcode", "5600*"),
    ("street_state", "karnataka"),
    ("has_email", "1"),
    ("has_cell", True),
    ("optout_email", "yes"),
    ("optout_text", "true"),
    ("optout_post", "on"),
    ("suspended", True),
    ("joined_from", "2026-03-02"),
    ("joined_within", 101),
    ("subscription_date_from_from", "2026-01-01"),
    ("subscription_date_from_to", "2026-01-01"),
    ("subscription_date_to_from", "2026-12-31"),
    ("subscription_date_to_to", "2026-12-31"),
    ("stamps_from", 7),
    ("near_reward", True),
    ("rewards_from", "2"),
    ("points_from", 50),
    ("points_earned_from", 50),
    ("visits_from", 3),
    ("visited_from", "2026-05-12"),
    ("visited_to", "2026-05-12"),
    ("seen_within", 30),
    *((field, f"tea {field[-1]}") for field in labels.FIELDS),
)
ONLY_BOB: tuple[tuple[str, Any], ...] = (
    ("group_id", NONE),
    ("branch_id", "0"),
    ("suspended", "0"),
    ("has_email", False),
    ("joined_to", "2026-03-01"),
    ("stamps_to", 6),
    ("near_reward", "no"),
    ("rewards_to", 1),
    ("points_to", 49),
    ("points_earned_to", 49),
    ("visits_to", 2),
    ("absent_for", 30),
)
BOTH: tuple[tuple[str, Any], ...] = (
    ("q", "  "),
    ("name", ""),
    ("joined_from", "2026-03-01"),
    ("joined_within", 102),
    ("joined_to", "2026-03-02"),
    ("absent_for", 29),
    ("changed_from", "2026-01-01"),
    ("points_from", -5),
)
NOBODY: tuple[tuple[str, Any], ...] = (
    ("first_name", "Ann"),
    ("email", "%@neil.example"),
    ("seen_within", 29),
    ("visited_from", "2026-05-13"),
    ("changed_to", "2026-01-01"),
    ("birthday_month", 6),
    ("absent_for", 102),
)


def test_each_filter_finds_whom_it_says(shop: Shop, people: dict[str, Card]) -> None:
    both = ["Bob", "Anna"]
    for cases, expected in ((ONLY_ANNA, ["Anna"]), (ONLY_BOB, ["Bob"]), (NOBODY, [])):
        wrong = {
            (name, value): names
            for name, value in cases
            if (names := found(shop, **{name: value})) != expected
        }
        assert wrong == {}
    for name, value in BOTH:
        assert found(shop, **{name: value}) == both, (name, value)
    with scope(business=shop.business):
        anna = Member.objects.get(pk=people["Anna"].pk)
    assert found(shop, group_id=anna.group_id) == found(shop, branch_id=str(anna.branch_id)) == ["Anna"]
    tried = {name for name, _ in (*ONLY_ANNA, *ONLY_BOB, *BOTH, *NOBODY)}
    assert tried == filters.FILTERS.keys()


def test_all_that_is_given_must_fit(shop: Shop, people: dict[str, Card]) -> None:
    assert found(shop, has_email=True, points_from=50) == ["Anna"]
    assert found(shop, has_email=True, points_from=51) == []


def test_values_are_kept_as_json_has_them(shop: Shop) -> None:
    gold = add_group(business=shop.business, code="gold")
    given = {"q": " Ann ", "suspended": "no", "points_from": " 7 ", "joined_from": "2026-01-01", "name": " "}
    assert filters.clean(given | {"group_id": str(gold.pk)}, business_id=shop.id) == {
        "q": "Ann",
        "suspended": False,
        "points_from": 7,
        "joined_from": "2026-01-01",
        "group_id": gold.pk,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shoe_size", "44"),
        ("q", 5),
        ("name", "a" * 301),
        ("name", "*" * 6),
        ("name", "a\x00"),
        ("suspended", "maybe"),
        ("joined_from", "20260101"),
        ("joined_from", "2026-02-30"),
        ("joined_from", "0001-01-01"),
        ("joined_from", 5),
        ("points_from", "many"),
        ("points_from", "²"),
        ("points_from", 1.5),
        ("points_from", True),
        ("points_from", 10**12),
        ("birthday_month", 13),
        ("seen_within", 0),
        ("group_id", -1),
    ],
)
def test_an_unusable_value_is_refused_by_name(shop: Shop, name: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        filters.clean({name: value}, business_id=shop.id)
    assert list(refused.value.fields) == [name]


def test_a_span_ends_after_it_begins(shop: Shop) -> None:
    with pytest.raises(InvalidInput) as refused:
        filters.clean({"points_from": 5, "points_to": 4}, business_id=shop.id)
    assert list(refused.value.fields) == ["points_to"]


def test_groups_and_branches_are_the_business_s_own(shop: Shop) -> None:
    theirs = make_shop("Charlie's")
    gold, branch = add_group(business=theirs.business, code="gold"), theirs.branch()
    for given in ({"group_id": gold.pk}, {"branch_id": branch.pk}):
        with pytest.raises(NotFound) as refused:
            filters.clean(given, business_id=shop.id)
        assert refused.value.fields.keys() == given.keys()


def test_a_filter_that_is_no_more_finds_nobody(shop: Shop, people: dict[str, Card]) -> None:
    business = business_by_id(shop.id)
    with scope(business=business):
        assert not filters.find(business, {"shoe_size": 44}).exists()
        assert filters.find(business, {}).count() == len(people)


@pytest.mark.parametrize(
    ("given", "index"),
    [
        ({"email": "Asha@Mail.example"}, "member_email"),
        ({"cell": "98765 00001"}, "member_cell"),
        ({"cell": "no number"}, "member_cell"),
    ],
)
@sqlite_only
def test_a_whole_contact_is_found_by_its_index(given: dict[str, str], index: str) -> None:
    shop = make_shop()
    business = business_by_id(shop.id)
    with scope(business=business):
        wanted = filters.find(business, filters.clean(given, business_id=shop.id))
        found = steps(lambda: list(wanted))
    assert wide(found) == []
    assert [step for step, _ in found if index in step]
