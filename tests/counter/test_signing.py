"""Who works at the counter: pairing, signing in, and what ends a session at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scopes_disabled

from regulars.counter import devices, operators, pins, signing, upkeep
from regulars.counter.models import Device, OperatorSession, Pairing
from regulars.counter.operators import Operator
from regulars.counter.refusals import (
    BranchClosed,
    BranchFixed,
    ChooseBusiness,
    InvitationOpen,
    NotAllowed,
    NotSignedIn,
    PasswordMustChange,
    WrongLogin,
)
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business, Staff, User
from tests.counter.given import PIN, at_work, bob, by_pin, do, tablet
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

PASSWORD = "a long password"


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def sign_in(email: str, password: str = PASSWORD, **more: Any) -> Operator:
    made = signing.sign_in_with_password(email=email, password=password, **more)
    return operators.operator_of(token=made.token, device_token=more.get("device_token", ""))


def test_a_code_pairs_one_device_within_ten_minutes(shop: Shop) -> None:
    row, code = devices.create_pairing(business_id=shop.id)
    assert code not in row.code_hash
    device, token = devices.pair(code=f" {code.lower().replace('-', ' ')} ", name="")
    assert (device.business_id, device.name) == (shop.id, "Counter")
    assert devices.device_of(token).pk == device.pk
    for wrong in (code, "AAAA-AAAA", "", "\x00"):
        with pytest.raises(NotFound):
            devices.pair(code=wrong)
    _, late = devices.create_pairing(business_id=shop.id)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11)), pytest.raises(NotFound):
        devices.pair(code=late)


def test_only_so_many_codes_wait(shop: Shop) -> None:
    for _ in range(devices.MOST_WAITING):
        devices.create_pairing(business_id=shop.id)
    with pytest.raises(Conflict):
        devices.create_pairing(business_id=shop.id)


def test_a_device_at_a_closed_or_a_strangers_branch_cannot_be(shop: Shop) -> None:
    closed = shop.branch("Closed")
    tenants.update_branch(business_id=shop.id, branch_id=closed.pk, is_active=False)
    for branch_id in (closed.pk, make_shop().branch().pk):
        with pytest.raises(NotFound):
            devices.create_pairing(business_id=shop.id, branch_id=branch_id)


def test_signing_in_by_pin_needs_the_device(shop: Shop) -> None:
    branch = shop.branch()
    device, token = tablet(shop, branch_id=branch.pk)
    operator = by_pin(shop, token)
    assert (operator.device, operator.branch, operator.branch_fixed) == (device, branch, True)
    assert [staff.pk for staff in operators.operators_at(devices.device_of(token))] == [shop.owner.pk]
    _, other = tablet(make_shop())
    made = signing.sign_in_with_pin(device_token=token, staff_id=shop.owner.pk, pin=PIN)
    for wrong in ("", other):
        with pytest.raises(NotSignedIn):
            operators.operator_of(token=made.token, device_token=wrong)
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_pin(device_token="", staff_id=shop.owner.pk, pin=PIN)


def test_a_revoked_device_is_no_counter_from_that_moment_on(shop: Shop) -> None:
    device, token = tablet(shop)
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin=PIN)
    made = signing.sign_in_with_pin(device_token=token, staff_id=shop.owner.pk, pin=PIN)
    stranger = make_shop()
    with pytest.raises(NotFound):
        devices.revoke_device(business_id=stranger.id, device_id=device.pk)
    operators.operator_of(token=made.token, device_token=token)
    first = devices.revoke_device(business_id=shop.id, device_id=device.pk).revoked_at
    assert devices.revoke_device(business_id=shop.id, device_id=device.pk).revoked_at == first
    with pytest.raises(NotSignedIn):
        operators.operator_of(token=made.token, device_token=token)
    with pytest.raises(NotSignedIn):
        devices.device_of(token)


def test_a_password_signs_in_where_somebody_works(shop: Shop) -> None:
    operator = sign_in(f"  {shop.owner.user.email.upper()} ")
    assert (operator.business_id, operator.is_owner, operator.device) == (shop.id, True, None)
    for email, password in ((shop.owner.user.email, "wrong"), ("nobody@shop.example", PASSWORD)):
        with pytest.raises(WrongLogin):
            sign_in(email, password)
    User.objects.create_user("idle@shop.example", PASSWORD)
    with pytest.raises(NotAllowed):
        sign_in("idle@shop.example")


def test_whoever_works_for_several_says_for_which(shop: Shop) -> None:
    other, email = make_shop("Bob's Bakery"), shop.owner.user.email
    with scopes_disabled():
        Staff.objects.create(business=other.business, user=shop.owner.user, code="U9", name="Alice")
    with pytest.raises(ChooseBusiness) as choice:
        sign_in(email)
    assert [one["name"] for one in choice.value.details["businesses"]] == ["Alice's Café", "Bob's Bakery"]
    assert sign_in(email, business_id=other.id).business_id == other.id
    with pytest.raises(NotAllowed):
        sign_in(email, business_id=make_shop().id)


def test_a_temporary_password_is_replaced_first(shop: Shop) -> None:
    added = tenants.add_staff(business=shop.business, name="Neha", email="neha@shop.example")
    temporary = added.temp_password or ""
    with pytest.raises(PasswordMustChange):
        sign_in("neha@shop.example", temporary)
    with pytest.raises(InvalidInput) as refused:
        sign_in("neha@shop.example", temporary, new_password="short")
    assert set(refused.value.fields) == {"new_password"}
    with pytest.raises(InvalidInput, match="another one than the temporary") as refused:
        sign_in("neha@shop.example", temporary, new_password=temporary)
    assert set(refused.value.fields) == {"new_password"}
    assert sign_in("neha@shop.example", temporary, new_password="correct horse battery").staff == added.staff
    with pytest.raises(WrongLogin):
        sign_in("neha@shop.example", temporary)
    assert sign_in("neha@shop.example", "correct horse battery").staff == added.staff


def test_an_invitation_is_accepted_with_its_own_temporary_password(shop: Shop) -> None:
    """Docs/decisions/0004: the account alone may have been opened by another business."""
    other = make_shop("Bob's Bakery")
    email = other.owner.user.email
    invited = tenants.add_staff(business=shop.business, name="Bob", email=email)
    assert sign_in(email).business_id == other.id
    with pytest.raises(InvitationOpen):
        sign_in(email, business_id=shop.id)
    with pytest.raises(NotFound):
        sign_in(email, business_id=shop.id, temp_password="000000000000")
    found = sign_in(email, business_id=shop.id, temp_password=invited.temp_password or "")
    assert found.business_id == shop.id


def test_a_session_ends_after_twelve_idle_hours_and_in_any_case_after_a_week(shop: Shop) -> None:
    made = signing.sign_in_with_password(email=shop.owner.user.email, password=PASSWORD)
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for hour in range(0, 7 * 24, 11):
            clock.move_to(now + dt.timedelta(hours=hour))
            operators.operator_of(token=made.token)
        clock.move_to(now + dt.timedelta(days=7, minutes=1))
        with pytest.raises(NotSignedIn):
            operators.operator_of(token=made.token)
        made = signing.sign_in_with_password(email=shop.owner.user.email, password=PASSWORD)
        clock.shift(12 * 3600 + 1)
        with pytest.raises(NotSignedIn):
            operators.operator_of(token=made.token)
        clock.shift(dt.timedelta(days=1, hours=1))
        devices.create_pairing(business_id=shop.id)
        assert upkeep.forget_ended() == 2
    with scopes_disabled():
        assert (OperatorSession.objects.count(), Pairing.objects.count()) == (0, 1)


@pytest.mark.parametrize("how", ["removed", "inactive", "account closed", "moved to another address"])
def test_who_leaves_the_team_is_out_at_once(shop: Shop, how: str) -> None:
    staff = bob(shop)
    made = signing.sign_in_with_password(email=staff.user.email, password=PASSWORD)
    operators.operator_of(token=made.token)
    with scopes_disabled():
        if how == "removed":
            tenants.remove_staff(business_id=shop.id, staff_id=staff.pk)
        elif how == "inactive":
            Staff.objects.filter(pk=staff.pk).update(is_active=False)
        elif how == "account closed":
            User.objects.filter(pk=staff.user.pk).update(is_active=False)
        else:
            tenants.edit_staff(business_id=shop.id, pk=staff.pk, email="new@shop.example")
    with pytest.raises(NotSignedIn):
        operators.operator_of(token=made.token)


def test_without_a_team_only_owners_work_at_the_counter(shop: Shop) -> None:
    _, token = tablet(shop)
    staff = bob(shop)
    by_pin(shop, token, staff)
    made = signing.sign_in_with_password(email=staff.user.email, password=PASSWORD)
    Business.objects.filter(pk=shop.id).update(plan="trial")
    with pytest.raises(NotAllowed):
        operators.operator_of(token=made.token)
    with pytest.raises(NotAllowed):
        sign_in(staff.user.email)
    by_pin(shop, token)
    assert [one.pk for one in operators.operators_at(devices.device_of(token))] == [shop.owner.pk]


def test_staff_without_the_back_office_work_at_the_counter(shop: Shop) -> None:
    staff = bob(shop, disable_backoffice_access=True)
    assert sign_in(staff.user.email).staff == staff


def test_who_belongs_to_a_branch_works_there_alone(shop: Shop) -> None:
    here, there = shop.branch("Here"), shop.branch("There")
    staff = bob(shop, branch_id=here.pk)
    operator = sign_in(staff.user.email, branch_id=there.pk)
    assert (operator.branch, operator.branch_fixed) == (here, True)
    assert operators.branches(operator) == [here]
    with pytest.raises(BranchFixed):
        operators.choose_branch(operator, branch_id=there.pk)
    _, token = tablet(shop, branch_id=there.pk)
    with pytest.raises(NotAllowed):
        by_pin(shop, token, staff)
    assert staff not in operators.operators_at(devices.device_of(token))


def test_the_branch_is_chosen_by_name_or_by_position(shop: Shop) -> None:
    near = shop.branch("Near", latitude=12.9352, longitude=77.6245)
    shop.branch("Far", latitude=28.6, longitude=77.2)
    made = signing.sign_in_with_password(email=shop.owner.user.email, password=PASSWORD)
    operator = operators.operator_of(token=made.token)
    assert operator.branch is None
    assert operators.choose_nearest(operator, latitude=12.9353, longitude=77.6245) < 0.1
    assert operators.operator_of(token=made.token).branch == near
    with pytest.raises(NotFound):
        operators.choose_branch(operator, branch_id=make_shop().branch().pk)
    operators.choose_branch(operator, branch_id=None)
    assert operators.operator_of(token=made.token).branch is None


def test_at_a_branch_that_was_closed_meanwhile_nothing_is_done(shop: Shop) -> None:
    branch, card = shop.branch(), shop.enrol()
    made = signing.sign_in_with_password(email=shop.owner.user.email, password=PASSWORD, branch_id=branch.pk)
    tenants.update_branch(business_id=shop.id, branch_id=branch.pk, is_active=False)
    operator = operators.operator_of(token=made.token)
    assert (operator.branch, operator.branch_closed) == (None, True)
    with pytest.raises(BranchClosed):
        do(operator, "stamps", card)
    operators.choose_branch(operator, branch_id=None)
    do(operators.operator_of(token=made.token), "stamps", card)


def test_signing_out_ends_the_session_and_for_an_owner_the_pairing(shop: Shop) -> None:
    device, token = tablet(shop)
    operator = by_pin(shop, token, bob(shop))
    with pytest.raises(NotAllowed):
        operators.sign_out(operator, device_too=True)
    operators.sign_out(operator)
    with scopes_disabled():
        assert not OperatorSession.objects.exists()
    operators.sign_out(by_pin(shop, token), device_too=True)
    with scopes_disabled():
        assert Device.objects.get(pk=device.pk).revoked_at is not None


def test_an_unused_session_writes_nothing(shop: Shop, django_assert_num_queries: Any) -> None:
    made = signing.sign_in_with_password(email=shop.owner.user.email, password=PASSWORD)
    assert at_work(shop).is_owner
    with django_assert_num_queries(2):
        operators.operator_of(token=made.token)
