"""What a request refers to is deleted while it runs: the answer is the one of a moment later."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django_scopes import scope

from regulars.analytics.audit import audit
from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card, Entry
from regulars.members import actions as members
from regulars.members import groups
from regulars.members.models import Member
from regulars.members.queries import member_by_id
from regulars.tenants import actions as tenants
from regulars.tenants.models import Staff
from regulars.web.office.members import card as card_page
from regulars.web.office.members import deeds
from tests.api.support import Rest
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.races.crowd import PATIENCE, Elsewhere
from tests.races.test_limits import postgresql_only

pytestmark = pytest.mark.django_db(transaction=True)

KEYS: tuple[dict[str, str], ...] = ({}, {"Idempotency-Key": "one"})


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def stamp(shop: Shop, card: Card, headers: dict[str, str], **more: int) -> tuple[int, str]:
    body = {"qr_code": card.qr_code, "count": 1, **more}
    return status_and_code(Rest(shop).send("POST", "/api/stamps/add", body, headers=headers))


def status_and_code(answer: HttpResponseBase) -> tuple[int, str]:
    assert isinstance(answer, HttpResponse)
    return answer.status_code, json.loads(answer.content).get("error", {}).get("code", "")


@pytest.mark.parametrize("headers", KEYS, ids=["without a key", "with a key"])
def test_a_branch_that_is_deleted_while_its_first_stamp_is_given_is_not_found(
    shop: Shop, headers: dict[str, str]
) -> None:
    card, branch = shop.enrol(), shop.branch()
    with Elsewhere() as owner, Elsewhere() as till:
        owner.open_transaction()
        owner(tenants.delete_branch, business_id=shop.id, branch_id=branch.pk)
        pending = till.begin(stamp, shop, card, headers, branch_id=branch.pk)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        owner.commit()
        answer = pending.result(PATIENCE)
    assert answer == (404, "not_found")
    with scope(business=shop.business):
        assert Entry.objects.filter(kind="stamp_add").count() == 0
    assert audit().ok


@pytest.mark.parametrize("headers", KEYS, ids=["without a key", "with a key"])
def test_a_member_who_is_erased_while_they_get_a_stamp_is_not_found(
    shop: Shop, headers: dict[str, str]
) -> None:
    card = shop.enrol()
    with Elsewhere() as owner, Elsewhere() as till:
        owner.open_transaction()
        owner(members.delete_member, business_id=shop.id, member_id=card.pk)
        pending = till.begin(stamp, shop, card, headers)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        owner.commit()
        answer = pending.result(PATIENCE)
    assert answer == (404, "not_found")
    assert audit().ok


# The back office


def meanwhile(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What `second` gives that begins when `first` is done, and goes on when it is committed."""
    with Elsewhere() as one, Elsewhere() as other:
        one.open_transaction()
        one(first)
        pending = other.begin(second)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        one.commit()
        return pending.result(PATIENCE)


@postgresql_only
def test_a_branch_that_somebody_is_limited_to_meanwhile_is_not_deleted(shop: Shop) -> None:
    owner, branch = Seat(shop), shop.branch()
    bob = Seat.of(shop, "manager").staff
    answer = meanwhile(
        lambda: tenants.edit_staff(business_id=shop.id, pk=bob.pk, branch_id=branch.pk),
        lambda: owner.post("branch-delete", branch_id=branch.pk),
    )
    assert answer.status_code == 409
    with scope(business=shop.business):
        assert Staff.objects.get(pk=bob.pk).branch_id == branch.pk


PERSON = {"name": "Neha", "email": "neha@shop.example", "role": "manager", "office": "on"}
USHA = {"first_name": "Usha", "email": "usha@example.com"}
GONE = ("Choose one of the list", "This is unknown.")


@postgresql_only
@pytest.mark.parametrize(
    ("page", "form"), [("team-new", PERSON), ("team-member", PERSON), ("member-new", USHA)]
)
def test_a_form_that_names_a_branch_being_deleted_says_so(
    shop: Shop, page: str, form: dict[str, str]
) -> None:
    owner, branch = Seat(shop), shop.branch()
    ids = {"staff_id": Seat.of(shop, "manager").staff.pk} if page == "team-member" else {}
    answer = meanwhile(
        lambda: tenants.delete_branch(business_id=shop.id, branch_id=branch.pk),
        lambda: owner.post(page, {**form, "branch_id": str(branch.pk)}, **ids),
    )
    assert answer.status_code == 400
    assert any(told in answer.content.decode() for told in GONE)
    with scope(business=shop.business):
        assert not Staff.objects.filter(name="Neha").exists()
        assert not Member.objects.exists()


@postgresql_only
@pytest.mark.parametrize("page", ["member-new", "member-edit"])
def test_a_form_that_names_a_group_being_deleted_says_so(shop: Shop, page: str) -> None:
    owner, group = Seat(shop), groups.ensure_group(business=shop.business, code="gold")
    ids = {"member_id": shop.enrol("Asha Rao").pk} if page == "member-edit" else {}
    answer = meanwhile(
        lambda: groups.delete_group(business_id=shop.id, pk=group.pk),
        lambda: owner.post(page, {**USHA, "group_id": str(group.pk)}, **ids),
    )
    assert answer.status_code == 400
    assert any(told in answer.content.decode() for told in GONE)
    with scope(business=shop.business):
        assert not Member.objects.filter(name__startswith="Usha").exists()


@postgresql_only
def test_a_group_is_deleted_while_members_are_put_into_it(shop: Shop) -> None:
    """Members are locked in the order of the group first: nobody waits for one who waits for them."""
    owner = Seat(shop)
    cards = [shop.enrol(f"Customer {number}") for number in range(3)]
    ids = [card.pk for card in cards]
    group = groups.ensure_group(business=shop.business, code="gold")
    groups.set_group(business_id=shop.id, member_ids=ids, group_id=group.pk)
    with Elsewhere() as one, Elsewhere() as other:
        one.open_transaction()
        one(groups.set_group, business_id=shop.id, member_ids=ids, group_id=group.pk)
        pending = other.begin(owner.post, "group-delete", group_id=group.pk)
        with pytest.raises(TimeoutError):
            pending.result(0.5)
        one.commit()
        assert pending.result(PATIENCE).status_code == 303
    with scope(business=shop.business):
        assert not Member.objects.exclude(group=None).exists()


@pytest.mark.parametrize("page", ["member-stamps", "member-points", "member-redeem", "member-card"])
@pytest.mark.parametrize("merged", [False, True], ids=["erased", "merged"])
def test_a_member_who_vanishes_during_a_request_is_not_found(
    shop: Shop, page: str, *, merged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Seat(shop)
    member, kept = shop.enrol("Asha Rao"), shop.enrol("Usha Rao")

    def found(**which: Any) -> Any:
        """The member, who is gone when it was looked up."""
        there = member_by_id(**which)
        if merged:
            merge_members(business_id=shop.id, member_id=kept.pk, other_id=member.pk)
        else:
            members.delete_member(business_id=shop.id, member_id=member.pk)
        return there

    for module in (deeds, card_page):
        monkeypatch.setattr(module, "member_by_id", found)
    given = {"way": "give", "count": "1", "points": "1", "reason": "Kind"}
    assert owner.post(page, given, member_id=member.pk).status_code == 404
