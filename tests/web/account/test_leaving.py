"""Whoever left a team is refused at every door of it, and at no other one (docs/decisions/0030)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from regulars.counter import devices, operators, signing
from regulars.counter.models import OperatorSession
from regulars.counter.refusals import NotAllowed, NotSignedIn, WrongLogin, WrongPin
from regulars.jobs import actions as jobs
from regulars.jobs.models import Job
from regulars.jobs.running import run_due
from regulars.rules.errors import NotFound
from regulars.tenants import actions as tenants
from regulars.tenants import addresses, passwords
from regulars.tenants.models import Staff, User
from regulars.web.office import exporting
from tests.counter.given import PIN, by_pin, tablet
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.web.account.browsing import NEW, PASSWORD, Browser, link_in, mails, said, signed_in

pytestmark = pytest.mark.django_db

PRIYA = "priya@mail.example"


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture(params=["nowhere else", "elsewhere, too"])
def elsewhere(request: pytest.FixtureRequest) -> Shop | None:
    """Where Priya works besides: the account is hers then, and stays."""
    if request.param == "nowhere else":
        return None
    other = make_shop("Charlie's", owner_email="charlie@shop.example")
    add(other)
    return other


def add(shop: Shop, **fields: Any) -> Staff:
    given = {"name": "Priya", "email": PRIYA, "password": PASSWORD}
    return tenants.add_staff(business=shop.business, **(given | fields)).staff


def leave(staff: Staff) -> None:
    tenants.remove_staff(business_id=staff.business_id, staff_id=staff.pk)


def test_the_back_office_is_closed(shop: Shop, elsewhere: Shop | None) -> None:
    priya = add(shop, role="manager")
    browser = signed_in(priya.user)
    home = f"/office/{shop.business.slug}/"
    assert browser.client.get(home, secure=True).status_code == 200
    leave(priya)
    assert browser.client.get(home, secure=True).status_code == (302 if elsewhere is None else 404)
    if elsewhere is None:
        assert "is wrong" in said(Browser().sign_in(PRIYA))
        return
    again = signed_in(User.objects.get(email=PRIYA))
    assert again.client.get(home, secure=True).status_code == 404
    chosen = again.client.get("/office/?all=1", secure=True).content.decode()
    assert ("Charlie" in chosen, "Alice" in chosen) == (True, False)


def test_the_counter_is_closed_to_their_password(shop: Shop, elsewhere: Shop | None) -> None:
    priya = add(shop)
    made = signing.sign_in_with_password(email=PRIYA, password=PASSWORD, business_id=shop.id)
    operators.operator_of(token=made.token)
    leave(priya)
    with pytest.raises(NotSignedIn):
        operators.operator_of(token=made.token)
    with pytest.raises(WrongLogin if elsewhere is None else NotAllowed):
        signing.sign_in_with_password(email=PRIYA, password=PASSWORD, business_id=shop.id)
    if elsewhere is not None:
        theirs = signing.sign_in_with_password(email=PRIYA, password=PASSWORD)
        assert theirs.staff.business_id == elsewhere.id


def test_a_paired_device_is_closed_to_their_pin(shop: Shop) -> None:
    priya = add(shop)
    _, token = tablet(shop)
    signed = by_pin(shop, token, priya)
    leave(priya)
    with scope(business=shop.business):
        assert not OperatorSession.objects.filter(pk=signed.session_id).exists()
    assert priya not in operators.operators_at(devices.device_of(token))
    with pytest.raises(WrongPin):
        signing.sign_in_with_pin(device_token=token, staff_id=priya.pk, pin=PIN)


def test_a_session_that_began_in_the_same_moment_opens_nothing(shop: Shop, elsewhere: Shop | None) -> None:
    """Whoever signs in while they are removed may be noted just after all others were ended."""
    priya = add(shop)
    _, device_token = tablet(shop)
    leave(priya)
    with scope(business=shop.business):
        late = [
            (operators.begin(priya, device=None), ""),
            (operators.begin(priya, device=devices.device_of(device_token)), device_token),
        ]
    for token, device in late:
        with pytest.raises(NotSignedIn):
            operators.operator_of(token=token, device_token=device)
    assert add(shop).pk == priya.pk  # nor does coming back make it one
    for token, device in late:
        with pytest.raises(NotSignedIn):
            operators.operator_of(token=token, device_token=device)


def test_a_temporary_password_is_void(shop: Shop) -> None:
    added = tenants.add_staff(business=shop.business, name="Priya", email=PRIYA)
    shown = Browser()
    shown.sign_in(PRIYA, added.temp_password or "")
    leave(added.staff)
    assert "is wrong" in said(Browser().sign_in(PRIYA, added.temp_password or ""))
    shown.post("account-welcome", {"password": NEW, "again": NEW})
    assert shown.who() is None
    with pytest.raises(WrongLogin):
        signing.sign_in_with_password(email=PRIYA, password=added.temp_password or "", new_password=NEW)


def test_an_invitation_to_an_account_that_works_elsewhere_is_void(shop: Shop) -> None:
    add(make_shop("Charlie's", owner_email="charlie@shop.example"))
    added = tenants.add_staff(business=shop.business, name="Priya", email=PRIYA)
    leave(added.staff)
    with pytest.raises(NotFound):
        signing.sign_in_with_password(
            email=PRIYA, password=PASSWORD, temp_password=added.temp_password or "", business_id=shop.id
        )


def test_a_new_password_does_not_bring_them_back(shop: Shop, elsewhere: Shop | None) -> None:
    email = f"vik{elsewhere is None}@mail.example"  # one address gets a mail a minute
    vik = add(shop, email=email)
    passwords.request_password_reset(email=email)
    if elsewhere is not None:
        add(elsewhere, email=email)
    *_, uid, token = link_in(mails("password_reset")[-1], "reset_url").split("/")
    leave(vik)
    if elsewhere is None:
        with pytest.raises(NotFound):
            passwords.set_password(uid=uid, token=token, password=NEW)
        return
    user = passwords.set_password(uid=uid, token=token, password=NEW)
    place = addresses.place_of(user)
    assert place is not None
    assert place.business_id == elsewhere.id
    with pytest.raises(NotAllowed):
        signing.sign_in_with_password(email=email, password=NEW, business_id=shop.id)


def test_an_export_that_they_asked_for_is_not_made(shop: Shop, elsewhere: Shop | None) -> None:
    priya, path = add(shop, role="manager"), Seat(shop).url("members")
    asked = {"staff_id": priya.pk, "business_id": shop.id, "path": path, "query": "export=csv"}
    job = jobs.enqueue(exporting.make_export, kwargs=asked, business_id=shop.id)
    leave(priya)
    run_due()
    job = Job.objects.get(pk=job.pk)
    assert (job.status, "not on the team any more" in json.dumps(job.error)) == (Job.Status.FAILED, True)


def test_nothing_is_left_that_is_theirs_alone(shop: Shop, elsewhere: Shop | None) -> None:
    priya = add(shop)
    leave(priya)
    with scopes_disabled():
        assert Staff.objects.filter(user__email=PRIYA).count() == (0 if elsewhere is None else 1)
    assert User.objects.filter(email=PRIYA).exists() == (elsewhere is not None)
