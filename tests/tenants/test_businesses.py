"""Businesses, their short names, programmes and branches."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django_scopes import scope, scopes_disabled

from regulars.promotions.models import Promotion
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotFound, PlanLimit
from regulars.tenants import actions, queries
from regulars.tenants.models import ApiKey, Branch, Business, Program, Staff, User
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


def create(name: str = "Alice's Café", **fields: Any) -> actions.NewBusiness:
    return actions.create_business(name=name, **({"owner_email": "alice@shop.example"} | fields))


def test_names_are_one_line_and_can_be_seen() -> None:
    made = create("Bean\r\n&\tLeaf ", city="New\nDelhi", address="12 MG Road\nBengaluru")
    business = Business.objects.get(pk=made.business.pk)
    assert (business.name, business.city, business.address) == (
        "Bean & Leaf",
        "New Delhi",
        "12 MG Road\nBengaluru",
    )
    actions.update_business(business_id=business.pk, business_name="Bean\n\u2028Leaf")
    business.refresh_from_db()
    assert business.name == "Bean Leaf"
    for unseen in ("\u202e", "\u200b\u200b"):
        with pytest.raises(InvalidInput, match="business_name must not be empty"):
            actions.update_business(business_id=business.pk, business_name=unseen)


def test_a_new_business_has_all_it_needs() -> None:
    made = create(country="in", timezone="Asia/Kolkata", currency="inr", city="Bengaluru")
    business = Business.objects.get(pk=made.business.pk)
    assert (business.name, business.slug, business.plan) == ("Alice's Café", "alices-cafe", "self_hosted")
    assert (business.country, business.timezone, business.currency) == ("IN", "Asia/Kolkata", "INR")
    assert business.city == "Bengaluru"
    assert re.fullmatch("[0-9a-f]{10}", business.join_code)
    assert queries.join_url(business) == f"https://shop.example/join/{business.join_code}"
    with scope(business=business):
        program, owner, key = Program.objects.get(), Staff.objects.get(), ApiKey.objects.get()
    assert (program.program_name, program.stamps_required) == ("Alice's Café Stamps", 8)
    assert (program.reward_description, program.birthday_bonus_stamps) == ("Free coffee", 0)
    assert (owner.pk, owner.role, owner.code, owner.is_active) == (made.owner.pk, "owner", "U000001", True)
    assert key.prefix == made.api_key[:11]


def test_an_owner_without_a_password_gets_a_temporary_one() -> None:
    made = create(owner_email=" Alice@Shop.Example ")
    assert made.temp_password is not None
    assert re.fullmatch("[0-9a-f]{12}", made.temp_password)
    assert made.owner.must_change_password
    assert not User.objects.get(email="alice@shop.example").has_usable_password()


def test_an_owner_with_a_password_signs_in_with_it() -> None:
    made = create(owner_password="a long password")
    assert (made.temp_password, made.owner.must_change_password) == (None, False)
    assert authenticate(email="ALICE@shop.example", password="a long password") == made.owner.user


def test_equal_names_get_numbered_slugs() -> None:
    slugs = [create("Café", owner_email=f"o{number}@shop.example").business.slug for number in range(3)]
    assert slugs == ["cafe", "cafe-2", "cafe-3"]
    assert [queries.business_by_slug(slug).slug for slug in slugs] == slugs
    with pytest.raises(NotFound):
        queries.business_by_slug("cafe-4")


def test_a_taken_slug_is_found_out_even_between_looking_and_writing() -> None:
    # What a business of the same name gives its rival: only the database decides.
    first = create("Café").business
    rival = Business(name="Café", join_code="x" * 10)
    actions._save_with_free_slug(rival)
    assert (first.slug, rival.slug) == ("cafe", "cafe-2")


def test_another_reason_to_refuse_a_business_is_not_taken_for_a_taken_slug() -> None:
    taken = create("Café").business.join_code
    with pytest.raises(IntegrityError):
        actions._save_with_free_slug(Business(name="Other", join_code=taken))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"owner_email": "alice"}, "owner_email"),
        ({"plan": "platinum"}, "plan"),
        ({"country": "India"}, "country"),
        ({"country": "XX"}, "country"),
        ({"timezone": "Bengaluru"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"currency": "rupees"}, "currency"),
        ({"currency": "₹₹₹"}, "currency"),
        ({"currency": "ZZZ"}, "currency"),
        ({"stamps_required": 1}, "stamps_required"),
        ({"stamps_required": 51}, "stamps_required"),
        ({"birthday_bonus_stamps": 11}, "birthday_bonus_stamps"),
        ({"birthday_bonus_stamps": -1}, "birthday_bonus_stamps"),
        ({"reward_description": " "}, "reward_description"),
        ({"city": "x" * 101}, "city"),
    ],
)
def test_unusable_values_are_refused_by_name_and_leave_nothing(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(**({"name": "Café"} | fields))
    assert list(refused.value.fields) == [named]
    with scopes_disabled():
        counts = [model.objects.count() for model in (Business, User, Staff, ApiKey, Program)]
    assert counts == [0] * 5


def test_a_failure_at_the_last_step_leaves_no_business(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("no key")

    monkeypatch.setattr(actions, "create_api_key", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        create()
    assert not Business.objects.exists()
    assert not User.objects.exists()


def test_a_name_of_the_greatest_length_still_makes_a_programme() -> None:
    made = create("x" * 200)
    with scope(business=made.business):
        assert Program.objects.get().program_name == "x" * 190 + " Stamps"
    assert len(made.business.slug) <= 40


def test_changes_touch_what_they_name_in_one_business_only() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    changed = actions.update_business(business_id=shop.id, business_name="Alice's", city="Goa", unknown="x")
    assert (changed.name, changed.city, changed.slug) == ("Alice's", "Goa", shop.business.slug)
    program = actions.update_program(business_id=shop.id, stamps_required=5, terms_conditions="None")
    assert (program.stamps_required, program.reward_description) == (5, "Free coffee")
    untouched = Business.objects.select_related("program").get(pk=other.id)
    assert (untouched.name, untouched.city, untouched.program.stamps_required) == ("Charlie's", "", 8)


def test_a_programme_keeps_within_the_rules() -> None:
    shop = make_shop()
    for field, values in {"stamps_required": (1, 51), "birthday_bonus_stamps": (0, 11)}.items():
        for value in values:
            with pytest.raises(InvalidInput, match=field):
                actions.update_program(business_id=shop.id, **{field: value})
    assert queries.business_by_id(shop.id).program.stamps_required == 8


def test_branches_are_numbered_and_kept_apart() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    codes = [shop.branch(f"Branch {number}").code for number in range(2)]
    assert (codes, other.branch().code) == (["B000001", "B000002"], "B000001")
    assert [branch.name for branch in queries.branches(shop.id)] == ["Branch 0", "Branch 1"]
    theirs = queries.branches(other.id)[0]
    for act in (
        lambda: actions.update_branch(business_id=shop.id, branch_id=theirs.pk, name="Mine"),
        lambda: actions.delete_branch(business_id=shop.id, branch_id=theirs.pk),
    ):
        with pytest.raises(NotFound):
            act()
    assert queries.branches(other.id)[0].name == "Koramangala"


def test_a_branch_may_come_with_a_code() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    assert shop.branch(code=" North ").code == "North"
    with pytest.raises(Conflict) as refused:
        shop.branch(code="NORTH")
    assert list(refused.value.fields) == ["code"]
    assert other.branch(code="NORTH").code == "NORTH"
    shop.branch(code="b000003")
    # Each branch draws a number; a code that was given by hand is passed over.
    assert [shop.branch().code for _ in range(2)] == ["B000004", "B000005"]
    with pytest.raises(InvalidInput, match="code"):
        shop.branch(code="x" * 51)


def test_a_branch_without_a_name_is_named_like_its_code_where_that_is_wanted() -> None:
    shop = make_shop()
    assert shop.branch("", name_required=False, code="North").name == "North"
    assert shop.branch(" ", name_required=False).name == "B000002"
    assert shop.branch("South", name_required=False).name == "South"
    with pytest.raises(InvalidInput, match="name"):
        shop.branch("")


def test_a_changed_branch_knows_when() -> None:
    shop = make_shop()
    branch = shop.branch()
    changed = actions.update_branch(business_id=shop.id, branch_id=branch.pk, name="New")
    assert changed.modified_at > branch.modified_at
    again = actions.update_branch(business_id=shop.id, branch_id=branch.pk)
    assert again.modified_at == changed.modified_at


POINTS = {
    "points_expire_months": 12,
    "refund_policy": "allow_negative",
    "points_per_sale_cap": 500,
    "point_value": Decimal("0.0250"),
    "currency": "EUR",
}


def test_how_points_work_is_changed_one_by_one_in_one_business() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    before = Business.objects.filter(pk=other.id).values().get()
    for field, value in POINTS.items():
        changed = actions.update_points_programme(business_id=shop.id, **{field: value})
        assert getattr(changed, field) == value
    seen = Business.objects.filter(pk=shop.id).values(*POINTS).get()
    assert seen == POINTS
    actions.update_points_programme(business_id=shop.id, points_expire_months=None, points_per_sale_cap=None)
    seen = Business.objects.filter(pk=shop.id).values(*POINTS).get()
    assert seen == POINTS | {"points_expire_months": None, "points_per_sale_cap": None}
    assert Business.objects.filter(pk=other.id).values().get() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points_expire_months", 0),
        ("points_expire_months", 1201),
        ("refund_policy", "never"),
        ("points_per_sale_cap", 0),
        ("points_per_sale_cap", 1_000_000_001),
        ("point_value", Decimal(0)),
        ("point_value", Decimal("-0.01")),
        ("point_value", Decimal("0.00001")),
        ("point_value", Decimal(100000000)),
        ("point_value", Decimal("NaN")),
        ("point_value", Decimal("Infinity")),
        ("currency", "rupees"),
        ("currency", "ZZZ"),
    ],
)
def test_points_keep_within_the_rules(field: str, value: Any) -> None:
    shop = make_shop()
    before = Business.objects.filter(pk=shop.id).values().get()
    with pytest.raises(InvalidInput) as refused:
        actions.update_points_programme(business_id=shop.id, **{field: value})
    assert list(refused.value.fields) == [field]
    assert Business.objects.filter(pk=shop.id).values().get() == before


def test_a_branch_that_a_promotion_is_for_stays() -> None:
    shop = make_shop()
    branch = shop.branch()
    with scope(business=shop.business):
        Promotion.objects.create(
            business=shop.business, code="P1", percent_of_spend=Decimal(10), branch=branch
        )
    with pytest.raises(HasHistory):
        actions.delete_branch(business_id=shop.id, branch_id=branch.pk)


def test_a_branch_to_which_people_are_limited_stays_until_they_have_another() -> None:
    shop = make_shop()
    branch, other = shop.branch(), shop.branch("Other")
    people = [
        actions.add_staff(
            business=shop.business, name=name, email=f"{name}@shop.example", branch_id=branch.pk
        ).staff
        for name in ("Anu", "Bob", "Cem", "Dia")
    ]
    with pytest.raises(Conflict, match="Anu, Bob, Cem and 1 more of the team can only work at Koramangala"):
        actions.delete_branch(business_id=shop.id, branch_id=branch.pk)
    for staff in people[:2]:
        actions.edit_staff(business_id=shop.id, pk=staff.pk, branch_id=other.pk)
    for staff in people[2:]:  # who left comes in nowhere
        actions.remove_staff(business_id=shop.id, staff_id=staff.pk)
    actions.delete_branch(business_id=shop.id, branch_id=branch.pk)
    with scope(business=shop.business):
        assert Branch.objects.get() == other
        assert set(Staff.objects.exclude(branch=None).values_list("name", flat=True)) == {"Anu", "Bob"}


@pytest.mark.parametrize("plan", ["growth", "trial"])
def test_the_plan_limits_branches_also_closed_ones(plan: str) -> None:
    shop = make_shop(plan=plan)
    most = {"growth": 3, "trial": 1}[plan]
    for number in range(most):
        branch = shop.branch(f"Branch {number}")
        actions.update_branch(business_id=shop.id, branch_id=branch.pk, is_active=False)
    with pytest.raises(PlanLimit, match=f"{plan} plan allows {most} branches"):
        shop.branch()
    actions.delete_branch(business_id=shop.id, branch_id=branch.pk)
    assert shop.branch().is_active


def test_a_branch_with_history_stays() -> None:
    shop = make_shop()
    used, home = shop.branch("Used"), shop.branch("Home of a member")
    card = shop.enrol(branch_id=home.pk)
    shop.stamp(card, 1, branch_id=used.pk)
    with pytest.raises(HasHistory) as refused:
        actions.delete_branch(business_id=shop.id, branch_id=used.pk)
    assert refused.value.fields == {"code": "belongs to a branch that other records name"}
    actions.delete_branch(business_id=shop.id, branch_id=home.pk)
    with scope(business=shop.business):
        assert Branch.objects.get() == used
        card.member.refresh_from_db()
    assert card.member.branch_id is None


def test_nearest_goes_by_the_great_circle_and_then_by_age() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    # On the equator a degree of longitude is about 111 km, at 60 degrees north half of that.
    far = shop.branch("Far", latitude=0.0, longitude=3.0)
    near = shop.branch("Near", latitude=0.0, longitude=2.0)
    shop.branch("Equally near", latitude=0.0, longitude=-2.0)
    shop.branch("Nowhere")
    other.branch("Not ours", latitude=0.0, longitude=0.1)
    found = queries.nearest_branch(business_id=shop.id, latitude=0.0, longitude=0.0)
    assert found.branch == near
    assert found.distance_km == pytest.approx(222.39, abs=0.01)
    actions.update_branch(business_id=shop.id, branch_id=near.pk, is_active=False)
    assert queries.nearest_branch(business_id=shop.id, latitude=0, longitude=2.4).branch == far
    with pytest.raises(NotFound):
        queries.nearest_branch(business_id=make_shop("Empty").id, latitude=0, longitude=0)


def test_a_loaded_history_may_say_when_things_began() -> None:
    opened = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    made = create(opened_at=opened)
    branch = actions.create_branch(business=made.business, name="First", opened_at=opened)
    with scope(business=made.business):
        assert Business.objects.get().created_at == Branch.objects.get(pk=branch.pk).created_at == opened
