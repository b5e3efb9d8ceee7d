"""What each plan allows, and how keys begin and end."""

from __future__ import annotations

import pytest

from regulars.rules.errors import PlanLimit
from regulars.tenants import actions as tenants
from regulars.tenants import identity
from regulars.tenants.models import Business
from regulars.tenants.plans import PLANS
from tests.api.support import Clock, Rest, counted, ok, on_plan, refused, take_away
from tests.factories import Shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("plan", ["trial", "basic"])
def test_plans_without_api_name_those_with_it(plan: str) -> None:
    rest = Rest(on_plan(plan))
    for method, path in (("GET", "/api/stats"), ("POST", "/api/stamps/add"), ("GET", "/api/team")):
        error = refused(rest.send(method, path, {} if method == "POST" else None), 403, "plan_required")
        assert error["plans"] == ["growth", "professional", "self_hosted"]
        assert all(name in error["message"] for name in [*error["plans"], plan])
    assert counted(rest.get("/api/stats"))[1:] == (60, 56)


@pytest.mark.parametrize(("plan", "most"), [("growth", 3), ("professional", None), ("self_hosted", None)])
def test_a_plan_allows_so_many_branches(plan: str, most: int | None) -> None:
    rest = Rest(on_plan(plan))
    made = [
        ok(rest.post("/api/branches", {"name": f"Branch {number}"}), 201)["id"] for number in range(most or 6)
    ]
    if most is None:
        return
    error = refused(rest.post("/api/branches", {"name": "One more"}), 403, "plan_limit")
    assert "3 branches" in error["message"]
    assert len(ok(rest.get("/api/branches"))) == 3
    ok(rest.patch(f"/api/branches/{made[0]}", {"is_active": False}))
    refused(rest.post("/api/branches", {"name": "One more"}), 403, "plan_limit")  # closed, but still there
    ok(rest.delete(f"/api/branches/{made[0]}"))
    ok(rest.post("/api/branches", {"name": "One more"}), 201)


def test_a_trial_has_twenty_five_members() -> None:
    shop = on_plan("trial")
    for number in range(25):
        shop.enrol(f"Guest {number}")
    with pytest.raises(PlanLimit, match="25 members"):
        shop.enrol("One too many")


@pytest.mark.parametrize("plan", [name for name, plan in PLANS.items() if plan.rest_access])
def test_every_plan_with_api_has_a_team(plan: str) -> None:
    rest = Rest(on_plan(plan))
    assert len(ok(rest.get("/api/team"))) == 1
    made = ok(rest.post("/api/team", {"name": "Neha", "email": "neha@sunrise.example"}), 201)
    ok(rest.delete(f"/api/team/{made['id']}"))


def test_a_plan_without_team_refuses_it(shop: Shop, rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch, "team")
    for response in (
        rest.get("/api/team"),
        rest.post("/api/team", {"name": "Neha", "email": "neha@sunrise.example"}),
        rest.delete(f"/api/team/{shop.owner.pk}"),
    ):
        error = refused(response, 403, "plan_required")
        assert "self_hosted" not in error["plans"]


def test_a_changed_plan_counts_within_five_seconds(clock: Clock) -> None:
    shop = on_plan("growth")
    rest = Rest(shop)
    ok(rest.get("/api/stats"))
    Business.objects.filter(pk=shop.id).update(plan="basic")  # by another process
    clock.now += 4.9
    ok(rest.get("/api/stats"))
    clock.now += 0.2
    refused(rest.get("/api/stats"), 403, "plan_required")


def test_a_revoked_key_ends_here_at_once_and_elsewhere_within_five_seconds(shop: Shop, clock: Clock) -> None:
    row, key = tenants.create_api_key(business=shop.business, name="Second till")
    second = Rest()
    second.headers = {"X-Api-Key": key}
    ok(second.get("/api/stats"))
    remembered = dict(identity._remembered)
    tenants.revoke_api_key(business=shop.business, prefix=row.prefix)
    refused(second.get("/api/stats"), 401, "unauthorized")
    identity._remembered.update(remembered)  # as in another process
    ok(second.get("/api/stats"))
    clock.now += 5.1
    refused(second.get("/api/stats"), 401, "unauthorized")
    ok(Rest(shop).get("/api/stats"))  # the first key goes on


def test_a_new_key_works_although_it_was_tried_before(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars.rules.codes.new_api_key", lambda: "rk_" + "k" * 40)
    later = Rest()
    later.headers = {"X-Api-Key": "rk_" + "k" * 40}
    refused(later.get("/api/stats"), 401, "unauthorized")
    tenants.create_api_key(business=shop.business, name="Second till")
    clock.now += 5.1
    ok(later.get("/api/stats"))
