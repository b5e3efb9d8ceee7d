"""What operators do: asked for on a page, done by its button, and written down twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from regulars.jobs.models import Job
from regulars.tenants import addresses, identity, operators
from regulars.tenants.models import Business, User
from tests.factories import Shop, make_shop
from tests.office.seat import Seat, records
from tests.web.operator.given import REASON, Operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def olga(db: None) -> Operator:
    return Operator()


def noted() -> list[dict[str, Any]]:
    """The operators' log, newest first."""
    return [json.loads(entry.change_message) for entry in LogEntry.objects.order_by("-id")]


def business(shop: Shop) -> Business:
    return Business.objects.get(pk=shop.id)


def test_asking_for_a_deeds_page_changes_nothing(olga: Operator, shop: Shop) -> None:
    job = Job.objects.create(uid="1", task="t", run_after=timezone.now(), status="failed")
    user, key = shop.owner.user_id, identity.identify(shop.api_key)
    assert key is not None
    before = Business.objects.values().get(pk=shop.id)
    for path in (
        *(f"tenants/business/{shop.id}/{name}/" for name in ("limits", "enter", "close", "reopen")),
        *(f"tenants/user/{user}/{name}/" for name in ("close", "reopen", "promote", "demote")),
        f"tenants/apikey/{key.key_id}/revoke/",
        f"jobs/job/{job.pk}/retry/",
        f"jobs/job/{job.pk}/cancel/",
        "tenants/business/new/",
        "tenants/user/new/",
    ):
        assert "<form" in olga.text(path)
    assert Business.objects.values().get(pk=shop.id) == before
    assert noted() == []


def test_a_deed_that_is_forged_or_somebody_elses_is_refused(olga: Operator, shop: Shop) -> None:
    address = f"/admin/tenants/business/{shop.id}/close/"
    strict = Client(enforce_csrf_checks=True, SERVER_NAME="shop.example")
    strict.cookies = olga.client.cookies
    assert strict.post(address, REASON, secure=True).status_code == 403
    assert Seat(shop).client.post(address, REASON, secure=True).status_code == 403
    assert olga.do("tenants/business/999999/close/", **REASON).status_code == 404
    assert business(shop).suspended_at is None


def test_limits_are_set_and_written_down_twice(olga: Operator, shop: Shop) -> None:
    sent = {"plan": "growth", "max_members": "70", "max_branches": "-", "campaigns": "no", **REASON}
    answer = olga.do(f"tenants/business/{shop.id}/limits/", **sent)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/admin/tenants/business/{shop.id}/change/",
    )
    limits = {"max_members": 70, "max_branches": None, "campaigns": False}
    assert (business(shop).plan, business(shop).plan_limits) == ("growth", limits)
    (said,) = noted()
    assert (said["action"], said["reason"]) == ("operator.limits", "They asked for it")
    assert said["after"] == {"plan": "growth", "plan_limits": limits}
    (record,) = records(shop)
    assert (record.actor, record.role, record.by_operator) == ("Olga", "operator", True)
    assert (record.action, record.reason) == ("operator.limits", "They asked for it")
    page = olga.text(f"tenants/business/{shop.id}/limits/")
    assert 'value="70"' in page
    assert "Members: 70; Branches: no limit; Campaigns: not allowed" in olga.text("tenants/business/")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"plan": "golden", **REASON}, "Select a valid choice"),
        ({"plan": "growth", "max_members": "many", **REASON}, "Enter a whole number"),
        ({"plan": "growth", "max_members": "0", **REASON}, "whole number from 1, a hyphen for no limit"),
        ({"plan": "growth"}, "This field is required"),
    ],
)
def test_unusable_limits_change_nothing(olga: Operator, shop: Shop, sent: dict[str, str], said: str) -> None:
    answer = olga.do(f"tenants/business/{shop.id}/limits/", **sent)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert business(shop).plan == "self_hosted"
    assert noted() == []
    assert records(shop) == []


