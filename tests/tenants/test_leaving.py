"""Who leaves a team takes nothing of its history along, and comes in nowhere (docs/decisions/0030)."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django_scopes import scope, scopes_disabled

from regulars.analytics import rollup
from regulars.ledger import actions as ledger
from regulars.ledger.models import Entry
from regulars.rules.errors import Conflict, LastOwner, NotFound
from regulars.tenants import actions, invitations, queries
from regulars.tenants.models import Staff, User
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

PRIYA = "priya@mail.example"
PASSWORD = "priya's own long password"


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def add(shop: Shop, **fields: Any) -> actions.NewStaff:
    return actions.add_staff(business=shop.business, **({"name": "Priya", "email": PRIYA} | fields))


def remove(staff: Staff) -> None:
    actions.remove_staff(business_id=staff.business_id, staff_id=staff.pk)


def as_kept(staff: Staff) -> Staff:
    """The row as it is now, whether they left or not."""
    with scope(business=staff.business_id):
        return Staff.history.get(pk=staff.pk)


def test_what_they_did_keeps_who_it_was(shop: Shop) -> None:
    priya, card = add(shop).staff, shop.enrol()
    given = shop.stamp(card, 2, staff_id=priya.pk)
    remove(priya)
    with scope(business=shop.business):
        entry = Entry.objects.select_related("staff").get(kind="stamp_add")
    assert entry.staff is not None
    assert (entry.stamps, entry.staff.name, entry.staff.left_at is None) == (2, "Priya", False)
    with scope(business=shop.business):
        assert Entry.objects.get(kind="stamp_add").staff == priya  # looked up, too
    ledger.undo(business_id=shop.id, entry_id=given.entry_id, staff_id=shop.owner.pk)
    rollup.roll_up_all()


def test_nobody_who_left_is_among_those_who_work_here(shop: Shop) -> None:
    priya = add(shop).staff
    remove(priya)
    assert [one.pk for one in queries.team(shop.id)] == [shop.owner.pk]
    with scope(business=shop.business):
        assert list(Staff.objects.all()) == [shop.owner]
        assert list(Staff.history.order_by("pk")) == [shop.owner, priya]
    for act in (
        lambda: remove(priya),
        lambda: actions.edit_staff(business_id=shop.id, pk=priya.pk, name="Asha"),
        lambda: actions.invite_again(business_id=shop.id, staff_id=priya.pk),
    ):
        with pytest.raises(NotFound):
            act()
    assert as_kept(priya).name == "Priya"


def test_nothing_to_sign_in_with_is_left(shop: Shop) -> None:
    added = add(shop, code="till", branch_id=shop.branch().pk)
    with scope(business=shop.business):
        Staff.objects.filter(pk=added.staff.pk).update(pin="hashed", pin_failures=3)
    remove(added.staff)
    kept = as_kept(added.staff)
    assert (kept.user_id, kept.is_active, kept.pin, kept.temp_password) == (None, False, "", "")
    assert (kept.pin_failures, kept.temp_password_expires_at) == (0, None)
    assert (kept.name, kept.role, kept.left_email) == ("Priya", "staff", PRIYA)
    assert kept.left_at is not None
    assert authenticate(username=PRIYA, password=added.temp_password) is None
    for change in ({"pin": "hashed"}, {"temp_password": "hashed"}, {"is_active": True}, {"left_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic(), scope(business=shop.business):
            Staff.history.filter(pk=kept.pk).update(**change)


def test_who_works_elsewhere_keeps_their_account_as_it_is(shop: Shop) -> None:
    other = make_shop("Charlie's")
    theirs = add(other, password=PASSWORD).staff
    before = User.objects.filter(email=PRIYA).values().get()
    ours = add(shop, password=PASSWORD).staff
    remove(ours)
    assert User.objects.filter(email=PRIYA).values().get() == before
    assert authenticate(username=PRIYA, password=PASSWORD) is not None
    remove(theirs)
    assert not User.objects.filter(email=PRIYA).exists()
    assert (as_kept(ours).name, as_kept(theirs).name) == ("Priya", "Priya")


def test_a_temporary_password_that_was_shown_before_opens_nothing_after(shop: Shop) -> None:
    added = add(shop)
    proof = invitations.proof_of(added.staff)
    remove(added.staff)
    with pytest.raises(NotFound):
        invitations.accept_shown(staff_id=added.staff.pk, proof=proof, new_password=PASSWORD)


def test_who_comes_back_has_their_history_and_nothing_else(shop: Shop) -> None:
    first, card = add(shop, role="manager", branch_id=shop.branch().pk, password=PASSWORD).staff, shop.enrol()
    shop.stamp(card, 2, staff_id=first.pk)
    with scope(business=shop.business):
        Staff.objects.filter(pk=first.pk).update(pin="hashed")
    remove(first)
    again = add(shop, name=" priya ")
    assert (again.staff.pk, again.staff.name) == (first.pk, "priya")
    now = as_kept(first)
    assert (now.role, now.branch_id, now.pin, now.left_at, now.left_email) == ("staff", None, "", None, "")
    assert (now.is_active, now.must_change_password, now.code) == (True, True, "U000003")
    with scope(business=shop.business):
        assert Entry.objects.get(kind="stamp_add").staff == again.staff
        assert Staff.objects.count() == 2
    with pytest.raises(Conflict):
        add(shop)
    remove(again.staff)
    assert add(shop).staff.pk == first.pk


@pytest.mark.parametrize("given", [{"name": "Tom"}, {"email": "other@mail.example"}])
def test_somebody_else_does_not_take_over_a_history(shop: Shop, given: dict[str, str]) -> None:
    first = add(shop).staff
    remove(first)
    second = add(shop, **given).staff
    assert second.pk != first.pk
    assert as_kept(first).name == "Priya"


def test_a_history_of_another_business_is_nobody_s_here(shop: Shop) -> None:
    other = make_shop("Charlie's")
    theirs = add(other).staff
    remove(theirs)
    assert add(shop).staff.pk != theirs.pk
    assert as_kept(theirs).left_at is not None


def test_a_code_is_free_again(shop: Shop) -> None:
    first = add(shop, code="TILL").staff
    remove(first)
    assert add(shop, name="Tom", code="till").staff.code == "till"
    remove(add(shop, name="Uma", email="uma@mail.example", code="X1").staff)
    remove(add(shop, name="Vik", email="vik@mail.example", code="X1").staff)
    assert as_kept(first).code == "TILL"


def test_an_owner_who_left_is_no_owner_any_more(shop: Shop) -> None:
    second = add(shop, role="owner").staff
    remove(shop.owner)
    with pytest.raises(LastOwner):
        remove(second)
    with pytest.raises(LastOwner):
        actions.edit_staff(business_id=shop.id, pk=second.pk, role="staff")


def test_a_name_is_forgotten_for_good(shop: Shop) -> None:
    priya, card = add(shop, code="PRIYA").staff, shop.enrol()
    shop.stamp(card, 2, staff_id=priya.pk)
    with pytest.raises(NotFound):  # who works here keeps their name
        actions.forget_name(business_id=shop.id, staff_id=priya.pk)
    remove(priya)
    other = make_shop("Charlie's")
    with pytest.raises(NotFound):
        actions.forget_name(business_id=other.id, staff_id=priya.pk)
    actions.forget_name(business_id=shop.id, staff_id=priya.pk)
    kept = as_kept(priya)
    assert (kept.name, kept.left_email, kept.code) == ("", "", "")
    with scope(business=shop.business):
        assert Entry.objects.get(kind="stamp_add").staff == priya
    assert add(shop).staff.pk != priya.pk


def test_the_moment_is_kept(shop: Shop) -> None:
    priya = add(shop).staff
    with time_machine.travel("2026-03-03T10:00:00Z", tick=False):
        remove(priya)
    left_at = as_kept(priya).left_at
    assert left_at is not None
    assert left_at.isoformat() == "2026-03-03T10:00:00+00:00"


def test_a_business_goes_with_everybody_who_ever_worked_there(shop: Shop) -> None:
    remove(add(shop).staff)
    with scopes_disabled():
        shop.business.delete()
        assert not Staff.history.filter(business=shop.id).exists()
