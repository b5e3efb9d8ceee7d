"""New members: names, contacts, codes, and what cannot be stored."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from regulars.members.actions import create_member
from regulars.members.groups import ensure_group
from regulars.members.models import Member
from regulars.members.profile import OLDEST_BIRTHDAY, TEXTS
from regulars.rules.errors import AlreadyEnrolled, Conflict, InvalidInput, NotFound, PlanLimit
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def create(shop: Shop, name: str = "Priya Sharma", **fields: Any) -> Member:
    return create_member(business=shop.business, name=name, joined_at=NOW, **fields)


def members(shop: Shop) -> list[Member]:
    with scope(business=shop.business):
        return list(Member.objects.order_by("id"))


@pytest.mark.parametrize(
    ("given", "name", "first", "last"),
    [
        ("Priya Sharma", "Priya Sharma", "Priya", "Sharma"),
        ("  Anna  Maria\tde Souza ", "Anna Maria de Souza", "Anna Maria de", "Souza"),
        ("Priya", "Priya", "Priya", ""),
    ],
)
def test_a_name_is_kept_and_also_cut_at_its_last_space(
    shop: Shop, given: str, name: str, first: str, last: str
) -> None:
    member = create(shop, given)
    member.refresh_from_db()
    assert (member.name, member.first_name, member.last_name) == (name, first, last)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Priya", "Sharma", "Priya Sharma"),
        (" Ana", "de  la Cruz", "Ana de la Cruz"),
        ("Cher", "", "Cher"),
        ("", "Sharma", "Sharma"),
    ],
)
def test_first_and_last_name_are_kept_as_they_are(shop: Shop, first: str, last: str, name: str) -> None:
    member = create(shop, "", first_name=first, last_name=last)
    assert (member.first_name, member.last_name) == (" ".join(first.split()), " ".join(last.split()))
    assert (member.name, member.search_text) == (name, f"{name.lower()}\n\n")


def test_names_come_in_one_way_only(shop: Shop) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(shop, "Priya Sharma", last_name="Rao")
    assert list(refused.value.fields) == ["name"]
    with pytest.raises(InvalidInput) as refused:
        create(shop, "", first_name=" ", last_name="")
    assert list(refused.value.fields) == ["first_name"]


def test_the_names_of_the_other_dialect_are_taken_too(shop: Shop) -> None:
    member = create(shop, cell="98765 43210", date_of_birth=dt.date(1990, 5, 17))
    assert (member.cell, member.date_of_birth) == ("+919876543210", dt.date(1990, 5, 17))
    unusable: dict[str, Any] = {"cell": "12", "date_of_birth": dt.date(1800, 1, 1)}
    for field, value in unusable.items():
        with pytest.raises(InvalidInput) as refused:
            create(shop, **{field: value})
        assert list(refused.value.fields) == [field]
    with pytest.raises(AlreadyEnrolled) as known:
        create(shop, cell="9876543210")
    assert list(known.value.fields) == ["cell"]


@pytest.mark.parametrize("field", ["group_id", "branch_id"])
def test_a_reference_to_somebody_else_s_record_is_unknown(shop: Shop, field: str) -> None:
    other = make_shop("Charlie's")
    theirs: dict[str, Any] = {
        "group_id": ensure_group(business=other.business, code="Gold").pk,
        "branch_id": other.branch().pk,
    }
    with pytest.raises(NotFound) as refused:
        create(shop, **{field: theirs[field]})
    assert refused.value.fields == {field: "is unknown"}
    assert members(shop) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\0b", "a\ud800"])
def test_an_unusable_name_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(InvalidInput, match="name") as refused:
        create(shop, name)
    assert list(refused.value.fields) == ["name"]
    assert members(shop) == []


def test_contacts_are_stored_in_one_form(shop: Shop) -> None:
    member = create(shop, phone="098765 43210", email=" Priya@Mail.Example ")
    assert (member.cell, member.email) == ("+919876543210", "priya@mail.example")
    assert member.search_text == "priya sharma\npriya@mail.example\n+919876543210"


def test_a_phone_is_read_as_one_of_the_business_s_country() -> None:
    assert create(make_shop(country="US"), phone="(212) 555-0123").cell == "+12125550123"
    assert create(make_shop(country="GB"), phone="020 7946 0123").cell == "+442079460123"
    assert create(make_shop(country="GB"), phone="+91 98765 43210").cell == "+919876543210"


@pytest.mark.parametrize("email", ["priya", "a@b@c.example", "a b@c.example", "x" * 250 + "@c.example"])
def test_an_unusable_email_is_refused(shop: Shop, email: str) -> None:
    with pytest.raises(InvalidInput, match="email"):
        create(shop, email=email)


@pytest.mark.parametrize(
    "birthday", [OLDEST_BIRTHDAY - dt.timedelta(days=1), NOW.date() + dt.timedelta(days=1)]
)
def test_a_birthday_that_cannot_be_is_refused(shop: Shop, birthday: dt.date) -> None:
    with pytest.raises(InvalidInput, match="birthday"):
        create(shop, birthday=birthday)


def test_birthdays_from_the_oldest_on_are_kept(shop: Shop) -> None:
    assert create(shop, birthday=OLDEST_BIRTHDAY).date_of_birth == OLDEST_BIRTHDAY
    assert create(shop, birthday=NOW.date()).date_of_birth == NOW.date()


def test_nobody_is_born_after_the_business_s_own_day() -> None:
    second = dt.date(2026, 6, 2)
    ahead, behind = make_shop(timezone="Pacific/Kiritimati"), make_shop("Charlie's", timezone="Etc/GMT+12")
    assert create(ahead, birthday=second).date_of_birth == second
    for born in (second, dt.date(2026, 6, 1)):
        with pytest.raises(InvalidInput) as refused:
            create_member(
                business=behind.business,
                name="Priya",
                joined_at=dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC),
                birthday=born,
            )
        assert list(refused.value.fields) == ["birthday"]


def test_codes_are_numbered_in_each_business(shop: Shop) -> None:
    other = make_shop("Charlie's")
    assert [create(shop).code for _ in range(3)] == ["M000001", "M000002", "M000003"]
    assert create(other).code == "M000001"


def test_a_given_code_is_kept_and_stepped_over_when_the_numbers_reach_it(shop: Shop) -> None:
    assert create(shop, code=" GOLD-7 ").code == "GOLD-7"
    for taken in ("M000004", "m000005"):
        create(shop, code=taken)
    # Each member draws a number, also one that came with a code; the taken ones are passed over.
    assert create(shop).code == "M000006"
    assert create(shop).code == "M000007"


def test_a_code_belongs_to_one_member_of_a_business(shop: Shop) -> None:
    create(shop, code="GOLD-7")
    for same in ("GOLD-7", "Gold-7"):
        with pytest.raises(Conflict, match=same) as refused:
            create(shop, code=same)
        assert list(refused.value.fields) == ["code"]
    assert create(make_shop("Charlie's"), code="GOLD-7").code == "GOLD-7"
    with pytest.raises(IntegrityError), transaction.atomic(), scope(business=shop.business):
        Member.objects.create(business=shop.business, code="GOLD-7", name="x", joined_at=NOW)


def test_a_number_that_was_given_is_never_given_again(shop: Shop) -> None:
    last = create(shop)
    with scope(business=shop.business):
        Member.objects.filter(pk=last.pk).delete()
    assert create(shop).code == "M000002"


def test_a_known_contact_names_the_first_who_has_it(shop: Shop) -> None:
    first = create(shop, phone="+919876543210", email="a@mail.example")
    create(shop, phone="+919876543210", unique_contact=False)  # as a till may import them
    with pytest.raises(AlreadyEnrolled) as refused:
        create(shop, phone="9876543210")
    assert refused.value.details == {"customer_id": first.pk}
    assert len(members(shop)) == 2


def test_members_without_contact_may_be_many(shop: Shop) -> None:
    assert create(shop).pk != create(shop).pk


def test_the_further_fields_are_stored_as_they_are(shop: Shop) -> None:
    texts = {field: f" {field} " for field in TEXTS}
    branch = shop.branch()
    member = create(shop, **texts, branch_id=branch.pk, optout_email=True, suspended=True)
    member.refresh_from_db()
    assert {field: getattr(member, field) for field in TEXTS} == {f: f for f in TEXTS}
    assert (member.branch_id, member.optout_email, member.suspended) == (branch.pk, True, True)
    assert (member.optout_text, member.optout_post) == (False, False)


@pytest.mark.parametrize("field", TEXTS)
def test_a_field_that_is_too_long_is_refused_by_its_name(shop: Shop, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(shop, **{field: "x" * (TEXTS[field] + 1)})
    assert list(refused.value.fields) == [field]
    create(shop, **{field: "x" * TEXTS[field]})


def test_a_field_that_nobody_knows_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match="shoe_size"):
        create(shop, shoe_size=44)


def test_the_trial_plan_ends_at_25_members() -> None:
    shop = make_shop(plan="trial")
    for _ in range(25):
        create(shop)
    with pytest.raises(PlanLimit, match="25 members"):
        create(shop)
    create(make_shop("Charlie's", plan="trial"))


def test_joining_is_remembered_as_it_was_said(shop: Shop) -> None:
    member = create(shop)
    member.refresh_from_db()
    assert member.joined_at == NOW