def test_a_business_is_closed_and_opened_again(olga: Operator, shop: Shop) -> None:
    assert "Open again" not in olga.text(f"tenants/business/{shop.id}/change/")
    assert olga.do(f"tenants/business/{shop.id}/close/", **REASON).status_code == 303
    assert business(shop).suspended_at is not None
    seat = Seat(shop)
    closed = seat.get("settings")
    assert closed.status_code == 403
    assert "is closed" in closed.content.decode()
    assert "Open again" in olga.text(f"tenants/business/{shop.id}/change/")
    assert olga.do(f"tenants/business/{shop.id}/reopen/", **REASON).status_code == 303
    assert seat.get("settings").status_code == 200
    assert [record.action for record in records(shop)] == ["operator.open", "operator.close"]


def test_signing_in_as_a_business_is_seen_and_ends_with_a_button(olga: Operator, shop: Shop) -> None:
    seat = Seat(shop)
    assert olga.client.get(seat.url("settings"), secure=True).status_code == 404
    assert olga.do(f"tenants/business/{shop.id}/enter/").status_code == 400  # without a reason
    assert olga.do(f"tenants/business/{shop.id}/enter/", **REASON).headers["Location"] == seat.url("home")
    page = olga.client.get(seat.url("settings"), secure=True).content.decode()
    assert "as an operator" in page
    assert 'action="/account/leave"' in page
    assert "as an operator" not in seat.text("settings")
    sent = {"accent_color": "#112233", "reply_to": ""}
    assert olga.client.post(seat.url("settings-look"), sent, secure=True).status_code == 303
    ended = olga.client.post("/account/leave", secure=True)
    assert (ended.status_code, ended.headers["Location"]) == (
        303,
        f"/admin/tenants/business/{shop.id}/change/",
    )
    assert olga.client.get(seat.url("settings"), secure=True).status_code == 404
    found = records(shop)
    assert [record.action for record in found] == ["operator.leave", "settings.look", "operator.enter"]
    assert {(record.actor, record.user_id, record.by_operator) for record in found} == {
        ("Olga", olga.user.pk, True)
    }
    other = make_shop("Charlie's")
    assert records(other) == []


def test_who_is_no_operator_any_more_sits_at_no_desk(olga: Operator, shop: Shop) -> None:
    Operator("pete@harbour.example")
    olga.do(f"tenants/business/{shop.id}/enter/", **REASON)
    operators.remove_operator(email=olga.user.email)
    assert olga.client.get(Seat(shop).url("settings"), secure=True).status_code == 404
    assert olga.client.post("/account/leave", secure=True).headers["Location"] == "/office/"


def test_leaving_is_for_who_is_signed_in(shop: Shop) -> None:
    assert Client().post("/account/leave", secure=True).status_code == 302
    assert Client().get("/account/leave", secure=True).status_code == 405


def test_a_new_business_is_shown_with_what_is_never_shown_again(olga: Operator) -> None:
    sent = {
        "name": "Harbour Coffee",
        "owner_name": "Maeve",
        "owner_email": "maeve@harbour.example",
        "plan": "growth",
        "country": "gb",
        "timezone": "Europe/London",
        "currency": "GBP",
        "stamps_required": "9",
        "reward_description": "A free coffee",
    }
    wrong = {"timezone": "Mars", "country": "Q1", "currency": "??", "stamps_required": "0"}
    answer = olga.do("tenants/business/new/", **sent | wrong)
    assert (answer.status_code, answer.content.decode().count('<p role="alert"')) == (400, 4)
    answer = olga.do("tenants/business/new/", **sent)
    page = answer.content.decode()
    made = Business.objects.get(slug="harbour-coffee")
    assert (made.plan, made.country, made.program.stamps_required) == ("growth", "GB", 9)
    assert "rk_" in page
    assert "maeve@harbour.example" in page
    (said,) = noted()
    assert said["action"] == "operator.new"
    assert "rk_" not in json.dumps(said)


