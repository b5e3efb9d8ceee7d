"""Staff and invitations: nobody takes over an account or learns who has one (docs/decisions/0004)."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate
from django_scopes import scope, scopes_disabled

from regulars.messages import render
from regulars.messages.models import Message
from regulars.rules.errors import Conflict, InvalidInput, LastOwner, NotFound, PlanRequired
from regulars.tenants import actions, queries
from regulars.tenants.models import Staff, User
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

BOB = "bob@mail.example"


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def other() -> Shop:
    return make_shop("Charlie's")


def add(shop: Shop, email: str = BOB, **fields: Any) -> actions.NewStaff:
    return actions.add_staff(business=shop.business, name="Bob", email=email, **fields)


def sign_in(password: str | None, email: str = BOB) -> User | None:
    user = authenticate(email=email, password=password)
    assert user is None or isinstance(user, User)
    return user


def memberships(email: str = BOB) -> list[Staff]:
    with scopes_disabled():
        return list(Staff.objects.filter(user__email=email).order_by("id"))


def test_somebody_new_signs_in_with_the_temporary_password(shop: Shop) -> None:
    added = add(shop, email=" BOB@mail.example")
    assert (added.staff.role, added.staff.code) == ("staff", "U000002")
    assert added.staff.user.email == BOB
    user = sign_in(added.temp_password)
    assert user is not None
    assert user.invited_staff == added.staff  # type: ignore[attr-defined]
    assert added.staff.must_change_password


def test_the_temporary_password_is_stored_hashed_on_the_membership(shop: Shop) -> None:
    added = add(shop)
    stored = memberships()[0]
    assert added.temp_password is not None
    assert added.temp_password not in stored.temp_password
    assert not User.objects.get(email=BOB).has_usable_password()


def test_the_temporary_password_dies_after_seven_days(shop: Shop) -> None:
    start = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        added = add(shop)
        clock.move_to(start + dt.timedelta(days=7, seconds=-1))
        assert sign_in(added.temp_password) is not None
        clock.move_to(start + dt.timedelta(days=7))
        assert sign_in(added.temp_password) is None


def test_a_known_address_is_added_like_an_unknown_one_and_its_account_stays_as_it_is(
    shop: Shop, other: Shop
) -> None:
    add(other, password="bob's own long password")
    before = User.objects.filter(email=BOB).values().get()
    known, unknown = add(shop), add(shop, "nobody@mail.example")
    assert known.temp_password is not None
    assert unknown.temp_password is not None
    assert len(known.temp_password) == len(unknown.temp_password)
    assert User.objects.filter(email=BOB).values().get() == before
    assert (known.staff.user_id, len(memberships())) == (before["id"], 2)
    # The password of the invitation opens nothing that was there before.
    assert sign_in(known.temp_password) is None
    assert sign_in("bob's own long password") is not None


def test_adding_a_known_address_with_a_password_does_not_set_it(shop: Shop, other: Shop) -> None:
    add(other, password="bob's own long password")
    add(shop, password="the stranger's choice")
    assert sign_in("the stranger's choice") is None
    assert sign_in("bob's own long password") is not None


def test_invitations_of_two_shops_open_each_its_own_door(shop: Shop, other: Shop) -> None:
    first, second = add(shop), add(other)
    for added in (first, second):
        user = sign_in(added.temp_password)
        assert user is not None
        assert user.invited_staff == added.staff  # type: ignore[attr-defined]


def test_a_known_address_of_the_same_team_is_a_conflict(shop: Shop, other: Shop) -> None:
    added = add(shop)
    with pytest.raises(Conflict) as refused:
        add(shop, "Bob@Mail.example")
    assert refused.value.details == {"id": added.staff.pk}
    assert list(refused.value.fields) == ["email"]
    add(other)
    with pytest.raises(Conflict):
        add(shop, shop.owner.user.email)
    assert len(memberships()) == 2


@pytest.mark.parametrize("password", [None, "", "wrong", "0" * 12])
def test_a_wrong_password_signs_nobody_in(shop: Shop, password: str | None) -> None:
    add(shop)
    assert sign_in(password) is None
    assert sign_in(password, "stranger@mail.example") is None
    assert sign_in(password, shop.owner.user.email) is None


def test_who_is_switched_off_cannot_use_the_invitation(shop: Shop) -> None:
    added = add(shop)
    with scope(business=shop.business):
        Staff.objects.filter(pk=added.staff.pk).update(is_active=False)
    assert sign_in(added.temp_password) is None


def test_a_password_of_ones_own_ends_the_temporary_one(shop: Shop) -> None:
    added = add(shop)
    user = User.objects.get(email=BOB)
    user.set_password("bob's own long password")
    user.save()
    assert sign_in(added.temp_password) is None


def test_removing_takes_membership_and_invitation_and_the_account_when_nobody_else_has_it(
    shop: Shop, other: Shop
) -> None:
    first, second = add(shop), add(other)
    actions.remove_staff(business_id=shop.id, staff_id=first.staff.pk)
    assert sign_in(first.temp_password) is None
    assert sign_in(second.temp_password) is not None
    actions.remove_staff(business_id=other.id, staff_id=second.staff.pk)
    assert not User.objects.filter(email=BOB).exists()


def test_an_operator_s_account_stays_when_they_leave_a_team(shop: Shop) -> None:
    added = add(shop)
    User.objects.filter(email=BOB).update(is_staff=True)
    actions.remove_staff(business_id=shop.id, staff_id=added.staff.pk)
    assert User.objects.filter(email=BOB).exists()


def test_the_last_owner_stays(shop: Shop) -> None:
    add(shop)
    with pytest.raises(LastOwner):
        actions.remove_staff(business_id=shop.id, staff_id=shop.owner.pk)
    second = add(shop, "second@mail.example", role="owner")
    with scope(business=shop.business):
        Staff.objects.filter(pk=second.staff.pk).update(is_active=False)
    with pytest.raises(LastOwner):  # one who is switched off does not count
        actions.remove_staff(business_id=shop.id, staff_id=shop.owner.pk)
    with scope(business=shop.business):
        Staff.objects.filter(pk=second.staff.pk).update(is_active=True)
    actions.remove_staff(business_id=shop.id, staff_id=shop.owner.pk)
    with pytest.raises(LastOwner):
        actions.remove_staff(business_id=shop.id, staff_id=second.staff.pk)
    assert [staff.role for staff in queries.team(shop.id)] == ["staff", "owner"]


def test_somebody_of_another_team_is_not_found(shop: Shop, other: Shop) -> None:
    theirs = add(other)
    with pytest.raises(NotFound):
        actions.remove_staff(business_id=shop.id, staff_id=theirs.staff.pk)
    assert memberships() == [theirs.staff]
    assert [staff.pk for staff in queries.team(shop.id)] == [shop.owner.pk]


def test_a_plan_without_team_has_its_owner_only() -> None:
    shop = make_shop(plan="trial")
    with pytest.raises(PlanRequired) as refused:
        add(shop)
    assert refused.value.details == {"plans": ["basic", "growth", "professional", "self_hosted"]}
    assert not User.objects.filter(email=BOB).exists()


@pytest.mark.parametrize(
    ("fields", "named"), [({"name": " "}, "name"), ({"email": "bob"}, "email"), ({"email": ""}, "email")]
)
def test_unusable_values_are_refused(shop: Shop, fields: dict[str, str], named: str) -> None:
    given: dict[str, Any] = {"name": "Bob", "email": BOB} | fields
    with pytest.raises(InvalidInput) as refused:
        actions.add_staff(business=shop.business, **given)
    assert list(refused.value.fields) == [named]


def test_a_numbered_code_is_never_given_twice(shop: Shop) -> None:
    first = add(shop)
    actions.remove_staff(business_id=shop.id, staff_id=first.staff.pk)
    assert add(shop, "dora@mail.example").staff.code == "U000003"


def test_a_colleague_may_come_with_a_code_and_a_branch(shop: Shop, other: Shop) -> None:
    branch = shop.branch()
    added = add(shop, code=" Till-1 ", branch_id=branch.pk, disable_backoffice_access=True).staff
    added.refresh_from_db()
    assert (added.code, added.branch, added.disable_backoffice_access) == ("Till-1", branch, True)
    with pytest.raises(Conflict) as refused:
        add(shop, "second@mail.example", code="TILL-1")
    assert list(refused.value.fields) == ["code"]
    with pytest.raises(NotFound) as unknown:
        add(shop, "second@mail.example", branch_id=other.branch().pk)
    assert unknown.value.fields == {"branch_id": "is unknown"}
    with pytest.raises(InvalidInput, match="role"):
        add(shop, "second@mail.example", role="boss")
    assert not User.objects.filter(email="second@mail.example").exists()
    add(shop, "third@mail.example", code="u000005")
    numbered = [add(shop, f"{number}@mail.example").staff.code for number in range(2)]
    assert numbered == ["U000004", "U000006"]  # a code that was given by hand is passed over


def edit(staff: Staff, **changes: Any) -> Staff:
    return actions.edit_staff(business_id=staff.business_id, pk=staff.pk, **changes)


def test_what_is_named_changes_and_the_rest_stays(shop: Shop) -> None:
    first, second = shop.branch("First"), shop.branch("Second")
    bob = add(shop, branch_id=first.pk, disable_backoffice_access=True).staff
    for changes, name, branch, disabled, role in (
        ({"name": " Robert "}, "Robert", first, True, "staff"),
        ({"branch_id": second.pk}, "Robert", second, True, "staff"),
        ({"disable_backoffice_access": False}, "Robert", second, False, "staff"),
        ({"role": "manager"}, "Robert", second, False, "manager"),
        ({"branch_id": None}, "Robert", None, False, "manager"),
        ({"role": "owner"}, "Robert", None, False, "owner"),
        ({"role": "staff", "branch_id": first.pk}, "Robert", first, False, "staff"),
        ({"role": "owner", "branch_id": None}, "Robert", None, False, "owner"),
        ({}, "Robert", None, False, "owner"),
    ):
        changed = edit(bob, **changes)
        changed.refresh_from_db()
        seen = (changed.name, changed.branch, changed.disable_backoffice_access, changed.role)
        assert seen == (name, branch, disabled, role)
        assert (changed.code, changed.user.email, changed.must_change_password) == ("U000002", BOB, True)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"email": ""}, "email"),
        ({"email": "bob"}, "email"),
        ({"role": "boss"}, "role"),
        ({"code": "U9"}, "code"),
        ({"is_active": False}, "is_active"),
    ],
)
def test_an_unusable_change_is_refused_by_name(shop: Shop, changes: dict[str, Any], named: str) -> None:
    bob = add(shop).staff
    with pytest.raises(InvalidInput) as refused:
        edit(bob, **({"disable_backoffice_access": True} | changes))
    assert list(refused.value.fields) == [named]
    assert memberships() == [bob]
    assert not memberships()[0].disable_backoffice_access


def test_no_owner_is_limited_to_a_branch(shop: Shop) -> None:
    branch = shop.branch().pk
    bob = add(shop, branch_id=branch).staff
    for act in (
        lambda: add(shop, "owner@mail.example", role="owner", branch_id=branch),
        lambda: edit(shop.owner, branch_id=branch),
        lambda: edit(bob, role="owner"),
    ):
        with pytest.raises(InvalidInput, match="empty for an owner") as refused:
            act()
        assert list(refused.value.fields) == ["branch_id"]
    with scope(business=shop.business):
        assert Staff.objects.get(role="owner").branch_id is None


def invitations(shop: Shop) -> list[Message]:
    with scope(business=shop.id):
        return list(Message.objects.filter(kind="staff_invitation").order_by("id"))


def test_a_new_email_is_invited_and_the_old_account_goes(shop: Shop) -> None:
    added = add(shop)
    assert invitations(shop) == []  # whoever adds somebody decides whether to invite them
    moved = edit(added.staff, email=" Robert@Mail.Example ")
    assert (moved.pk, moved.user.email) == (added.staff.pk, "robert@mail.example")
    assert not User.objects.filter(email=BOB).exists()
    (message,) = invitations(shop)
    assert message.to == "robert@mail.example"
    letter = render.render_message(message=message, business=shop.business, member=None)
    password = letter.text.split("Temporary password:\n")[1].split()[0]
    assert sign_in(password, "robert@mail.example") is not None
    assert sign_in(added.temp_password, "robert@mail.example") is None


def test_an_email_of_somebody_with_an_account_takes_nothing_over(shop: Shop, other: Shop) -> None:
    add(other, "robert@mail.example", password="robert's own long password")
    before = User.objects.filter(email="robert@mail.example").values().get()
    edit(add(shop).staff, email="robert@mail.example")
    assert User.objects.filter(email="robert@mail.example").values().get() == before
    assert sign_in("robert's own long password", "robert@mail.example") is not None
    assert len(memberships("robert@mail.example")) == 2


def test_the_same_email_invites_nobody_again(shop: Shop) -> None:
    added = add(shop)
    edit(added.staff, email="BOB@mail.example", name="Robert")
    assert invitations(shop) == []
    assert sign_in(added.temp_password) is not None


def test_an_email_of_the_same_team_is_a_conflict(shop: Shop) -> None:
    bob, dora = add(shop).staff, add(shop, "dora@mail.example").staff
    with pytest.raises(Conflict) as refused:
        edit(bob, email="Dora@mail.example", name="Robert")
    assert (list(refused.value.fields), refused.value.details) == (["email"], {"id": dora.pk})
    assert [staff.name for staff in memberships()] == ["Bob"]


def test_the_last_owner_keeps_place_and_access(shop: Shop) -> None:
    for changes in ({"role": "staff"}, {"disable_backoffice_access": True}):
        with pytest.raises(LastOwner):
            edit(shop.owner, **changes)
    assert edit(shop.owner, name="Alice B", role="owner", disable_backoffice_access=False).name == "Alice B"
    second = add(shop, role="owner", disable_backoffice_access=True).staff
    with pytest.raises(LastOwner):  # one who may not enter the back office does not count
        edit(shop.owner, role="staff")
    edit(second, disable_backoffice_access=False)
    assert edit(shop.owner, role="staff").role == "staff"


def test_somebody_of_another_team_is_not_found_and_stays(shop: Shop, other: Shop) -> None:
    theirs = add(other).staff
    with pytest.raises(NotFound):
        actions.edit_staff(business_id=shop.id, pk=theirs.pk, name="Mine")
    bob = add(shop, "second@mail.example").staff
    with pytest.raises(NotFound) as refused:
        edit(bob, branch_id=other.branch().pk)
    assert refused.value.fields == {"branch_id": "is unknown"}
    assert memberships()[0].name == "Bob"