def test_operators_are_made_and_unmade(olga: Operator, shop: Shop) -> None:
    page = olga.do("tenants/user/new/", email="pete@harbour.example", name="Pete").content.decode()
    assert "not kept" in page
    owner = shop.owner.user.pk
    addresses.note_confirmed(shop.owner.user)
    assert "the password that they have" in olga.do(f"tenants/user/{owner}/promote/").content.decode()
    assert User.objects.get(pk=owner).is_staff
    assert olga.do(f"tenants/user/{owner}/demote/").status_code == 303
    assert not User.objects.get(pk=owner).is_staff
    assert [said["action"] for said in noted()] == ["operator.remove", "operator.add", "operator.add"]


def test_the_last_operator_cannot_be_unmade(olga: Operator) -> None:
    answer = olga.do(f"tenants/user/{olga.user.pk}/demote/")
    assert answer.status_code == 400
    assert "The last operator stays" in answer.content.decode()
    assert noted() == []


def test_an_account_is_closed_and_signed_out(olga: Operator, shop: Shop) -> None:
    """Owners are told in the audit log of each business that the person works for, and see it in the team."""
    seat = Seat(shop)
    assert olga.do(f"tenants/user/{shop.owner.user_id}/close/", **REASON).status_code == 303
    assert seat.get("settings").status_code == 302
    assert "Account closed" in Seat.of(shop, "owner").text("team")
    (record,) = records(shop)
    assert (record.action, record.actor, record.reason) == (
        "operator.account_close",
        "Olga",
        "They asked for it",
    )
    assert record.after == {"is_active": False}
    assert olga.do(f"tenants/user/{shop.owner.user_id}/reopen/").status_code == 303
    assert [one.action for one in records(shop)] == ["operator.account_open", "operator.account_close"]
    assert len(noted()) == 2
    assert olga.do(f"tenants/user/{olga.user.pk}/close/", **REASON).status_code == 400


def test_a_key_is_revoked(olga: Operator, shop: Shop) -> None:
    key = identity.identify(shop.api_key)
    assert key is not None
    assert olga.do(f"tenants/apikey/{key.key_id}/revoke/", **REASON).status_code == 303
    assert identity.identify(shop.api_key) is None
    assert olga.do(f"tenants/apikey/{key.key_id}/revoke/", **REASON).status_code == 400
    assert [record.action for record in records(shop)] == ["operator.key_revoke"]


def test_jobs_are_retried_and_cancelled(olga: Operator, shop: Shop) -> None:
    now = timezone.now()
    failed = Job.objects.create(uid="1", task="t", run_after=now, status="failed", attempts=5)
    waiting = Job.objects.create(
        uid="2", task="t", run_after=now, business_id=shop.id, kwargs={"query": "q=Priya"}
    )
    assert olga.do(f"jobs/job/{failed.pk}/retry/").status_code == 303
    failed.refresh_from_db()
    assert (failed.status, failed.attempts) == ("ready", 0)
    assert olga.do(f"jobs/job/{waiting.pk}/cancel/").headers["Location"] == "/admin/jobs/job/"
    assert list(Job.objects.all()) == [failed]
    assert olga.do(f"jobs/job/{failed.pk}/retry/").status_code == 400
    for status in ("succeeded", "failed", "running"):
        Job.objects.filter(pk=failed.pk).update(status=status)
        answer = olga.do(f"jobs/job/{failed.pk}/cancel/")
        assert answer.status_code == 400
        assert "does not wait" in answer.content.decode()
        assert Job.objects.filter(pk=failed.pk).exists()
    assert [said["action"] for said in noted()] == ["operator.job_cancel", "operator.job_retry"]
    assert [record.action for record in records(shop)] == ["operator.job_cancel"]
    assert records(shop)[0].before == {"task": "t", "status": "ready"}
